import { describe, expect, test } from 'vitest';
import { preview } from '../../../src/core/preview.js';
import type { TaskSpec } from '../../../src/core/task-spec.js';
import { GiB } from '../../../src/util/bytes.js';
import { plainConfig, plainTask } from '../../sim/specs.js';
import { hostSample } from './loop.js';

/** How each task would start, by its name. */
function starts(tasks: readonly TaskSpec[], config = plainConfig()) {
  const specs = tasks.map((spec, index) => ({ ...spec, index }));
  return new Map(preview(config, specs, hostSample()).map(({ spec, start }) => [spec.id, start]));
}

function needing(id: string, gib: number, change: Partial<TaskSpec> = {}): TaskSpec {
  const memory = { requestBytes: gib * GiB, grow: { kind: 'none' } } as const;
  return plainTask(id, { memory, cpus: 0, ...change });
}

describe('the first look of a run', () => {
  test('says of everyone why it waits, not of the head of the queue alone', () => {
    const kinds = [...starts(['a', 'b', 'c', 'd', 'e'].map((id) => needing(id, 4))).values()].map(
      (start) => (start.kind === 'waits' ? start.reason.kind : start.kind),
    );
    expect(kinds).toEqual(['at-once', 'at-once', 'memory', 'memory', 'memory']);
  });

  test('each for a reason of its own', () => {
    const found = starts(
      [
        needing('a', 4, { cpus: 8 }),
        needing('b', 1, { cpus: 1 }),
        needing('c', 9),
        needing('d', 1, { concurrency: 'one' }),
        needing('e', 1, { concurrency: 'one' }),
        needing('f', 1, { needs: ['a'] }),
      ],
      plainConfig({ groups: { one: 1 } }),
    );
    expect(found.get('b')).toMatchObject({ kind: 'waits', reason: { kind: 'cpus' } });
    expect(found.get('c')).toMatchObject({ kind: 'waits', reason: { kind: 'memory' } });
    expect(found.get('d')).toEqual({ kind: 'at-once' });
    expect(found.get('e')).toMatchObject({ kind: 'waits', reason: { kind: 'concurrency' } });
    expect(found.get('f')).toEqual({ kind: 'needs', jobs: ['a'] });
  });

  test('or that no more may run at once', () => {
    const found = starts(
      ['a', 'b', 'c', 'd'].map((id) => needing(id, 1)),
      plainConfig({ maxParallel: 2 }),
    );
    for (const id of ['c', 'd'])
      expect(found.get(id)).toEqual({ kind: 'waits', reason: { kind: 'max-parallel', limit: 2 } });
  });
});
