import { existsSync, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { shellWord } from '../../util/shell-word.js';

/** As many symbolic links as the kernel follows on one way (path_resolution(7)). */
const LINKS_MAX = 40;
/** Files that container engines put into their containers, where only the host's administrator can write. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];
const ROOT = 0;
const STICKY = 0o1000;

/** A place on the way to a folder from which somebody else can put another one there. */
export interface OpenPlace {
  readonly path: string;
  /** As the end of a sentence about the path. */
  readonly why: string;
  /** The command that closes it; undefined where it is not ours to close. */
  readonly mend?: string;
}

/**
 * Looks at every folder and symbolic link that leads to a folder, itself among them, from the root down. Who may write to one of them, and is
 * neither the user nor root, can rename what is in it: whatever is checked below it may be something else a moment later.
 *
 * A folder with the sticky bit, such as /tmp, is no such place: what is in it is renamed by its owner alone. Nor is one
 * that a group of nobody but this user may write to, as systems with a umask of 002 make them. What is not there yet ends
 * the way: we make it.
 *
 * @returns the first such place; undefined when there is none.
 */
export function openPlaceOnWayTo(path: string): OpenPlace | undefined {
  let at = '/';
  let links = 0;
  const steps = ['/', ...stepsOf(resolve(path))];
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const next = resolve(at, step);
    const found = lstatSync(next, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (found.isSymbolicLink()) {
      if (!isTrusted(found.uid)) return { path: next, why: `is a symbolic link that ${of(found)}` };
      links += 1;
      if (links > LINKS_MAX) return { path: next, why: 'leads through too many symbolic links' };
      const target = readlinkSync(next);
      steps.unshift(...(target.startsWith('/') ? ['/'] : []), ...stepsOf(target));
      continue;
    }
    const open = whyOpen(next, found);
    if (open !== undefined) return open;
    at = next;
  }
  return undefined;
}

/**
 * Whether this is a container of Docker, Podman or Kubernetes. CI systems leave folders in them open to everybody, or to
 * the user of the host: nobody else is in there.
 */
export function isInContainer(env: NodeJS.ProcessEnv = process.env): boolean {
  return (
    CONTAINER_MARKS.some((mark) => existsSync(mark)) || env['KUBERNETES_SERVICE_HOST'] !== undefined
  );
}

function stepsOf(path: string): readonly string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}

function whyOpen(path: string, folder: Stats): OpenPlace | undefined {
  if (!isTrusted(folder.uid)) return { path, why: of(folder) };
  if ((folder.mode & STICKY) !== 0) return undefined;
  if ((folder.mode & 0o002) !== 0)
    return { path, why: 'can be written to by everybody', mend: `chmod o-w ${shellWord(path)}` };
  if ((folder.mode & 0o020) === 0 || isOwnGroup(folder.gid)) return undefined;
  return {
    path,
    why: `can be written to by others (group ${folder.gid})`,
    mend: `chmod g-w ${shellWord(path)}`,
  };
}

function of({ uid }: Stats): string {
  return `belongs to someone else (user ${uid})`;
}

function isTrusted(uid: number): boolean {
  return uid === ROOT || uid === process.geteuid?.() || isOutside(uid);
}

/** In a user namespace, whoever has no number there is shown as one that nobody has: root of the host, for the most part. */
function isOutside(uid: number): boolean {
  const map = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
  if (map.join(' ') === '0 0 4294967295') return false;
  return uid === Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
}

/** Root's group, or one that has no member but this user and is no one else's first. */
function isOwnGroup(gid: number): boolean {
  if (gid === ROOT) return true;
  if (gid !== process.getegid?.()) return false;
  const name = ownName();
  if (name === undefined) return false;
  const members = fieldsOf('/etc/group').find((fields) => Number(fields[2]) === gid)?.[3];
  if (members === undefined || members.split(',').some((one) => one !== '' && one !== name))
    return false;
  return fieldsOf('/etc/passwd').every(
    ([user, , , first]) => user === name || Number(first) !== gid,
  );
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A number without a name, as containers give.
    return undefined;
  }
}

/** Lines of a file such as passwd(5). */
function fieldsOf(path: string): readonly (readonly string[])[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.split('\n').map((line) => line.split(':'));
}
