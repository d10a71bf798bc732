/** One row of the scored set: what was said, and whether it is right. */
import { driveSync } from '../../../base/job.ts';
import { judge } from '../../../verdict/judge.ts';
import type { Cause, Sureness, Verdict } from '../../../verdict/verdict.ts';
import type { CauseClass, FaultKind, Truth } from '../../faults/truth.ts';
import { sessionOfFault } from './faultsession.ts';
import { type NaiveAnswer, naiveAnswers } from './naive.ts';

/** 'cause only': the class of cause is right and nobody is named, though somebody did it. 'silent': not known, where it could be known. */
export type Result = 'right' | 'cause only' | 'silent' | 'wrong';

export interface Outcome {
  readonly kind: string;
  readonly number: number;
  readonly truth: Truth;
  readonly said: Said;
  readonly result: Result;
  /** Somebody is named who did not do it. */
  readonly falselyAccused: boolean;
  readonly naive: readonly NaiveAnswer[];
  /** Ids of its headline, evidence and doubts. */
  readonly texts: readonly string[];
  /** Who called KeBugCheckEx and whose code broke, where the truth has it. */
  readonly detector?: Told;
  readonly victim?: Told;
}

export type Told = 'right' | 'wrong' | 'silent';

/** The part of a verdict that is scored. */
export interface Said {
  readonly sureness: Sureness;
  readonly cause: Cause;
  readonly culprit: string | undefined;
  readonly rule: string;
  readonly detector?: string;
  readonly victim?: string;
}

const CLASS: Readonly<Record<Cause, CauseClass | undefined>> = {
  'driver-bug': 'driver',
  'application-bug': 'application',
  hardware: 'hardware',
  storage: 'storage',
  firmware: 'firmware',
  'memory-corruption': 'memory',
  hang: 'hang',
  'resource-exhaustion': 'resource',
  manual: 'manual',
  'live-dump': 'live',
  'not-known': undefined,
};

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const named = (said: Said): string | undefined => (said.sureness === 'not-known' ? undefined : said.culprit);

export function saidIn(verdict: Verdict): Said {
  const { sureness, cause, culprit, rule, detector, victim } = verdict;
  const roles = { ...(detector === undefined ? {} : { detector }), ...(victim === undefined ? {} : { victim }) };
  return { sureness, cause, culprit: culprit?.module ?? culprit?.part, rule, ...roles };
}

const told = (truth: string, said: string | undefined): Told => (said === undefined ? 'silent' : same(truth, said) ? 'right' : 'wrong');

function rolesOf(truth: Truth, said: Said): Pick<Outcome, 'detector' | 'victim'> {
  return {
    ...(truth.detector === undefined ? {} : { detector: told(truth.detector, said.detector) }),
    ...(truth.victim === undefined ? {} : { victim: told(truth.victim, said.victim) }),
  };
}

/** Ids of what a verdict says: headline, evidence, doubts. */
export const textsOf = ({ headline, evidence, against }: Verdict): string[] => [headline, ...evidence.map(({ says }) => says), ...against].map(({ id }) => id);

/** Where the bytes do not tell, a name is right at most as a possibility, and only one that the truth allows. */
function resultWhereUndecidable(truth: Truth, said: Said): Result {
  const who = named(said);
  if (who === undefined) return said.sureness === 'certain' && CLASS[said.cause] === 'driver' ? 'wrong' : 'right';
  return said.sureness === 'possible' && truth.culprits.some((one) => same(one, who)) ? 'right' : 'wrong';
}

export function resultOf(truth: Truth, said: Said): Result {
  if (truth.undecidable) return resultWhereUndecidable(truth, said);
  if (said.sureness === 'not-known') return 'silent';
  const cause = CLASS[said.cause];
  if (cause === undefined || !truth.causes.includes(cause)) return 'wrong';
  const who = named(said);
  if (who === undefined) return truth.culprits.length === 0 || truth.namelessToo ? 'right' : 'cause only';
  return truth.culprits.some((one) => same(one, who)) ? 'right' : 'wrong';
}

/** Naming a possibility is an accusation too; a coarse part ("hardware") that is not among the right ones as well. */
export function accusesFalsely(truth: Truth, said: Said): boolean {
  const who = named(said);
  return who !== undefined && !truth.culprits.some((one) => same(one, who));
}

export function outcomeOf(kind: FaultKind, number: number): Outcome {
  const fault = kind.make(number);
  const session = sessionOfFault(fault, `${kind.name}-${number}.dmp`);
  const verdict = driveSync(judge(session));
  const said = saidIn(verdict);
  const { truth } = fault;
  const naive = naiveAnswers(session, fault);
  const result = resultOf(truth, said);
  return { kind: kind.name, number, truth, said, result, falselyAccused: accusesFalsely(truth, said), naive, texts: textsOf(verdict), ...rolesOf(truth, said) };
}
