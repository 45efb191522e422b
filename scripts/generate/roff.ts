/** Escapes make them longer. */
const LINE_CHARS = 60;

/** Names, each with what it means behind it. */
export function terms(rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.flatMap(([name, meaning]) => ['.TP', `.B ${text(name)}`, text(meaning)]);
}

/** Text that prints as it reads, in lines that are not too long for whoever reads the source. */
export function text(words: string): string {
  return wrapped(words)
    .map((line) => escaped(line))
    .join('\n');
}

/** Lines of a paragraph; roff fills them anew. */
function wrapped(words: string): readonly string[] {
  const lines: string[] = [];
  for (const word of words.split(/\s+/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length > LINE_CHARS) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

function escaped(line: string): string {
  const safe = line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq');
  return safe.startsWith('.') ? `\\&${safe}` : safe;
}

/** A line of preformatted text; an empty one would be a fault of the page. */
export function literal(line: string): string {
  return line === '' ? '.sp' : escaped(line);
}

/** An argument of a macro that may hold spaces. */
export function quoted(word: string): string {
  return `"${escaped(word).replaceAll('"', '\\(dq')}"`;
}
