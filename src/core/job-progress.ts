import { enqueue } from './queue.js';
import type { JobProgress, RunState, TaskRecord } from './run-state.js';

// How far jobs have come, as a part of the state: changed by `evolve` alone, by way of these.

/** Counts a task that was just planned to its job, and tells the job's needs that they are needed. */
export function joinJob(state: RunState, record: TaskRecord): JobProgress {
  const { job: name, needs } = record.spec;
  const job = jobOf(state, name);
  if (job.tasks.length + job.letGo.tasks === 0) {
    job.needs = needs;
    for (const need of new Set(needs)) {
      const needed = jobOf(state, need);
      needed.dependents.add(name);
      if (!isFinished(needed)) job.unfinishedNeeds += 1;
    }
  }
  // One more task for a job that seemed finished: whoever counted it as such waits for it again.
  if (isFinished(job))
    for (const dependent of job.dependents) jobOf(state, dependent).unfinishedNeeds += 1;
  job.tasks.push(record);
  return job;
}

/** A job that is only known from a need has no tasks yet, and is not finished. */
export function isFinished({ tasks, letGo, finished }: JobProgress): boolean {
  const planned = tasks.length + letGo.tasks;
  return planned > 0 && finished === planned;
}

/** A job may be named by a need before its own tasks are planned. */
export function jobOf(state: RunState, name: string): JobProgress {
  let progress = state.jobs.get(name);
  if (progress === undefined) {
    progress = {
      tasks: [],
      letGo: { tasks: 0, succeeded: 0, preemptions: 0, peakBytes: 0, ranMs: 0 },
      released: 0,
      finished: 0,
      unsuccessful: 0,
      dependents: new Set(),
      needs: [],
      unfinishedNeeds: 0,
    };
    state.jobs.set(name, progress);
  }
  return progress;
}

/** Frees the tasks of a job whose needs are all finished, or dooms them: each task once. */
export function release(state: RunState, job: JobProgress): void {
  const broken = job.needs.find((need) => jobOf(state, need).unsuccessful > 0);
  for (const record of job.tasks.slice(job.released)) {
    if (record.phase.kind !== 'queued' || isUndecided(record)) continue;
    if (broken !== undefined && record.spec.when === 'success') {
      state.doomed.set(record.spec.id, { kind: 'need-did-not-succeed', job: broken });
    } else if (record.spec.hasInputs === true) {
      state.unmeasured.set(record.spec.id, record);
    } else {
      enqueue(state.queue, record);
    }
  }
  job.released = job.tasks.length;
}

/** Its attempt has ended, and what follows from that has not been written down yet. */
export function isUndecided({ phase }: TaskRecord): boolean {
  return phase.kind === 'queued' && phase.notBeforeMs === Infinity;
}

/** Works out anew how far each job has come and who is free to start. */
export function recountJobs(state: RunState): void {
  state.counts.outcomes.clear();
  const succeeded = state.tasks.size - state.unfinished;
  if (succeeded > 0) state.counts.outcomes.set('succeeded', succeeded);
  for (const job of state.jobs.values()) {
    job.finished = job.tasks.filter(({ phase }) => phase.kind === 'finished').length;
    job.unsuccessful = 0;
    job.released = 0;
  }
  for (const job of state.jobs.values()) {
    const needs = [...new Set(job.needs)];
    job.unfinishedNeeds = needs.filter((need) => !isFinished(jobOf(state, need))).length;
    if (job.tasks.length > 0 && job.unfinishedNeeds === 0) release(state, job);
  }
}
