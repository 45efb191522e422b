import type { ReportData } from '../report-data.js';
import { ChartMaker } from './chart.js';
import { el } from './dom.js';
import { taskFilter } from './filter.js';
import { groupPanels } from './groups.js';
import { MemoryChart } from './memory.js';
import { moments, overview } from './overview.js';
import { pressureChart } from './pressure.js';
import { StoryPanel } from './story.js';
import { storyAddress } from './address.js';
import { TaskTable } from './task-table.js';
import { Theme } from './theme.js';
import { TimeAxis } from './time-axis.js';
import { Timeline } from './timeline.js';

function show(data: ReportData, root: HTMLElement): void {
  const theme = new Theme();
  const axis = new TimeAxis(data.run.untilMs);
  const maker = new ChartMaker(axis, theme);
  const table = new TaskTable(data);
  const timeline = new Timeline(data, axis, maker, ({ task, number }) => {
    location.hash = storyAddress(task, number);
  });
  const filter = taskFilter(data, (shown) => {
    table.filter(shown);
    timeline.filter(shown);
  });
  const story = new StoryPanel(data);
  root.append(
    overview(data, theme),
    el(
      'main',
      {},
      moments(data),
      filter,
      timeline.root,
      new MemoryChart(data, maker).root,
      pressureChart(data, maker),
      ...groupPanels(data, maker),
      table.root,
    ),
    footer(data),
    story.root,
  );
  story.follow();
}

function footer({ memsched, madeAtMs, version }: ReportData): HTMLElement {
  const licences = el(
    'details',
    {},
    el('summary', {}, 'Licences of what this page is made of'),
    el('pre', { tabindex: '0' }, textOf('licences')),
  );
  return el(
    'footer',
    {},
    el(
      'p',
      {},
      `Made by memsched ${memsched} at ${new Date(madeAtMs).toLocaleString()}, data version ${version}. This file is complete: it loads nothing.`,
    ),
    licences,
  );
}

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

const root = document.getElementById('report');
if (root !== null) show(JSON.parse(textOf('report-data')) as ReportData, root);
