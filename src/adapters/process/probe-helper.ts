import { LaunchHelper } from './launch-helper.js';
import { findPerl } from './perl.js';

/** How this host starts tasks. */
export type LaunchWay =
  | { readonly kind: 'helper'; readonly perl: string }
  | { readonly kind: 'no-perl' }
  /** There is a Perl, and the helper does not come up with it. */
  | { readonly kind: 'broken-perl'; readonly perl: string; readonly why: string };

/** A Perl takes milliseconds to start, in emulation some hundred. */
const READY_WITHIN_MS = 10_000;

/** Finds out how this host starts tasks, by starting a launch helper and ending it again. */
export async function probeHelper(perl = findPerl()): Promise<LaunchWay> {
  if (perl === undefined) return { kind: 'no-perl' };
  let helper: LaunchHelper | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const why = await new Promise<string | undefined>((resolve) => {
    deadline = setTimeout(() => {
      resolve('is not ready after 10 seconds');
    }, READY_WITHIN_MS);
    helper = new LaunchHelper(
      { perl, openFilesLimit: undefined },
      {
        onReport: () => {
          resolve(undefined);
        },
        onGone: (_, how) => {
          resolve(how);
        },
      },
    );
  });
  clearTimeout(deadline);
  await helper?.close();
  return why === undefined ? { kind: 'helper', perl } : { kind: 'broken-perl', perl, why };
}
