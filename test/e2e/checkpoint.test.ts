import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli, runFolder, runJobs, startCli, startJobs } from '../support/cli.js';
import { endings, ofKind, outcomes, requeues, verdicts } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { isRunning } from '../support/processes.js';
import { program } from '../support/programs.js';
import { counted, saverAndGrower, SMALL_BUDGET } from '../support/savers.js';
import { tempDir } from '../support/temp-dir.js';

const TO = 100;

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

function logOf(stateHome: string, task: string, attempt: number): string {
  const path = join(runFolder(stateHome) ?? '', 'logs', `${task}.${String(attempt)}.out`);
  return readFileSync(path, 'utf8');
}

function keptOf(stateHome: string): string[] {
  const folder = join(runFolder(stateHome) ?? '', 'checkpoints');
  return existsSync(folder) ? readdirSync(folder) : [];
}

const BY_SIGNAL = { signal: 'SIGUSR1', timeout: '60s' };
const BY_COMMAND = {
  run: 'echo "saves $MEMSCHED_TASK"; pkill -USR1 -P "$MEMSCHED_PID"; until [ -e "$MEMSCHED_CHECKPOINT_DIR/count" ]; do sleep 0.1; done',
  timeout: '60s',
};

describe('a task that is preempted', () => {
  it.each([
    ['signal', 'auto', BY_SIGNAL, 'folder'],
    ['signal', 'procfs', BY_SIGNAL, 'folder'],
    ['command', 'auto', BY_COMMAND, 'hook'],
    ['command', 'procfs', BY_COMMAND, 'hook'],
  ] as const)(
    'saves its work when it is asked by a %s in the tier %s, and goes on from there',
    async (_, tier, checkpoint, how) => {
      const folder = tempDir();
      const jobs = saverAndGrower(folder, TO, checkpoint);
      const run = await runJobs({ memory: SMALL_BUDGET, jobs }, ['--tier', tier]);
      expect(run.exitCode, run.story).toBe(0);
      expect(verdicts(run.events, 'saver'), run.story).toEqual(['preempted', 'exit']);
      // Another may follow: it saves when it is asked to end as well.
      const [answer] = ofKind(run.events, 'checkpoint-made');
      expect(answer, run.story).toMatchObject({ how, task: 'saver' });
      const all = counted(folder);
      expect([...new Set(all)].toSorted((a, b) => a - b)).toEqual(upTo(TO));
      // It went on, and not from the beginning.
      const from = Number(/counts from (\d+)/.exec(logOf(run.stateHome, 'saver', 2))?.[1]);
      expect(from).toBeGreaterThan(0);
      expect(all.length).toBeLessThan(TO + from);
      const [first] = endings(run.events, 'saver');
      expect(first?.lostMs).toBeLessThan(first?.ranMs ?? 0);
      expect(keptOf(run.stateHome)).toEqual([]);
      if (how === 'hook') expect(logOf(run.stateHome, 'saver', 1)).toContain('saves saver');
      const told = await runCli(['explain', 'latest', 'saver'], { stateHome: run.stateHome });
      expect(told.stdout).toContain('is asked to save its work');
      expect(told.stdout).toContain('has saved its work');
      expect(run.stdout).toMatch(/of work lost to them · \d checkpoint/);
    },
  );
});

describe('exit code 85', () => {
  const chunk = [program('count-up'), '--to', '9', '--step', '0.01', '--chunk', '3'];

  it('runs a task again at once, from its checkpoint, and counts as no failure', async () => {
    const run = await runJobs({ jobs: { parts: { run: chunk, checkpoint: {}, retries: 0 } } });
    expect(run.exitCode, run.story).toBe(0);
    expect(verdicts(run.events, 'parts')).toEqual(['checkpointed', 'checkpointed', 'exit']);
    expect(requeues(run.events, 'parts').map(({ cause }) => cause)).toEqual([
      { kind: 'checkpointed', times: 1, idleTimes: 0 },
      { kind: 'checkpointed', times: 2, idleTimes: 0 },
    ]);
    expect(logOf(run.stateHome, 'parts', 3)).toContain('counts from 6');
    expect(keptOf(run.stateHome)).toEqual([]);
  });

  it('may be another, and what was saved may be kept; it is for the user alone', async () => {
    const run = await runJobs({
      jobs: {
        other: {
          run: 'date +%N > "$MEMSCHED_CHECKPOINT_DIR/now"; [ "$MEMSCHED_ATTEMPT" -gt 1 ] || exit 7',
          checkpoint: { exit: 7, keep: true },
        },
        none: { run: 'echo "${MEMSCHED_CHECKPOINT_DIR-unset}"' },
      },
    });
    expect(run.exitCode, run.story).toBe(0);
    expect(keptOf(run.stateHome)).toEqual(['other']);
    const path = join(runFolder(run.stateHome) ?? '', 'checkpoints');
    for (const each of [path, join(path, 'other')]) expect(statSync(each).mode & 0o777).toBe(0o700);
    expect(logOf(run.stateHome, 'none', 1)).toBe('unset\n');
  });

  it('with nothing saved again and again fails the task, and says so', async () => {
    const run = await runJobs({ jobs: { idler: { run: 'exit 85', checkpoint: {} } } });
    expect(run.exitCode, run.story).toBe(1);
    expect(outcomes(run.events)).toEqual({ idler: 'failed' });
    expect(verdicts(run.events, 'idler')).toEqual(Array<string>(4).fill('checkpointed'));
    expect(run.stderr).toContain(
      'which says that it saved its work, but nothing new is in its folder (4 in a row)',
    );
  });
});

