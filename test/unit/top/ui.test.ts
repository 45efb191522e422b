import { describe, expect, test } from 'vitest';
import type { RowKey } from '../../../src/reporters/tty/top/look.js';
import {
  FIRST_UI,
  placeOf,
  press,
  type Intent,
  type Key,
  type Scene,
  type Ui,
} from '../../../src/reporters/tty/top/ui.js';

const keys: RowKey[] = Array.from({ length: 30 }, (_, at) => ({ run: 'one', task: `t${at}` }));
const SCENE: Scene = { keys, page: 10, runs: ['one', 'two'] };

/** A key as terminals' libraries name it: one letter types itself. */
function key(name: string, isCtrl = false): Key {
  const isLetter = name.length === 1;
  return { name: isLetter ? name.toLowerCase() : name, text: isLetter ? name : '', isCtrl };
}

/** What some keys in a row come to. */
function type(
  names: readonly string[],
  ui: Ui = FIRST_UI,
  scene = SCENE,
): { ui: Ui; intents: Intent[] } {
  const intents: Intent[] = [];
  let now = ui;
  for (const name of names) {
    const pressed = press(now, key(name), scene);
    now = pressed.ui;
    if (pressed.intent !== undefined) intents.push(pressed.intent);
  }
  return { ui: now, intents };
}

describe('moving', () => {
  test.each([
    [['down'], 1],
    [['j', 'j', 'k'], 1],
    [['up'], 0],
    [['pagedown'], 9],
    [['pagedown', 'pagedown', 'pageup'], 9],
    [['end'], 29],
    [['G', 'g'], 0],
    [['end', 'down'], 29],
  ])('%j selects row %i', (names, at) => {
    expect(type(names).ui).toMatchObject({ at, selected: keys[at] });
  });

  test('a selected task keeps its row wherever it goes, and its place when it is gone', () => {
    const { ui } = type(['down', 'down']);
    expect(placeOf(ui, [...keys].reverse())).toBe(27);
    expect(placeOf(ui, keys.slice(5))).toBe(2);
    expect(placeOf(ui, [])).toBe(0);
  });

  test('until the user has moved it is the first row, whoever that is', () => {
    expect(placeOf(FIRST_UI, keys.slice(7))).toBe(0);
  });

  test('nowhere, when there are no rows', () => {
    expect(type(['down', 'end', 'return', 'h'], FIRST_UI, { ...SCENE, keys: [] }).ui.mode).toEqual({
      kind: 'table',
    });
  });
});

describe('orders', () => {
  test.each([
    ['h', { what: 'hold', run: 'one', task: 't1' }],
    ['r', { what: 'release', run: 'one', task: 't1' }],
    ['c', { what: 'cancel', run: 'one', task: 't1' }],
    ['H', { what: 'hold', run: 'one' }],
    ['R', { what: 'release', run: 'one' }],
    ['C', { what: 'cancel', run: 'one' }],
  ])('%s asks first, and y does it', (letter, order) => {
    const asked = type(['down', letter]);
    expect(asked.intents).toEqual([]);
    expect(asked.ui.mode).toMatchObject({ kind: 'confirm', order });
    expect(type(['y'], asked.ui)).toMatchObject({
      intents: [{ kind: 'order', order }],
      ui: { mode: { kind: 'table' } },
    });
  });

  test.each(['n', 'escape', 'return', 'q', 'down', 'h'])('%s does nothing', (other) => {
    const { ui, intents } = type(['c', other]);
    expect(intents).toEqual([]);
    expect(ui).toMatchObject({ mode: { kind: 'table' }, message: { text: 'nothing was done' } });
  });

  test('are for the task that was asked about, whatever moved meanwhile', () => {
    const asked = type(['down', 'c']).ui;
    const { intents } = type(['y'], asked, { ...SCENE, keys: [...keys].reverse() });
    expect(intents).toEqual([{ kind: 'order', order: { what: 'cancel', run: 'one', task: 't1' } }]);
  });

  test('from the details come back to the details', () => {
    const { ui } = type(['down', 'return', 'c', 'y']);
    expect(ui).toMatchObject({ mode: { kind: 'details' }, selected: keys[1] });
  });

  test('for a run need no task, if it is clear which run', () => {
    const empty = { ...SCENE, keys: [], runs: ['one'] };
    expect(type(['C', 'y'], FIRST_UI, empty).intents).toEqual([
      { kind: 'order', order: { what: 'cancel', run: 'one' } },
    ]);
    expect(type(['C', 'y'], FIRST_UI, { ...empty, runs: ['one', 'two'] }).intents).toEqual([]);
  });
});

describe('the filter', () => {
  test('is typed, mended and kept', () => {
    expect(type(['/', 'a', 'ä', 'q', 'backspace', 'return']).ui).toMatchObject({
      filter: 'aä',
      mode: { kind: 'table' },
    });
  });

  test('is dropped with Escape: first what was typed, then all of it', () => {
    const kept = type(['/', 'x', 'return', '/', 'y', 'escape']).ui;
    expect(kept.filter).toBe('x');
    expect(type(['escape'], kept).ui.filter).toBe('');
  });

  test('takes no control characters', () => {
    const { ui } = press(type(['/']).ui, { name: 'f1', text: '\x1b[11~', isCtrl: false }, SCENE);
    expect(ui.filter).toBe('');
  });
});

test('sorting, what is shown, pausing and focus go round', () => {
  const sorts = ['s', 's', 's', 's', 's'].map(
    (_, at) => type(Array<string>(at + 1).fill('s')).ui.sort,
  );
  expect(sorts).toEqual(['memory', 'time', 'name', 'state', 'order']);
  expect(type(['S', 'a', 'p']).ui).toMatchObject({
    isReversed: true,
    showsFinished: true,
    isPaused: true,
  });
  const focus = [1, 2, 3].map((times) => type(Array<string>(times).fill('tab')).ui.focus);
  expect(focus).toEqual(['one', 'two', undefined]);
  expect(type(['tab'], FIRST_UI, { ...SCENE, runs: ['one'] }).ui.focus).toBeUndefined();
});

test.each([
  ['q', false, 'quit'],
  ['c', true, 'quit'],
  ['d', true, 'quit'],
  ['z', true, 'suspend'],
  ['l', true, 'redraw'],
])('%s (ctrl %s) is to %s', (name, isCtrl, kind) => {
  expect(press(FIRST_UI, key(name, isCtrl), SCENE).intent).toEqual({ kind });
});

test('Ctrl-C leaves from everywhere', () => {
  for (const names of [['/', 'x'], ['c'], ['return'], ['?']])
    expect(press(type(names).ui, key('c', true), SCENE).intent).toEqual({ kind: 'quit' });
});

test('help and details are left by the keys that one tries', () => {
  expect(type(['?', 'x']).ui.mode.kind).toBe('table');
  expect(type(['return', 'escape']).ui.mode.kind).toBe('table');
  expect(type(['return', 'q']).ui.mode.kind).toBe('table');
  expect(type(['return', 'down']).ui).toMatchObject({ mode: { kind: 'details' }, at: 1 });
});
