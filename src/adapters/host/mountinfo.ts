/** One cgroup mount. */
export interface CgroupMount {
  readonly version: 1 | 2;
  /** Which part of the hierarchy is mounted: `/`, or a container's own path. */
  readonly root: string;
  readonly mountPoint: string;
  /** v1 controllers; options such as `nsdelegate` for v2. */
  readonly options: readonly string[];
  readonly readOnly: boolean;
}

/** The cgroup mounts of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)), in the order they were made. */
export function parseCgroupMounts(text: string): readonly CgroupMount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    if (before === undefined || after === undefined) return [];
    const [, , , root, mountPoint, mountOptions] = before.split(' ');
    const [type, , superOptions = ''] = after.split(' ');
    if (root === undefined || mountPoint === undefined) return [];
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const own = (mountOptions ?? '').split(',');
    const shared = superOptions.split(',');
    return [
      {
        version: type === 'cgroup2' ? 2 : 1,
        root: unescape(root),
        mountPoint: unescape(mountPoint),
        options: shared,
        readOnly: own.includes('ro') || shared.includes('ro'),
      } as const,
    ];
  });
}

/** Space, tab, newline and backslash are written in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/**
 * The directory of a cgroup path in a mount.
 *
 * @returns undefined when the path lies outside of what is mounted (a container that sees its host's path, `/../x`).
 */
export function cgroupDirectory(mount: CgroupMount, path: string): string | undefined {
  if (path.split('/').includes('..')) return undefined;
  if (mount.root === '/') return join(mount.mountPoint, path);
  if (path === mount.root) return mount.mountPoint;
  if (path.startsWith(`${mount.root}/`)) {
    return join(mount.mountPoint, path.slice(mount.root.length));
  }
  return undefined;
}

function join(mountPoint: string, path: string): string {
  return path === '/' ? mountPoint : `${mountPoint}${path}`;
}
