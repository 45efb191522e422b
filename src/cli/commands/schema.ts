import { Command } from 'commander';
import { jsonSchema } from '../../adapters/jobfile/schema.js';

/** `memsched schema`: prints the JSON Schema of a jobfile, made from the definition that validates. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of a jobfile')
    .addHelpText(
      'after',
      '\nFor an editor: memsched schema > jobfile.schema.json, then in the jobfile\n  # yaml-language-server: $schema=jobfile.schema.json',
    )
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    });
}
