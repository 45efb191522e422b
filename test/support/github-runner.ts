/** A workflow command that the runner of GitHub Actions found in a line. */
export interface FoundCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/**
 * What the runner of GitHub Actions obeys in an output, by the rules of its `ActionCommand`: lines that begin with `::`
 * after white space, and lines that hold `##[` anywhere.
 *
 * @param commands - those it knows; it passes over all others.
 */
export function obeyedCommands(
  output: string,
  commands: ReadonlySet<string> = KNOWN,
): readonly FoundCommand[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => {
    const found = newForm(line, commands) ?? oldForm(line, commands);
    return found === undefined ? [] : [found];
  });
}

const KNOWN = new Set([
  'error',
  'warning',
  'notice',
  'debug',
  'add-mask',
  'add-matcher',
  'echo',
  'endgroup',
  'group',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
]);

function newForm(line: string, commands: ReadonlySet<string>): FoundCommand | undefined {
  const text = line.trimStart();
  const end = text.startsWith('::') ? text.indexOf('::', 2) : -1;
  if (end < 0) return undefined;
  const head = text.slice(2, end);
  const [name = ''] = head.split(' ', 1);
  if (!commands.has(name)) return undefined;
  const properties = pairs(head.slice(name.length), ',').map(([key, value]) => [
    key,
    unescaped(value, ['\r', '\n', ':', ',', '%']),
  ]);
  const data = unescaped(text.slice(end + 2), ['\r', '\n', '%']);
  return { name, properties: Object.fromEntries(properties) as Record<string, string>, data };
}

function oldForm(line: string, commands: ReadonlySet<string>): FoundCommand | undefined {
  const start = line.indexOf('##[');
  const end = start < 0 ? -1 : line.indexOf(']', start);
  if (end < 0) return undefined;
  const [name = ''] = line.slice(start + 3, end).split(' ', 1);
  return commands.has(name) ? { name, properties: {}, data: line.slice(end + 1) } : undefined;
}

function pairs(text: string, separator: string): [string, string][] {
  return text
    .trim()
    .split(separator)
    .flatMap((pair) => {
      const at = pair.indexOf('=');
      return at < 1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)] as [string, string]];
    });
}

/** In this order, and `%25` last. */
function unescaped(text: string, characters: readonly string[]): string {
  return characters.reduce((rest, character) => {
    const code = `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
    return rest.replaceAll(code, character);
  }, text);
}
