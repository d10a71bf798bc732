/** Three kinds of built dump for a rule, and what a careful reader says of each. */
import type { Cause, Sureness } from '../../../verdict/verdict.ts';
import type { TextId } from '../../../verdict/words.ts';
import { Draw, hashOf } from '../../faults/draw.ts';
import { KINDS } from '../../faults/kinds.ts';
import type { MadeFault } from '../../faults/truth.ts';

/** What the verdict must say, and must not. */
export interface Texts {
  /** Texts that must be there, texts that must not, and what must be said against. */
  readonly shows?: readonly TextId[];
  readonly lacks?: readonly TextId[];
  readonly doubts?: readonly TextId[];
  /** What the helper's sentences of the evidence must say. */
  readonly words?: readonly RegExp[];
}

export interface Expected extends Texts {
  readonly cause: Cause | readonly Cause[];
  readonly sureness: Sureness | readonly Sureness[];
  /** 'true' names one of the truth's culprits. */
  readonly culprit: 'true' | 'nobody';
}

/** Not wrong by the truth of the made fault, as the score has it. */
export interface Rightly extends Texts {
  readonly asTrue: true;
}

export interface Proved {
  /** What happened, and which fact makes it this kind of dump. */
  readonly says: string;
  readonly make: () => MadeFault;
  readonly expected: Expected | Rightly;
  /** Read as a program that hangs, whatever it failed of. */
  readonly asHang?: true;
}

type Some = readonly [Proved, ...Proved[]];
export interface Proof {
  /** A rule's name, or the id of a text: a sign, a headline, a doubt that rules share. */
  readonly rule: string;
  readonly fires: Some;
  readonly nearly: Some;
  /** What speaks against it: less sure than the surest that fires, or a doubt, evidence, cause or part that none of those has. */
  readonly against: Some;
  /** A sign that decides nothing: it weighs 'context' wherever it shows, and beside it the verdict keeps the doubts that it has. */
  readonly context?: true;
}

/** A dump of a stage of its own; its sentence is its seed. */
export const staged = (says: string, make: (draw: Draw) => MadeFault, expected: Expected | Rightly): Proved => ({
  says,
  make: () => make(new Draw(hashOf(says))),
  expected,
});

/** A dump of the scored set. */
export function ofKind(name: string, number: number, expected: Expected | Rightly): Proved {
  const kind = KINDS.find((one) => one.name === name);
  if (!kind) throw new Error(`no kind ${name}`);
  return { says: `${kind.says} (${name} ${number})`, make: () => kind.make(number), expected };
}

/** Files that only the guest of a virtual machine loads. */
export const GUEST: readonly string[] = ['vmhgfs.sys', 'vmmemctl.sys'];
