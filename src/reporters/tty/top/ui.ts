import { isSameKey, type RowKey } from './look.js';
import { SORTS, type RowWish, type Sort } from './task-rows.js';

/** What the user may have done to a run or a task of it. */
export interface Order {
  readonly what: 'hold' | 'release' | 'cancel';
  readonly run: string;
  /** Absent: the run as a whole. */
  readonly task?: string;
}

/** What keys mean at the moment. */
export type Mode =
  | { readonly kind: 'table' }
  | { readonly kind: 'details' }
  | { readonly kind: 'help' }
  /** The filter is being typed; `before` comes back with Escape. */
  | { readonly kind: 'filter'; readonly before: string }
  | { readonly kind: 'confirm'; readonly order: Order; readonly back: 'table' | 'details' };

/** All that the user has chosen, and nothing of what is shown. */
export interface Ui extends RowWish {
  readonly mode: Mode;
  /** Undefined until the user has moved: the first row, whoever that is. */
  readonly selected: RowKey | undefined;
  /** Where the selected row stood last: when it goes, its place is kept. */
  readonly at: number;
  /** First row shown. */
  readonly top: number;
  readonly isPaused: boolean;
  /** One run alone; undefined: all. */
  readonly focus: string | undefined;
  /** What came of the last order. */
  readonly message: { readonly text: string; readonly isBad: boolean } | undefined;
}

/** Nothing chosen yet. */
export const FIRST_UI: Ui = {
  mode: { kind: 'table' },
  selected: undefined,
  at: 0,
  top: 0,
  sort: 'order',
  isReversed: false,
  filter: '',
  showsFinished: false,
  isPaused: false,
  focus: undefined,
  message: undefined,
};

/** What keys act upon: the rows as they are shown. */
export interface Scene {
  readonly keys: readonly RowKey[];
  /** Rows that fit at once. */
  readonly page: number;
  readonly runs: readonly string[];
}

/** One key press: its name as terminals' libraries have it (`up`, `return`, `a`), and the text it types, if any. */
export interface Key {
  readonly name: string;
  readonly text: string;
  readonly isCtrl: boolean;
}

/** What a key makes happen outside of the picture. */
export type Intent =
  | { readonly kind: 'quit' }
  | { readonly kind: 'suspend' }
  /** The picture may be spoilt: draw all of it. */
  | { readonly kind: 'redraw' }
  | { readonly kind: 'order'; readonly order: Order };

/** What a key press comes to. */
export interface Pressed {
  readonly ui: Ui;
  readonly intent?: Intent;
}

/** What the user has chosen after a key press, and what is to happen. */
export function press(ui: Ui, key: Key, scene: Scene): Pressed {
  if (key.isCtrl) return pressControl(ui, key, scene);
  switch (ui.mode.kind) {
    case 'filter':
      return { ui: typeFilter(ui, ui.mode.before, key) };
    case 'confirm':
      return confirm(ui, ui.mode, key);
    case 'help':
      return key.name === 'q' ? { ui, intent: { kind: 'quit' } } : { ui: back(ui) };
    case 'details':
    case 'table':
      return pressPlain({ ...ui, message: undefined }, key, scene);
  }
}

function pressControl(ui: Ui, { name }: Key, scene: Scene): Pressed {
  switch (name) {
    case 'c':
    case 'd':
      return { ui, intent: { kind: 'quit' } };
    case 'z':
      return { ui, intent: { kind: 'suspend' } };
    case 'l':
      return { ui, intent: { kind: 'redraw' } };
    case 'n':
      return { ui: move(ui, 1, scene) };
    case 'p':
      return { ui: move(ui, -1, scene) };
    default:
      return { ui };
  }
}

function back(ui: Ui): Ui {
  return { ...ui, mode: { kind: 'table' } };
}

/** Keys that move, by name and by letter, and how many rows. */
function stepOf({ name, text }: Key, { page, keys }: Scene): number | undefined {
  const LETTERS: Readonly<Record<string, string>> = { k: 'up', j: 'down', g: 'home', G: 'end' };
  switch (LETTERS[text] ?? name) {
    case 'up':
      return -1;
    case 'down':
      return 1;
    case 'pageup':
      return -Math.max(1, page - 1);
    case 'pagedown':
      return Math.max(1, page - 1);
    case 'home':
      return -keys.length;
    case 'end':
      return keys.length;
    default:
      return undefined;
  }
}

