import { Chalk, type ChalkInstance } from 'chalk';

/** What a stream tells about itself. */
export interface StreamFacts {
  readonly isTTY?: boolean | undefined;
}

/** Where one looks to learn whether colours and cursor moves are welcome. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Colours for a stream: only on a terminal that is not `dumb`, and never when `NO_COLOR` is set (to anything but
 * nothing, as no-color.org has it) or the user said `--no-color`. Sixteen colours: they follow the terminal's theme.
 */
export function colourFor(stream: StreamFacts, env: Environment, isAllowed = true): ChalkInstance {
  const wanted = isAllowed && !env['NO_COLOR'] && stream.isTTY === true && env['TERM'] !== 'dumb';
  return new Chalk({ level: wanted ? 1 : 0 });
}

/** True where a live area can be drawn: a terminal that moves its cursor, and no CI log behind it. */
export function canDrawLive(stream: StreamFacts, env: Environment): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && !env['CI'];
}
