import { execaSync } from 'execa';
import { shellWord } from '../../../../src/util/shell-word.js';
import { ROOT } from './place.js';

/** Ways into environments, as {@link Place.enter} wants them. */
export type Enter = (argv: readonly string[]) => readonly string[];

/** After a shell command, in mounts of its own: what it mounts is seen by nobody else. */
export function withMounts(command: string): Enter {
  return (argv) => ['unshare', '--mount', 'sh', '-c', `${command} && exec "$@"`, 'sh', ...argv];
}

/** In a cgroup. */
export function inCgroup(directory: string): Enter {
  return (argv) => ['sh', '-c', 'echo 0 > "$0/cgroup.procs" && exec "$@"', directory, ...argv];
}

/** As a user who logged in: a session, and whatever PAM starts for it. */
export function loggedIn(user: string): Enter {
  return (argv) => ['su', '--login', user, '--command', argv.map(shellWord).join(' ')];
}

/** As a user whom nobody logged in: no session, no environment but what cron would give. */
export function asCronWould(user: string): Enter {
  const settings = [`HOME=/home/${user}`, `LOGNAME=${user}`, `PATH=${process.env['PATH'] ?? ''}`];
  const drop = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--inh-caps=-all'];
  return (argv) => ['setpriv', ...drop, 'env', '-i', ...settings, ...argv];
}

/** As a service of the system's manager, with properties such as `Delegate=yes`. */
export function asService(unit: string, properties: readonly string[] = []): Enter {
  const settings = properties.map((property) => `--property=${property}`);
  const systemdRun = ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', `--unit=${unit}`];
  return (argv) => [...systemdRun, ...settings, '--', ...argv];
}

/** Makes a user, and opens the way to the checkout, which changes nothing but the guest's own overlay. */
export function addUser(user: string): void {
  execaSync('useradd', ['--create-home', '--shell', '/bin/bash', user]);
  execaSync('sh', [
    '-c',
    'd=$1; while [ "$d" != / ]; do chmod a+rx "$d"; d=${d%/*}; d=${d:-/}; done',
    'sh',
    ROOT,
  ]);
}

/** Runs what the doctor advises, as an administrator would type it: `sudo` says no more than that here. */
export function follow(mend: string, env: Readonly<Record<string, string>> = {}): void {
  execaSync('bash', ['-euc', mend.replaceAll('sudo ', '')], { env });
}
