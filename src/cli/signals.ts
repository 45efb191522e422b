/** Signals that ask for the end of the run. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/** What becomes of the signals that a run gets. */
export interface SignalHandlers {
  readonly onStop: (signal: (typeof STOPPING)[number]) => void;
  /** Ctrl-Z: stopped supervisors watch nobody, so it is refused, and said. */
  readonly onPause: () => void;
  /** Every other signal that tells a program something; absent: SIGHUP does no harm, and the others do what they do. */
  readonly onOther?: (signal: NodeJS.Signals) => void;
}

/** Signals that mean something to a program beside those that ask for its end. */
const TELLING = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

/**
 * Catches the signals of a run. SIGHUP does no harm: a run outlives the terminal it was started in.
 *
 * @returns a function that puts everything back.
 */
export function catchSignals({ onStop, onPause, onOther }: SignalHandlers): () => void {
  const ignore = (): void => undefined;
  for (const signal of STOPPING) process.on(signal, onStop);
  if (onOther === undefined) process.on('SIGHUP', ignore);
  else for (const signal of TELLING) process.on(signal, onOther);
  process.on('SIGTSTP', onPause);
  return () => {
    for (const signal of STOPPING) process.off(signal, onStop);
    process.off('SIGHUP', ignore);
    if (onOther !== undefined) for (const signal of TELLING) process.off(signal, onOther);
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

/**
 * Calls back at each stopping signal.
 *
 * @returns a function that puts everything back.
 */
export function onAnySignal(callback: () => void): () => void {
  for (const signal of STOPPING) process.on(signal, callback);
  return () => {
    for (const signal of STOPPING) process.off(signal, callback);
  };
}
