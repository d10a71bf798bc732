/**
 * Address kinds. Branded, so that mixing two kinds does not compile.
 * A virtual address is a bigint (64 bits); the others fit a double exactly.
 */
export type Va = bigint & { readonly _: 'va' };
export type Pa = number & { readonly _: 'pa' };
export type Rva = number & { readonly _: 'rva' };
export type Pfn = number & { readonly _: 'pfn' };
export type FileOffset = number & { readonly _: 'fileOffset' };

const MASK64 = 0xffff_ffff_ffff_ffffn;

/** Wraps to 64 bits, as address arithmetic does on the machine. */
export function va(value: bigint): Va {
  return (value >= 0n && value <= MASK64 ? value : BigInt.asUintN(64, value)) as Va;
}
export function vaAdd(base: Va, delta: bigint | number): Va {
  return va(base + BigInt(delta));
}
export const pa = (value: number): Pa => value as Pa;
export const rva = (value: number): Rva => value as Rva;
export const pfn = (value: number): Pfn => value as Pfn;
export const fileOffset = (value: number): FileOffset => value as FileOffset;

/** The distance `at - base` as an RVA, or undefined where it lies outside [0, 2^32). */
export function rvaOf(at: Va, base: Va): Rva | undefined {
  const distance = at - base;
  return distance >= 0n && distance < 0x1_0000_0000n ? rva(Number(distance)) : undefined;
}

/** x64 and ARM64: bits 63..47 (48-bit space) or 63..56 (57-bit space) are copies of the highest translated bit. */
export function isCanonical(at: Va, bits: 48 | 57 = 48): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(bits, at)) === at;
}

export function isKernelHalf(at: Va): boolean {
  return at >= 0xffff_8000_0000_0000n;
}
