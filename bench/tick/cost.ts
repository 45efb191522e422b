/** What passes of the loop cost, as `tick/main.ts --json` prints it. */
export interface TickCost {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly rssBytes: number;
  /** Tasks that ran at once, in the mean of all passes. */
  readonly running: number;
}
