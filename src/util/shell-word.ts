/** Characters that no POSIX shell reads as anything but themselves, wherever they stand but at the beginning. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./#-]*$/;

/** The text as one word of a shell command, to be copied and typed: quoted where it must be. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
