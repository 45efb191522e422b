import { parentPort, workerData } from 'node:worker_threads';
import { Arena, type Play, type Rules } from './contests.js';

const arena = new Arena(workerData as Rules);

parentPort?.on('message', (play: Play) => {
  parentPort?.postMessage(arena.play(play));
});
