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
