import { writeFileSync } from 'node:fs';
import { jsonSchema } from '../adapters/jobfile/schema.js';

// Part of the build: puts the JSON Schema of a jobfile at the root of the package, for editors to refer to.
const target = new URL('../../jobfile.schema.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
