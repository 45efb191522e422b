import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { scanScript } from '../../src/adapters/jobfile/shell-scan.js';
import { commandKey } from '../../src/adapters/map/command-key.js';
import { JOBLOG_HEADER, readJoblog } from '../../src/adapters/map/joblog.js';
import { argvCommand, scriptCommand } from '../../src/adapters/map/map-command.js';
import { recordsOf } from '../../src/adapters/map/records.js';
import { rowsOf } from '../../src/adapters/map/rows.js';
import { bytesOf } from '../../src/util/byte-text.js';
import { TOKENS } from '../unit/jobfile/hostile-scripts.js';
import { byteEdit, edited, lineEdit, tear } from './mutations.js';
import { law, type Law } from './target.js';

const LINE = '1\t:\t1795630962.016\t     0.003\t0\t0\t0\t0\techo a\n';
const JOBLOG = Buffer.from(JOBLOG_HEADER + LINE + LINE.replace('\t0\t0\te', '\t1\t9\te'));
const SCRAPS = ['\t', '\n', '\0', '-', '1e9', ' ', '\\', "'", '"', '$(', '\u00ff'];

function joined(pieces: readonly Uint8Array[]): Buffer {
  return Buffer.concat(pieces);
}

async function recordsIn(pieces: readonly Uint8Array[], delimiter: string): Promise<string[]> {
  async function* stream(): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
  }
  const all: string[] = [];
  for await (const batch of recordsOf(stream(), Buffer.from(delimiter), 'it')) all.push(...batch);
  return all;
}

/** The law: records are what stands between delimiters, byte for byte, wherever the pieces are cut. */
async function checkRecords(pieces: readonly Uint8Array[], delimiter: string): Promise<void> {
  const records = await recordsIn(pieces, delimiter);
  const whole = joined(pieces);
  const again = Buffer.concat(
    records.flatMap((record) => [bytesOf(record), Buffer.from(delimiter)]),
  );
  const wanted =
    whole.length === 0 || whole.subarray(-delimiter.length).equals(Buffer.from(delimiter))
      ? whole
      : joined([whole, Buffer.from(delimiter)]);
  assert.deepEqual(again.toString('latin1'), wanted.toString('latin1'));
}

async function checkRows(records: readonly string[], separator: string): Promise<void> {
  const columnSeparator = new RegExp(separator.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`));
  const sources = [
    { records: [records], isLinked: false },
    { records: [['a', 'b']], isLinked: true },
  ];
  let rows = 0;
  for await (const batch of rowsOf(sources, { columnSeparator, skipBlank: false, each: 1 }))
    rows += batch.length;
  assert.equal(rows, Math.min(records.length, 2));
}

/** The law: any file is a joblog, or refused in a sentence. */
function checkJoblog(content: Buffer): void {
  const folder = mkdtempSync(join(tmpdir(), 'memsched-fuzz-'));
  try {
    const path = join(folder, 'joblog');
    writeFileSync(path, content);
    for (const which of ['ended', 'succeeded'] as const) {
      const past = readJoblog(path, which);
      if (past.ok) assert.equal(typeof past.value.take('echo a'), 'boolean');
      else assert.match(past.error, /is not one of a joblog/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The law: a command is made, or refused in a sentence. */
function checkCommand(words: readonly string[], args: readonly string[], sources?: number): void {
  const script = words.join('');
  const made = [argvCommand(words, '{}'), scriptCommand(script, '{}', sources, scanScript)];
  for (const command of made) {
    if (!command.ok) assert.match(command.error, /\S/);
    else assert.equal(typeof command.value.forRow({ seq: 1, args }).text(), 'string');
  }
}

const text = fc.string({ unit: 'binary', maxLength: 12 });
const word = fc.oneof(
  text,
  fc.constantFrom('{}', '{.}', '{1}', '{-1}', '{#}', '{9}', '{%}', '{= 1 =}', ...TOKENS),
);

/** What `map` reads. */
export const map: readonly Law[] = [
  law(
    'records come byte for byte',
    400,
    [
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 9 }),
          fc.constantFrom('\n', '\0', '<>', '<').map((scrap) => new Uint8Array(Buffer.from(scrap))),
        ),
        { maxLength: 9 },
      ),
      fc.constantFrom('\n', '\0', '<>'),
    ],
    checkRecords,
  ),
  law('rows are as many as there are', 200, [fc.array(text, { maxLength: 5 }), text], checkRows),
  law(
    'a joblog is read or refused',
    300,
    [fc.array(fc.oneof(byteEdit(SCRAPS), lineEdit, tear), { maxLength: 5 })],
    (edits) => {
      checkJoblog(edited(edits, JOBLOG));
    },
  ),
  law(
    'a command is made or refused',
    1000,
    [
      fc.array(word, { minLength: 1, maxLength: 8 }),
      fc.array(text, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(undefined, 1, 2),
    ],
    checkCommand,
  ),
  law('a command has a key', 500, [fc.array(word, { maxLength: 8 })], (words) => {
    assert.equal(typeof commandKey(words.join('')), 'string');
  }),
];
