import { describe, expect, it } from 'vitest';
import { loadJobfile, MAX_JOBFILE_BYTES } from '../../../src/adapters/jobfile/load.js';
import { GiB, MiB } from '../../../src/util/bytes.js';
import { complaintsOf, OPTIONS, planOf } from './helpers.js';

const JOB = 'version: 1\njobs:\n  a:\n    run: ls\n';

describe('a jobfile without settings', () => {
  it('gets the documented defaults', () => {
    const { config, tasks, launches, warnings } = planOf(JOB, { path: 'work/nightly.yaml' });
    expect(config).toEqual({
      name: 'nightly',
      budget: { kind: 'auto' },
      holdShare: 0.8,
      preemptShare: 0.9,
      criticalShare: 0.95,
      overcommit: 0.9,
      pressure: { somePct: 10, fullPct: 20, windowMs: 2000 },
      intervalMs: 100,
      halt: { kind: 'never' },
      maxPids: { kind: 'auto', pids: 4096 },
      maxLogBytes: GiB,
      groups: {},
      resources: {},
      cpus: 8,
    });
    expect(tasks).toEqual([
      {
        id: 'a',
        index: 0,
        job: 'a',
        matrix: {},
        needs: [],
        when: 'success',
        memory: { grow: { kind: 'none' } },
        cpus: 'auto',
        resources: {},
        preemptible: 0,
        onPreempt: { signal: 'SIGTERM', graceMs: 5000 },
        retries: { max: 0, on: [], delayMs: 1000, backoff: 2 },
        priority: 0,
        group: tasks[0]?.group,
        profile: 'curve',
      },
    ]);
    expect(tasks[0]?.group).toMatch(/^a#[0-9a-f]{8}$/);
    expect(launches.get('a')).toEqual({
      command: { kind: 'shell', shell: ['bash', '-euo', 'pipefail', '-c'], script: 'ls' },
      cwd: '/base',
      env: {},
    });
    expect(warnings).toEqual([]);
  });

  it('from the standard input is called so', () => {
    expect(planOf(JOB, { path: '-' }).config.name).toBe('stdin');
    expect(complaintsOf('version: 1\njobs: 3\n', { path: '-' })).toContain('<stdin>:2:7: jobs:');
  });
});

describe('values', () => {
  it('refer to the host where they are shares', () => {
    const { config, tasks } = planOf(
      'version: 1\nmemory: { budget: 75% }\njobs:\n  a: { run: ls, memory: { request: 25%, limit: 50% } }\n',
    );
    expect(config.budget).toEqual({ kind: 'bytes', bytes: 12 * GiB });
    expect(tasks[0]?.memory).toEqual({
      requestBytes: 4 * GiB,
      limitBytes: 8 * GiB,
      grow: { kind: 'none' },
    });
  });

  it.each([
    ['never', { kind: 'never' }],
    ['soon', { kind: 'soon', threshold: { kind: 'count', failures: 1 } }],
    ['now,fail=3', { kind: 'now', threshold: { kind: 'count', failures: 3 } }],
    ['soon, fail=2.5%', { kind: 'soon', threshold: { kind: 'share', pct: 2.5 } }],
  ])('halt: %s', (text, halt) => {
    expect(planOf(`${JOB}halt: '${text}'\n`).config.halt).toEqual(halt);
  });

  it('are taken as written in argv, environment and matrix', () => {
    const { tasks, launches } = planOf(
      'version: 1\nenv: { V: 1.10, O: 0777, T: true }\njobs:\n  a:\n    matrix: { v: [1.10, 0x1F, no] }\n    run: [sleep, 5, 1.50, "${{ matrix.v }}"]\n',
    );
    expect(tasks.map((task) => task.id)).toEqual(['a.1.10', 'a.0x1F', 'a.no']);
    expect(launches.get('a.1.10')).toMatchObject({
      command: { argv: ['sleep', '5', '1.50', '1.10'] },
      env: { V: '1.10', O: '0777', T: 'true', MATRIX_V: '1.10' },
    });
  });

  it.each([
    ['interval: 500ms', 2000],
    ['interval: 1s', 2000],
    ['interval: 4s', 8000],
    ['interval: 60s', 120_000],
    ['interval: 4s\npressure: { some: 5% }', 8000],
    ['interval: 4s\npressure: { window: 4s }', 4000],
  ])('%j: the pressure window is %i ms', (keys, windowMs) => {
    expect(planOf(`${JOB}${keys}\n`).config.pressure.windowMs).toBe(windowMs);
  });

  it('come from the matrix where a matrix fills them in', () => {
    const { tasks, launches } = planOf(`
version: 1
groups: { left: { max_parallel: 1 }, right: { max_parallel: 1 } }
resources: { gpu: 4 }
jobs:
  a:
    matrix: { include: [{ side: left, n: 2, level: high }, { side: right, n: 3, level: 0 }] }
    run: ls
    memory: { request: '\${{ matrix.n }}G', limit: '1\${{ matrix.n }}G', grow: '\${{ matrix.n }}', max: 50G, swap: '\${{ matrix.n }}M' }
    cpus: \${{ matrix.n }}
    resources: { gpu: '\${{ matrix.n }}' }
    preemptible: \${{ matrix.level }}
    timeout: \${{ matrix.n }}m
    priority: -\${{ matrix.n }}
    retries: { max: '\${{ matrix.n }}' }
    concurrency: \${{ matrix.side }}
    group: g-\${{ matrix.side }}
    cwd: in/\${{ matrix.side }}
    stdin: \${{ matrix.n }}.txt
    inputs: ['\${{ matrix.side }}.bam', /ref.fa]
`);
    expect(tasks[1]).toMatchObject({
      memory: {
        requestBytes: 3 * GiB,
        limitBytes: 13 * GiB,
        grow: { kind: 'factor', factor: 3 },
        maxBytes: 50 * GiB,
        swapBytes: 3 * MiB,
      },
      cpus: 3,
      resources: { gpu: 3 },
      preemptible: 0,
      timeoutMs: 180_000,
      priority: -3,
      retries: { max: 3 },
      concurrency: 'right',
      group: 'g-right',
      hasInputs: true,
    });
    expect(tasks[0]?.preemptible).toBe(3);
    expect(launches.get('a.right.3.0')).toMatchObject({
      cwd: '/base/in/right',
      stdin: '/base/in/right/3.txt',
      inputs: ['/base/in/right/right.bam', '/ref.fa'],
    });
  });

  it('of defaults stand back behind the job, but env is merged', () => {
    const { tasks, launches } = planOf(`
version: 1
env: { A: top, B: top, C: top }
defaults: { cpus: 2, env: { B: default, C: default }, run: ./default.sh, retries: { max: 3, delay: 9s } }
jobs:
  x: { cpus: 4, env: { C: job }, retries: 1 }
  y: {}
`);
    expect(launches.get('x')?.env).toEqual({ A: 'top', B: 'default', C: 'job' });
    expect(tasks.map((task) => [task.cpus, task.retries.max, task.retries.delayMs])).toEqual([
      [4, 1, 1000],
      [2, 3, 9000],
    ]);
  });

  it('keep the order of the file, names like numbers included', () => {
    expect(
      planOf(
        'version: 1\njobs:\n  b: { run: ls }\n  2: { run: ls }\n  constructor: { run: ls }\n  1: { run: ls }\n',
      ).tasks.map((task) => task.id),
    ).toEqual(['b', '2', 'constructor', '1']);
  });
});

describe('profile groups', () => {
  const groupOf = (job: string) =>
    planOf(`version: 1\njobs:\n  a: ${job}\n`).tasks.map((task) => task.group);
  it('do not depend on matrix values, but on the command and the folder', () => {
    const [first, second, ...rest] = groupOf(
      "{ run: './x.sh ${{ matrix.v }}', matrix: { v: [1, 2] } }",
    );
    expect([second, ...rest]).toEqual([first]);
    const other = [
      '{ run: ./y.sh }',
      '{ run: ./x.sh }',
      '{ run: ./x.sh, cwd: w }',
      '{ run: [./x.sh] }',
      '{ run: ./x.sh, shell: sh -c }',
    ].flatMap(groupOf);
    expect(new Set([first, ...other]).size).toBe(6);
  });

  it('are the same whatever the formatting', () => {
    const spellings = [
      '{ run: "./x.sh ${{ matrix.v }}", matrix: { v: [1] } }',
      '{ run: "./x.sh ${{matrix.v}}", matrix: { v: [2] } }',
      '{ run: "\\n./x.sh ${{ matrix.v }}  \\r\\n\\n", matrix: { v: [3] } }',
      '{ run: "./x.sh ${{ matrix.v }}", matrix: { v: [1] }, cwd: ./. }',
    ];
    expect(new Set(spellings.flatMap(groupOf)).size).toBe(1);
  });

  it('are the same in every checkout of a project, and another in another project or folder', () => {
    const at = (baseDir: string, projectDir: string, job = '{ run: ./x.sh }') =>
      planOf(`version: 1\njobs:\n  a: ${job}\n`, { baseDir, projectDir }).tasks[0]?.group;
    const here = at('/home/u/app/ci', '/home/u/app');
    expect(at('/builds/42/app/ci', '/builds/42/app')).toBe(here);
    expect(at('/home/u/app', '/home/u/app', '{ run: ./x.sh, cwd: ci }')).toBe(here);
    expect(at('/home/u/other/ci', '/home/u/other')).not.toBe(here);
    expect(at('/home/u/app/nightly', '/home/u/app')).not.toBe(here);
    const absolute = '{ run: ./x.sh, cwd: /srv/data }';
    expect(at('/home/u/app', '/home/u/app', absolute)).toBe(
      at('/home/u/other', '/home/u/other', absolute),
    );
  });

  it('show nothing of the command', () => {
    const [group = ''] = groupOf('{ run: "curl -H token:s3cr3t example.org" }');
    expect(group).toMatch(/^a#[0-9a-f]{8}$/);
  });

  it('named by the user are that name, matrix values included, and not too long', () => {
    expect(groupOf('{ run: ls, group: "g ${{ matrix.v }}", matrix: { v: [1, 2] } }')).toEqual([
      'g 1',
      'g 2',
    ]);
    expect(
      complaintsOf(`version: 1\njobs:\n  a: { run: ls, group: ${'g'.repeat(201)} }\n`),
    ).toContain('longer than 200 characters');
  });
});

describe('options', () => {
  const FILE =
    'version: 1\ndefaults: { retries: { max: 5, delay: 7s } }\njobs:\n  align: { run: ls, memory: 1G }\n  index: { run: ls, retries: 3, needs: [align] }\n';
  const set = (option: string, path: string[], value: unknown) => ({
    overrides: [{ option, path, value }],
  });

  it('replace values of the file', () => {
    expect(planOf(FILE, set('--budget 8G', ['memory', 'budget'], '8G')).config.budget).toEqual({
      kind: 'bytes',
      bytes: 8 * GiB,
    });
    expect(
      planOf(FILE, set('--preemptible high', ['defaults', 'preemptible'], 'high')).tasks.map(
        (task) => task.preemptible,
      ),
    ).toEqual([3, 3]);
    expect(planOf(FILE, set('-j 3', ['max_parallel'], '3')).config.maxParallel).toBe(3);
    for (const [text, pct] of [
      ['20%', 20],
      ['0.2', 20],
      ['150%', 150],
    ])
      expect(planOf(FILE, set('--max-growth', ['max_growth'], text)).config.maxGrowthPct).toBe(pct);
    for (const [text, maxPids] of [
      ['200', { kind: 'told', pids: 200 }],
      ['auto', { kind: 'auto', pids: 4096 }],
      ['none', undefined],
    ] as const)
      expect(planOf(FILE, set('--max-pids', ['max_pids'], text)).config.maxPids).toEqual(maxPids);
    for (const [text, bytes] of [
      ['64K', 64 * 1024],
      ['none', undefined],
    ] as const)
      expect(planOf(FILE, set('--max-log', ['max_log'], text)).config.maxLogBytes).toBe(bytes);
    expect(planOf(FILE, set('--set', ['jobs', 'index', 'needs'], '[]')).tasks[1]?.needs).toEqual(
      [],
    );
  });

  it('replace a part of a value and keep the rest, short forms and defaults included', () => {
    expect(
      planOf(FILE, set('--set', ['jobs', 'align', 'retries', 'max'], '2')).tasks[0]?.retries,
    ).toMatchObject({ max: 2, delayMs: 7000 });
    expect(
      planOf(FILE, set('--set', ['jobs', 'index', 'retries', 'delay'], '4s')).tasks[1]?.retries,
    ).toMatchObject({ max: 3, delayMs: 4000 });
    expect(
      planOf(FILE, set('--set', ['jobs', 'align', 'memory', 'limit'], '4G')).tasks[0]?.memory,
    ).toMatchObject({ requestBytes: GiB, limitBytes: 4 * GiB });
  });

  it('are named when they are wrong', () => {
    expect(
      complaintsOf(FILE, set('--set algin.memory=2G', ['jobs', 'algin', 'memory'], '2G')),
    ).toBe(
      '--set algin.memory=2G: there is no job "algin"\n  did you mean "align"?\n  allowed here: align, index',
    );
    expect(
      complaintsOf(FILE, set('--set align.memroy=2G', ['jobs', 'align', 'memroy'], '2G')),
    ).toContain(
      '--set align.memroy=2G: unknown key "memroy" in job "align"\n  did you mean "memory"?',
    );
    expect(complaintsOf(FILE, set('--budget 9X', ['memory', 'budget'], '9X'))).toContain(
      '--budget 9X: memory.budget: expected auto, a size',
    );
    expect(
      complaintsOf(FILE, set('--set index.needs=[x', ['jobs', 'index', 'needs'], '[x')),
    ).toContain('--set index.needs=[x: not valid YAML');
    expect(complaintsOf(FILE, set('--hold 95%', ['memory', 'hold'], '95%'))).toContain(
      '--hold 95%: memory.preempt (90%) must be above memory.hold (95%)',
    );
  });
});

describe('selected jobs', () => {
  const FILE =
    'version: 1\njobs:\n  a: { run: ls }\n  b: { run: ls, needs: a }\n  c: { run: ls, needs: b }\n  d: { run: ls }\n';
  it('bring their needs along, and keep their order and numbers', () => {
    expect(planOf(FILE, { select: ['b', 'd'] }).tasks.map((task) => [task.index, task.id])).toEqual(
      [
        [0, 'a'],
        [1, 'b'],
        [2, 'd'],
      ],
    );
  });
  it('must exist', () => {
    expect(complaintsOf(FILE, { select: ['e', 'a'] })).toContain('there is no job "e" to run');
  });
});

describe('on_pressure', () => {
  /** Whether the only task may be frozen, and its level. */
  function pressureOf(defaults: string, job: string, options = {}): readonly unknown[] {
    const file = `version: 1\ndefaults: ${defaults}\njobs:\n  a: { run: ls, ${job} }\n`;
    const [task] = planOf(file, options).tasks;
    return [task?.maySuspend ?? false, task?.preemptible];
  }

  it.each([
    ['{ preemptible: low }', '', [false, 1]],
    ['{ preemptible: low, on_pressure: [suspend, preempt] }', '', [true, 1]],
    ['{ preemptible: low, on_pressure: [preempt] }', '', [false, 1]],
    ['{ preemptible: low }', 'on_pressure: [suspend]', [true, 0]],
    ['{ on_pressure: [suspend, preempt] }', '', [false, 0]],
    ['{ on_pressure: [suspend] }', '', [false, 0]],
    ['{ on_pressure: [suspend, preempt] }', 'preemptible: high', [true, 3]],
    ['{}', 'on_pressure: [suspend]', [true, 0]],
    ['{}', 'on_pressure: suspend', [true, 0]],
  ])('defaults %s, job %s', (defaults, job, expected) => {
    expect(pressureOf(defaults, job)).toEqual(expected);
  });

  it('of an option is meant for those that may be disturbed at all', () => {
    const option = (value: string): object => ({
      overrides: [{ option: '--on-pressure', path: ['defaults', 'on_pressure'], value }],
    });
    expect(pressureOf('{ preemptible: low }', '', option('suspend,preempt'))).toEqual([true, 1]);
    expect(pressureOf('{}', '', option('suspend,preempt'))).toEqual([false, 0]);
    expect(pressureOf('{ preemptible: low }', '', option('[suspend, preempt]'))).toEqual([true, 1]);
  });
});

describe('warnings', () => {
  it.each([
    ['{ run: echo x >> log, preemptible: low }', 'appends to files'],
    ['{ run: ls, on_preempt: { grace: 1s } }', 'on_preempt of job "a" has no effect'],
    ['{ run: ls, on_pressure: [preempt] }', 'preempt in on_pressure of job "a" has no effect'],
    [
      '{ run: ls, preemptible: low, on_pressure: [suspend] }',
      'preemptible of job "a" has no effect: its on_pressure leaves preempt out',
    ],
  ])('%s', (job, text) => {
    expect(planOf(`version: 1\njobs:\n  a: ${job}\n`).warnings.join('\n')).toContain(text);
  });
  it('name groups and resources that nobody uses, and a budget that is not there', () => {
    expect(
      planOf(
        `${JOB}groups: { net: { max_parallel: 1 } }\nresources: { gpu: 1 }\nmemory: { budget: 64G }\n`,
      ).warnings,
    ).toEqual([
      'memory.budget (64G) is more than this host has (16G).',
      'groups: no job names "net" under concurrency.',
      'resources: no job takes "gpu".',
    ]);
  });
});

describe('hostile files', () => {
  it('may not be large', () => {
    const result = loadJobfile(new Uint8Array(MAX_JOBFILE_BYTES + 1).fill(0x20), OPTIONS);
    expect(result.ok ? '' : result.error.format()).toContain('more than the 8 MiB that are read');
  });
  it('may not hold more values than can be read in reasonable memory', () => {
    expect(complaintsOf(`version: 1\nx-a: [${'1,'.repeat(800_000)}1]\njobs: {}\n`)).toContain(
      'more than 1,500,000 YAML tokens',
    );
  }, 60_000);
  it.each([
    ['['.repeat(50_000)],
    ['- '.repeat(50_000)],
    ['? '.repeat(50_000)],
    ['{a: '.repeat(50_000)],
    [Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('may not nest without bound (%#)', (text) => {
    expect(complaintsOf(text)).toContain('nested more than 60 levels deep');
  });
  it('may not pass what a program cannot take', () => {
    expect(complaintsOf(`version: 1\njobs:\n  a:\n    run: ["x\\0y"]\n`)).toContain('NUL');
    expect(complaintsOf(`version: 1\njobs:\n  a:\n    run: "${'x'.repeat(140_000)}"\n`)).toContain(
      'longer than Linux passes to a program',
    );
  });
  it('get at most 50 messages', () => {
    const jobs = Array.from({ length: 200 }, (_, index) => `  j${String(index)}: { rnu: ls }`).join(
      '\n',
    );
    const text = complaintsOf(`version: 1\njobs:\n${jobs}\n`);
    expect(text).toMatch(/\nand 350 more$/);
  });
});
