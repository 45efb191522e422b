import { test } from 'vitest';
import { setupFor } from './seeds.js';
import { simulate } from './simulate.js';
test('try', () => {
  const t0 = performance.now();
  const from = Number(process.env.SIM_SEED ?? 1);
  for (let seed = from; seed < from + Number(process.env.SIM_SEEDS ?? 20); seed += 1) {
    const t = performance.now();
    const r = simulate(setupFor(seed));
    const kinds: Record<string, number> = {};
    for (const e of r.events) kinds[e.kind] = (kinds[e.kind] ?? 0) + 1;
    console.log(seed, r.end.kind, r.end.kind === 'broken' ? r.end.error : '', Math.round(r.makespanMs / 1000) + 's', r.setup.workload.plan.tasks.length, JSON.stringify(r.oomKills), 'open', r.leftOpen.length, 'pre', r.supervisor.state.counts.preemptions, Math.round(performance.now() - t) + 'ms', JSON.stringify([...r.supervisor.state.counts.outcomes]));
  }
  console.log('total', performance.now() - t0);
});