describe('a required checkpoint', () => {
  it('that is not to be had fails a preempted task', async () => {
    const folder = tempDir();
    const checkpoint = { signal: 'SIGHUP', required: true };
    const { saver, grower } = saverAndGrower(folder, TO, checkpoint);
    const run = [program('alloc'), '--mib', '200', '--hold', '300', '--ready', `${folder}/ready`];
    const jobs = { saver: { ...saver, run }, grower };
    const done = await runJobs({ memory: SMALL_BUDGET, jobs });
    expect(done.exitCode, done.story).toBe(1);
    expect(ofKind(done.events, 'checkpoint-missed'), done.story).toMatchObject([
      { because: { kind: 'nobody-listens', signal: 'SIGHUP' } },
    ]);
    expect(verdicts(done.events, 'saver')).toEqual(['checkpoint-missing']);
    expect(outcomes(done.events)).toEqual({ saver: 'failed', grower: 'succeeded' });
    expect(done.stdout).toContain(
      'it had saved nothing of its work, and its checkpoint is required',
    );
  });
});

describe('a run that is ended', () => {
  it('has its work saved, and resumed goes on from there', async () => {
    const folder = tempDir();
    const run = `${program('count-up')} --to 100 --step 0.1 --done ${folder}/done --ready ${folder}/ready`;
    const jobs = { long: { run, checkpoint: { signal: 'SIGUSR1', timeout: '60s' } } };
    const live = startJobs({ jobs });
    await until('it counts', () => counted(folder).length > 5);
    live.kill('SIGINT');
    const ended = await live.finished;
    expect(ended.exitCode, ended.story).toBe(130);
    expect(ofKind(ended.events, 'checkpoint-made')[0], ended.story).toMatchObject({
      how: 'folder',
    });
    const { stateHome } = live;
    const resumed = await runCli(['resume'], { stateHome });
    expect(resumed.exitCode, resumed.story).toBe(0);
    expect(logOf(stateHome, 'long', 2)).not.toContain('counts from 0');
    expect([...new Set(counted(folder))].toSorted((a, b) => a - b)).toEqual(upTo(100));
  });
});

describe('a run whose supervisor dies while a command saves the work of a task', () => {
  it.each(['auto', 'procfs'])(
    'has that command ended before there is another, in the tier %s',
    async (tier) => {
      const folder = tempDir();
      const file = (name: string): string => join(folder, name);
      const hook = `echo $$ >> ${file('hooks')}; until [ -e ${file('free')} ]; do sleep 0.05; done; touch ${file('saved')}`;
      const jobs = {
        long: {
          run: `until [ -e ${file('saved')} ]; do sleep 0.05; done`,
          checkpoint: { run: hook, every: '1s', timeout: '3s' },
        },
      };
      const hooks = (): number[] =>
        existsSync(file('hooks'))
          ? readFileSync(file('hooks'), 'utf8').trimEnd().split('\n').map(Number)
          : [];
      const live = startJobs({ jobs }, ['--tier', tier]);
      await until('its work is being saved', () => hooks().length === 1);
      live.kill('SIGKILL');
      await live.finished;
      const next = startCli(['resume'], { stateHome: live.stateHome });
      await until('another command saves it', () => hooks().length > 1, 30_000);
      expect(isRunning(hooks()[0] ?? 0)).toBe(false);
      writeFileSync(file('free'), '');
      const end = await next.finished;
      expect(end.exitCode, end.story).toBe(0);
      expect(ofKind(end.events, 'attempt-admitted'), end.story).toHaveLength(1);
      expect(hooks().filter(isRunning)).toEqual([]);
    },
  );
});

describe('from time to time', () => {
  it('a task is asked while it runs, and its example runs', async () => {
    const run = await runJobs({
      jobs: {
        long: {
          run: [program('count-up'), '--to', '30', '--step', '0.1'],
          checkpoint: { signal: 'SIGUSR1', every: '1s' },
        },
      },
    });
    expect(run.exitCode, run.story).toBe(0);
    expect(ofKind(run.events, 'checkpoint-asked').every(({ why }) => why === 'every')).toBe(true);
    expect(ofKind(run.events, 'checkpoint-made').length, run.story).toBeGreaterThan(0);
    const cwd = fileURLToPath(new URL('../../fixtures/jobfiles/', import.meta.url));
    const example = await runCli(['run', 'checkpoint.yaml'], { cwd });
    expect(example.exitCode, example.story).toBe(0);
    expect(verdicts(example.events, 'in-parts')).toEqual(['checkpointed', 'checkpointed', 'exit']);
  });
});
