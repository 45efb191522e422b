import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { digestOf, type StoredChunks, type StoredCode } from './stored-code.js';

interface Chunk {
  readonly script: Script;
  readonly textDigest: string;
}

interface ChunkModule {
  exports: unknown;
}

type Require = (id: string) => unknown;

/** What node makes of a CommonJS module, too. */
type ChunkFunction = (
  exports: unknown,
  require: Require,
  module: ChunkModule,
  filename: string,
  dirname: string,
) => void;

const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n})';

/** Loads the files of the bundle as node would load CommonJS modules, but for code that is there already. */
export class ChunkLoader {
  readonly #folder: string;
  readonly #chunks = new Map<string, Chunk>();
  readonly #modules = new Map<string, ChunkModule>();
  readonly #requireOther: Require;
  #hasNew = false;

  /**
   * @param folder - where the files are; absolute.
   * @param stored - what V8 has made of some of them. All of it is taken up at once: V8 takes none any more once one of its
   *   flags was changed, and runs change one.
   */
  constructor(folder: string, stored: StoredChunks) {
    this.#folder = folder;
    this.#requireOther = createRequire(join(folder, 'main.cjs'));
    for (const [name, code] of stored) this.#compile(name, code);
  }

  /** True when V8 had to compile a chunk: it was not stored, or not as it is now. */
  get hasNew(): boolean {
    return this.#hasNew;
  }

  /**
   * What a module exports: a chunk (`./name.cjs`), which runs when it is first asked for, or one of node's.
   *
   * @throws what node does when there is none, or what the chunk throws.
   */
  readonly require = (id: string): unknown => {
    if (!id.startsWith('./')) return this.#requireOther(id);
    const name = id.slice('./'.length);
    const known = this.#modules.get(name);
    if (known !== undefined) return known.exports;
    const { script } = this.#chunks.get(name) ?? this.#compile(name);
    const module: ChunkModule = { exports: {} };
    this.#modules.set(name, module);
    const run = script.runInThisContext() as ChunkFunction;
    run(module.exports, this.require, module, join(this.#folder, name), this.#folder);
    return module.exports;
  };

  /** All that V8 has made of the chunks by now, functions that were compiled when they were first called included. */
  code(): StoredChunks {
    return new Map(
      [...this.#chunks].map(([name, { script, textDigest }]) => [
        name,
        { textDigest, code: script.createCachedData() },
      ]),
    );
  }

  #compile(name: string, stored?: StoredCode): Chunk {
    const filename = join(this.#folder, name);
    const text = readFileSync(filename);
    const textDigest = digestOf(text);
    // V8 itself compares no more of the text than its length.
    const cachedData = stored?.textDigest === textDigest ? stored.code : undefined;
    const script = new Script(`${HEAD}${text.toString()}${TAIL}`, {
      filename,
      columnOffset: -HEAD.length,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    if (cachedData === undefined || script.cachedDataRejected === true) this.#hasNew = true;
    const chunk = { script, textDigest };
    this.#chunks.set(name, chunk);
    return chunk;
  }
}
