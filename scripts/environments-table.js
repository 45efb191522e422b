// environments-table.js --check|--write FOLDER - docs/environments.md from what the tests in guests have seen, one JSON file
// an environment in FOLDER. --check: the page in the repository has to be that, to the letter; so what is edited by hand
// there is found out when the tests run next.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = 'docs/environments.md';
/** Rows stand in this order; an environment that is not here would have no place, and is an error. */
const ORDER = [
  'user',
  'user-limit',
  'cron',
  'service',
  'service-delegated',
  'service-limit',
  'oomd',
  'root',
  'swap',
  'limit',
  'podman-rootless',
  'podman-rootless-read-only',
  'podman-root',
  'podman-root-limit',
  'podman-root-read-only',
  'read-only-tree',
  'no-tree',
  'side-by-side-user',
  'side-by-side-root',
  'v1',
  'v1-limit',
  'psi-off',
  'no-proc-pressure',
  'old-kernel',
  'read-only-home',
  'noexec-tmp',
];

const INTRODUCTION = `<!-- Made by "npm run test:environments -- --write" from what its tests have seen. Do not edit: the same tests check it. -->
# Environments

What memsched does in the places where batch jobs run. Each row is a test of \`npm run test:environments\`: in a guest with a
kernel of its own it asks \`memsched doctor\`, runs a small jobfile to its end, holds what both say against the kernel's files,
and looks for cgroups and processes that were left behind.

| column | says |
|---|---|
| tier | as the README has it; *own scope*: memsched starts itself once more in a delegated scope of systemd |
| PSI | whose pressure it decides by |
| brake | what slows tasks that allocate faster than anyone can look |
| budget from | the smallest limit it found; it is read anew at every look |
| not ok | checks of \`memsched doctor\` that are not as they should be |
| advice followed | the tier after the test did what doctor advises |

`;

const [how, folder] = process.argv.slice(2);
if (folder === undefined || (how !== '--check' && how !== '--write')) {
  console.error('usage: environments-table.js --check|--write FOLDER');
  process.exit(2);
}
const rows = readRows(folder);
const missing = ORDER.filter((id) => !rows.some((row) => row.id === id));
const unknown = rows.filter(({ id }) => !ORDER.includes(id)).map(({ id }) => id);
for (const id of missing)
  console.error(`environments-table.js: no test has left results of "${id}"`);
for (const id of unknown) console.error(`environments-table.js: "${id}" has no place in the table`);
if (missing.length > 0 || unknown.length > 0) process.exit(1);
const page = pageOf(rows.toSorted((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id)));
if (how === '--write') writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error(
    `environments-table.js: ${PAGE} is not what the tests have seen. If that is right now, run:`,
  );
  console.error('  npm run test:environments -- --write');
  process.exit(1);
}

function readRows(from) {
  return readdirSync(from)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(from, name), 'utf8')));
}

function pageOf(all) {
  const advised = all.filter(({ advice }) => Object.keys(advice).length > 0);
  const announced = all.filter((row) => row.announced !== '');
  return [
    INTRODUCTION,
    '| environment | kernel | tier | PSI | brake | budget from | not ok | advice followed |\n',
    '|---|---|---|---|---|---|---|---|\n',
    ...all.map(rowOf),
    '\n## What a run says first\n\n',
    'Where the tier is not the best one, and nowhere else, a run says so before anything starts:\n\n',
    ...announced.map((row) => `- ${row.title}: “${row.announced}”\n`),
    '\n## What doctor advises\n\n',
    ...advised.map(adviceOf),
  ].join('');
}

function rowOf(row) {
  const cells = [
    row.title,
    row.kernel,
    row.relaunch ? `\`${row.tier}\`, own scope` : `\`${row.tier}\``,
    row.psi,
    row.brake === 'none' ? 'none' : `\`${row.brake}\``,
    row.budgetFrom,
    row.missing.join(', ') || '–',
    row.followed ?? '–',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

function adviceOf(row) {
  const lines = Object.entries(row.advice).map(([check, mend]) => `  - ${check}: \`${mend}\`\n`);
  return [`- ${row.title}\n`, ...lines].join('');
}
