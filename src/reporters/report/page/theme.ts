import { choice } from './dom.js';

/** What the user chose; `system` follows the system's own setting. */
type Choice = 'system' | 'light' | 'dark';

const DARK = window.matchMedia('(prefers-color-scheme: dark)');

/** Which of the two looks the page has, and who wants to know when it changes: what is drawn on canvas must be drawn anew. */
export class Theme {
  #choice: Choice = 'system';
  #isPrinting = false;
  readonly #listeners: (() => void)[] = [];

  constructor() {
    this.#apply();
    DARK.addEventListener('change', () => {
      this.#apply();
    });
    // Paper is white.
    window.addEventListener('beforeprint', () => {
      this.#isPrinting = true;
      this.#apply();
    });
    window.addEventListener('afterprint', () => {
      this.#isPrinting = false;
      this.#apply();
    });
  }

  /** Calls back whenever the look has changed. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The switch. */
  control(): HTMLElement {
    return choice<Choice>(
      'Theme',
      [
        ['system', 'System'],
        ['light', 'Light'],
        ['dark', 'Dark'],
      ],
      this.#choice,
      (value) => {
        this.#choice = value;
        this.#apply();
      },
    );
  }

  #apply(): void {
    const dark = this.#choice === 'system' ? DARK.matches : this.#choice === 'dark';
    const theme = dark && !this.#isPrinting ? 'dark' : 'light';
    if (document.documentElement.dataset['theme'] === theme) return;
    document.documentElement.dataset['theme'] = theme;
    for (const listener of this.#listeners) listener();
  }
}

/** The value of a colour of the style sheet, such as `--ink`, in the look of now. */
export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
