import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { jobfileReference } from '../../scripts/generate/jobfile-reference.js';
import { loadJobfile } from '../../src/adapters/jobfile/load.js';
import { GiB } from '../../src/util/bytes.js';
import { MEMSCHED } from '../support/cli.js';
import {
  blocksOf,
  fileNameOf,
  isAsTold,
  reasonNotToRun,
  stepsOf,
  type Block,
} from '../support/doc-examples.js';
import { tempDir } from '../support/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUIDES = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const PAGES = ['README.md', ...GUIDES.map((name) => `docs/${name}`)];
const BLOCK_MS = 60_000;

/** Where the examples of one page run: a folder, a home, and a `memsched` to be found. */
interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

function place(): Place {
  const home = tempDir();
  const bin = join(home, 'bin');
  mkdirSync(bin);
  symlinkSync(MEMSCHED, join(bin, 'memsched'));
  const cwd = join(home, 'work');
  mkdirSync(cwd);
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home, LC_ALL: 'C.UTF-8' };
  // GNU parallel asks for a citation, once, of whoever uses it.
  mkdirSync(join(home, '.parallel'));
  writeFileSync(join(home, '.parallel', 'will-cite'), '');
  return { cwd, env };
}

async function tried(block: Block, { cwd, env }: Place): Promise<void> {
  if (reasonNotToRun(block) !== undefined || block.language === 'text') return;
  const name = fileNameOf(block);
  if (name !== undefined) writeExample(join(cwd, name), block);
  else if (block.language === 'sh') {
    const ran = await typed(block.text, { cwd, env }, ['-euo', 'pipefail']);
    expect(ran.exitCode, ran.output).toBe(0);
  } else if (block.language === 'console') await typedAll(block, { cwd, env });
  else
    throw new Error(
      `a block "${block.language} ${block.info}" is neither run nor written nor excused (test/support/doc-examples.ts)`,
    );
}

async function typedAll(block: Block, where: Place): Promise<void> {
  const last = Number(/^exits=(\d+)$/.exec(block.info)?.[1] ?? 0);
  const steps = stepsOf(block);
  for (const [at, { command, output }] of steps.entries()) {
    const ran = await typed(command, where, []);
    const told = `$ ${command}\n${ran.output}`;
    expect(ran.exitCode, told).toBe(at === steps.length - 1 ? last : 0);
    expect(isAsTold(ran.output, output), `it is not as the page says:\n${told}`).toBe(true);
  }
}

async function typed(
  script: string,
  { cwd, env }: Place,
  options: readonly string[],
): Promise<{ exitCode: number | undefined; output: string }> {
  const ran = await execa('bash', [...options, '-c', script], {
    cwd,
    env,
    extendEnv: false,
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: BLOCK_MS,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
  });
  return { exitCode: ran.exitCode, output: ran.all };
}

function writeExample(path: string, { language, text }: Block): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: language === 'sh' ? 0o755 : 0o644 });
  if (!/^jobs:/m.test(text) || !path.endsWith('.yaml')) return;
  const loaded = loadJobfile(Buffer.from(text), {
    path,
    baseDir: dirname(path),
    host: { baseBytes: 64 * GiB, autoBudgetBytes: 57 * GiB, cpus: 64, autoMaxPids: 4096 },
    overrides: [],
    select: [],
  });
  if (!loaded.ok) throw loaded.error;
}

describe('the examples of', () => {
  it.each(PAGES)(
    '%s do what the page says',
    async (page) => {
      const where = place();
      for (const block of blocksOf(join(ROOT, page))) {
        try {
          await tried(block, where);
        } catch (error) {
          throw new Error(`${page}:${block.line}: ${(error as Error).message}`, { cause: error });
        }
      }
    },
    300_000,
  );
});

describe('the pages', () => {
  it.each(PAGES)('%s links to what is there', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s#]+)(?:#[^)]*)?\)/g)];
    for (const [, target = ''] of targets)
      expect(existsSync(join(ROOT, dirname(page), target)), target).toBe(true);
  });

  it('are all in the index', () => {
    const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8');
    for (const page of GUIDES) if (page !== 'README.md') expect(index).toContain(`(${page})`);
  });

  it('on the jobfile are those that the build makes', () => {
    expect(readFileSync(join(ROOT, 'docs/jobfile.md'), 'utf8')).toBe(jobfileReference());
  });
});
