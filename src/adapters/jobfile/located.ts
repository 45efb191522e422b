/** Where a value came from: a stretch of the file (offsets, end exclusive), or an option of the command line. */
export type Origin =
  | { readonly kind: 'file'; readonly start: number; readonly end: number }
  | { readonly kind: 'option'; readonly option: string };

/** A value of the jobfile that knows where it came from. Aliases share one value. */
export type Located = LocatedScalar | LocatedMap | LocatedList;

/** A scalar, with its text as written: `1.10` is the number 1.1 and the text "1.10". */
export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly origin: Origin;
  readonly value: string | number | boolean | null;
  readonly text: string;
}

/** A map with text keys; keys that were merged in (`<<`) stand beside its own. */
export interface LocatedMap {
  readonly kind: 'map';
  readonly origin: Origin;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

/** One key of a map and what it holds. */
export interface LocatedEntry {
  readonly key: Origin;
  readonly value: Located;
}

/** A list. */
export interface LocatedList {
  readonly kind: 'list';
  readonly origin: Origin;
  readonly items: readonly Located[];
}

/** Steps from the top of the jobfile to a value. */
export type Path = readonly (string | number)[];

/** The value at a path, or undefined. */
export function valueAt(root: Located, path: Path): Located | undefined {
  let at: Located | undefined = root;
  for (const step of path) at = at === undefined ? undefined : stepInto(at, step);
  return at;
}

function stepInto(value: Located, step: string | number): Located | undefined {
  if (value.kind === 'map') return value.entries.get(String(step))?.value;
  return value.kind === 'list' ? value.items[Number(step)] : undefined;
}

/** Where the key at the end of a path stands, or undefined when the path does not end in a key. */
export function keyAt(root: Located, path: Path): Origin | undefined {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  return parent?.kind === 'map' && last !== undefined
    ? parent.entries.get(String(last))?.key
    : undefined;
}

/**
 * Where to point for a path: at the value when it is a scalar, at the key of a map or list, and at the nearest thing
 * above when nothing is there.
 */
export function originAt(root: Located, path: Path): Origin {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    const value = valueAt(root, part);
    if (value?.kind === 'scalar' && value.text !== '') return value.origin;
    const origin = keyAt(root, part) ?? value?.origin;
    if (origin !== undefined) return origin;
  }
  return root.kind === 'scalar' ? root.origin : startOf(root.origin);
}

function startOf(origin: Origin): Origin {
  return origin.kind === 'file' ? { ...origin, end: origin.start + 1 } : origin;
}

/** The plain value, for the validator. Maps have no prototype, so that no key can shadow anything. */
export function toPlain(value: Located): unknown {
  switch (value.kind) {
    case 'scalar':
      return value.value;
    case 'list':
      return value.items.map(toPlain);
    case 'map': {
      const plain = Object.create(null) as Record<string, unknown>;
      for (const [key, entry] of value.entries) plain[key] = toPlain(entry.value);
      return plain;
    }
  }
}
