/**
 * A text with what stands between two marked lines replaced.
 *
 * @param name - of the markers: `<!-- NAME -->` and `<!-- /NAME -->`, each on a line of its own.
 * @throws RangeError when they are not there, once each and in this order.
 */
export function between(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const [before = '', rest, ...more] = text.split(open);
  const [, after, ...others] = rest?.split(close) ?? [];
  if (after === undefined || more.length + others.length > 0)
    throw new RangeError(`expected the lines "${open.trim()}" and "${close.trim()}" once each`);
  return `${before}${open}${content}${close}${after}`;
}
