/** Signals that ask for the end of the run. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/**
 * Calls back for each signal that asks us to stop. SIGHUP does no harm: a run outlives the terminal it was started in.
 *
 * @returns a function that puts everything back.
 */
export function catchSignals(onStop: (signal: (typeof STOPPING)[number]) => void): () => void {
  const ignore = (): void => undefined;
  for (const signal of STOPPING) process.on(signal, onStop);
  process.on('SIGHUP', ignore);
  return () => {
    for (const signal of STOPPING) process.off(signal, onStop);
    process.off('SIGHUP', ignore);
  };
}
