import type { LaunchEnd, LaunchOrder } from '../../supervisor/ports.js';
import { unreachable } from '../../util/assert.js';
import type { Result } from '../../util/result.js';
import type { SyncLauncher } from './sync-launcher.js';

/** What the worker is told. `id` is a number that no other launch of this run has. */
export type ToWorker =
  | { readonly kind: 'launch'; readonly id: number; readonly order: LaunchOrder }
  /** No more orders will come. */
  | { readonly kind: 'close' };

/** What the worker answers: `started` for every launch, `ended` for those that were, `closed` last of all starts. */
export type FromWorker =
  | {
      readonly kind: 'started';
      readonly id: number;
      readonly result: Result<{ readonly pid: number }, string>;
    }
  | { readonly kind: 'ended'; readonly id: number; readonly end: LaunchEnd }
  | { readonly kind: 'closed' };

/** The worker's side of its message port. */
export interface ServicePort {
  on(event: 'message', listener: (message: ToWorker) => void): unknown;
  postMessage(message: FromWorker): void;
  /** Stops listening; what was posted before is still sent. */
  unref(): void;
}

/**
 * Carries out the orders that come in by a port, one after the other. After `close` the port holds the thread up no
 * more, but its children do: each is still waited for, so that none stays behind as a zombie.
 */
export function serveLaunches(port: ServicePort, launcher: SyncLauncher): void {
  port.on('message', (message) => {
    switch (message.kind) {
      case 'launch': {
        const { id, order } = message;
        const result = launcher.launch(order, (end) => {
          port.postMessage({ kind: 'ended', id, end });
        });
        port.postMessage({ kind: 'started', id, result });
        return;
      }
      case 'close':
        port.postMessage({ kind: 'closed' });
        port.unref();
        return;
      default:
        unreachable(message);
    }
  });
}
