import { costOf } from './ladder.js';
import {
  INPUT_RULES,
  inputViewOf,
  questionOf,
  questionWithout,
  type InputQuestion,
  type InputView,
} from './input-rules.js';
import { remembered } from './memo.js';
import { isPeakSeen } from './peak-seen.js';
import {
  lowerBound,
  type GroupProfile,
  type RuleCost,
  type RuleCosts,
  type RunFacts,
} from './profile.js';
import { ownPastOf, ownPeakOf } from './reruns.js';
import { charged, cheapest, LEFT_OUT_RUNS, leftOutCosts, type Candidate } from './rule-costs.js';
import {
  PLAIN_RULES,
  summariesWithoutOne,
  summaryOf,
  type PeakSummary,
  type Rule,
} from './rules.js';
import { mostWithout } from './statistics.js';
import { areLongRunsMissing } from './survivors.js';
import type { CompletedRun, PeakPrediction } from './types.js';

/** With so few peaks the next is likely to be higher: P(next > max of n) = 1 / (n + 1), whatever the distribution. */
const FEW_RUNS = 3;
/** What the largest is then taken times; no more is added while the long runs are missing. */
const CAUTION = 1.3;
/** Going beyond an estimate costs this many times what it wastes: a run lost is worse than memory idle. */
const PENALTY = 8;
/** The same where the size of the input is known: its rules need the freedom to be tight. */
const INPUT_PENALTY = 4;

type InputRun = CompletedRun & { readonly inputBytes: number };

/** A rule and what it says. */
interface Choice {
  readonly rule: string;
  readonly bytes: number;
}

/** What a profile's runs come to; each part is worked out when it is first asked for. */
interface View {
  readonly summary: PeakSummary;
  readonly plain: () => Choice;
  readonly input: () => InputChooser | undefined;
}

interface InputChooser {
  readonly view: InputView;
  readonly choiceFor: (inputBytes: number) => Choice;
}

const viewFor = remembered((profile): View => {
  const { runs } = profile;
  const used = runs.reduce((sum, { peakBytes, durationMs }) => sum + peakBytes * durationMs, 0);
  const summary = summaryOf(peaksOf(runs));
  const typicalByteMs = used / Math.max(runs.length, 1);
  return {
    summary,
    plain: once(() => plainChoice(profile, summary, typicalByteMs)),
    input: once(() => inputChooser(profile, summary, typicalByteMs)),
  };
});

function viewOf(profile: GroupProfile): View {
  return viewFor(profile, undefined);
}

const predictionFor = remembered((profile, inputBytes): PeakPrediction => {
  const { rule, bytes } = choiceFor(profile, inputBytes);
  const floor = lowerBound(profile, inputBytes);
  return {
    bytes: Math.ceil(Math.max(bytes, floor)),
    samples: profile.runs.length,
    rule: floor > bytes ? 'seen in a stopped run' : rule,
  };
});

/**
 * What the rule says that is expected to cost least: by what following it would have cost on past runs, in memory set
 * aside for nothing and in work lost to an estimate that was too low. There must be a completed run.
 */
export function expectedCost(profile: GroupProfile, { inputBytes }: RunFacts): PeakPrediction {
  return predictionFor(profile, inputBytes);
}

/**
 * True when the run went beyond what the profile had said of its group, and of its task where that ran before. One that
 * was over before its peak could be seen stands for what is set aside at least, which says nothing of what it went up to.
 */
export function isOverrun(profile: GroupProfile, run: CompletedRun): boolean {
  const { peakBytes, inputBytes, task } = run;
  if (profile.runs.length === 0 || !isPeakSeen(run)) return false;
  const own = task === undefined ? undefined : ownPastOf(profile, task, inputBytes);
  const expected = choiceFor(profile, inputBytes).bytes;
  return peakBytes > Math.max(expected, own === undefined ? 0 : ownPeakOf(own));
}

