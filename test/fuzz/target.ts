import fc from 'fast-check';

/** One law that any input must keep to, to be tried a few times in the tests or for minutes by `npm run fuzz`. */
export interface Law {
  readonly name: string;
  /** How often the tests try it. */
  readonly runs: number;
  readonly property: () => fc.IAsyncProperty<unknown[]>;
}

/** Makes a law of arbitraries and what must hold for what they yield; `check` throws where it does not. */
export function law<T extends [unknown, ...unknown[]]>(
  name: string,
  runs: number,
  arbitraries: { readonly [K in keyof T]: fc.Arbitrary<T[K]> },
  check: (...values: T) => void | Promise<void>,
): Law {
  return {
    name,
    runs,
    property: () =>
      fc.asyncProperty(fc.tuple<T>(...arbitraries), async (values) => {
        await check(...values);
      }),
  };
}
