/** The address of a task's story within the page, at one of its attempts where there is one. */
export function storyAddress(task: number, attempt?: number): string {
  return `#task-${task}${attempt === undefined ? '' : `-attempt-${attempt}`}`;
}

/** Reads {@link storyAddress}; undefined when it is something else. */
export function parseAddress(
  hash: string,
): { readonly task: number; readonly attempt?: number } | undefined {
  const match = /^#task-(\d+)(?:-attempt-(\d+))?$/.exec(hash);
  if (match === null) return undefined;
  const [, task, attempt] = match;
  return { task: Number(task), ...(attempt === undefined ? {} : { attempt: Number(attempt) }) };
}
