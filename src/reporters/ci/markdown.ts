/**
 * A piece of text that Markdown takes for nothing but text: within a line, in a table or out of it. Entities rather than
 * backslashes, as those would stay in what is HTML around it.
 */
export function markdownText(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/[\\`*_[\]#|~@$]/g, (character) => `&#${character.charCodeAt(0)};`)
      // What would become a link is read before entities are.
      .replaceAll('://', '&#58;//')
      .replaceAll(/www\./gi, (text) => `${text.slice(0, -1)}&#46;`)
      .replace(/\s+/g, ' ')
  );
}

/** A name or a command in a typewriter face. HTML rather than backticks, in which a table's `|` cannot be quoted alike everywhere. */
export function markdownCode(text: string): string {
  return `<code>${markdownText(text)}</code>`;
}

/**
 * A table (GitHub Flavored Markdown, 4.10).
 *
 * @param columns - titles; one that ends with `:` holds numbers, and is set to the right.
 * @param rows - cells that are Markdown already.
 */
export function markdownTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const titles = columns.map((title) => title.replace(/:$/, ''));
  const rules = columns.map((title) => (title.endsWith(':') ? '---:' : '---'));
  return [titles, rules, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Lines as they are, behind a title that opens them. The fence is longer than any that they hold. */
export function markdownDetails(title: string, lines: string): string {
  const runs = [...lines.matchAll(/`{3,}/g)].map(([run]) => run.length);
  const fence = '`'.repeat(Math.max(2, ...runs) + 1);
  return [
    `<details><summary>${title}</summary>`,
    '',
    `${fence}text`,
    lines,
    fence,
    '',
    '</details>',
  ].join('\n');
}
