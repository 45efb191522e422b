import type { TaskHost } from '../../src/supervisor/ports.js';
import type { SupervisorParts } from '../../src/supervisor/supervisor.js';

/** Puts a bug between the supervisor and the world. */
export type Spoil = (parts: SupervisorParts) => SupervisorParts;

/** A host with some of its methods replaced. */
export function withHost(change: (host: TaskHost) => Partial<TaskHost>): Spoil {
  return (parts) => {
    const replaced = change(parts.host);
    const host = new Proxy(parts.host, {
      get(target, name) {
        const own: unknown = Reflect.get(replaced, name);
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    return { ...parts, host };
  };
}
