import { describe, expect, test } from 'vitest';
import type { CommandReply } from '../../../src/core/command.js';
import type { RunEvent } from '../../../src/core/events.js';
import { createLineTeller } from '../../../src/reporters/plain-lines.js';
import { Story } from '../../../src/reporters/views/explain.js';
import { replyWords } from '../../../src/reporters/words-commands.js';
import { recorded } from '../../support/journals.js';
import { runLook } from '../top/looks.js';

const REPLIES: [CommandReply, string][] = [
  [
    { kind: 'run-held', isNews: true, live: 2 },
    'the run is held: nothing is started until it is released; what runs goes on (2 tasks)',
  ],
  [
    { kind: 'run-held', isNews: false, live: 0 },
    'the run is held already: nothing is started until it is released',
  ],
  [
    { kind: 'run-released', isNews: true, queued: 1 },
    'the run is released: 1 task may start as memory allows',
  ],
  [{ kind: 'run-released', isNews: false, queued: 1 }, 'the run was not held'],
  [
    { kind: 'task-held', isNews: true, task: 'a', isLive: false },
    'a is held: it does not start until it is released',
  ],
  [
    { kind: 'task-held', isNews: true, task: 'a', isLive: true },
    'a is held; its attempt goes on, and only should it have to run again it waits',
  ],
  [{ kind: 'task-released', isNews: true, task: 'a', isRunHeld: false }, 'a is released'],
  [
    { kind: 'task-released', isNews: false, task: 'a', isRunHeld: true },
    'a was not held; the run as a whole is held, and with it this task',
  ],
  [{ kind: 'task-canceled', task: 'a' }, 'a is canceled; it was not running'],
  [
    { kind: 'task-stopping', task: 'a', attempt: 1, graceMs: 5000 },
    'a is asked to end, and killed after 5.0s; canceled again it is killed at once',
  ],
  [{ kind: 'task-stopping', task: 'a', attempt: 1, graceMs: 0 }, 'a is killed'],
  [
    { kind: 'run-stopping', live: 2, times: 1 },
    'the run is canceled: nothing more is started, 2 running tasks asked to end; canceled again they are killed',
  ],
  [{ kind: 'run-stopping', live: 1, times: 2 }, 'the run is canceled again: 1 task killed'],
  [
    { kind: 'config-changed', isNews: true, key: 'hold', before: '80%', after: '70%' },
    'hold is 70% now, and was 80%',
  ],
  [
    { kind: 'config-changed', isNews: false, key: 'hold', before: '80%', after: '80%' },
    'hold is 80% already',
  ],
  [{ kind: 'no-such-task', task: 'a\x1b' }, 'the run has no task "a\\x1b"'],
  [{ kind: 'task-is-finished', task: 'a', outcome: 'failed' }, 'a is finished already: failed'],
  [{ kind: 'run-is-ending' }, 'the run is being stopped: it starts nothing any more'],
  [{ kind: 'run-is-over' }, 'the run is over'],
];

test.each(REPLIES)('%j', (reply, words) => {
  expect(replyWords(reply)).toBe(words);
});

describe('what the user has told a run', () => {
  const before = recorded('preempted-then-succeeded').filter(({ tMs }) => tMs <= 3000);
  const told: RunEvent[] = [
    { kind: 'run-held', tMs: 3100 },
    { kind: 'task-held', tMs: 3200, task: 'align.c' },
    { kind: 'task-released', tMs: 3300, task: 'align.c' },
    { kind: 'run-released', tMs: 3400 },
    { kind: 'cancel-requested', tMs: 3500, task: 'align.c', times: 1 },
    { kind: 'stop-requested', tMs: 3600, signal: 'SIGTERM', times: 1, by: 'command' },
  ];

  test('is in the plain lines', () => {
    const { state } = runLook(before);
    const tell = createLineTeller();
    expect(told.map((event) => tell(event, state)?.text.replace(/^\[.*?\] /, ''))).toEqual([
      'told       the user holds the run: nothing is started until it is released',
      'told       align.c is held by the user',
      'told       align.c is released by the user',
      'told       the user has released the run',
      'told       align.c is canceled by the user',
      'stop       canceled by the user: tasks are asked to end; once more kills them',
    ]);
  });

  test('is in the story of a task', () => {
    const story = new Story('align.c');
    const { state } = runLook([...before, ...told]);
    for (const event of [...before, ...told]) story.add(event, state);
    expect(story.entries.filter(({ tMs }) => tMs > 3000).map(({ text }) => text)).toEqual([
      'the user holds the run: nothing is started until it is released',
      'align.c is held by the user',
      'align.c is released by the user',
      'the user has released the run',
      'align.c is canceled by the user',
      'the user cancels the run',
    ]);
  });
});