function pressPlain(ui: Ui, key: Key, scene: Scene): Pressed {
  const step = stepOf(key, scene);
  if (step !== undefined) return { ui: move(ui, step, scene) };
  const isDetails = ui.mode.kind === 'details';
  switch (key.name) {
    case 'return':
    case 'enter':
      return { ui: isDetails ? back(ui) : openDetails(ui, scene) };
    case 'escape':
    case 'left':
      return { ui: isDetails ? back(ui) : { ...ui, filter: '', focus: undefined } };
    case 'right':
      return { ui: isDetails ? ui : openDetails(ui, scene) };
    case 'tab':
      return { ui: { ...ui, focus: nextRun(ui.focus, scene.runs), selected: undefined, at: 0 } };
    default:
      return pressLetter(ui, key.text, scene);
  }
}

function pressLetter(ui: Ui, letter: string, scene: Scene): Pressed {
  switch (letter) {
    case 'q':
      return ui.mode.kind === 'details' ? { ui: back(ui) } : { ui, intent: { kind: 'quit' } };
    case '?':
      return { ui: { ...ui, mode: { kind: 'help' } } };
    case '/':
      return { ui: { ...ui, mode: { kind: 'filter', before: ui.filter } } };
    case 's':
      return { ui: { ...ui, sort: nextSort(ui.sort) } };
    case 'S':
      return { ui: { ...ui, isReversed: !ui.isReversed } };
    case 'a':
      return { ui: { ...ui, showsFinished: !ui.showsFinished } };
    case 'p':
    case ' ':
      return { ui: { ...ui, isPaused: !ui.isPaused } };
    default:
      return { ui: askFor(ui, letter, scene) };
  }
}

const ORDERS: Readonly<Record<string, Order['what']>> = { h: 'hold', r: 'release', c: 'cancel' };

/** Small letters are meant for the selected task, capital ones for its run. */
function askFor(ui: Ui, letter: string, scene: Scene): Ui {
  const what = ORDERS[letter.toLowerCase()];
  if (what === undefined) return ui;
  const isOfRun = letter !== letter.toLowerCase();
  const row = selectedKey(ui, scene.keys);
  const only = scene.runs.length === 1 ? scene.runs[0] : undefined;
  const run = row?.run ?? ui.focus ?? only;
  if (run === undefined || (!isOfRun && row === undefined)) return ui;
  const order = { what, run, ...(isOfRun || row === undefined ? {} : { task: row.task }) };
  const from = ui.mode.kind === 'details' ? 'details' : 'table';
  return {
    ...ui,
    ...(row === undefined ? {} : { selected: row }),
    mode: { kind: 'confirm', order, back: from },
  };
}

function confirm(
  ui: Ui,
  { order, back: kind }: Extract<Mode, { kind: 'confirm' }>,
  key: Key,
): Pressed {
  const answered = { ...ui, mode: { kind } };
  if (key.text === 'y' || key.text === 'Y')
    return { ui: answered, intent: { kind: 'order', order } };
  return { ui: { ...answered, message: { text: 'nothing was done', isBad: false } } };
}

function typeFilter(ui: Ui, before: string, { name, text }: Key): Ui {
  switch (name) {
    case 'return':
    case 'enter':
      return back(ui);
    case 'escape':
      return back({ ...ui, filter: before });
    case 'backspace':
      return { ...ui, filter: ui.filter.replace(/.$/su, '') };
    default: {
      const typed = /^[^\p{Cc}]+$/u.test(text) ? text : '';
      return { ...ui, filter: ui.filter + typed, selected: undefined, at: 0 };
    }
  }
}

function move(ui: Ui, step: number, { keys }: Scene): Ui {
  if (keys.length === 0) return ui;
  const at = Math.min(keys.length - 1, Math.max(0, placeOf(ui, keys) + step));
  return { ...ui, at, selected: keys[at] };
}

function openDetails(ui: Ui, { keys }: Scene): Ui {
  const selected = selectedKey(ui, keys);
  return selected === undefined ? ui : { ...ui, selected, mode: { kind: 'details' } };
}

/** Where the selected row is; when it is gone, where it was. 0 when there are no rows. */
export function placeOf({ selected, at }: Ui, keys: readonly RowKey[]): number {
  const found = selected === undefined ? -1 : keys.findIndex((key) => isSameKey(key, selected));
  return found >= 0 ? found : Math.max(0, Math.min(at, keys.length - 1));
}

/** The task that keys are meant for: in details the one that is shown, whether its row is or not. */
export function selectedKey(ui: Ui, keys: readonly RowKey[]): RowKey | undefined {
  const isBound = ui.mode.kind === 'details' || ui.mode.kind === 'confirm';
  return isBound && ui.selected !== undefined ? ui.selected : keys[placeOf(ui, keys)];
}

function nextSort(sort: Sort): Sort {
  return SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? 'order';
}

/** All, then each by itself. */
function nextRun(focus: string | undefined, runs: readonly string[]): string | undefined {
  if (runs.length < 2) return undefined;
  return focus === undefined ? runs[0] : runs[runs.indexOf(focus) + 1];
}
