import type { PartResult, Series, Table } from './result.js';

/** What a part is told. */
export interface PartOptions {
  /** How often everything is measured; absent: as often as the part finds right. */
  readonly rounds?: number;
  /** Short: to see that it works. */
  readonly isQuick: boolean;
  /** An empty folder that is removed afterwards. */
  readonly scratch: string;
  /** Says what is going on, on a line of its own. */
  readonly tell: (line: string) => void;
}

/** One subject of the bench, which can be asked for by its name. */
export interface Part {
  readonly name: string;
  readonly about: string;
  /** Rounds where nobody says otherwise. */
  readonly rounds: number;
  /** @throws BenchError when it cannot be measured here. */
  readonly measure: (
    options: PartOptions & { readonly rounds: number },
  ) => Promise<readonly Table[]>;
}

/** Measures a part. */
export async function measured(part: Part, options: PartOptions): Promise<PartResult> {
  const rounds = options.rounds ?? (options.isQuick ? 1 : part.rounds);
  const tables = await part.measure({ ...options, rounds });
  return { part: part.name, isQuick: options.isQuick, rounds, tables };
}

/** What is the same of all figures of that name. */
type FigureKind = Pick<Series, 'figure' | 'unit' | 'better'>;

/** Collects samples until they make a table: figures in the order in which they were declared, rows as they come. */
export class Samples {
  readonly #kinds: readonly FigureKind[];
  readonly #rows = new Map<string, Map<string, number[]>>();

  constructor(kinds: readonly FigureKind[]) {
    this.#kinds = kinds;
  }

  /** @throws RangeError for a figure that was not declared. */
  add(row: string, figures: Readonly<Record<string, number>>): void {
    const known = this.#rows.get(row) ?? new Map<string, number[]>();
    this.#rows.set(row, known);
    for (const [figure, value] of Object.entries(figures)) {
      if (!this.#kinds.some((kind) => kind.figure === figure))
        throw new RangeError(`no figure "${figure}" was declared`);
      known.set(figure, [...(known.get(figure) ?? []), value]);
    }
  }

  series(): Series[] {
    return [...this.#rows].flatMap(([row, known]) =>
      this.#kinds.flatMap((kind) => {
        const samples = known.get(kind.figure) ?? [];
        return samples.length === 0 ? [] : [{ row, ...kind, samples }];
      }),
    );
  }
}
