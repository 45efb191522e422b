/** `oom_score_adj` for each preemptible level: if we lose the race, the kernel takes whom we would have taken. */
const OOM_SCORE_PER_LEVEL = 200;

/** What the kernel is told of a task of a preemptible level. */
export function oomScoreAdjOf(level: number): number {
  return OOM_SCORE_PER_LEVEL * level;
}
