import { readFileSync } from 'node:fs';

/**
 * A fenced block of a page of documentation. Its first line says what it is:
 *
 * | first line | is |
 * |---|---|
 * | `console` | lines that begin with `$ ` are typed (`> ` goes on with one), the others are what comes out |
 * | `console exits=N` | the same, and the last command ends with that exit code |
 * | `sh` | a script that succeeds |
 * | `LANG NAME` | the file NAME of the folder that the examples of the page run in; a jobfile must be a valid one |
 * | `LANG not-run: REASON` | an example that cannot run in a test |
 * | `text` | no example: output, or a picture |
 *
 * In what comes out, `…` stands for anything on that line, and on a line of its own for any lines. How many spaces
 * there are does not matter, and what memsched says of the tier of this host is left out.
 */
export interface Block {
  readonly language: string;
  /** What follows the language on the first line. */
  readonly info: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** A command of a `console` block. */
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

const TIER = /^memsched: (?:cgroup|hybrid|procfs) tier: /;
const FENCE = /^ {0,3}```(\S*)[ \t]*(.*)$/;

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of readFileSync(page, 'utf8').split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined)
      open = { language: fence[1] ?? '', info: fence[2] ?? '', line: index + 1, lines: [] };
    else {
      const { lines, ...block } = open;
      blocks.push({ ...block, text: lines.map((one) => `${one}\n`).join('') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: a block that never ends`);
  return blocks;
}

/** Why a block is not run; undefined for one that is. */
export function reasonNotToRun(block: Block): string | undefined {
  return /^not-run:\s*(.+)$/.exec(block.info)?.[1];
}

/** The name of the file that a block is; undefined for one that is none. */
export function fileNameOf(block: Block): string | undefined {
  return /^[\w./-]*[\w-][\w./-]*$/.test(block.info) ? block.info : undefined;
}

/** The commands of a `console` block, each with what it prints. */
export function stepsOf({ text, line }: Block): readonly Step[] {
  const steps: { command: string; output: string[] }[] = [];
  for (const one of text.split('\n').slice(0, -1)) {
    const step = steps.at(-1);
    if (one.startsWith('$ ')) steps.push({ command: one.slice(2), output: [] });
    else if (step === undefined) throw new Error(`line ${line}: output before the first command`);
    else if (one.startsWith('> ') && step.output.length === 0) step.command += `\n${one.slice(2)}`;
    else step.output.push(one);
  }
  return steps;
}

/** Whether what came out is what the page says. */
export function isAsTold(output: string, told: readonly string[]): boolean {
  const pattern = told
    .map((line) => (line.trim() === '…' ? '(?:[^\\n]*\\n)*' : `${linePattern(line)}\\n`))
    .join('');
  const lines = output
    .split('\n')
    .filter((line) => !TIER.test(line))
    .map(spaced);
  while (lines.at(-1) === '') lines.pop();
  return new RegExp(`^${pattern}$`).test(lines.map((line) => `${line}\n`).join(''));
}

function linePattern(line: string): string {
  return spaced(line)
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
    .join('[^\\n]*');
}

function spaced(line: string): string {
  return line.replace(/\s+/g, ' ').trimEnd();
}
