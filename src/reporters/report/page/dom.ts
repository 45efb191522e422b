type Child = Node | string | undefined;

/** Attributes by name; undefined ones are left out. Event handlers are added apart. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/**
 * An element with attributes and children. Strings become text, never markup: this is the only way in which the page
 * makes elements.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A button that does something. */
export function button(label: string, act: () => void, attributes: Attributes = {}): HTMLElement {
  const made = el('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', act);
  return made;
}

/** A choice of a few, by radio buttons: the keyboard's arrows move between them. */
export function choice<T extends string>(
  legend: string,
  options: readonly (readonly [T, string])[],
  chosen: T,
  choose: (value: T) => void,
): HTMLElement {
  const name = `choice-${legend.toLowerCase().replaceAll(' ', '-')}`;
  const labels = options.map(([value, text]) => {
    const input = el('input', { type: 'radio', name, value });
    input.checked = value === chosen;
    input.addEventListener('change', () => {
      if (input.checked) choose(value);
    });
    return el('label', {}, input, el('span', {}, text));
  });
  return el('fieldset', { class: 'choice' }, el('legend', {}, legend), ...labels);
}

/** A labelled list to choose one from. */
export function selection(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  choose: (value: string) => void,
): { readonly root: HTMLElement; readonly select: HTMLSelectElement } {
  const select = el('select', {}, ...options.map(([value, text]) => el('option', { value }, text)));
  select.addEventListener('change', () => {
    choose(select.value);
  });
  return { root: el('label', { class: 'selection' }, el('span', {}, label), select), select };
}

/** A column of a table, and what its cells hold. */
export interface PlainColumn {
  readonly title: string;
  readonly isNumber?: true;
}

/** A plain table, for what stands behind a chart. */
export function plainTable(
  caption: string,
  columns: readonly PlainColumn[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const classOf = (at: number): string | undefined =>
    columns[at]?.isNumber === true ? 'number' : undefined;
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    el(
      'table',
      {},
      el('caption', {}, caption),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ...columns.map(({ title }, at) => el('th', { scope: 'col', class: classOf(at) }, title)),
        ),
      ),
      el(
        'tbody',
        {},
        ...rows.map((row) =>
          el('tr', {}, ...row.map((cell, at) => el('td', { class: classOf(at) }, cell))),
        ),
      ),
    ),
  );
}

/** The table behind a chart: made when it is first opened. */
export function tableBehind(make: () => HTMLElement): HTMLElement {
  const details = el('details', { class: 'behind' }, el('summary', {}, 'As a table'));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(make());
  });
  return details;
}
