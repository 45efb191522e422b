import { statSync } from 'node:fs';
import type { InputMeter } from '../../supervisor/ports.js';

/**
 * Sizes of ordinary files, as `stat` tells them. A file that is not there, or a folder, a pipe or a device among them,
 * makes the whole unknown: half an input says nothing.
 */
export const fileSizes: InputMeter = {
  sizeOf(paths) {
    let bytes = 0;
    for (const path of paths) {
      const size = sizeOf(path);
      if (size === undefined) return undefined;
      bytes += size;
    }
    return bytes;
  },
};

function sizeOf(path: string): number | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() === true ? found.size : undefined;
  } catch {
    // Not ours to look at: the task itself will say so, if it matters.
    return undefined;
  }
}
