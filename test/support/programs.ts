import { fileURLToPath } from 'node:url';

/** The programs of fixtures/programs; its README says what each does. */
export type ProgramName =
  | 'alloc'
  | 'count-up'
  | 'counter-file'
  | 'daemonize'
  | 'exit-with'
  | 'fill-memfd'
  | 'fill-tmpfs'
  | 'fork-tree'
  | 'ignore-sigterm'
  | 'kill-self'
  | 'mute-fuse'
  | 'page-cache'
  | 'print-lines'
  | 'show-env'
  | 'show-process'
  | 'stop-self';

/** Absolute path of a fixture program. */
export function program(name: ProgramName): string {
  return fileURLToPath(new URL(`../../fixtures/programs/${name}`, import.meta.url));
}
