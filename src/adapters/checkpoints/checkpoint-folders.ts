import { lstatSync, opendirSync, type Dir } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from '../../core/task-spec.js';
import type { CheckpointFolders } from '../../supervisor/ports.js';
import { assert } from '../../util/assert.js';
import { makeFolder } from '../../util/make-folder.js';
import { err, ok } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { startFault } from '../host/start-fault.js';

/** A look goes no deeper than this and no further than so many entries: it keeps the loop waiting. */
const DEPTH = 3;
const ENTRIES = 1000;
/** Names of what is still being written: with the last step of that it gets another. */
const UNFINISHED = /(^\.)|(\.(tmp|part|partial)$)|(~$)/;

/** What a folder's mark is made of. */
interface Sum {
  /** Everything that was looked at, also what does not count. */
  seen: number;
  entries: number;
  bytes: number;
  newestMs: number;
  /** Of the newest entry: a file that was written anew in place of another has another. */
  inode: number;
}

/**
 * The folders of checkpoints of a run, one for each task.
 *
 * @param path - the folder they are in, absolute; made with the first one.
 * @param warn - says that one could not be removed.
 */
export function createCheckpointFolders(
  path: string,
  warn: (sentence: string) => void,
): CheckpointFolders {
  const removals = new Set<Promise<void>>();
  const folderOf = (task: TaskId): string => {
    assert(
      /^[^/\0]+$/.test(task) && task !== '.' && task !== '..',
      `the task id "${task}" is a safe file name`,
    );
    return join(path, task);
  };
  return {
    open(task) {
      const folder = folderOf(task);
      try {
        makeFolder(folder, 0o700);
        return ok(folder);
      } catch (error) {
        const what = `cannot make the folder of checkpoints ${folder}: ${describeError(error)}`;
        return err(startFault(what, errorCode(error)));
      }
    },
    look: (task) => lookInto(folderOf(task)),
    remove(task) {
      const folder = folderOf(task);
      const removal = rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
        warn(`the checkpoints in ${folder} could not be removed: ${describeError(error)}`);
      });
      removals.add(removal);
      void removal.finally(() => removals.delete(removal));
    },
    async close() {
      await Promise.all(removals);
    },
  };
}

function lookInto(folder: string): ReturnType<CheckpointFolders['look']> {
  const sum: Sum = { seen: 0, entries: 0, bytes: 0, newestMs: -Infinity, inode: 0 };
  addFolder(folder, DEPTH, sum);
  if (sum.entries === 0) return { mark: '', ageMs: 0 };
  const { entries, bytes, newestMs, inode } = sum;
  return {
    mark: [entries, bytes, newestMs, inode].join(' '),
    ageMs: Math.max(0, Date.now() - newestMs),
  };
}

function addFolder(folder: string, depth: number, sum: Sum): void {
  const listing = openFolder(folder);
  if (listing === undefined) return;
  try {
    for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
      sum.seen += 1;
      if (sum.seen > ENTRIES) return;
      if (UNFINISHED.test(entry.name)) continue;
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) addFile(path, sum);
      else if (depth > 1) addFolder(path, depth - 1, sum);
    }
  } catch {
    // What cannot be read counts as not there.
  } finally {
    listing.closeSync();
  }
}

/** Links are looked at, not followed: where they lead is not ours. */
function addFile(path: string, sum: Sum): void {
  let stat: ReturnType<typeof lstatSync>;
  try {
    stat = lstatSync(path);
  } catch {
    return;
  }
  sum.entries += 1;
  sum.bytes += stat.size;
  if (stat.mtimeMs < sum.newestMs) return;
  sum.newestMs = stat.mtimeMs;
  sum.inode = stat.ino;
}

function openFolder(folder: string): Dir | undefined {
  try {
    return opendirSync(folder);
  } catch {
    return undefined;
  }
}