/** What the rules have cost, a run later. The profile is that from before it. */
export function chargedWith(
  profile: GroupProfile,
  run: CompletedRun,
): { readonly costs: RuleCosts; readonly inputCosts: RuleCosts } {
  const { costs, inputCosts } = profile;
  if (profile.runs.length === 0) return { costs, inputCosts };
  const { summary, input } = viewOf(profile);
  const { largest } = summary;
  const billAt =
    (penalty: number) =>
    (bytes: number): number =>
      costOf(bytes, run, largest, penalty);
  const plain = charged(costs, PLAIN_RULES, summary, billAt(PENALTY));
  if (run.inputBytes === undefined) return { costs: plain, inputCosts };
  const view = input()?.view;
  const question = view && questionOf(view, run.inputBytes);
  const bill = billAt(INPUT_PENALTY);
  return {
    costs: plain,
    inputCosts: {
      ...charged(inputCosts, PLAIN_RULES, summary, bill),
      ...charged(inputCosts, INPUT_RULES, question, bill),
    },
  };
}

function choiceFor(profile: GroupProfile, inputBytes: number | undefined): Choice {
  const { plain, input } = viewOf(profile);
  const chooser = inputBytes === undefined ? undefined : input();
  return inputBytes === undefined || chooser === undefined
    ? plain()
    : chooser.choiceFor(inputBytes);
}

function plainChoice(
  { runs, costs }: GroupProfile,
  summary: PeakSummary,
  typicalByteMs: number,
): Choice {
  const cautious = { rule: `max × ${CAUTION}`, bytes: CAUTION * summary.largest };
  if (runs.length < FEW_RUNS) return cautious;
  const leftOut = leftOutPlain(runs, PENALTY);
  const best = cheapest(candidatesOf(PLAIN_RULES, summary, costs, leftOut), typicalByteMs);
  if (best === undefined) return cautious;
  const awaited = Math.min(cautious.bytes, 2 * summary.largest - summary.smallest);
  if (best.bytes < awaited && areLongRunsMissing(runs))
    return { rule: 'max + spread', bytes: awaited };
  return { rule: best.name, bytes: best.bytes };
}

function inputChooser(
  { runs, inputCosts }: GroupProfile,
  summary: PeakSummary,
  typicalByteMs: number,
): InputChooser | undefined {
  const points = runs.filter((run): run is InputRun => run.inputBytes !== undefined);
  const view = inputViewOf(points);
  if (view === undefined) return undefined;
  const plain = once(() =>
    candidatesOf(PLAIN_RULES, summary, inputCosts, leftOutPlain(runs, INPUT_PENALTY)),
  );
  const leftOut = once(() => leftOutInputs(points, view));
  return {
    view,
    choiceFor: (inputBytes) => {
      const question = questionOf(view, inputBytes);
      const informed = candidatesOf(INPUT_RULES, question, inputCosts, leftOut());
      const best = cheapest([...plain(), ...informed], typicalByteMs);
      return { rule: best?.name ?? '', bytes: best?.bytes ?? 0 };
    },
  };
}

function candidatesOf<Basis>(
  rules: readonly Rule<Basis>[],
  basis: Basis,
  costs: RuleCosts,
  leftOut: readonly RuleCost[],
): Candidate[] {
  const none = { byteMs: 0, runs: 0 };
  return rules.flatMap(({ name, bytesOf, isCautious }, at) => {
    const bytes = bytesOf(basis);
    if (bytes === undefined) return [];
    return [{ name, bytes, isCautious, past: costs[name] ?? none, leftOut: leftOut[at] ?? none }];
  });
}

function leftOutPlain(runs: readonly CompletedRun[], penalty: number): RuleCost[] {
  const newest = runs.slice(-LEFT_OUT_RUNS);
  const others = summariesWithoutOne(peaksOf(newest));
  return leftOutCosts(
    PLAIN_RULES,
    newest.flatMap((run, at) => {
      const basis = others[at];
      return basis === undefined ? [] : [{ run, basis, largestBytes: basis.largest }];
    }),
    penalty,
  );
}

function leftOutInputs(points: readonly InputRun[], view: InputView): RuleCost[] {
  const first = Math.max(0, points.length - LEFT_OUT_RUNS);
  return leftOutCosts<InputQuestion>(
    INPUT_RULES,
    points.slice(first).map((run, at) => ({
      run,
      basis: questionWithout(view, first + at),
      largestBytes: mostWithout(view.largestPeak, first + at),
    })),
    INPUT_PENALTY,
  );
}

function peaksOf(runs: readonly CompletedRun[]): number[] {
  return runs.map(({ peakBytes }) => peakBytes);
}

/** Works a value out when it is first asked for. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
