import { formatCount } from '../../../util/count.js';
import { formatDuration } from '../../../util/duration.js';
import type { ReportAttempt, ReportData } from '../report-data.js';
import { button, el } from './dom.js';
import { lookOfAttempt } from './looks.js';
import { storyLink } from './story-link.js';
import type { Theme } from './theme.js';

/** Moments that are listed at first. */
const MOMENTS_SHOWN = 8;
/** More would not be read; the table has them all. */
const MOMENTS_MAX = 500;

/** Who it is about, how it stands, and the numbers. */
export function overview({ run }: ReportData, theme: Theme): HTMLElement {
  return el(
    'header',
    {},
    el(
      'div',
      { class: 'heading' },
      el('div', {}, el('h1', {}, run.name), el('p', { class: 'about' }, `memsched run ${run.id}`)),
      el('div', { class: 'controls' }, theme.control()),
    ),
    el('p', { class: 'totals' }, run.totals),
    ...run.notes.map((note) => el('p', { class: `note ${run.standing}` }, note)),
    ...(run.commands.length === 0
      ? []
      : [
          el(
            'section',
            { 'aria-labelledby': 'commands-title' },
            el('h2', { id: 'commands-title' }, 'What the user changed meanwhile'),
            el(
              'ul',
              { class: 'moments commands' },
              ...run.commands.map(({ tMs, text }) =>
                el('li', {}, el('span', { class: 'when' }, formatDuration(tMs)), text),
              ),
            ),
          ),
        ]),
    el(
      'dl',
      { class: 'facts' },
      ...run.facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    ),
  );
}

/** Attempts that did not simply succeed, each with a link to its story: what most readers came for. */
export function moments(data: ReportData): HTMLElement {
  const { attempts } = data;
  const all = attempts
    .filter(({ end }) => end !== undefined && end !== 'succeeded')
    .sort((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0));
  const list = el('ul', { class: 'moments' });
  const fill = (shown: number): void => {
    list.replaceChildren(...all.slice(0, shown).map((attempt) => moment(data, attempt)));
  };
  fill(MOMENTS_SHOWN);
  const most = Math.min(all.length, MOMENTS_MAX);
  const more = button(`Show ${most < all.length ? `the first ${most}` : `all ${most}`}`, () => {
    fill(MOMENTS_MAX);
    more.remove();
  });
  return el(
    'section',
    { class: 'panel', id: 'moments', 'aria-labelledby': 'moments-title' },
    el('h2', { id: 'moments-title' }, 'Stopped, killed, failed'),
    el(
      'p',
      { class: 'about' },
      all.length === 0
        ? 'Every attempt that is over succeeded: nothing was preempted, killed, or failed.'
        : `${sumsOf(all)}. Each leads to its story: why, with the numbers and everyone who could have been chosen instead.`,
    ),
    ...(all.length === 0 ? [] : [list]),
    ...(all.length > MOMENTS_SHOWN ? [more] : []),
  );
}

function sumsOf(attempts: readonly ReportAttempt[]): string {
  const sums = new Map<string, number>();
  for (const attempt of attempts) {
    const { label } = lookOfAttempt(attempt);
    sums.set(label, (sums.get(label) ?? 0) + 1);
  }
  const total = `${formatCount(attempts.length)} ${attempts.length === 1 ? 'attempt' : 'attempts'}`;
  return `${total}: ${[...sums].map(([label, count]) => `${formatCount(count)} ${label}`).join(', ')}`;
}

function moment({ tasks }: ReportData, attempt: ReportAttempt): HTMLElement {
  const { colour, sign, label } = lookOfAttempt(attempt);
  const mark = el('span', { class: 'sign', 'aria-hidden': 'true' }, sign);
  mark.style.setProperty('--sign', `var(${colour})`);
  const name = tasks[attempt.task]?.id ?? '';
  return el(
    'li',
    {},
    el('span', { class: 'when' }, formatDuration(attempt.endedMs ?? 0)),
    mark,
    el(
      'span',
      {},
      storyLink(attempt.task, `${name}, attempt ${attempt.number}`, attempt.number),
      `: ${attempt.words ?? label}`,
    ),
  );
}
