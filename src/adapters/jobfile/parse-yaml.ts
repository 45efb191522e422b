import { Composer, Lexer, Parser, type CST, type Document, type ParsedNode } from 'yaml';
import { formatCount } from '../../util/count.js';
import { locate } from './locate.js';
import type { Located, LocatedMap } from './located.js';
import type { Report } from './report.js';

/** The largest jobfile that is read: a file this long is hardly a jobfile. */
export const MAX_JOBFILE_BYTES = 8 * 1024 * 1024;

/** Parsing costs about half a kilobyte and four microseconds for each token. */
const MAX_TOKENS = 1_500_000;
/** The lexer's mark before each scalar, which is no token of the file. */
const SCALAR_FOLLOWS = '\u{1f}';
/** A jobfile needs about six levels; unlimited ones would exhaust the stack. */
const MAX_DEPTH = 60;

/**
 * Reads a jobfile: one YAML 1.2 document (core schema, merge keys on) with a map at the top, into values that know
 * where they stand.
 *
 * @returns undefined when there is nothing that could be validated; the reasons are in `report`.
 */
export function parseYaml(report: Report): LocatedMap | undefined {
  const before = report.diagnostics.length;
  const value = parseValue(report);
  if (value?.kind === 'map') return value;
  if (value === undefined && report.diagnostics.length > before) return undefined;
  if (value === undefined || (value.kind === 'scalar' && value.text === '')) {
    report.general({ message: 'the jobfile is empty', mend: EXAMPLE });
    return undefined;
  }
  const found = value.kind === 'list' ? 'list' : 'single value';
  report.at(value.origin, {
    message: `a jobfile is a map with keys such as "version" and "jobs", not a ${found}`,
    mend: EXAMPLE,
  });
  return undefined;
}

const EXAMPLE = 'the smallest jobfile: { version: 1, jobs: { hello: { run: echo hello } } }';

/** Reads one YAML value of any kind; undefined when there is none or it is not valid. */
export function parseValue(report: Report): Located | undefined {
  const tokens = tokenize(report);
  if (tokens === undefined) return undefined;
  const { text } = report.source;
  const composer = new Composer({ merge: true, schema: 'core', uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (second !== undefined) {
    const [start] = second.range;
    report.at(
      { kind: 'file', start, end: start + 3 },
      {
        message: 'a second YAML document begins here',
        mend: 'a jobfile is one document: remove the "---" or put the rest in a file of its own',
      },
    );
    return undefined;
  }
  if (document === undefined || reportSyntax(document, report)) return undefined;
  const contents: ParsedNode | null = document.contents;
  return contents === null ? undefined : locate(contents, report);
}

/** Tokens of the file, or undefined when there are too many or they nest too deep. */
function tokenize(report: Report): readonly CST.Token[] | undefined {
  const { text } = report.source;
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (/\S/.test(lexeme) && lexeme !== SCALAR_FOLLOWS) count += 1;
    // A level of the file takes up to two places of the parser's stack.
    if (parser.stack.length > 2 * MAX_DEPTH) {
      report.at(
        { kind: 'file', start: parser.offset, end: parser.offset + 1 },
        { message: `values are nested more than ${MAX_DEPTH} levels deep` },
      );
      return undefined;
    }
    if (count > MAX_TOKENS) {
      report.general({
        message: `the file has more than ${formatCount(MAX_TOKENS)} YAML tokens`,
        mend: 'let a matrix of lists make the rows instead of writing each one down',
      });
      return undefined;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

const MENDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes: it contains ": "',
  BAD_DQ_ESCAPE: 'write \\\\ for a backslash, or use single quotes',
  MULTILINE_IMPLICIT_KEY:
    'each key needs a ":" on its own line; quote texts of several lines or use "|"',
  MISSING_CHAR: 'look for a missing ":", quote or bracket here or just above',
  BAD_INDENT: 'look at the indentation and for a bracket that was not closed',
};

/** Reports what is not YAML; one fault a line, as the later ones are mostly echoes of the first. */
function reportSyntax(document: Document.Parsed, report: Report): boolean {
  const lines = new Set<number>();
  for (const error of document.errors) {
    const [start, end] = error.pos;
    const { line } = report.source.position(start);
    if (lines.has(line)) continue;
    lines.add(line);
    const indented = /^\s*/.exec(report.source.line(line))?.[0].includes('\t') === true;
    const mend = indented ? MENDS['TAB_AS_INDENT'] : MENDS[error.code];
    report.at(
      { kind: 'file', start, end },
      { message: `not valid YAML: ${error.message}`, ...(mend === undefined ? {} : { mend }) },
    );
  }
  for (const warning of document.warnings) {
    const [start, end] = warning.pos;
    report.at(
      { kind: 'file', start, end },
      { message: `not valid here: ${warning.message}`, mend: 'a jobfile knows no custom tags' },
    );
  }
  return document.errors.length > 0;
}
