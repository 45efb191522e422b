import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetricsReporter } from '../../src/reporters/ci/metrics.js';
import { MEMSCHED } from '../support/cli.js';
import { readJunit } from '../support/consumers.js';
import { feedAtOnce, recorded, textDocument } from '../support/journals.js';
import { tempDir } from '../support/temp-dir.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/ci.md', import.meta.url)), 'utf8');
const ACTION = '.github/actions/memsched/action.yml';

/** The text of the block that is the file of that name. */
function example(name: string): string {
  const start = PAGE.indexOf(`\`\`\`yaml ${name}\n`);
  if (start < 0) throw new Error(`docs/ci.md has no example "${name}"`);
  return PAGE.slice(PAGE.indexOf('\n', start) + 1, PAGE.indexOf('\n```\n', start) + 1);
}

/** What GitHub's own parser finds wrong with a workflow, or with an action. */
function complaints(name: string, content: string): readonly string[] {
  const file = { name, content };
  const { context } = name.endsWith('action.yml')
    ? parseAction(file, new NoOperationTraceWriter())
    : parseWorkflow(file, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

interface ActionStep {
  readonly name?: string;
  readonly run?: string;
  readonly if?: string;
}

/** A folder with the jobfile of the page, and a `memsched` to be found. */
function workplace(): { cwd: string; env: Record<string, string> } {
  const home = tempDir();
  const [bin, cwd] = [join(home, 'bin'), join(home, 'work')];
  for (const folder of [bin, cwd]) mkdirSync(folder);
  symlinkSync(MEMSCHED, join(bin, 'memsched'));
  writeFileSync(join(cwd, 'jobs.yaml'), example('jobs.yaml'));
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  return { cwd, env: { PATH, HOME: home, XDG_STATE_HOME: join(home, 'state') } };
}

function bash(script: string, { cwd, env }: ReturnType<typeof workplace>) {
  const options = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script];
  return execa('bash', options, { cwd, env, extendEnv: false, all: true, reject: false });
}

describe('the CI guide', () => {
  it.each(['.github/workflows/nightly.yml', ACTION])('%s is one that GitHub takes', (name) => {
    expect(complaints(name, example(name))).toEqual([]);
  });

  it('the judge of that complains of what is wrong', () => {
    const wrong = example(ACTION).replace('using: composite', 'using: composed');
    expect(complaints(ACTION, wrong)).not.toEqual([]);
    expect(complaints('a.yml', 'on: push\njobs: { a: { steps: [{ rum: x }] } }\n')).not.toEqual([]);
  });

  it('the workflow calls the action with inputs that it has', () => {
    const workflow = parse(example('.github/workflows/nightly.yml')) as {
      jobs: { nightly: { steps: { uses?: string; with?: object }[] } };
    };
    const { inputs } = parse(example(ACTION)) as { inputs: object };
    const call = workflow.jobs.nightly.steps.find(
      ({ uses }) => uses === './.github/actions/memsched',
    );
    expect(Object.keys(inputs)).toEqual(
      expect.arrayContaining(Object.keys(call?.with ?? { missing: true })),
    );
  });

  it('the steps of the action run the jobfile, and tell of a run that died', async () => {
    const { runs } = parse(example(ACTION)) as { runs: { steps: ActionStep[] } };
    const scriptOf = (wanted: string): string =>
      runs.steps.find(({ name }) => name === wanted)?.run ?? '';
    const place = workplace();
    const summary = join(place.cwd, 'summary.md');
    const github = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    Object.assign(place.env, github, { JOBFILE: 'jobs.yaml', OPTIONS: '--max-growth 20% --quiet' });
    const ran = await bash(scriptOf('Run'), place);
    expect(ran.exitCode, ran.all).toBe(0);
    expect((await readJunit(join(place.cwd, 'memsched-junit.xml'))).cases).toHaveLength(5);
    expect(existsSync(join(place.cwd, '.memsched.json'))).toBe(true);
    expect(readFileSync(summary, 'utf8')).toContain('## memsched nightly: all succeeded');

    const told = await bash(scriptOf('Tell of a run that died'), place);
    expect(told).toMatchObject({ exitCode: 0, all: '' });
    await bash(`cd "$XDG_STATE_HOME"/memsched/runs/*/ && sed -i '$d' journal.jsonl`, place);
    const died = await bash(scriptOf('Tell of a run that died'), place);
    expect(died.exitCode, died.all).toBe(0);
    expect(died.all).toContain('died: its supervisor is gone');
    expect(readFileSync(summary, 'utf8')).toContain('## memsched nightly: died');
  });

  it('the scripts of the GitLab job do what its artifacts need', async () => {
    const { nightly } = parse(example('.gitlab-ci.yml')) as {
      nightly: {
        script: string[];
        after_script: string[];
        artifacts: { paths: string[]; reports: { junit: string } };
      };
    };
    const place = workplace();
    place.env['XDG_STATE_HOME'] = join(place.cwd, '.memsched-state');
    for (const command of [...nightly.script, ...nightly.after_script]) {
      const ran = await bash(command, place);
      expect(ran.exitCode, ran.all).toBe(0);
    }
    await readJunit(join(place.cwd, nightly.artifacts.reports.junit));
    for (const path of nightly.artifacts.paths)
      expect(existsSync(join(place.cwd, path)), path).toBe(true);
  });

  it('the rules for alerts are ones that Prometheus takes, and name metrics that there are', async () => {
    const place = workplace();
    writeFileSync(join(place.cwd, 'rules.yml'), example('memsched.rules.yml'));
    const checked = await execa('promtool', ['check', 'rules', 'rules.yml'], { cwd: place.cwd });
    expect(checked.stdout).toContain('SUCCESS: 2 rules found');
    const document = textDocument();
    const onTrouble = (error: unknown): void => expect.fail(String(error));
    await feedAtOnce(
      createMetricsReporter({ document, onTrouble }),
      recorded('preempted-then-succeeded'),
    );
    const written = document.versions.at(-1) ?? '';
    const has = new Set([...written.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const named = new Set(PAGE.match(/\bmemsched_[a-z]+(?:_[a-z]+)+\b/g));
    expect([...named].filter((name) => !has.has(name))).toEqual([]);
    expect([...has].filter((name) => !PAGE.includes(name ?? ''))).toEqual([]);
  });
});
