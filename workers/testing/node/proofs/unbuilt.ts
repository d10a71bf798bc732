/**
 * Headlines, signs and doubts that no built dump makes a verdict say, each with the reason why none can be built. The test fails for one
 * that is missing here, and for one that is said after all.
 */
import type { TextId } from '../../../verdict/words.ts';

export const UNBUILT: Readonly<Partial<Record<TextId, string>>> = {};

/** Proofs whose dumps against hold nothing yet that speaks against it more than what always does. The test fails for one that does. */
const AT_THE_FLOOR = 'the verdict is no surer than possible where it fires; what speaks against it in the dump is told as a rival or not at all';
const STANDING = 'the doubt that the dump tells is one that this verdict always has';
export const UNOPPOSED: Readonly<Record<string, string>> = {
  ...{ 'reference-count': AT_THE_FLOOR, 'kernel-heap': AT_THE_FLOOR, 'other-pool': AT_THE_FLOOR, 'h-app-hang': AT_THE_FLOOR },
  ...{ 'h-app-hang-error': AT_THE_FLOOR, 'h-app-loader': AT_THE_FLOOR, 'e-heap-kind': AT_THE_FLOOR, 'e-stowed-text': AT_THE_FLOOR },
  ...{ 'e-pool-before': AT_THE_FLOOR, 'e-pointer-twin': AT_THE_FLOOR, 'e-points-at': AT_THE_FLOOR, 'e-code-patched': AT_THE_FLOOR },
  ...{ 'e-address': STANDING, 'h-app-memory': STANDING, 'e-owner-tag': STANDING },
  ...{ 'e-recursion-words': 'the frames that cannot be walked are the sign and the doubt at once' },
};
