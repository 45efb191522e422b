import type { Budget } from '../../core/budget.js';
import { formatBytes, GiB } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { autoMaxPids } from './pids-room.js';
import { fillPerInterval, type FillRate } from './fill-rate.js';
import type { Rlimits } from './rlimits.js';
import type { HostSurvey } from './survey.js';
import { asUser, bootMend, MEND_LINGER } from './tier-assessment.js';
import { announceTier, type TierChoice } from './tier-choice.js';

/** One line of what `memsched doctor` says. */
export interface Finding {
  /** What was looked at; also the key in `--json`. */
  readonly check: string;
  /** `ok`: as it should be; `warn`: runs go, less well than they could; `missing`: this host has no such thing. */
  readonly state: 'ok' | 'warn' | 'missing';
  readonly detail: string;
  /** What to type to mend it. */
  readonly mend?: string;
}

/** What the diagnosis rests on, beside the survey. */
export interface DiagnosisFacts {
  readonly survey: HostSurvey;
  /** The tier that a run without options would get. */
  readonly choice: TierChoice;
  readonly budget: Budget;
  readonly rlimits: Rlimits;
  /** How tasks are started: by a helper that a Perl runs, or, where that does not work, by ourselves. */
  readonly launchWay:
    | { readonly kind: 'helper'; readonly perl: string }
    | { readonly kind: 'no-perl' }
    | { readonly kind: 'broken-perl'; readonly perl: string; readonly why: string };
  /** `comm` of daemons that kill on their own account. */
  readonly oomDaemons: readonly string[];
  /** Absent when it could not be measured. */
  readonly fillRate?: FillRate;
  readonly intervalMs: number;
  readonly stateFolder: StateFolder;
}

/** Where runs and profiles are kept, or why they cannot be. */
export type StateFolder =
  | { readonly kind: 'usable'; readonly path: string }
  | { readonly kind: 'unusable'; readonly why: string; readonly mend: string };

/** Daemons that end processes when memory runs short, by the first 15 letters of their names as the kernel keeps them. */
export const OOM_DAEMONS: readonly string[] = ['systemd-oomd', 'earlyoom', 'nohang', 'oomd'];

/** Its socket, and every login (a user's manager wants it), would start systemd's own again; this holds until the next boot. */
const OOM_DAEMON_MENDS: Readonly<Record<string, string>> = {
  'systemd-oomd': 'sudo systemctl mask --runtime --now systemd-oomd.socket systemd-oomd',
};

const FEW_OPEN_FILES = 4096;
const FEW_PROCESSES = 1024;
/** Below this, hardly one memory-hungry task fits. */
const SMALL_BUDGET_BYTES = GiB / 4;
/** What may be filled between two samples and still leave time to act: the gap between preempt and the budget. */
const FILL_SHARE = 0.1;

/** All findings, the most telling first. */
export function diagnose(facts: DiagnosisFacts): readonly Finding[] {
  const findings = [
    tierFinding(facts),
    cgroupFinding(facts),
    killFinding(facts),
    peakFinding(facts),
    psiFinding(facts),
    systemdFinding(facts),
    budgetFinding(facts),
    limitsFinding(facts),
    swapFinding(facts),
    fillFinding(facts),
    ...oomDaemonFindings(facts),
    startsFinding(facts),
    stateFinding(facts),
    openFilesFinding(facts),
    processesFinding(facts),
    pidsFinding(facts),
    { check: 'processors', state: 'ok', detail: `${round(facts.survey.cpus)} for tasks` },
  ] satisfies readonly Finding[];
  return findings.map((finding: Finding) =>
    finding.mend === undefined
      ? finding
      : { ...finding, mend: asUser(facts.survey.uid, finding.mend) },
  );
}

function tierFinding({ choice }: DiagnosisFacts): Finding {
  const detail = announceTier(choice);
  if (choice.downgrade === undefined) {
    return { check: 'tier', state: 'ok', detail };
  }
  const sentence = detail.replace(/ \(memsched doctor .*\)$/, '');
  return { check: 'tier', state: 'warn', detail: sentence, mend: choice.downgrade.mend };
}

function cgroupFinding({ survey }: DiagnosisFacts): Finding {
  const { mode, own } = survey.cgroups;
  const names = {
    unified: 'cgroup v2 alone',
    hybrid: 'cgroup v2 beside v1 controllers',
    v1: 'cgroup v1 alone',
    none: 'not mounted',
  };
  const inside = own === undefined ? '' : `; own cgroup ${own.path}`;
  const controllers = own?.controllers.join(' ') ?? '';
  const offered = controllers === '' ? '' : `, controllers ${controllers}`;
  const writable =
    own === undefined ? '' : own.probe.kind === 'writable' ? ', writable' : ', not writable for us';
  const state = mode === 'unified' ? 'ok' : mode === 'hybrid' ? 'warn' : 'missing';
  return { check: 'cgroups', state, detail: `${names[mode]}${inside}${offered}${writable}` };
}

