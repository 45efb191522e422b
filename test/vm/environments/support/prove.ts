import { expect } from 'vitest';
import { readJournal, taskOutput } from '../../../support/cli.js';
import { ofKind, outcomes } from '../../../support/journal-view.js';
import { shellWord } from '../../../../src/util/shell-word.js';
import { program } from '../../../support/programs.js';
import { finding, type DoctorReport } from '../../support/doctor.js';
import {
  factsIn,
  factsOf,
  LOOK,
  memschedIn,
  stateHomeOf,
  writeJobs,
  type Facts,
  type Place,
} from './place.js';

/** What was seen of memsched in a place; all of it was held against what the kernel's files say. */
export interface Seen {
  readonly tier: string;
  /** It starts itself once more in a scope of systemd. */
  readonly relaunch: boolean;
  /** Whose pressure it can read: that of its tasks, of the host, or none. */
  readonly psi: 'tasks' | 'host' | 'none';
  readonly brake: 'memory.high' | 'none';
  /** The directory whose limit the budget is worked out from, or the host. */
  readonly budgetFrom: string;
  readonly capacityBytes: number;
  /** What a run says of its tier before it starts; empty when there is nothing to say. */
  readonly announced: string;
  /** Checks of the doctor that are not as they should be, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** What the doctor advises, by check. */
  readonly advice: Readonly<Record<string, string>>;
}

/** How fast memory is filled is a matter of the emulation, not of the environment. */
const NOT_OF_THE_ENVIRONMENT = new Set(['fill rate']);

/**
 * Asks the doctor and runs a small jobfile in a place: all tasks succeed, and what both say is true.
 *
 * @param hidden - the place hides kernel files from memsched that others see.
 */
export async function prove(
  place: Place,
  hidden: 'kernel-files' | 'nothing' = 'nothing',
): Promise<Seen> {
  const report = await doctorIn(place);
  const facts = await factsIn(place);
  const run = await memschedIn(place, ['run', writeJobs(place, JOBS)]);
  const events = readJournal(stateHomeOf(place));
  expect(run.exitCode, run.story).toBe(0);
  expect(new Set(Object.values(outcomes(events))), run.story).toEqual(new Set(['succeeded']));
  expect(Object.keys(outcomes(events)), run.story).toHaveLength(7);
  expect(ofKind(events, 'run-started').at(-1)?.tier, run.story).toBe(report.tier);
  const inside = factsOf(taskOutput(stateHomeOf(place), 'look'));
  const announced = announcement(run.stderr);
  expect(announced !== '', run.story).toBe(finding(report, 'tier').state !== 'ok');
  const told = finding(report, 'tier').detail.replace(' (under systemd-run)', '');
  expect(announced).toBe(announced === '' ? '' : `${told} (memsched doctor says how to mend it)`);
  const first = ofKind(events, 'budget-changed')[0];
  expect(first?.capacityBytes, run.story).toBe(report.budget.capacityBytes);
  checkTruth(report, facts, inside, hidden);
  return seenOf(report, inside, announced);
}

/** What the doctor says in a place. */
export async function doctorIn(place: Place): Promise<DoctorReport> {
  const { exitCode, stdout, story } = await memschedIn(place, ['doctor', '--json']);
  expect(exitCode, story).toBe(0);
  return JSON.parse(stdout) as DoctorReport;
}

const ALLOC = `perl ${shellWord(program('alloc'))} --mib 40 --ramp 0.3 --hold 0.5`;

/** Real programs and real memory, side by side and one after the other; one task looks around while others run. */
const JOBS = {
  look: { run: [...LOOK, 'wait'] },
  numbers: { run: 'seq 20000 | sort -R | sort -n | md5sum > numbers.sum' },
  same: { run: 'seq 20000 | md5sum > same.sum' },
  hungry: {
    matrix: { n: [1, 2, 3] },
    run: `${ALLOC}; until [ -e "looked.$MEMSCHED_RUN_ID" ]; do sleep 0.1; done`,
    preemptible: 'high',
  },
  compare: { needs: ['numbers', 'same', 'hungry'], run: 'cmp numbers.sum same.sum' },
};

