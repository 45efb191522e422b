/** Where a process lives: its v2 path, and its v1 path by controller. Paths are as the kernel shows them to us. */
export interface ProcCgroup {
  /** Absent when no cgroup v2 hierarchy is mounted at all. */
  readonly v2Path?: string;
  readonly v1Paths: ReadonlyMap<string, string>;
}

/** Parses `/proc/PID/cgroup` (cgroups(7)): `id:controllers:path`, v2 has id 0 and no controllers. */
export function parseProcCgroup(text: string): ProcCgroup {
  let v2Path: string | undefined;
  const v1Paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [id, controllers, ...rest] = line.split(':');
    if (controllers === undefined || rest.length === 0) continue;
    const path = rest.join(':').replace(/ \(deleted\)$/, '');
    if (id === '0' && controllers === '') v2Path = path;
    else for (const controller of controllers.split(',')) v1Paths.set(controller, path);
  }
  return { ...(v2Path !== undefined && { v2Path }), v1Paths };
}
