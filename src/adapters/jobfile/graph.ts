import type { Job } from './jobs.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { suggest } from '../../util/suggest.js';

/**
 * Reports needs that no job meets, and cycles.
 *
 * @param names - every job of the file, those that are faulty included.
 */
export function checkNeeds(jobs: readonly Job[], names: readonly string[], report: Report): void {
  const known = new Set(names);
  for (const job of jobs) {
    const written =
      typeof job.input.needs === 'string' ? [job.input.needs] : (job.input.needs ?? []);
    for (const [index, need] of written.entries()) {
      const origin =
        typeof job.input.needs === 'string' ? job.origin('needs') : job.origin('needs', index);
      if (need === job.name) {
        report.at(origin, {
          message: `job ${quote(job.name)} needs itself`,
          mend: 'remove it from needs',
        });
      } else if (!known.has(need)) {
        report.at(origin, {
          message: `job ${quote(job.name)} needs ${quote(need)}, which is not a job of this file`,
          ...suggest(need, names),
        });
      }
    }
  }
  checkCycles(jobs, report);
}

function checkCycles(jobs: readonly Job[], report: Report): void {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const state = new Map<string, 'open' | 'done'>();
  for (const job of jobs) visit(job, byName, state, report);
}

/** Depth first with an own stack: a chain of needs may be as long as the file. */
function visit(
  start: Job,
  byName: ReadonlyMap<string, Job>,
  state: Map<string, 'open' | 'done'>,
  report: Report,
): void {
  if (state.has(start.name)) return;
  const path: { readonly job: Job; next: number }[] = [{ job: start, next: 0 }];
  state.set(start.name, 'open');
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const need = top.job.needs[top.next];
    if (need === undefined) {
      state.set(top.job.name, 'done');
      path.pop();
      continue;
    }
    top.next += 1;
    const target = byName.get(need);
    if (target === undefined || need === top.job.name) continue;
    if (state.get(need) === 'open')
      reportCycle(
        path.map((step) => step.job.name),
        need,
        top.job,
        report,
      );
    else if (!state.has(need)) {
      state.set(need, 'open');
      path.push({ job: target, next: 0 });
    }
  }
}

const SHOWN_STEPS = 12;

function reportCycle(path: readonly string[], closing: string, last: Job, report: Report): void {
  const cycle = [...path.slice(path.indexOf(closing)), closing].map((name) =>
    quote(name).slice(1, -1),
  );
  const steps =
    cycle.length > SHOWN_STEPS ? [...cycle.slice(0, SHOWN_STEPS - 2), '…', closing] : cycle;
  report.at(last.origin('needs'), {
    message: `jobs need each other in a circle: ${steps.join(' -> ')}`,
    mend: 'remove one of these needs',
  });
}

/** The jobs asked for and everything they need; all when none is asked for. Unknown ones are reported. */
export function selectJobs(
  jobs: readonly Job[],
  select: readonly string[],
  report: Report,
): readonly Job[] {
  if (select.length === 0) return jobs;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const chosen = new Set<string>();
  const queue = [...select];
  for (const name of select) {
    if (byName.has(name)) continue;
    const names = jobs.map((job) => job.name);
    report.general({
      message: `there is no job ${quote(name)} to run`,
      allowed: names.slice(0, 20),
      ...suggest(name, names),
    });
  }
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const job = byName.get(name);
    if (job === undefined || chosen.has(name)) continue;
    chosen.add(name);
    queue.push(...job.needs);
  }
  return jobs.filter((job) => chosen.has(job.name));
}
