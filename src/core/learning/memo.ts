import type { GroupProfile } from './profile.js';

/** Answers that are kept of a profile. */
const MOST_KEPT = 1024;

/** What can be asked of a profile: about a run of which the input has this size, or about any. */
type Question<Answer> = (profile: GroupProfile, inputBytes: number | undefined) => Answer;

/** The same question, answered once for each input: a profile never changes, so neither do the answers. */
export function remembered<Answer>(question: Question<Answer>): Question<Answer> {
  const answers = new WeakMap<GroupProfile, Map<number | undefined, Answer>>();
  return (profile, inputBytes) => {
    let kept = answers.get(profile);
    if (kept === undefined) answers.set(profile, (kept = new Map<number | undefined, Answer>()));
    if (kept.has(inputBytes)) return kept.get(inputBytes) as Answer;
    const answer = question(profile, inputBytes);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(inputBytes, answer);
    return answer;
  };
}
