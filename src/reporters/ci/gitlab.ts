/** Puts lines that belong to one task into something that can be folded. */
export type Fold = (
  lines: readonly string[],
  about: { readonly title: string; readonly epochMs: number },
) => readonly string[];

/**
 * Sections of GitLab's job logs. Their names are ours and count up: letters, digits, `_`, `.` and `-` are all that GitLab
 * takes. What a task wrote cannot end one: that takes an escape character, and those are spelt out.
 */
export function gitlabSections(): Fold {
  let count = 0;
  return (lines, { title, epochMs }) => {
    if (lines.length === 0) return [];
    count += 1;
    const mark = (kind: 'start' | 'end'): string =>
      `\x1b[0Ksection_${kind}:${Math.floor(epochMs / 1000)}:memsched_output_${count}\r\x1b[0K`;
    return [`${mark('start')}${title}`, ...lines, mark('end')];
  };
}
