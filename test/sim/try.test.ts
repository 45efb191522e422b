import { test } from 'vitest';
import { setupFor } from './seeds.js';
import { simulate } from './simulate.js';
import { violations } from './checkers/all.js';
test('try', () => {
  const t0 = performance.now();
  const from = Number(process.env['SIM_SEED'] ?? 1);
  const sum: Record<string, number> = {};
  const add = (k: string, n = 1) => (sum[k] = (sum[k] ?? 0) + n);
  for (let seed = from; seed < from + Number(process.env['SIM_SEEDS'] ?? 20); seed += 1) {
    const r = simulate(setupFor(seed));
    const v = violations(r);
    if (v.length > 0) console.log(seed, v.length, v.slice(0, 3).join('\n   '));
    const seen = new Set<string>();
    for (const e of r.events) {
      let k: string = e.kind;
      if (e.kind === 'level-changed') k += ` ${e.to} ${e.reason.rule}`;
      if (e.kind === 'attempt-ended') k += ` ${e.verdict.kind}`;
      if (e.kind === 'task-requeued') k += ` ${e.cause.kind}`;
      if (e.kind === 'task-finished') k += ` ${e.outcome} ${e.skipped?.kind ?? ''}`;
      if (e.kind === 'task-waits') k += ` ${e.reason.kind}`;
      if (e.kind === 'attempt-stopping') k += ` ${e.reason.kind}`;
      if (e.kind === 'attempt-killed') k += ` ${e.because}`;
      if (e.kind === 'attempt-admitted') k += ` ${e.reason.rule} ${e.reason.estimate.source}`;
      add(k);
      seen.add(k);
    }
    for (const k of seen) add(`# runs ${k}`);
    for (const [k, n] of Object.entries(r.oomKills)) add(`oom ${k}`, n), n > 0 && add(`# runs oom ${k}`);
    add('makespan s', r.makespanMs / 1000);
    add('trace', r.trace.length);
  }
  for (const k of Object.keys(sum).sort()) if (!k.startsWith('#')) console.log(k.padEnd(45), sum[k], sum['# runs ' + k] ?? '');
  console.log('total', performance.now() - t0);
});
