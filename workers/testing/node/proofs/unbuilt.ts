/**
 * Headlines, signs and doubts that no built dump makes a verdict say, each with the reason why none can be built. The test fails for one
 * that is missing here, and for one that is said after all.
 */
import type { TextId } from '../../../verdict/words.ts';

export const UNBUILT: Readonly<Partial<Record<TextId, string>>> = {};
