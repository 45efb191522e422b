import type { Enclosure } from './enclosure.js';

/** Somebody whom the OOM killer may take besides our attempts. */
export interface Bystander {
  readonly bytes: number;
  readonly oomScoreAdj: number;
}

/** Whom the OOM killer takes; `wait`: someone it took before is still on his way out. */
export type Victim<B extends Bystander> =
  | { readonly kind: 'enclosure'; readonly enclosure: Enclosure }
  | { readonly kind: 'bystander'; readonly bystander: B }
  | { readonly kind: 'wait' }
  | { readonly kind: 'nobody' };

/** Processes with this adjustment are never taken. */
const NEVER = -1000;

/**
 * The kernel's choice (oom_badness): the largest, with `oom_score_adj` thousandths of all memory in question on top. One
 * that is dying of another signal is looked at like everyone else.
 *
 * @param totalBytes - of the scope that is short: the limit, or memory and swap of the host.
 */
export function chooseVictim<B extends Bystander>(
  enclosures: readonly Enclosure[],
  bystanders: readonly B[],
  totalBytes: number,
): Victim<B> {
  let worst: Victim<B> = { kind: 'nobody' };
  let most = -Infinity;
  for (const enclosure of enclosures) {
    if (!enclosure.isAlive || enclosure.memory.heldBytes === 0) continue;
    if (enclosure.isOomVictim) return { kind: 'wait' };
    const adj = enclosure.tenant?.oomScoreAdj ?? 0;
    const badness = enclosure.memory.heldBytes + (adj * totalBytes) / 1000;
    if (badness <= most) continue;
    most = badness;
    worst = { kind: 'enclosure', enclosure };
  }
  for (const bystander of bystanders) {
    if (bystander.oomScoreAdj <= NEVER || bystander.bytes === 0) continue;
    const badness = bystander.bytes + (bystander.oomScoreAdj * totalBytes) / 1000;
    if (badness <= most) continue;
    most = badness;
    worst = { kind: 'bystander', bystander };
  }
  return worst;
}
