/** What every label of `!analyze -v` is written from. */
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { Case } from '../verdict/case.ts';
import type { Actor } from '../verdict/actors.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { Context, Session } from '../target/target.ts';
import type { OutputNode } from './spec.ts';

export interface Analysis {
  readonly session: Session;
  /** On the stack that is followed. */
  readonly case: Case;
  readonly verdict: Verdict;
  /** Registers whose stack is followed, where it is not that of the stop. */
  readonly followed: Context | undefined;
  /** The frame that the bucket names. */
  readonly followUp: Actor | undefined;
  /** Modules over that frame that the bucket passes over. */
  readonly passedOver: readonly string[];
  /** Who waits for whom, where the dump is read as one of a hang. */
  readonly waits?: readonly OutputNode[];
}
export type Group = (analysis: Analysis) => readonly OutputNode[];

export const codeOf = ({ target }: Session): number => (target.bugCheck ? baseBugCheck(target.bugCheck.code) : 0);
export const isUser = ({ target }: Session): boolean => target.kind === 'user';
