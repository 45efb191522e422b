// Writes what is made from the program itself: the man page and the reference of the jobfile. Part of the build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildProgram } from '../../src/cli/program.js';
import { ownVersion } from '../../src/cli/version.js';
import { jobfileReference } from './jobfile-reference.js';
import { manPage } from './man-page.js';

mkdirSync('man', { recursive: true });
const date = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? Date.now() / 1000) * 1000);
writeFileSync(
  'man/memsched.1',
  manPage(await buildProgram(), {
    version: ownVersion(),
    date: date.toISOString().slice(0, 10),
  }),
);
writeFileSync('docs/jobfile.md', jobfileReference());
