import { storyAddress } from './address.js';
import { el } from './dom.js';

/** A link to a task's story. */
export function storyLink(task: number, text: string, attempt?: number): HTMLElement {
  return el('a', { href: storyAddress(task, attempt) }, text);
}
