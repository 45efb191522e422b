/** Makes a value when it is first asked for: what most starts have no use for costs them nothing. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
