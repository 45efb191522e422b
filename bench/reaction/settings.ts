import type { Machine } from '../harness/result.js';
import type { Reaction, Setting } from './trial.js';

/** What a guest found. */
export interface GuestReactions {
  readonly machine: Machine;
  readonly found: readonly { readonly setting: string; readonly reactions: readonly Reaction[] }[];
}

const POLLED_MS = 100;
/** So rarely that polling answers nothing in time. */
const HARDLY_POLLED_MS = 4000;

/** On this host, where no brake can be had: by polling alone. */
export function hostSettings(trials: number): Setting[] {
  const polled = { intervalMs: POLLED_MS, trials };
  return [
    { ...polled, name: 'critical, polling 100 ms, idle', line: 'critical', isLoaded: false },
    { ...polled, name: 'critical, polling 100 ms, busy', line: 'critical', isLoaded: true },
    { ...polled, name: 'preempt, polling 100 ms, idle', line: 'preempt', isLoaded: false },
  ];
}

/** In the guest, with cgroup v2: by polling, and by the brake and inotify. */
export function guestSettings(trials: number): Setting[] {
  const braked = { line: 'brake', intervalMs: HARDLY_POLLED_MS, trials } as const;
  return [
    {
      name: 'critical, polling 100 ms, idle',
      line: 'critical',
      intervalMs: POLLED_MS,
      isLoaded: false,
      trials,
    },
    { ...braked, name: 'brake and inotify, polling 4 s, idle', isLoaded: false },
    { ...braked, name: 'brake and inotify, polling 4 s, busy', isLoaded: true },
  ];
}
