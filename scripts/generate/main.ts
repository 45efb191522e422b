// Writes what is made from the program itself: the man pages and the reference of the jobfile. Part of the build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildProgram } from '../../src/cli/program.js';
import { ownVersion } from '../../src/cli/version.js';
import { jobfileChapters, jobfileReference } from './jobfile-reference.js';
import { jobfilePage, manPage } from './man-page.js';

const now = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? Date.now() / 1000) * 1000);
const about = { version: ownVersion(), date: now.toISOString().slice(0, 10) };
mkdirSync('man', { recursive: true });
writeFileSync('man/memsched.1', manPage(await buildProgram(), about));
writeFileSync('man/memsched-jobfile.5', jobfilePage(jobfileChapters(), about));
writeFileSync('docs/jobfile.md', jobfileReference());
