import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Play, Rules } from './contests.js';
import type { Figures } from './figures.js';

/**
 * Plays on so many threads at once.
 *
 * @returns the figures in the order of the plays.
 * @throws the first error of a play.
 */
export async function playAll(
  plays: readonly Play[],
  rules: Rules,
  threads: number,
  onPlayed: (played: number) => void,
): Promise<Figures[]> {
  const results = new Map<Play, Figures>();
  const left = [...plays];
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: rules });
    try {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        worker.postMessage(next);
        const [figures] = (await once(worker, 'message')) as [Figures];
        results.set(next, figures);
        onPlayed(results.size);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, plays.length) }, work));
  return plays.flatMap((play) => results.get(play) ?? []);
}
