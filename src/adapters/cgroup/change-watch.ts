import { watch, type FSWatcher } from 'node:fs';
import { errnoOf, isGone } from '../host/errno.js';

/** Tells of changes in kernel files by inotify, as far as the system's inotify limits allow. */
export interface ChangeWatch {
  /**
   * Watches one file.
   *
   * @returns what stops it, or undefined when it cannot be watched: then it has to be looked at.
   */
  add(path: string, onChange: () => void): (() => void) | undefined;
}

/**
 * Watches with `fs.watch`: the kernel reports changes of `cgroup.events` and `memory.events` as file modified events
 * (cgroup-v2.rst). Events coalesce, so they say that something changed and never what.
 *
 * @param warn - called once when the limit on watches is reached.
 */
export function createChangeWatch(warn: (sentence: string) => void): ChangeWatch {
  let exhausted = false;
  const giveUp = (code: string | undefined): void => {
    if (exhausted) return;
    exhausted = true;
    warn(
      `no more files can be watched (${code ?? 'inotify'}); changes are noticed at the next sample instead`,
    );
  };
  return {
    add: (path, onChange) => {
      if (exhausted) return undefined;
      let watcher: FSWatcher;
      try {
        watcher = watch(path, { persistent: false }, onChange);
      } catch (error) {
        if (!isGone(error)) giveUp(errnoOf(error));
        return undefined;
      }
      watcher.on('error', () => {
        watcher.close();
      });
      return () => {
        watcher.close();
      };
    },
  };
}
