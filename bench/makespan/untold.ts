import type { Table } from '../harness/result.js';

/** A peer as it is set by who knows nothing of the tasks: finds its row in a table. */
export type UntoldPeer = (table: Table) => string | undefined;

/** `--memfree` and `--memsuspend` by a rule of thumb: this part of the memory. */
export function thumbMib(memoryBytes: number): number {
  return Math.round(memoryBytes / 2 ** 20 / 10);
}

/** As many tasks as processors, and free memory by the rule of thumb. */
export const UNTOLD_PEERS: readonly UntoldPeer[] = [
  (table) => rowOf(table, (row) => /^parallel -j\d+ \(nproc\)$/.test(row)),
  (table) => rowOf(table, (row) => row === `parallel --memfree ${thumbMib(memoryOf(table))}M`),
  (table) => rowOf(table, (row) => row === `parallel --memsuspend ${thumbMib(memoryOf(table))}M`),
];

function memoryOf({ machine }: Table): number {
  return machine.memoryBytes;
}

function rowOf({ series }: Table, isIt: (row: string) => boolean): string | undefined {
  return series.find(({ row }) => isIt(row))?.row;
}
