import { createHash } from 'node:crypto';
import { assert } from '../../util/assert.js';
import type { ReportData } from './report-data.js';

/** What the page is made of beside its data; built from `page/`. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
  /** Licence texts of the packages in the script. */
  readonly licences: string;
}

/**
 * The report as one HTML file that needs nothing else. Its policy allows this very script and style and nothing besides:
 * no network, no other script, no markup made of text.
 */
export function reportHtml(data: ReportData, { script, style, licences }: PageAssets): string {
  for (const text of [script, style])
    assert(!/<\/(script|style)|<!--|\r/i.test(text), 'nothing in script or style ends its element');
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const title = escapeHtml(`${data.run.name} · memsched report`);
  const fallback = escapeHtml(
    `${data.run.id}: ${data.run.totals}. To show more, this page needs JavaScript; without it, "memsched show ${data.run.id}" tells the same.`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<noscript><p>${fallback}</p></noscript>
<div id="report"></div>
<script type="application/json" id="report-data">${embeddedJson(data)}</script>
<pre id="licences" hidden>${escapeHtml(licences)}</pre>
<script>${script}</script>
</body>
</html>
`;
}

/**
 * JSON that can stand in a script element: nothing in it can end the element or begin a comment, and it is still JSON.
 */
export function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text as it may stand between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}
