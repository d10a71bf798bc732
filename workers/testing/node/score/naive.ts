/** The rules of thumb that we are compared with: the first module on the stack that is not the kernel, or not Microsoft's. */
import { driveSync } from '../../../base/job.ts';
import type { Session } from '../../../target/target.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import type { Result } from './outcome.ts';

export type NaiveRule = 'not the kernel' | 'not Microsoft';
export interface NaiveAnswer {
  readonly rule: NaiveRule;
  /** Undefined: the stack shows none, so the rule has no answer. */
  readonly culprit: string | undefined;
  readonly result: Result;
  readonly falselyAccused: boolean;
}

const KERNEL = new Set(['ntoskrnl.exe', 'hal.dll', 'ntdll.dll']);

function answer(rule: NaiveRule, culprit: string | undefined, truth: Truth): NaiveAnswer {
  const nobody = truth.undecidable === true || truth.culprits.length === 0;
  if (culprit === undefined) return { rule, culprit, result: nobody ? 'right' : 'silent', falselyAccused: false };
  const did = truth.culprits.some((one) => one.toLowerCase() === culprit.toLowerCase());
  return { rule, culprit, result: did && !truth.undecidable ? 'right' : 'wrong', falselyAccused: !did };
}

/** Who is Microsoft's is taken from the builder: a better list than any debugger has. Having no answer counts for it where there is none. */
export function naiveAnswers(session: Session, fault: MadeFault): readonly NaiveAnswer[] {
  const names = driveSync(session.crashStack()).frames.flatMap(({ place }) => (place ? [place.module.imageName] : []));
  return [
    answer(
      'not the kernel',
      names.find((name) => !KERNEL.has(name)),
      fault.truth,
    ),
    answer(
      'not Microsoft',
      names.find((name) => !KERNEL.has(name) && !fault.ofWindows.has(name)),
      fault.truth,
    ),
  ];
}
