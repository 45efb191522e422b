import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../test/sim/random.js';

/** A real program on one input, as a command without a shell, to be run in the folder of the inputs. */
export interface RealTask {
  readonly group: string;
  readonly argv: readonly string[];
}

/** How many inputs each program gets, and how large. */
export interface InputSize {
  readonly each: number;
  /** Of a text in MiB; the others are in proportion. */
  readonly mib: number;
}

const WORDS = 4000;

/** Makes the inputs in a folder; the same seed makes the same. Returns the tasks, programs mixed. */
export function realTasks(folder: string, { each, mib }: InputSize, seed: number): RealTask[] {
  const chance = new Random(seed);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'count.py'), PYTHON);
  writeFileSync(join(folder, 'group.mjs'), NODE);
  return Array.from({ length: each }, (_, at): RealTask[] => {
    const own = chance.fork(`input ${at}`);
    const scale = mib * own.between(0.6, 1.4);
    const text = join(folder, `text-${at}`);
    writeFileSync(text, textOf(own, scale * 2 ** 20));
    const source = `build-${at}.cc`;
    writeFileSync(join(folder, source), cppOf(own.int(20, 40)));
    const entries = String(Math.round(scale * 150_000));
    return [
      { group: 'xz', argv: ['sh', '-c', 'exec xz -9 -c "$0" > "$0.xz"', text] },
      { group: 'sort', argv: ['sort', '-S', '512M', '-o', `${text}.sorted`, text] },
      { group: 'g++', argv: ['g++', '-std=c++17', '-O1', '-c', '-o', `build-${at}.o`, source] },
      { group: 'node', argv: [process.execPath, 'group.mjs', entries] },
      { group: 'python3', argv: ['python3', 'count.py', entries] },
    ];
  }).flat();
}

/** Lines of words that are often the same, as in logs. */
function textOf(chance: Random, bytes: number): string {
  const words = Array.from({ length: WORDS }, () =>
    chance.int(36 ** 2, 36 ** chance.int(3, 8)).toString(36),
  );
  const lines: string[] = [];
  for (let length = 0; length < bytes;) {
    const count = chance.int(4, 14);
    const line = Array.from({ length: count }, () => words[chance.int(0, WORDS - 1)] ?? '').join(
      ' ',
    );
    lines.push(line);
    length += line.length + 1;
  }
  return `${lines.join('\n')}\n`;
}

/** A source that makes the compiler instantiate many templates. */
function cppOf(units: number): string {
  const functions = Array.from(
    { length: units },
    (_, at) =>
      `template <int N> struct Box${at} { std::map<std::string, std::vector<std::array<int, N>>> in; };\n` +
      `int use${at}(const std::string& text) {\n` +
      `  Box${at}<${at + 1}> box; std::smatch found;\n` +
      `  box.in[text].push_back({});\n` +
      `  return std::regex_search(text, found, std::regex("${at}+x")) ? (int)box.in.size() : ${at};\n}\n`,
  );
  const headers = ['array', 'map', 'regex', 'string', 'vector'];
  return `${headers.map((name) => `#include <${name}>\n`).join('')}${functions.join('')}`;
}

const PYTHON = `import sys
counts = {}
value = 1
for _ in range(int(sys.argv[1])):
    value = value * 6364136223846793005 % (1 << 63)
    counts[value] = str(value)
print(len(counts))
`;

const NODE = `const groups = new Map();
let value = 1;
for (let at = 0; at < Number(process.argv[2]); at += 1) {
  value = (value * 48271) % 2147483647;
  const key = value % 50021;
  const group = groups.get(key) ?? [];
  groups.set(key, group);
  group.push({ at, value, text: \`entry \${value}\` });
}
console.log(groups.size);
`;
