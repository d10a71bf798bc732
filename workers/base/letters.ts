/** Characters that a number stands for, the lowest byte first, as they stand in memory: 0x5454414d → "MATT". */

const isPrintable = (code: number): boolean => code >= 0x20 && code <= 0x7e;
const codesOf = (value: bigint, size: number): number[] => Array.from({ length: size }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));

/** Undefined where one is not printable. */
export function lettersOf(value: bigint, size: number): string | undefined {
  const codes = codesOf(value, size);
  return codes.every(isPrintable) ? String.fromCharCode(...codes) : undefined;
}

/** Of the low 32 bits. */
export const fourLetters = (value: number | bigint): string | undefined => lettersOf(BigInt(value), 4);

/** A dot for each that is not printable. */
export const fourLettersShown = (value: number | bigint): string =>
  String.fromCharCode(...codesOf(BigInt(value), 4).map((code) => (isPrintable(code) ? code : 0x2e)));

/** Bit 31 of a pool tag marks a protected block and is no part of its letters. */
export const withoutProtection = (tag: number | bigint): bigint => BigInt(tag) & 0x7fff_ffffn;
