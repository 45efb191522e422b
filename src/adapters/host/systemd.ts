import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

/** A systemd that could start us in a unit of our own. */
export interface SystemdManager {
  readonly kind: 'system' | 'user';
  readonly version: number;
}

/** What this host's systemd can do for us; a `why` where there is none to ask. */
export type SystemdState =
  | { readonly kind: 'reachable'; readonly manager: SystemdManager }
  | { readonly kind: 'not-booted' }
  | { readonly kind: 'no-user-manager' }
  | { readonly kind: 'no-systemd-run' };

const ASK_TIMEOUT_MS = 5000;

/**
 * Looks for the manager that would take us: the system's for root, the user's own for anyone else (its private socket
 * is what `systemd-run --user` talks to).
 */
export function findSystemd(uid: number): SystemdState {
  if (!existsSync('/run/systemd/system')) return { kind: 'not-booted' };
  const version = systemdVersion();
  if (version === undefined) return { kind: 'no-systemd-run' };
  if (uid === 0) return { kind: 'reachable', manager: { kind: 'system', version } };
  if (!existsSync(`${runtimeDirectory(uid)}/systemd/private`)) return { kind: 'no-user-manager' };
  return { kind: 'reachable', manager: { kind: 'user', version } };
}

/**
 * `XDG_RUNTIME_DIR`, or where logind puts it: cron, `su` and CI runners often leave it out, and `su` and `sudo -E` leave
 * that of another user, whose manager is not to be asked for anything.
 *
 * @param configured - what the environment says; replaceable for tests.
 */
export function runtimeDirectory(
  uid: number,
  configured: string | undefined = process.env['XDG_RUNTIME_DIR'],
): string {
  return configured !== undefined && ownerOf(configured) === uid ? configured : `/run/user/${uid}`;
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    // Not there, or closed to us: so it is not ours.
    return undefined;
  }
}

/**
 * The command that gives us a delegated scope, to be followed by our own command line. OOMPolicy for scopes came with
 * systemd 253; before, a delegated scope goes on after an OOM kill anyway.
 *
 * @param limitBytes - `memory.max` of the scope, where we leave a unit with such a limit: it was meant for us.
 */
export function scopeCommand(manager: SystemdManager, limitBytes?: number): readonly string[] {
  return [
    'systemd-run',
    ...(manager.kind === 'user' ? ['--user'] : []),
    '--scope',
    '--quiet',
    '--collect',
    '--description=memsched',
    '--property=Delegate=yes',
    ...(limitBytes === undefined ? [] : [`--property=MemoryMax=${limitBytes}`]),
    ...(manager.version >= 253 ? ['--property=OOMPolicy=continue'] : []),
    '--',
  ];
}

/** Where a manager puts scopes, as the paths of all cgroups from the top down to there. */
export function scopePlace(kind: SystemdManager['kind'], uid: number): readonly string[] {
  if (kind === 'system') return ['/system.slice'];
  const user = `/user.slice/user-${uid}.slice`;
  const manager = `${user}/user@${uid}.service`;
  return ['/user.slice', user, manager, `${manager}/app.slice`];
}

/** The unit of a cgroup path, and which manager it belongs to. */
export function unitOf(
  cgroupPath: string,
): { readonly name: string; readonly user: boolean } | undefined {
  const parts = cgroupPath.split('/');
  const name = parts.findLast((part) => part.endsWith('.scope') || part.endsWith('.service'));
  if (name === undefined) return undefined;
  const manager = parts.findIndex((part) => /^user@\d+\.service$/.test(part));
  return { name, user: manager >= 0 && manager < parts.indexOf(name) };
}

/** Whether systemd handed this unit's cgroup over to whoever runs in it. */
export function isDelegated(unit: { readonly name: string; readonly user: boolean }): boolean {
  const args = [
    ...(unit.user ? ['--user'] : []),
    'show',
    '--property=Delegate',
    '--value',
    '--',
    unit.name,
  ];
  return ask('systemctl', args)?.trim() === 'yes';
}

function systemdVersion(): number | undefined {
  const match = /^systemd (\d+)/.exec(ask('systemd-run', ['--version']) ?? '');
  return match === null ? undefined : Number(match[1]);
}

function ask(command: string, args: readonly string[]): string | undefined {
  const answer = spawnSync(command, args, { encoding: 'utf8', timeout: ASK_TIMEOUT_MS });
  return answer.status === 0 ? answer.stdout : undefined;
}
