import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { ROOT } from './place.js';

/** Where the folders of all places are; the container shares them. */
const PLACES = '/var/tmp/environments';

/** What makes one container differ from another. */
export interface ContainerOptions {
  /** A name for its root file system. */
  readonly name: string;
  /** Whose container it is; it has to be able to write there. */
  readonly owner: string;
  /** Options of podman itself, in front of `run`. */
  readonly engine: readonly string[];
  /** Options of `podman run`. */
  readonly run: readonly string[];
}

/**
 * The command line that runs another one in a container. Its root file system is an empty folder with the guest's own
 * `/usr`, the checkout and the places in it: there is no image, and nothing is fetched.
 */
export function container(
  options: ContainerOptions,
): (argv: readonly string[]) => readonly string[] {
  const root = makeRoot(options.name, options.owner);
  const volumes = [`${ROOT}:${ROOT}:ro`, `${PLACES}:${PLACES}`, '/usr:/usr:ro', ...nodeVolume()];
  return (argv) => [
    'podman',
    ...options.engine,
    '--storage-driver=vfs',
    '--events-backend=file',
    'run',
    '--rm',
    '--network=none',
    '--log-driver=k8s-file',
    ...volumes.flatMap((volume) => ['--volume', volume]),
    ...options.run,
    '--rootfs',
    root,
    ...argv,
  ];
}

/** The options of the doctor's `podman run OPTIONS …`. */
export function optionsOf(mend: string): readonly string[] {
  const options = /^podman run (.+) …$/.exec(mend)?.[1];
  if (options === undefined) throw new Error(`no command line of podman: ${mend}`);
  return options.split(' ');
}

/** A node that was not installed by the distribution lies elsewhere. */
function nodeVolume(): readonly string[] {
  const { execPath } = process;
  return execPath.startsWith('/usr/') || execPath.startsWith(ROOT)
    ? []
    : [`${execPath}:${execPath}:ro`];
}

function makeRoot(name: string, owner: string): string {
  const root = `/var/lib/container-roots/${name}`;
  for (const folder of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'usr', 'etc', 'var/tmp']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  mkdirSync(join(root, ROOT), { recursive: true });
  mkdirSync(join(root, PLACES), { recursive: true });
  for (const link of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(root, link));
  for (const file of ['passwd', 'group', 'ld.so.cache'])
    copyFileSync(`/etc/${file}`, join(root, 'etc', file));
  execaSync('cp', ['-a', '/etc/alternatives', join(root, 'etc/')]);
  execaSync('chown', ['--recursive', `${owner}:`, root]);
  return root;
}
