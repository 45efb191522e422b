/** Signals that ask for the end of the run. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/** What becomes of the signals that a run gets. */
export interface SignalHandlers {
  readonly onStop: (signal: (typeof STOPPING)[number]) => void;
  /** Ctrl-Z: stopped supervisors watch nobody, so it is refused, and said. */
  readonly onPause: () => void;
}

/**
 * Catches the signals of a run. SIGHUP does no harm: a run outlives the terminal it was started in.
 *
 * @returns a function that puts everything back.
 */
export function catchSignals({ onStop, onPause }: SignalHandlers): () => void {
  const ignore = (): void => undefined;
  for (const signal of STOPPING) process.on(signal, onStop);
  process.on('SIGHUP', ignore);
  process.on('SIGTSTP', onPause);
  return () => {
    for (const signal of STOPPING) process.off(signal, onStop);
    process.off('SIGHUP', ignore);
    process.off('SIGTSTP', onPause);
  };
}

/**
 * From now on no stopping signal ends this process: the run does, with its exit code, though there be seconds between
 * its last task and the end of the process (a slow reader of the summary, a slow disk). Once `process.exitCode` is set
 * there is nothing left to do but to wait for readers; a signal then ends that wait, and changes nothing else.
 *
 * @returns a function that puts everything back.
 */
export function outliveSignals(): () => void {
  const signals = [...STOPPING, 'SIGHUP'] as const;
  const leave = (): void => {
    if (process.exitCode !== undefined) process.exit();
  };
  for (const signal of signals) process.on(signal, leave);
  return () => {
    for (const signal of signals) process.off(signal, leave);
  };
}