function announcement(stderr: string): string {
  const line = stderr
    .split('\n')
    .find((each) => /^memsched: (?:cgroup|hybrid|procfs) tier: /.test(each));
  return line?.slice('memsched: '.length) ?? '';
}

function checkTruth(report: DoctorReport, facts: Facts, inside: Facts, hidden: string): void {
  const state = (check: string): string => finding(report, check).state;
  const detail = (check: string): string => finding(report, check).detail;
  const ofTasks = report.tier !== 'procfs' && inside.get('own.pressure') === 'yes';
  expect(state('pressure') === 'ok').toBe(ofTasks || facts.get('host.pressure') === 'yes');
  expect(detail('swap').startsWith('none')).toBe(facts.get('swap.kib') === '0');
  expect(state('oom daemons') === 'ok').toBe(facts.get('oomd') === 'no');
  const modes = new Map([
    ['yes yes', 'cgroup v2 beside v1 controllers'],
    ['yes no', 'cgroup v2 alone'],
    ['no yes', 'cgroup v1 alone'],
    ['no no', 'not mounted'],
  ]);
  const mode = modes.get(`${facts.get('v2') ?? ''} ${facts.get('v1') ?? ''}`);
  expect(detail('cgroups')).toMatch(new RegExp(`^${mode ?? 'unknown'}`));
  const isOwn = /\/memsched-[^/]+\/tasks\/task-\d+\.1$/.test(inside.get('own') ?? '');
  expect(isOwn, report.tier).toBe(report.tier !== 'procfs');
  expect(isOwn && inside.get('own.current') === 'yes', report.tier).toBe(report.tier === 'cgroup');
  if (hidden === 'nothing' && report.tier === 'cgroup') {
    expect(state('cgroup.kill') === 'ok').toBe(inside.get('own.kill') === 'yes');
    expect(state('memory.peak') === 'ok').toBe(inside.get('own.peak') === 'yes');
  }
  expect(detail('limits') === 'no memory limit above us').toBe(budgetFrom(report) === 'the host');
  const totalBytes = Number(facts.get('total.kib')) * 1024;
  const isOfHost = budgetFrom(report) === 'the host';
  if (isOfHost) expect(report.budget.capacityBytes).toBe(totalBytes);
  else expect(report.budget.capacityBytes).toBeLessThan(totalBytes);
}

/** The nearest limit that the doctor names; none of the tests puts a smaller one above it. */
function budgetFrom(report: DoctorReport): string {
  return / by (\/\S*) \(/.exec(finding(report, 'limits').detail)?.[1] ?? 'the host';
}

function seenOf(report: DoctorReport, inside: Facts, announced: string): Seen {
  const bad = report.findings.filter(
    ({ state, check }) => state !== 'ok' && !NOT_OF_THE_ENVIRONMENT.has(check),
  );
  const ownPressure = report.tier !== 'procfs' && inside.get('own.pressure') === 'yes';
  const hostPressure = inside.get('host.pressure') === 'yes';
  return {
    tier: report.tier,
    relaunch: report.relaunch,
    psi: ownPressure ? 'tasks' : hostPressure ? 'host' : 'none',
    brake:
      report.tier === 'cgroup' && /^\d+$/.test(inside.get('above.high') ?? '')
        ? 'memory.high'
        : 'none',
    budgetFrom: budgetFrom(report),
    capacityBytes: report.budget.capacityBytes,
    announced,
    missing: Object.fromEntries(bad.map(({ check, detail }) => [check, detail])),
    advice: Object.fromEntries(
      bad.flatMap(({ check, mend }) => (mend === undefined ? [] : [[check, mend]])),
    ),
  };
}
