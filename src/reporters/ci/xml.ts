import Builder from 'fast-xml-builder';

/** An element: its attributes with `@` before their names, its text under `#text`, its children under their names. */
export interface XmlNode {
  readonly [name: string]: string | number | XmlNode | readonly XmlNode[];
}

/** What XML 1.0 (fifth edition, 2.2) has no place for, not even escaped. */
const ILLEGAL = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const builder = new Builder({
  attributeNamePrefix: '@',
  ignoreAttributes: false,
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  format: true,
  indentBy: '  ',
});

/** The first line of a document. */
export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** One element as text, escaped, with a line feed after it. */
export function xmlText(name: string, node: XmlNode): string {
  return builder.build({ [name]: legal(node) });
}

/** An element that is to hold more than its node says: its beginning, and its end. */
export function xmlFrame(name: string, node: XmlNode): { open: string; close: string } {
  const MARK = 'memsched-goes-here';
  const text = xmlText(name, { ...node, [MARK]: '' });
  const [open = '', close = ''] = text.split(new RegExp(`[ \\t]*<${MARK}/>\\n?`));
  return { open, close };
}

function legal(node: XmlNode): XmlNode {
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, legalValue(value)]));
}

function legalValue(value: XmlNode[string]): XmlNode[string] {
  if (typeof value === 'string') return value.replace(ILLEGAL, '\ufffd');
  if (typeof value === 'number') return value;
  return Array.isArray(value) ? (value as readonly XmlNode[]).map(legal) : legal(value as XmlNode);
}
