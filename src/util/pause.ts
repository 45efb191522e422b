/** Blocks for so long: for what comes before a run starts or after it has ended, when there is nothing else to do. */
export function pauseMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
