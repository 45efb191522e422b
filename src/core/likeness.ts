import type { Knowledge } from './knowledge.js';
import { ownPastFor } from './own-past.js';
import type { TaskRecord } from './run-state.js';
import { taskKeyOf } from './task-key.js';

interface Likeness {
  readonly floorBytes: number;
  readonly limitBytes: number | undefined;
  readonly inputBytes: number | undefined;
  readonly isOwn: boolean;
  readonly key: LikenessKey;
}

/** Tasks with the same `forMemory` are alike in all; those with the same `forOthers` but for what memory they need. */
export interface LikenessKey {
  readonly forMemory: string;
  readonly forOthers: string;
}

const likenesses = new WeakMap<TaskRecord, Likeness>();

/**
 * All that decides whether a task may start, beside the moment: of two tasks with the same of it, either may start or
 * neither. In a queue of a hundred thousand there are a few hundred of them, and none needs to be looked at twice in
 * one tick. Who goes by its own past needs memory like nobody else.
 */
export function likenessOf(record: TaskRecord, { groups }: Knowledge): LikenessKey {
  const { floorBytes, limitBytes, inputBytes } = record;
  const profile = groups.get(record.spec.group);
  const isOwn = profile !== undefined && ownPastFor(record, profile) !== undefined;
  const known = likenesses.get(record);
  if (
    known?.floorBytes === floorBytes &&
    known.limitBytes === limitBytes &&
    known.inputBytes === inputBytes &&
    known.isOwn === isOwn
  ) {
    return known.key;
  }
  const forOthers = keyOf(record);
  const forMemory = isOwn ? `${taskKeyOf(record.spec)} ${forOthers}` : forOthers;
  const key = { forMemory, forOthers };
  likenesses.set(record, { floorBytes, limitBytes, inputBytes, isOwn, key });
  return key;
}

function keyOf({ spec, floorBytes, limitBytes, inputBytes }: TaskRecord): string {
  const { group, profile, cpus, preemptible, memory, resources } = spec;
  return JSON.stringify([
    group,
    profile,
    cpus,
    preemptible,
    memory.requestBytes,
    memory.limitBytes,
    limitBytes,
    floorBytes,
    inputBytes,
    Object.entries(resources),
  ]);
}