function killFinding({ survey }: DiagnosisFacts): Finding {
  if (survey.features.cgroupKill) {
    return { check: 'cgroup.kill', state: 'ok', detail: 'a whole task ends with one write' };
  }
  return {
    check: 'cgroup.kill',
    state: 'warn',
    detail: `kernel ${survey.kernelRelease} lacks it (5.14 has it): tasks are frozen and killed one process at a time`,
  };
}

function peakFinding({ survey, choice }: DiagnosisFacts): Finding {
  if (choice.tier !== 'cgroup') {
    const detail = `not in the ${choice.tier} tier: peaks are the largest samples`;
    return { check: 'memory.peak', state: 'missing', detail };
  }
  if (survey.features.memoryPeak) {
    return { check: 'memory.peak', state: 'ok', detail: 'the kernel counts peaks' };
  }
  return {
    check: 'memory.peak',
    state: 'warn',
    detail: `kernel ${survey.kernelRelease} lacks it (5.19 has it): peaks are the largest samples`,
  };
}

function psiFinding({ survey, choice }: DiagnosisFacts): Finding {
  if (survey.features.psi === 'present') {
    return { check: 'pressure', state: 'ok', detail: 'PSI is on' };
  }
  if (survey.features.psi === 'tasks-only' && choice.tier !== 'procfs') {
    const detail = `PSI of the tasks; the host's own (${survey.procPath}/pressure) is hidden`;
    return { check: 'pressure', state: 'ok', detail };
  }
  return {
    check: 'pressure',
    state: 'warn',
    detail: 'no PSI: decisions rest on usage alone',
    mend: bootMend('psi=1'),
  };
}

function systemdFinding({ survey }: DiagnosisFacts): Finding {
  const { systemd } = survey;
  switch (systemd.kind) {
    case 'reachable': {
      const { kind, version } = systemd.manager;
      const whose = kind === 'user' ? 'your user manager' : 'the system manager';
      return {
        check: 'systemd',
        state: 'ok',
        detail: `${whose} (systemd ${version}) can delegate a cgroup`,
      };
    }
    case 'not-booted':
      return { check: 'systemd', state: 'ok', detail: 'this host was not started by systemd' };
    case 'no-user-manager':
      return {
        check: 'systemd',
        state: 'warn',
        detail: 'no user manager runs for you, so nothing can be delegated',
        mend: MEND_LINGER,
      };
    case 'no-systemd-run':
      return {
        check: 'systemd',
        state: 'warn',
        detail: 'systemd-run is not to be found',
        mend: 'sudo apt-get install systemd',
      };
  }
}

function budgetFinding({ budget, survey }: DiagnosisFacts): Finding {
  const detail =
    `${formatBytes(budget.budgetBytes)} for tasks now: ${formatBytes(budget.capacityBytes)} in all, ` +
    `${formatBytes(budget.outsideBytes)} used by others, ${formatBytes(survey.meminfo.availableBytes)} available`;
  if (budget.budgetBytes >= SMALL_BUDGET_BYTES) return { check: 'budget', state: 'ok', detail };
  return { check: 'budget', state: 'warn', detail, mend: 'ps aux --sort=-rss | head' };
}

function limitsFinding({ survey }: DiagnosisFacts): Finding {
  if (survey.levels.length === 0) {
    return { check: 'limits', state: 'ok', detail: 'no memory limit above us' };
  }
  const each = survey.levels.map(
    (level) =>
      `${formatBytes(level.limitBytes)} by ${level.directory} (${formatBytes(level.usedBytes)} used)`,
  );
  return { check: 'limits', state: 'ok', detail: each.join('; ') };
}

function swapFinding({ survey }: DiagnosisFacts): Finding {
  const { swapTotalBytes, swapFreeBytes } = survey.meminfo;
  const detail =
    swapTotalBytes === 0
      ? 'none: a full memory is full at once, so usage decides rather than pressure'
      : `${formatBytes(swapTotalBytes)}, ${formatBytes(swapFreeBytes)} of it free`;
  return { check: 'swap', state: 'ok', detail };
}

