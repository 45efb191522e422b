/**
 * The real user of a process, from `/proc/PID/status` (proc_pid_status(5)). Its name stands above, on one line whatever
 * is in it: a newline there is written as `\n`.
 *
 * @returns undefined when the text is no such file.
 */
export function parseUser(text: string): number | undefined {
  const user = /^Uid:\t(\d+)\t/m.exec(text)?.[1];
  return user === undefined ? undefined : Number(user);
}
