import { runCli, type CliOptions } from '../../support/cli.js';

/** What `memsched doctor --json` prints. */
export interface DoctorReport {
  readonly tier: string;
  readonly relaunch: boolean;
  readonly budget: { readonly budgetBytes: number; readonly capacityBytes: number };
  readonly findings: readonly {
    readonly check: string;
    readonly state: string;
    readonly detail: string;
    readonly mend?: string;
  }[];
}

/** Asks the doctor. */
export async function doctor(options: CliOptions = {}): Promise<DoctorReport> {
  const { exitCode, stdout, stderr } = await runCli(['doctor', '--json'], options);
  if (exitCode !== 0) throw new Error(`doctor: exit ${String(exitCode)}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as DoctorReport;
}

/** `ok`, `warn` or `missing` by check. */
export function states(report: DoctorReport): Record<string, string> {
  return Object.fromEntries(report.findings.map(({ check, state }) => [check, state]));
}

/** One finding of a report. */
export function finding(report: DoctorReport, check: string): DoctorReport['findings'][number] {
  const found = report.findings.find((candidate) => candidate.check === check);
  if (found === undefined) throw new Error(`the doctor said nothing of "${check}"`);
  return found;
}
