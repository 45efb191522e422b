import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import fc from 'fast-check';
import { JournalError } from '../../src/adapters/journal/journal-error.js';
import { logPaths, runFolder, type RunFolder } from '../../src/adapters/journal/run-folder.js';
import { UsageError } from '../../src/cli/errors.js';
import { replay } from '../../src/cli/past-run.js';
import { look } from '../../src/cli/resume-run.js';
import { briefOf } from '../../src/cli/run-brief.js';
import { createJsonReporter } from '../../src/reporters/json.js';
import { createPlainReporter } from '../../src/reporters/plain.js';
import { createSummaryReporter, growths, notShown, totals } from '../../src/reporters/summary.js';
import { ReportCollector } from '../../src/reporters/report/report-of.js';
import { RunTally } from '../../src/reporters/ci/tally.js';
import { summaryMarkdown } from '../../src/reporters/ci/summary-markdown.js';
import { Story, storyText } from '../../src/reporters/views/explain.js';
import { LastLook } from '../../src/reporters/views/last-look.js';
import { queueView } from '../../src/reporters/views/queue-words.js';
import { localTime, runHeading, taskObject, tasksText } from '../../src/reporters/views/show.js';
import { journalNames, journalPath, textOutput } from '../support/journals.js';
import { byteEdit, edited, jsonEdit, lineEdit, tear, type Edit } from './mutations.js';
import { law, type Law } from './target.js';

const SCRAPS = ['"', '{', '}', '\n', ',', ':', '1e999', '-', 'null', '\0', '\u001b[2J', '[[[[['];
const COLOUR = new Chalk({ level: 0 });
/** So many lines of a journal that repeats itself show all there is to show. */
const MUCH = 5000;

const samples = journalNames().map((name) => readFileSync(journalPath(name)));
const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: jsonEdit },
  { weight: 3, arbitrary: lineEdit },
  { weight: 2, arbitrary: byteEdit(SCRAPS) },
  { weight: 1, arbitrary: tear },
);

/** Every view of a run, all of them for each of its tasks. */
async function lookAtAll(folder: RunFolder): Promise<void> {
  const story = new Story('a');
  const looks = new LastLook();
  const tally = new RunTally();
  const logs = logPaths(folder);
  const collector = new ReportCollector();
  const out = textOutput();
  const reporters = [
    createPlainReporter({ out, logs, verbosity: 'verbose' }),
    createSummaryReporter({ out, colour: COLOUR, isQuiet: false, onlyTrouble: false }),
    createJsonReporter(out),
  ];
  const past = replay(folder, (event, state) => {
    story.add(event, state);
    looks.add(event, state);
    tally.event(event, state);
    collector.event(event, state);
    for (const reporter of reporters) reporter.event(event, state);
    for (const reporter of reporters) reporter.tick?.(state, event.tMs);
  });
  const { state, nowMs, standing } = past;
  for (const reporter of reporters) await reporter.close(state);
  const records = [...state.tasks.values()];
  const queue = queueView(state, nowMs);
  const texts = [
    runHeading(state, standing),
    tasksText(records, state, nowMs, COLOUR),
    notShown(state, false),
    looks.text(state, localTime),
    looks.news(),
    growths(state, COLOUR),
    totals(state, 0),
    storyText(story.entries),
    summaryMarkdown({ state, tally, logs, standing: 'ended', nowMs }, Infinity),
    ...records.map((record) => JSON.stringify(taskObject(record, state))),
    ...records.flatMap((record) =>
      record.phase.kind === 'queued' ? [queue.whyInFull(record)] : [],
    ),
    out.text(),
  ];
  const told = texts.join('\n');
  assert.ok(told.length < MUCH * MUCH, 'what is told of a short journal is not long');
  // Only line feeds and what tables are drawn with: nothing that a terminal obeys.
  assert.doesNotMatch(told, /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]|undefined|\[object /u);
  if (state.started === undefined) return;
  const about = { memsched: '0', madeAtMs: 0, standing, untilMs: nowMs, note: '' };
  JSON.stringify(collector.finish(state, about).told());
}

/** The law: a journal, whatever has become of it, is told as far as it goes or refused in a sentence. */
async function check(content: Buffer): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'memsched-fuzz-'));
  try {
    const folder = runFolder(join(path, '20261123-064927-x-34'));
    mkdirSync(folder.path);
    writeFileSync(folder.journalPath, content);
    await refusedOr(() => lookAtAll(folder));
    const brief = briefOf(folder);
    assert.ok(brief.problem === undefined || brief.problem.length < MUCH);
    await refusedOr(() => look({ folder, tell: () => undefined }));
  } finally {
    rmSync(path, { recursive: true });
  }
}

async function refusedOr(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof JournalError) && !(error instanceof UsageError)) throw error;
    assert.doesNotMatch(error.message, /undefined|\[object /);
  }
}

/** Journals that were damaged, cut short, put together anew or edited. */
export const journal: readonly Law[] = [
  law(
    'a damaged journal is told or refused',
    150,
    [fc.constantFrom(...samples), fc.array(anyEdit, { minLength: 1, maxLength: 4 })],
    (sample, edits) => check(edited(edits, sample)),
  ),
  law('any bytes are refused', 60, [fc.uint8Array({ maxLength: 200 })], (bytes) =>
    check(Buffer.from(bytes)),
  ),
];
