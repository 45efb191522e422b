/** Values by key, as text. */
export type Row = Readonly<Record<string, string>>;

/** A job's matrix, values as text. */
export interface MatrixInput {
  readonly axes: ReadonlyMap<string, readonly string[]>;
  readonly include: readonly Row[];
  readonly exclude: readonly Row[];
}

/** The rows, or why there are none. */
export type Expansion =
  | {
      readonly kind: 'rows';
      readonly rows: readonly Row[];
      readonly idleExcludes: readonly number[];
    }
  | { readonly kind: 'too-many'; readonly wanted: number };

/** Row visits that includes may cost: a second's work. */
const MAX_VISITS = 20_000_000;

/**
 * All combinations of the axes, the first axis slowest; then `exclude` and `include` as in GitHub Actions: an exclude
 * drops every row that has all its values; an include adds its values to every row of the axes that it does not
 * contradict, and becomes a row of its own when there is none. Values added by an earlier include may be replaced.
 *
 * @param max - how many rows there may be.
 */
export function expandMatrix(matrix: MatrixInput, max: number): Expansion {
  const axes = [...matrix.axes];
  const product =
    axes.length === 0 ? 0 : axes.reduce((count, [, values]) => count * values.length, 1);
  const wanted = product + matrix.include.length;
  if (wanted > max) return { kind: 'too-many', wanted };
  const { kept, idleExcludes } = exclude(combine(axes), matrix.exclude);
  if (kept.length * countUnbound(matrix) > MAX_VISITS) {
    return { kind: 'too-many', wanted: kept.length * matrix.include.length };
  }
  return {
    kind: 'rows',
    rows: include(kept, [...matrix.axes.keys()], matrix.include),
    idleExcludes,
  };
}

function countUnbound(matrix: MatrixInput): number {
  return matrix.include.filter((entry) => !Object.keys(entry).some((key) => matrix.axes.has(key)))
    .length;
}

function combine(axes: readonly (readonly [string, readonly string[]])[]): readonly Row[] {
  if (axes.length === 0) return [];
  let rows: Row[] = [{}];
  for (const [key, values] of axes) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [key]: value })));
  }
  return rows;
}

function exclude(
  rows: readonly Row[],
  entries: readonly Row[],
): { readonly kept: readonly Row[]; readonly idleExcludes: readonly number[] } {
  const idle = new Set(entries.keys());
  if (entries.length === 0) return { kept: rows, idleExcludes: [] };
  const buckets = bucketByFirst(entries);
  const kept = rows.filter((row) => {
    let matched = false;
    for (const [key, byValue] of buckets) {
      for (const index of byValue.get(row[key] ?? '') ?? []) {
        if (!matches(row, entries[index] ?? {})) continue;
        idle.delete(index);
        matched = true;
      }
    }
    return !matched;
  });
  return { kept, idleExcludes: [...idle] };
}

/** Entries by their first key and its value, so that a row is compared with few of them. */
function bucketByFirst(
  entries: readonly Row[],
): ReadonlyMap<string, ReadonlyMap<string, readonly number[]>> {
  const buckets = new Map<string, Map<string, number[]>>();
  for (const [index, entry] of entries.entries()) {
    const [first] = Object.entries(entry);
    if (first === undefined) continue;
    const [key, value] = first;
    const byValue = buckets.get(key) ?? new Map<string, number[]>();
    buckets.set(key, byValue);
    byValue.set(value, [...(byValue.get(value) ?? []), index]);
  }
  return buckets;
}

function matches(row: Row, entry: Row): boolean {
  return Object.entries(entry).every(([key, value]) => row[key] === value);
}

function include(
  originals: readonly Row[],
  axes: readonly string[],
  entries: readonly Row[],
): readonly Row[] {
  if (entries.length === 0) return originals;
  const extended: Record<string, string>[] = originals.map((row) => ({ ...row }));
  const added: Row[] = [];
  const finder = new RowFinder(originals);
  for (const entry of entries) {
    const bound = axes
      .filter((key) => Object.hasOwn(entry, key))
      .map((key) => [key, entry[key] ?? ''] as const);
    const found = finder.find(bound);
    for (const index of found) Object.assign(extended[index] ?? {}, entry);
    if (found.length === 0) added.push(entry);
  }
  return [...extended, ...added];
}

/** Finds rows by the values they have; an index for each key is made when it is first asked for. */
class RowFinder {
  readonly #indexes = new Map<string, Map<string, number[]>>();

  constructor(readonly rows: readonly Row[]) {}

  find(bound: readonly (readonly [string, string])[]): readonly number[] {
    const [first, ...rest] = bound;
    if (first === undefined) return [...this.rows.keys()];
    const candidates = this.#index(first[0]).get(first[1]) ?? [];
    return candidates.filter((index) =>
      rest.every(([key, value]) => this.rows[index]?.[key] === value),
    );
  }

  #index(key: string): Map<string, number[]> {
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = new Map<string, number[]>();
    for (const [position, row] of this.rows.entries()) {
      const value = row[key] ?? '';
      const list = index.get(value);
      if (list === undefined) index.set(value, [position]);
      else list.push(position);
    }
    this.#indexes.set(key, index);
    return index;
  }
}
