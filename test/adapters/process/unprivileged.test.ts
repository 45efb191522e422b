import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveProgram } from '../../../src/adapters/process/resolve-program.js';
import { openStreams } from '../../../src/adapters/process/streams.js';
import { tempDir } from '../../support/temp-dir.js';

const NOBODY = 65_534;
const ROOT = 0;

/** A folder that nobody may look into, in one that everybody may. */
function closedFolder(): { readonly open: string; readonly closed: string } {
  const open = tempDir();
  chmodSync(open, 0o777);
  const closed = join(open, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  for (const name of ['tool', 'input'])
    writeFileSync(join(closed, name), '#!/bin/sh\n', { mode: 0o755 });
  return { open, closed };
}

/** Does something as an ordinary user: as root nothing is ever closed. */
function asOrdinaryUser<T>(action: () => T): T {
  if (process.geteuid?.() !== ROOT) return action();
  process.seteuid?.(NOBODY);
  try {
    return action();
  } finally {
    process.seteuid?.(ROOT);
  }
}

function close(path: string): void {
  if (process.geteuid?.() !== ROOT) chmodSync(path, 0);
}

describe('what is closed to the user is a sentence, never an exception', () => {
  it('a folder of PATH is passed over', () => {
    const { open, closed } = closedFolder();
    writeFileSync(join(open, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    chmodSync(join(open, 'tool'), 0o755);
    close(closed);
    expect(asOrdinaryUser(() => resolveProgram('tool', '/', `${closed}:${open}`))).toEqual({
      ok: true,
      value: join(open, 'tool'),
    });
    expect(asOrdinaryUser(() => resolveProgram('tool', '/', closed)).ok).toBe(false);
    expect(asOrdinaryUser(() => resolveProgram(join(closed, 'tool'), '/', ''))).toEqual({
      ok: false,
      error: expect.stringContaining('permission denied (EACCES)') as string,
    });
    chmodSync(closed, 0o700);
  });

  it('a file for stdin, a folder for logs', () => {
    const { open, closed } = closedFolder();
    close(closed);
    const logs = { stdoutPath: join(open, 'o'), stderrPath: join(open, 'e') };
    const stdin = asOrdinaryUser(() => openStreams({ stdin: join(closed, 'input'), ...logs }));
    const log = asOrdinaryUser(() =>
      openStreams({ ...logs, stdin: undefined, stderrPath: join(closed, 'new/e') }),
    );
    chmodSync(closed, 0o700);
    for (const result of [stdin, log]) {
      expect(result).toEqual({
        ok: false,
        error: { error: expect.stringContaining('EACCES') as string },
      });
    }
  });
});
