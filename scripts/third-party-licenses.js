// Plugins for rolldown: put the licence texts of all packages that went into the bundle into one file beside it, as
// most licences ask of whoever hands the code on.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENSE_FILE = /^(licen[cs]e|copying|notice)/i;
const PACKAGE_FOLDER = /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/;
const RULE = '-'.repeat(80);

/**
 * `collect()` is a plugin that remembers what went into a bundle; `emit(fileName)` one that adds the file of all that was
 * remembered so far, over several bundles. A package without a licence text fails the build.
 */
export function thirdPartyLicenses() {
  const folders = new Set();
  return {
    collect: () => ({
      name: 'collect-licenses',
      generateBundle(_options, bundle) {
        const modules = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
        for (const id of modules) {
          const [folder] = PACKAGE_FOLDER.exec(id) ?? [];
          if (folder !== undefined) folders.add(folder);
        }
      },
    }),
    emit: (fileName) => ({
      name: 'emit-licenses',
      generateBundle() {
        const parts = [...folders].map(licenseOf).sort();
        const source = `Code of these packages is part of memsched.\n\n${parts.join(`\n${RULE}\n\n`)}`;
        this.emitFile({ type: 'asset', fileName, source });
      },
    }),
  };
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file));
  if (files.length === 0) throw new Error(`${folder} holds no licence text to hand on`);
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
}
