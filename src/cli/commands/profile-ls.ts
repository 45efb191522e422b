import { Command } from 'commander';
import { profileObjects, profilesTable } from '../../reporters/views/profile.js';
import { examplesText } from '../examples.js';
import { addProfileFileOption, readAll, type WhichProfiles } from '../open-profiles.js';
import { print } from '../print.js';
import { printableJson } from '../../util/printable.js';

const EXAMPLES = [
  ['memsched profile ls', 'every group of this host'],
  ['memsched profile ls --profile-file ci.json', 'those of a portable file'],
] as const;

interface LsOptions extends WhichProfiles {
  readonly json?: true;
}

/** `memsched profile ls`: one line for each group, the last seen first. */
export function lsCommand(): Command {
  const command = new Command('ls')
    .summary('one line for each group')
    .description(
      'Lists the groups, the last seen first: completed runs, their largest, 95th percentile and mean peak, what the next run is expected to need, mean time and processors.',
    )
    .option('--json', 'one JSON object a line on stdout, one for each group');
  command.addHelpText('after', examplesText(EXAMPLES));
  return addProfileFileOption(command).action(async (options: LsOptions) => {
    const profiles = [...(await readAll(options)).values()];
    if (options.json === true) {
      if (profiles.length > 0)
        await print(
          profileObjects(profiles)
            .map((one) => printableJson(one))
            .join('\n'),
        );
      return;
    }
    await print(
      profiles.length === 0
        ? 'no profiles yet; "memsched run jobs.yaml" makes some'
        : profilesTable(profiles),
    );
  });
}
