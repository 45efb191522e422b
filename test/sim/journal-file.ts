import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventLine } from '../../src/adapters/journal/bounded-event.js';
import { readJournal } from '../../src/adapters/journal/journal-reader.js';
import { JournalWriter } from '../../src/adapters/journal/journal-writer.js';
import { parseEvent } from '../../src/adapters/journal/parse-event.js';
import type { RunEvent } from '../../src/core/events.js';

/** Memory that looks like a disk, where there is one: nobody waits for it. */
const MEMORY_DISK = '/dev/shm';

const options = {
  onTrouble: (sentence: string): void => {
    throw new Error(sentence);
  },
};

/** A journal on disk, written and read as that of a real run is. */
export class JournalFile {
  readonly #folder: string;
  readonly #path: string;
  /** Undefined when nobody writes. */
  #writer: JournalWriter | undefined;

  constructor() {
    const parent = existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir();
    this.#folder = mkdtempSync(join(parent, 'memsched-sim-'));
    this.#path = join(this.#folder, 'journal.jsonl');
    this.#writer = JournalWriter.create(this.#path, options);
  }

  emit(events: readonly RunEvent[]): void {
    this.#writer?.emit(events);
  }

  /** The writer is gone; of the event that it was writing a part has reached the disk. */
  cutShort(event: RunEvent | undefined, tornShare: number): void {
    this.#close();
    if (event === undefined) return;
    const line = Buffer.from(eventLine(event));
    appendFileSync(this.#path, line.subarray(0, Math.floor(tornShare * line.length)));
  }

  /** All events that can be read. */
  read(): readonly RunEvent[] {
    return [...readJournal(this.#path)];
  }

  /** Somebody else goes on with it. */
  reopen(): void {
    this.#writer = JournalWriter.reopen(this.#path, options);
  }

  remove(): void {
    this.#close();
    rmSync(this.#folder, { recursive: true });
  }

  #close(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }
}

/** Events as a journal gives them back, without a disk. */
export function throughJournal(events: readonly RunEvent[]): readonly RunEvent[] {
  return events.map((event, at) => {
    const parsed = parseEvent(eventLine(event).trimEnd(), at === 0);
    if (!parsed.ok) throw new Error(`a journal cannot give ${event.kind} back: ${parsed.error}`);
    return parsed.value;
  });
}
