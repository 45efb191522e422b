/** How what tasks write is passed on: when a task is finished, as it comes line by line, so with names, or not at all. */
export const OUTPUT_MODES = ['group', 'stream', 'tag', 'none'] as const;

/** One of {@link OUTPUT_MODES}. */
export type OutputMode = (typeof OUTPUT_MODES)[number];
