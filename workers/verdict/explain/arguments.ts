/** The arguments of a stop with values that need no dump: what the table and the values themselves say. */
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import type { BugCheckEntry, Knowledge } from '../../knowledge/knowledge.ts';
import { irqlName, onlyBit } from '../address.ts';
import { statusWords } from '../case.ts';
import { tableMeaning } from '../parameters.ts';

export type Index = 1 | 2 | 3 | 4;
export const INDICES: readonly Index[] = [1, 2, 3, 4];

export interface ArgumentWords {
  readonly index: Index;
  readonly meaning: string;
  readonly value?: bigint;
  /** What the value says, where it says something by itself: a status, a level, a single bit. */
  readonly reads?: string;
}
/** What the value says by itself. */
export function valueReads(knowledge: Knowledge, code: number, words: string, value: bigint): string | undefined {
  if (/NTSTATUS|\bstatus\b|exception code|error code/i.test(words) && value > 0xffffn && (value >> 32n === 0n || value >> 32n === 0xffff_ffffn))
    return statusWords(knowledge, value);
  if (/\bIRQL\b/.test(words) && value < 256n) return irqlName(value);
  const bit = baseBugCheck(code) === 0x1a ? onlyBit(value) : undefined;
  return bit !== undefined && value > 0xffffn ? `exactly one bit set: bit ${String(bit)}` : undefined;
}

/** The arguments with the values given, as the table and the values put them. */
export function readArguments(knowledge: Knowledge, entry: BugCheckEntry, params: readonly bigint[]): readonly ArgumentWords[] {
  return INDICES.map((index) => {
    const { words } = tableMeaning(entry, index, params);
    const value = params[index - 1];
    const reads = value === undefined ? undefined : valueReads(knowledge, entry.code, words, value);
    return { index, meaning: words, ...(value === undefined ? {} : { value }), ...(reads === undefined ? {} : { reads }) };
  });
}
