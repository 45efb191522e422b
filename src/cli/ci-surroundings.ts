import type { Fold } from '../reporters/ci/gitlab.js';
import type { Environment } from '../reporters/colour.js';
import type { Output } from '../reporters/output.js';
import type { Reporter } from '../reporters/reporter.js';
import type { QuotedLogs } from '../reporters/output-masks.js';

/** What a CI system around us changes. */
export interface CiSurroundings {
  /** Makes an output for people say nothing that the system would obey. */
  text(out: Output): Output;
  /** The same for lines of JSON. */
  json(out: Output): Output;
  /** Folds what belongs to one task. */
  readonly fold: Fold | undefined;
  /** Whether a task may ask, at any time, that a value is masked in the output of all. */
  readonly masks: boolean;
  /**
   * Those that tell of things as they happen.
   *
   * @param out - read by the system; obeyed.
   */
  reporters(out: Output, logs: QuotedLogs): Readonly<Record<string, Reporter>>;
  /** Those that tell of a run as a whole, also of what happened before it was resumed. */
  ofWholeRun(logs: QuotedLogs): Readonly<Record<string, Reporter>>;
}

const NONE: CiSurroundings = {
  text: (out) => out,
  json: (out) => out,
  fold: undefined,
  masks: false,
  reporters: () => ({}),
  ofWholeRun: () => ({}),
};

/**
 * Finds out where we are, by the variables that the systems set. Forgejo and Gitea call themselves GitHub, and read the
 * same commands. What is only needed there is loaded only there.
 */
export async function ciSurroundings(env: Environment): Promise<CiSurroundings> {
  if (env['GITHUB_ACTIONS'] === 'true') return onGithub(env['GITHUB_STEP_SUMMARY']);
  if (env['GITLAB_CI'] === 'true') {
    const { gitlabSections } = await import('../reporters/ci/gitlab.js');
    return { ...NONE, fold: gitlabSections() };
  }
  return NONE;
}

async function onGithub(summaryPath: string | undefined): Promise<CiSurroundings> {
  const { createGithubReporter } = await import('../reporters/ci/github.js');
  const { jsonWithoutCommands, withoutCommands } =
    await import('../reporters/ci/workflow-commands.js');
  const { stepSummary } = await import('./ci-files.js');
  return {
    text: withoutCommands,
    json: jsonWithoutCommands,
    fold: undefined,
    masks: true,
    reporters: (out, logs) => ({ 'GitHub annotations': createGithubReporter({ out, logs }) }),
    ofWholeRun: (logs): Readonly<Record<string, Reporter>> =>
      summaryPath === undefined || summaryPath === ''
        ? {}
        : { 'GitHub step summary': stepSummary(summaryPath, logs) },
  };
}
