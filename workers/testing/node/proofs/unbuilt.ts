/** Headlines, signs and doubts that no built dump makes a verdict say, each with the reason. The test holds the table true both ways. */
import type { TextId } from '../../../verdict/words.ts';

export const UNBUILT: Readonly<Partial<Record<TextId, string>>> = {};
