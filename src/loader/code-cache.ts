import { createHash } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { readPrivate, writePrivate } from './private-file.js';
import { decodeChunks, encodeChunks, type StoredChunks } from './stored-code.js';

/**
 * Where compiled code is kept from one start to the next: a file for each command, as each has other functions compiled.
 * Nothing of it can fail: what cannot be read or written is as if it were not there.
 */
export interface CodeCache {
  read(): StoredChunks;
  /** Does nothing when V8's flags are others than at the start: it would take none of it. */
  write(chunks: StoredChunks): void;
}

/** Who starts: what is kept is for this program by this node only. */
export interface CodeCacheOrder {
  readonly env: NodeJS.ProcessEnv;
  /** The first word of the command line. */
  readonly command: string | undefined;
  /** Where the chunks are; V8 keeps the path with the code, for stack traces. */
  readonly chunksDir: string;
}

const NO_CACHE: CodeCache = { read: () => new Map(), write: () => undefined };

/** The cache that the environment says; none where it is switched off, or has no place. */
export function openCodeCache({ env, command, chunksDir }: CodeCacheOrder): CodeCache {
  const folder = folderFrom(env);
  if (folder === undefined) return NO_CACHE;
  const tag = cachedDataVersionTag();
  const name = `${identity(chunksDir, tag)}-${commandIn(command)}`;
  return {
    read: () => quietly(() => decodeChunks(readPrivate(folder, name) ?? NOTHING)) ?? new Map(),
    write: (chunks) => {
      if (cachedDataVersionTag() !== tag) return;
      quietly(() => {
        writePrivate(folder, name, encodeChunks(chunks));
      });
    },
  };
}

const NOTHING = Buffer.alloc(0);

/** `$XDG_CACHE_HOME/memsched`, else `~/.cache/memsched` (XDG Base Directory Specification 0.8). */
function folderFrom(env: NodeJS.ProcessEnv): string | undefined {
  if (isSet(env['MEMSCHED_NO_CODE_CACHE'])) return undefined;
  // For coverage V8 compiles otherwise.
  if (isSet(env['NODE_V8_COVERAGE'])) return undefined;
  const configured = env['XDG_CACHE_HOME'];
  const base = isSet(configured) ? configured : join(env['HOME'] ?? '', '.cache');
  return isAbsolute(base) ? join(base, 'memsched') : undefined;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** The tag stands for V8's version, its flags and the processor's features. */
function identity(chunksDir: string, tag: number): string {
  const all = [process.version, process.arch, tag, chunksDir];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16);
}

/** Part of a file name. What is no command ends as a mistake, and mistakes are not kept. */
function commandIn(word = ''): string {
  return /^[-_]{0,2}([A-Za-z]{1,20})$/.exec(word)?.[1] ?? 'other';
}

function quietly<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
