/** What a pattern over several dumps is, with its evidence: the form of a single verdict, each line naming the dumps that show it. */
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import type { Cause, NextStep, Part, Rival, Sureness, Text, Weight } from '../verdict.ts';
import { type DumpFacts, isKernel } from './facts.ts';
import { lineOf } from '../words/lines.ts';
import { caseText } from './words.ts';

/** Where a line is shown: this command, on this dump. */
export interface CaseProof {
  readonly dump: string;
  readonly command: string;
}
export interface CaseEvidence {
  readonly says: Text;
  readonly weighs: Weight;
  readonly shows: readonly CaseProof[];
}

export interface CaseVerdict {
  readonly rule: string;
  readonly headline: Text;
  readonly sureness: Sureness;
  readonly cause: Cause;
  readonly module?: string;
  readonly part?: Part;
  /** Ids of the crashes that make the pattern; the headline's number is their count. */
  readonly in: readonly string[];
  readonly of: number;
  readonly evidence: readonly CaseEvidence[];
  readonly against: readonly CaseEvidence[];
  readonly rivals: readonly Rival[];
  readonly wouldSettle: readonly Text[];
  readonly steps: readonly NextStep[];
}

/** More lines of one kind are no more evidence to a reader. */
const MAX_LINES = 12;
const MAX_STEPS = 3;

export class CaseFinding {
  readonly evidence: CaseEvidence[] = [];
  readonly against: CaseEvidence[] = [];
  readonly rivals: Rival[] = [];
  readonly wouldSettle: Text[] = [];
  readonly steps: NextStep[] = [];
  cause: Cause = 'not-known';
  sureness: Sureness = 'not-known';
  module: string | undefined;
  part: Part | undefined;
  readonly rule: string;
  readonly headline: Text;
  /** The crashes of the pattern, and all of this PC. */
  readonly members: readonly DumpFacts[];
  readonly all: readonly DumpFacts[];

  constructor(rule: string, headline: Text, members: readonly DumpFacts[], all: readonly DumpFacts[]) {
    this.rule = rule;
    this.headline = headline;
    this.members = members;
    this.all = all;
  }

  judge(cause: Cause, sureness: Sureness): this {
    this.cause = cause;
    this.sureness = sureness;
    return this;
  }
  blame(module: string | undefined, part?: Part): this {
    this.module = module;
    this.part = part;
    return this;
  }
  show(says: Text, shows: readonly CaseProof[], weighs: Weight = 'for'): this {
    if (this.evidence.filter((one) => one.says.id === says.id).length < MAX_LINES) this.evidence.push({ says, weighs, shows });
    return this;
  }
  oppose(says: Text, shows: readonly CaseProof[]): this {
    if (this.against.length < MAX_LINES) this.against.push({ says, weighs: 'against', shows });
    return this;
  }
  rival(one: Omit<Rival, 'why'>, why: Text): this {
    if (!this.rivals.some((known) => known.why.id === why.id)) this.rivals.push({ ...one, why });
    return this;
  }
  settle(one: Text): this {
    this.wouldSettle.push(one);
    return this;
  }
  step(says: Text, copy = lineOf(says)): this {
    if (this.steps.length < MAX_STEPS) this.steps.push(copy === undefined ? { says } : { says, copy });
    return this;
  }
  verdict(): CaseVerdict {
    return {
      rule: this.rule,
      headline: this.headline,
      sureness: this.sureness,
      cause: this.cause,
      ...(this.module === undefined ? {} : { module: this.module }),
      ...(this.part === undefined ? {} : { part: this.part }),
      in: this.members.map(({ id }) => id),
      of: this.all.length,
      evidence: this.evidence,
      against: this.against,
      rivals: this.rivals,
      wouldSettle: this.wouldSettle,
      steps: this.steps,
    };
  }
}

/** "0x7E SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"; the code alone where it has no public name. */
export function stopOf(one: DumpFacts): string {
  if (one.code === undefined) return one.codeName;
  const code = isKernel(one) ? `0x${baseCode(one).toString(16).toUpperCase()}` : one.code;
  return one.codeName === one.code ? code : `${code} ${one.codeName.replace(/_M$/, '')}`;
}
/** The crash in the words of the lines that name it. */
export const crashArgs = (one: DumpFacts): { readonly stop: string; readonly headline: string; readonly helper: string } => ({
  stop: stopOf(one),
  headline: one.verdict.headline,
  helper: one.verdict.helper,
});
/** 0 where the dump names no stop. */
export const baseCode = (one: DumpFacts): number => (one.code === undefined ? 0 : baseBugCheck(Number(one.code)));

/** What decided the dump's own verdict. */
export function ownProof(one: DumpFacts): CaseProof {
  const { evidence } = one.verdict;
  const best = evidence.find(({ weighs }) => weighs === 'decides') ?? evidence[0];
  return { dump: one.id, command: best?.command ?? '!analyze -v' };
}

/** Every crash that is no part of the pattern speaks against it, in its own words. */
export function opposeOthers(f: CaseFinding): void {
  for (const one of f.all) if (!f.members.includes(one)) f.oppose(caseText('a-elsewhere', crashArgs(one)), [ownProof(one)]);
}
