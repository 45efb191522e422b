import { until as untilWithin } from '../../support/poll.js';

/** A generous deadline: the guest is emulated, and may share its host with others. */
const DEADLINE_MS = 60_000;

/** {@link untilWithin} with the patience that an emulated machine needs. */
export async function until(
  what: string,
  condition: () => boolean,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  await untilWithin(what, condition, deadlineMs);
}
