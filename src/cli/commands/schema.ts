import { Command } from 'commander';
import { jsonSchema } from '../../adapters/jobfile/schema.js';
import { examplesText } from '../examples.js';

const EXAMPLES = [['memsched schema > jobfile.schema.json', '']] as const;

/** `memsched schema`: prints the JSON Schema of a jobfile, made from the definition that validates. */
export function schemaCommand(): Command {
  return new Command('schema')
    .summary('print the JSON Schema of a jobfile')
    .description(
      'Prints the JSON Schema of a jobfile (draft 7). An editor checks and completes a jobfile by it when the first line is "# yaml-language-server: $schema=jobfile.schema.json".',
    )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    });
}
