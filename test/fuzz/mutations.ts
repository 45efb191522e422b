import fc from 'fast-check';

/** A change to a text, by places between 0 and 1 so that it fits any text. */
export type Edit = (content: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, noNaN: true });

/** Bytes are taken out and others put in. */
export function byteEdit(scraps: readonly string[]): fc.Arbitrary<Edit> {
  return fc
    .tuple(
      place,
      fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 })),
      fc.oneof(
        fc.constantFrom(...scraps).map((scrap) => new Uint8Array(Buffer.from(scrap))),
        fc.uint8Array({ maxLength: 4 }),
        fc.constant(new Uint8Array()),
      ),
    )
    .map(([at, remove, insert]) => (content) => {
      const start = Math.floor(at * content.length);
      return Buffer.concat([content.subarray(0, start), insert, content.subarray(start + remove)]);
    });
}

/** The end is missing. */
export const tear: fc.Arbitrary<Edit> = place.map(
  (at) => (content) => content.subarray(0, Math.floor(at * content.length)),
);

/** Lines are lost, come twice, or change places. */
export const lineEdit: fc.Arbitrary<Edit> = fc
  .tuple(fc.constantFrom('drop', 'double', 'swap', 'move', 'again'), place, place)
  .map(([what, one, other]) => (content) => {
    const lines = content.toString('latin1').split('\n');
    const [from, to] = [one, other].map((at) => Math.floor(at * (lines.length - 1)));
    return Buffer.from(changed(lines, what, from ?? 0, to ?? 0).join('\n'), 'latin1');
  });

function changed(lines: string[], what: string, from: number, to: number): string[] {
  const [line = ''] = lines.slice(from, from + 1);
  switch (what) {
    case 'drop':
      return lines.toSpliced(from, 1);
    case 'double':
      return lines.toSpliced(from, 0, line);
    case 'move':
      return lines.toSpliced(from, 1).toSpliced(to, 0, line);
    case 'again':
      return lines.toSpliced(to, 0, line);
    default:
      return lines.with(from, lines[to] ?? '').with(to, line);
  }
}

/** Values that a program may stumble over. */
export const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  -1e300,
  2 ** 53,
  253_402_300_799_999,
  '',
  'a',
  '..',
  '../../x',
  '/',
  '\0',
  '\u001b[31m',
  '\u202e',
  '\ud800',
  '__proto__',
  'constructor',
  'max',
  'x'.repeat(5000),
  [],
  [[]],
  {},
  { kind: 'x' },
  { kind: 'preempted' },
];

/** In one line of JSON some value becomes another, goes, or is joined by one of the file's own. */
export const jsonEdit: fc.Arbitrary<Edit> = fc
  .tuple(
    place,
    fc.array(place, { minLength: 1, maxLength: 5 }),
    fc.oneof(
      fc.constantFrom(...ODD_VALUES).map((value) => ({ kind: 'put' as const, value })),
      fc.constant({ kind: 'remove' as const }),
      place.map((at) => ({ kind: 'copy' as const, at })),
    ),
  )
  .map(([line, path, change]) => (content) => {
    const lines = content.toString('utf8').split('\n');
    const at = Math.floor(line * lines.length);
    const value = parsed(lines[at]);
    if (typeof value !== 'object' || value === null) return content;
    edit(value as Record<string, unknown>, path, change);
    return Buffer.from(lines.with(at, JSON.stringify(value)).join('\n'));
  });

type Change =
  | { readonly kind: 'put'; readonly value: unknown }
  | { readonly kind: 'remove' }
  | { readonly kind: 'copy'; readonly at: number };

function edit(at: Record<string, unknown>, path: readonly number[], change: Change): void {
  const keys = Object.keys(at);
  const [step = 0, ...rest] = path;
  const key = keys[Math.floor(step * keys.length)] ?? keys[0];
  if (key === undefined) return;
  const below = at[key];
  if (rest.length > 0 && typeof below === 'object' && below !== null) {
    edit(below as Record<string, unknown>, rest, change);
    return;
  }
  if (change.kind === 'put') at[key] = change.value;
  else if (change.kind === 'copy') at[key] = at[keys[Math.floor(change.at * keys.length)] ?? key];
  else if (Array.isArray(at)) at.splice(Number(key), 1);
  else Reflect.deleteProperty(at, key);
}

function parsed(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '') as unknown;
  } catch {
    return undefined;
  }
}

/** Some edits, one after the other. */
export function edited(edits: readonly Edit[], content: Buffer): Buffer {
  return edits.reduce((bytes, change) => change(bytes), content);
}
