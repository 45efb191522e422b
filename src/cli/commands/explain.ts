import { Command } from 'commander';
import type { TaskRecord } from '../../core/run-state.js';
import { LastLook } from '../../reporters/views/last-look.js';
import { Story, storyText } from '../../reporters/views/explain.js';
import { queueView } from '../../reporters/views/queue-words.js';
import { printable, printableJson } from '../../util/printable.js';
import { findTask } from '../find-task.js';
import { findRun, readRunAndTask, replay, standingNote, type PastRun } from '../past-run.js';
import { examplesText } from '../examples.js';
import { print } from '../print.js';

const EXAMPLES = [
  ['memsched explain align.a', 'a task of the latest run'],
  ['memsched explain latest align.a', 'the same'],
  ['memsched explain 20261123-0649 align.a', 'of an older run, by the beginning of its id'],
  ['memsched explain align.a --json', 'for a program'],
] as const;

/** `memsched explain`: the story of one task with the numbers behind every decision about it. */
export function explainCommand(): Command {
  return new Command('explain')
    .summary('why a task waited, was admitted, preempted, killed or tried again')
    .description(
      'Tells the story of one task in order of time: why it waited, when and why it was admitted, preempted (with every candidate) or killed, and what it came to.',
    )
    .argument('[run]', 'a run, or the beginning of its id; default: the latest')
    .argument('[task]', 'a task of it')
    .option('--json', 'one JSON object a line on stdout')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(
      async (first: string | undefined, second: string | undefined, options: { json?: true }) => {
        const { run, task } = readRunAndTask(first, second, 'explain');
        const folder = findRun(run);
        let story = new Story(task);
        const look = new LastLook();
        const read = (name: string): PastRun =>
          replay(
            folder,
            (event, state) => {
              story.add(event, state);
              look.add(event, state);
            },
            name,
          );
        let past = read(task);
        const record = findTask(past, task);
        if (record.spec.id !== task) {
          // The name of a job with one task.
          story = new Story(record.spec.id);
          past = read(record.spec.id);
        }
        await print(
          options.json === true
            ? story.entries.map((entry) => printableJson(entry)).join('\n')
            : explanation(story, past, record.spec.id, look),
        );
      },
    );
}

function explanation(story: Story, past: PastRun, task: string, look: LastLook): string {
  const record = past.state.tasks.get(task);
  const now = record === undefined ? '' : nowWords(record, past, look);
  const note = standingNote(past);
  return [
    `${printable(task)} in run ${past.folder.runId}`,
    '',
    storyText(story.entries),
    ...(now === '' ? [] : ['', now]),
    ...(note === '' ? [] : ['', note]),
  ].join('\n');
}

function nowWords(record: TaskRecord, { state, standing, nowMs }: PastRun, look: LastLook): string {
  const when = standing === 'live' ? 'now' : 'in the end';
  switch (record.phase.kind) {
    case 'finished':
      return '';
    case 'queued':
      return `${when}: queued: ${queueView(state, nowMs).whyInFull(record)}`;
    case 'starting':
    case 'running':
    case 'suspended':
    case 'stopping': {
      const used = look.wordsFor(record, state);
      return `${when}: ${record.phase.kind}, attempt ${record.phase.attempt.number}${used === undefined ? '' : `; it ${used}`}`;
    }
  }
}
