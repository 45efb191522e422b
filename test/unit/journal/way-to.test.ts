import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/adapters/host/host-error.js';
import { ensureStateDir, hasStateDir } from '../../../src/adapters/journal/state-dir.js';
import { isInContainer, openPlaceOnWayTo } from '../../../src/adapters/journal/way-to.js';
import { tempDir } from '../../support/temp-dir.js';

const SOMEBODY = 12_345;
const isRoot = process.geteuid?.() === 0;

/** A folder of ours with this mode, whatever the umask. */
function folder(parent: string, name: string, mode = 0o755): string {
  const path = join(parent, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

describe('the way to a folder', () => {
  it.each([0o700, 0o755, 0o711, 0o1777, 0o1775])('is closed with a folder of mode %o', (mode) => {
    const above = folder(tempDir(), 'above', mode);
    expect(openPlaceOnWayTo(join(above, 'memsched'))).toBeUndefined();
    expect(openPlaceOnWayTo(join(above, 'not', 'there', 'yet'))).toBeUndefined();
  });

  it('is open where everybody may write, and told with what closes it', () => {
    const above = folder(tempDir(), 'above', 0o777);
    const state = folder(above, 'memsched', 0o700);
    expect(openPlaceOnWayTo(state)).toEqual({
      path: above,
      why: 'can be written to by everybody',
      mend: `chmod o-w ${above}`,
    });
  });

  it('is followed over links, wherever they lead', () => {
    const top = tempDir();
    const open = folder(top, 'open', 0o777);
    const state = folder(folder(open, 'closed'), 'memsched', 0o700);
    symlinkSync('open/../open/closed', join(top, 'link'));
    symlinkSync(join(top, 'link'), join(top, 'absolute'));
    symlinkSync(state, join(top, 'memsched'));
    for (const way of ['link/memsched', 'absolute/memsched', 'memsched'])
      expect(openPlaceOnWayTo(join(top, way)), way).toMatchObject({ path: open });
  });

  it('is open where links lead in a circle', () => {
    const top = tempDir();
    symlinkSync('b', join(top, 'a'));
    symlinkSync('a', join(top, 'b'));
    expect(openPlaceOnWayTo(join(top, 'a', 'memsched'))?.why).toMatch(/too many symbolic links/);
  });

  it.runIf(isRoot)('is open where a folder or a link belongs to somebody else', () => {
    const top = folder(tempDir(), 'top', 0o1777);
    const theirs = folder(top, 'theirs');
    chownSync(theirs, SOMEBODY, SOMEBODY);
    const ours = folder(top, 'ours');
    symlinkSync(ours, join(top, 'link'));
    lchownSync(join(top, 'link'), SOMEBODY, SOMEBODY);
    expect(openPlaceOnWayTo(join(theirs, 'memsched'))).toEqual({
      path: theirs,
      why: 'belongs to someone else (user 12345)',
    });
    expect(openPlaceOnWayTo(join(top, 'link', 'memsched'))).toEqual({
      path: join(top, 'link'),
      why: 'is a symbolic link that belongs to someone else (user 12345)',
    });
  });

  it.runIf(isRoot)('is open where a group with others in it may write', () => {
    const above = folder(tempDir(), 'above', 0o775);
    chownSync(above, 0, SOMEBODY);
    expect(openPlaceOnWayTo(join(above, 'memsched'))).toEqual({
      path: above,
      why: 'can be written to by others (group 12345)',
      mend: `chmod g-w ${above}`,
    });
  });
});

describe('a state folder on an open way', () => {
  const withWay = { withWay: true };

  it('is refused, with the command that closes the way', () => {
    const above = folder(tempDir(), 'above', 0o777);
    const path = join(above, 'memsched');
    const words = `the state folder ${path} can be replaced by others: ${above} on the way to it can be written to by everybody`;
    expect(() => {
      ensureStateDir(path, withWay);
    }).toThrow(new HostError(words, `chmod o-w ${above}`));
    expect(() => hasStateDir(path, withWay)).toThrow(words);
    chmodSync(above, 0o755);
    ensureStateDir(path, withWay);
    expect(hasStateDir(path, withWay)).toBe(true);
  });

  it('is taken in a container, where nobody else is', () => {
    const path = join(folder(tempDir(), 'builds', 0o777), 'memsched');
    ensureStateDir(path, { withWay: false });
    expect(hasStateDir(path, { withWay: false })).toBe(true);
    expect(isInContainer({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toBe(true);
  });
});
