import { Chalk, type ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { Command } from 'commander';
import type { Budget } from '../../core/budget.js';
import {
  diagnose,
  OOM_DAEMONS,
  type Finding,
  type StateFolder,
} from '../../adapters/host/diagnosis.js';
import { measureFillRate } from '../../adapters/host/fill-rate.js';
import { HostError } from '../../adapters/host/host-error.js';
import { readIfAllowed } from '../../adapters/host/kernel-file.js';
import { runningOf } from '../../adapters/host/processes.js';
import { parseLimits } from '../../adapters/host/rlimits.js';
import { surveyedBudget, surveyHost } from '../../adapters/host/survey.js';
import { chooseTier } from '../../adapters/host/tier-choice.js';
import { checkStateDirUsable, stateDir } from '../../adapters/journal/state-dir.js';
import { probeHelper } from '../../adapters/process/probe-helper.js';
import { present } from '../../util/assert.js';
import { examplesText } from '../examples.js';
import { print } from '../print.js';
import { printableJson } from '../../util/printable.js';

/** The sampling interval of a run without settings, which the fill rate is judged by. */
const DEFAULT_INTERVAL_MS = 100;
const EXIT_HOST_CANNOT = 3;

const EXAMPLES = [
  ['memsched doctor', 'what is there, what is missing, and how to get it'],
  ['memsched doctor --json', 'for a program'],
] as const;

/** What `memsched doctor` found. */
interface Report {
  readonly tier: string;
  readonly relaunch: boolean;
  readonly budget: Budget;
  readonly findings: readonly Finding[];
}

/** `memsched doctor`: what this host offers, and the exact command that gets more out of it. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('what this host offers, and how to get more')
    .description(
      'Shows what this host offers (tier, controllers, pressure, swap, limits), and for all that is missing the command that mends it.',
    )
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (options: { json?: boolean }) => {
      const report = await examine();
      const text = options.json === true ? printableJson(report) : render(report);
      await print(text);
      if (whyNoRun(report) !== undefined) process.exitCode = EXIT_HOST_CANNOT;
    });
}

async function examine(): Promise<Report> {
  const survey = surveyHost();
  const chosen = chooseTier(survey, { tier: 'auto', requireCgroup: false });
  const choice = present(chosen.ok ? chosen.value : undefined, 'some tier is always to be had');
  const budget = surveyedBudget(survey, { kind: 'auto' });
  const fillRate = measureFillRate(survey.meminfo.availableBytes);
  const findings = diagnose({
    survey,
    choice,
    budget,
    launchWay: await probeHelper(),
    rlimits: parseLimits(readIfAllowed(`${survey.procPath}/self/limits`) ?? ''),
    oomDaemons: runningOf(survey.procPath, OOM_DAEMONS),
    ...(fillRate !== undefined && { fillRate }),
    intervalMs: DEFAULT_INTERVAL_MS,
    stateFolder: findStateFolder(),
  });
  return { tier: choice.tier, relaunch: choice.kind === 'relaunch', budget, findings };
}

function findStateFolder(): StateFolder {
  try {
    const path = stateDir();
    checkStateDirUsable(path);
    return { kind: 'usable', path };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { kind: 'unusable', why: error.message, mend: error.mend };
  }
}

/** What stands against any run; undefined when nothing does. */
function whyNoRun({ budget, findings }: Report): string | undefined {
  if (budget.budgetBytes === 0) return 'nothing is left for tasks';
  const isKept = findings.some(({ check, state }) => check === 'state folder' && state === 'ok');
  return isKept ? undefined : 'there is nowhere to keep it';
}

function render(report: Report): string {
  const paint = new Chalk({ level: wantsColor() ? 1 : 0 });
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    ...(process.stdout.isTTY && { colWidths: [9, 14, detailWidth()], wordWrap: true }),
  });
  for (const finding of report.findings) {
    table.push([stateText(finding.state, paint), finding.check, finding.detail]);
  }
  const why = whyNoRun(report);
  const last =
    why === undefined
      ? `Runs are possible, in the ${report.tier} tier.`
      : `No run is possible: ${why}.`;
  return [trimLines(table.toString()), ...mends(report.findings), '', last].join('\n');
}

/** Each on a line of its own, never wrapped: to be copied and typed. */
function mends(findings: readonly Finding[]): readonly string[] {
  const lines = findings.flatMap(({ check, mend }) =>
    mend === undefined ? [] : [`  ${check}: ${mend}`],
  );
  return lines.length === 0 ? [] : ['', 'To mend it:', ...lines];
}

function stateText(state: Finding['state'], paint: ChalkInstance): string {
  switch (state) {
    case 'ok':
      return paint.green('ok');
    case 'warn':
      return paint.yellow('warn');
    case 'missing':
      return paint.red('missing');
  }
}

function wantsColor(): boolean {
  return process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
}

function detailWidth(): number {
  return Math.max(40, process.stdout.columns - 9 - 14);
}

function trimLines(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '');
}

const NO_LINES = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
);
