import { z } from 'zod';

/** More bytes, or milliseconds of a processor, than there will be anywhere: a larger number is damage. */
const FIGURE_MAX = 2 ** 63;
/** The last moment of the year 9999: a later one has no date. */
const TIME_MAX_MS = 253_402_300_799_999;

/** A measured or computed number, which may be negative: differences are. */
export const figure = z.number().min(-FIGURE_MAX).max(FIGURE_MAX);

/** Bytes, milliseconds of work, counts: none of them below nothing. */
export const amount = z.number().min(0).max(FIGURE_MAX);

/** A moment, milliseconds; lengths of time are amounts, as a jobfile may say any. */
export const time = z.number().min(0).max(TIME_MAX_MS);

/** A whole number from 0 on. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Anything whose kind tells its shape. */
interface Kinded {
  readonly kind: string;
}

/** What there is to one kind of a union; several kinds may share a member of it. */
type ShapeOf<T extends Kinded, K> = T extends Kinded
  ? K extends T['kind']
    ? Omit<T, 'kind'>
    : never
  : never;

/** What there is to each kind, beside it. */
export type Shapes<T extends Kinded> = {
  readonly [K in T['kind']]: z.ZodType<ShapeOf<T, K>>;
};

/**
 * The schema of a union that is told apart by its `kind`. The compiler wants a shape for each: a union that grows is not
 * forgotten here, where its new kind would be taken for damage.
 */
export function byKind<T extends Kinded>(shapes: Shapes<T>): z.ZodType<T> {
  const kinds = Object.keys(shapes) as T['kind'][];
  const known = z.looseObject({ kind: z.enum(kinds) }).superRefine((value, context) => {
    const shape: z.ZodType = shapes[value.kind];
    const { error } = shape.safeParse(value);
    for (const { path, message } of error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [...path], message });
  });
  // The check above says so, and nothing is changed by it.
  return known as unknown as z.ZodType<T>;
}
