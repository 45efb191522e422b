import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { thirdPartyLicenses } from './scripts/third-party-licenses.js';

/**
 * What goes into a file of its own, first come, first served; the rest goes with the command that needs it. Following
 * the layers, as their arrows never point back, and apart where only some commands need them. More and smaller files
 * would cost more to find and open than they save.
 */
const FILES = [
  { name: 'main', tags: ['$initial'] },
  { name: 'zod', test: within('node_modules/zod/') },
  {
    name: 'core',
    test: within('src/util/', 'src/core/', 'src/supervisor/', 'node_modules/fastest-levenshtein/'),
  },
  { name: 'host', test: within('src/adapters/host/') },
  { name: 'state-dir', test: journalModules('state-dir', 'way-to') },
  {
    name: 'journal-reading',
    test: journalModules(
      ...['journal-reader', 'parse-event', 'event-schemas'],
      ...['reason-schemas', 'spec-schemas', 'schema-parts'],
    ),
  },
  { name: 'journal', test: within('src/adapters/journal/') },
  { name: 'jobfile', test: within('src/adapters/jobfile/', 'node_modules/yaml/') },
  { name: 'process', test: within('src/adapters/process/') },
  // What all commands that start tasks begin with.
  {
    name: 'start',
    test: within(
      ...['here-or-relaunched', 'load-plan', 'run-options', 'output-options', 'signals'].map(
        (module) => `src/cli/${module}.ts`,
      ),
    ),
  },
  {
    name: 'reporters',
    test: (id) =>
      within('src/reporters/', 'node_modules/chalk/')(id) &&
      !within('src/reporters/tty/', 'src/reporters/ci/', 'src/reporters/report/')(id),
  },
];

const licences = thirdPartyLicenses();

/** The script of the page that `report` writes: for browsers, minified as every report carries it. Only read, never run here. */
const REPORT_PAGE = {
  input: 'src/reporters/report/page/main.ts',
  platform: 'browser',
  tsconfig: 'src/reporters/report/page/tsconfig.json',
  plugins: [licences.collect(), reportStyle(), licences.emit('report-page-licences.txt')],
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'iife',
    entryFileNames: 'report-page.js',
    minify: true,
    comments: false,
  },
};

/**
 * The command line in a few files, packages included: to load some three hundred modules one by one took longer than all
 * else that a short run does. Not minified, which would save next to nothing and make a stack trace worthless.
 */
const COMMAND_LINE = {
  input: 'src/cli/main.ts',
  platform: 'node',
  // The same code as ES modules, of which only what is used is taken; node would be given CommonJS.
  resolve: { alias: { yaml: pathOf('node_modules/yaml/browser/index.js') } },
  plugins: [ownWidthForOra(), licences.collect(), licences.emit('THIRD-PARTY-LICENSES.txt')],
  output: {
    dir: 'dist',
    // What `src/loader` loads: for CommonJS node 20, too, takes code that was compiled before.
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    comments: false,
    codeSplitting: { groups: FILES },
  },
};

/** What the command line is loaded by: the first that node reads, and the only file that is compiled at every start. */
const LOADER = {
  input: 'src/loader/main.ts',
  platform: 'node',
  output: { file: 'dist/loader.cjs', format: 'cjs', comments: false },
};

/** What the build itself runs, to make the man page and the reference of the jobfile. */
const GENERATOR = {
  input: 'scripts/generate/main.ts',
  platform: 'node',
  external: /^[^./]/,
  output: { dir: '.cache/generate', cleanDir: true },
};

// One after the other: the first empties the folder.
export default defineConfig([REPORT_PAGE, COMMAND_LINE, LOADER, GENERATOR]);

/** The style of that page: ours, after that of its charts. */
function reportStyle() {
  const SHEETS = ['node_modules/uplot/dist/uPlot.min.css', 'src/reporters/report/page/style.css'];
  return {
    name: 'report-style',
    generateBundle() {
      const source = SHEETS.map((path) => readFileSync(pathOf(path), 'utf8').trim()).join('\n');
      this.emitFile({ type: 'asset', fileName: 'report-page.css', source });
    },
  };
}

/**
 * Ora asks `string-width` how wide each line is, to know how many rows it has to clear. The first answer takes 40 ms, a
 * quarter of a short run, for tables of all emoji there are. What it draws for us was fitted to the terminal by our own
 * measure: so that is what it gets.
 */
function ownWidthForOra() {
  const id = '\0string-width-for-ora';
  return {
    name: 'own-width-for-ora',
    resolveId: (source, importer) =>
      source === 'string-width' && importer?.includes('/node_modules/ora/') ? id : undefined,
    load: (wanted) =>
      wanted === id
        ? `export { columnsOf as default } from ${JSON.stringify(pathOf('src/reporters/width.ts'))};`
        : undefined,
  };
}

/** Whether a module lies in one of these folders. */
function within(...folders) {
  return (id) => folders.some((folder) => id.startsWith(pathOf(folder)));
}

/** Whether a module is one of these of the journal's. */
function journalModules(...names) {
  return within(...names.map((name) => `src/adapters/journal/${name}.ts`));
}

function pathOf(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}
