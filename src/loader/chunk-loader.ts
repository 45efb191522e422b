import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { digestOf, type StoredChunks } from './stored-code.js';

interface Source {
  readonly name: string;
  readonly text: Buffer;
  readonly textDigest: string;
  readonly code?: Buffer;
}

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
   * @param stored - what V8 has made of some of them. It is taken now, as V8 takes none any more once one of its flags was
   *   changed, and runs change one; and all of it or none: if one was made of another text, they are of another build.
   */
  constructor(folder: string, stored: StoredChunks) {
    this.#folder = folder;
    this.#requireOther = createRequire(join(folder, 'main.cjs'));
    const known = [...stored].map(([name, { textDigest, code }]) => {
      const source = existsSync(join(folder, name)) ? this.#read(name) : undefined;
      return source?.textDigest === textDigest ? { ...source, code } : undefined;
    });
    if (known.includes(undefined)) return;
    for (const source of known) if (source !== undefined) this.#compile(source);
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
    const { script } = this.#chunks.get(name) ?? this.#compile(this.#read(name));
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

  #read(name: string): Source {
    const text = readFileSync(join(this.#folder, name));
    return { name, text, textDigest: digestOf(text) };
  }

  #compile({ name, text, textDigest, code }: Source): Chunk {
    const script = new Script(`${HEAD}${text.toString()}${TAIL}`, {
      filename: join(this.#folder, name),
      columnOffset: -HEAD.length,
      ...(code === undefined ? {} : { cachedData: code }),
    });
    if (code === undefined || script.cachedDataRejected === true) this.#hasNew = true;
    const chunk = { script, textDigest };
    this.#chunks.set(name, chunk);
    return chunk;
  }
}