function fillFinding(facts: DiagnosisFacts): Finding {
  const { fillRate, intervalMs, survey, budget, choice } = facts;
  if (fillRate === undefined) {
    return {
      check: 'fill rate',
      state: 'warn',
      detail: 'too little memory is available to measure it',
    };
  }
  const bytes = fillPerInterval(fillRate, survey.cpus, intervalMs);
  const detail =
    `${formatBytes(fillRate.bytesPerS)} a second by one process; ` +
    `at most ${formatBytes(bytes)} by all processors between samples ${formatDuration(intervalMs)} apart`;
  const room = budget.budgetBytes * FILL_SHARE;
  if (bytes <= room) return { check: 'fill rate', state: 'ok', detail: `${detail}: short enough` };
  if (choice.tier === 'cgroup') {
    const brake = `more than the ${formatBytes(room)} above the preempt line; the brake (memory.high) covers it`;
    return { check: 'fill rate', state: 'ok', detail: `${detail}: ${brake}` };
  }
  const ms = Math.max(10, Math.floor((intervalMs * room) / bytes));
  return {
    check: 'fill rate',
    state: 'warn',
    detail: `${detail}: more than the ${formatBytes(room)} above the preempt line, and this tier has no brake`,
    mend: `memsched run --interval ${ms}ms …`,
  };
}

function oomDaemonFindings({ oomDaemons }: DiagnosisFacts): readonly Finding[] {
  if (oomDaemons.length === 0) {
    return [{ check: 'oom daemons', state: 'ok', detail: 'none runs beside us' }];
  }
  return oomDaemons.map((name) => ({
    check: 'oom daemons',
    state: 'warn',
    detail: `${name} runs and may kill tasks on its own account`,
    mend: OOM_DAEMON_MENDS[name] ?? `sudo systemctl stop ${name}`,
  }));
}

function startsFinding({ launchWay }: DiagnosisFacts): Finding {
  const slower =
    'tasks are started by memsched itself, which takes a third longer, and twice as long on a busy host';
  const mend = 'sudo apt-get install perl';
  switch (launchWay.kind) {
    case 'helper':
      return {
        check: 'starts',
        state: 'ok',
        detail: `tasks are started by a small helper process (${launchWay.perl})`,
      };
    case 'no-perl':
      return { check: 'starts', state: 'warn', detail: `there is no perl: ${slower}`, mend };
    case 'broken-perl':
      return {
        check: 'starts',
        state: 'warn',
        detail: `${launchWay.perl} ${launchWay.why}: ${slower}`,
        mend,
      };
  }
}

function stateFinding({ stateFolder }: DiagnosisFacts): Finding {
  const check = 'state folder';
  if (stateFolder.kind === 'usable') return { check, state: 'ok', detail: stateFolder.path };
  return { check, state: 'missing', detail: stateFolder.why, mend: stateFolder.mend };
}

function openFilesFinding({ rlimits }: DiagnosisFacts): Finding {
  const { openFiles } = rlimits;
  const detail = `${openFiles} (ulimit -n)`;
  if (openFiles === 'unlimited' || openFiles >= FEW_OPEN_FILES)
    return { check: 'open files', state: 'ok', detail };
  return {
    check: 'open files',
    state: 'warn',
    detail: `${detail}: with very many tasks at once, files are opened for each read`,
    mend: `ulimit -n ${FEW_OPEN_FILES}`,
  };
}

function processesFinding({ rlimits }: DiagnosisFacts): Finding {
  const { processes } = rlimits;
  const detail = `${processes} (ulimit -u)`;
  if (processes === 'unlimited' || processes >= FEW_PROCESSES)
    return { check: 'processes', state: 'ok', detail };
  return { check: 'processes', state: 'warn', detail, mend: `ulimit -u ${FEW_PROCESSES}` };
}

/** What a run lets its tasks have, and who sees to it. */
function pidsFinding({ survey, choice }: DiagnosisFacts): Finding {
  const most = `${autoMaxPids(survey.pids)} processes and threads for all tasks of a run (max_pids: auto)`;
  if (choice.tier !== 'cgroup') {
    const detail = `${most}, counted at samples and without threads: the kernel does it in the cgroup tier`;
    return { check: 'max_pids', state: 'missing', detail };
  }
  const isOurs =
    choice.kind === 'relaunch' || survey.cgroups.own?.controllers.includes('pids') === true;
  if (isOurs) return { check: 'max_pids', state: 'ok', detail: `${most}, kept by the kernel` };
  return {
    check: 'max_pids',
    state: 'warn',
    detail: `this cgroup has no pids controller, so that a fork bomb is not bounded by memsched`,
  };
}

function round(cpus: number): string {
  return String(Math.round(cpus * 100) / 100);
}
