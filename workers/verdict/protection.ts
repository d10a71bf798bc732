/**
 * A general protection fault: Windows reports it as a read of address -1, because the processor gives no address. What the
 * instruction really used is in its operands: a value that is no address, or memory that is not aligned as it must be
 * (Intel SDM volume 3A, interrupt 13; volume 2 names the alignment of each instruction).
 */
import { isCanonical, va } from '../base/address.ts';
import type { Case } from './case.ts';
import type { OperandReading } from './instruction.ts';

export interface Refused {
  readonly reading: OperandReading;
  readonly why: 'not-canonical' | 'not-aligned';
}

/** Of the packed arithmetic only the forms without VEX prefix want alignment. */
const ALIGNED = /^(v?movap[sd]|v?movdqa|v?movnt\w+|(add|sub|mul|div|and|or|xor)p[sd]|p(add|sub|xor|or|and)\w*|fxsave|fxrstor|cmpxchg16b)/;
const WIDEST = 64;
/** 0 where any address will do. */
function alignmentOf(mnemonic: string, size: number): bigint {
  if (!ALIGNED.test(mnemonic) || size < 16) return 0n;
  return size > WIDEST ? 16n : BigInt(size);
}

const allOnes = (pointerSize: 4 | 8): bigint => (pointerSize === 8 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn);

const ACCESS_VIOLATION = 0xc0000005;

/** The fault was reported without an address: as -1, or by a code that carries none (0x3B). */
export function withoutAddress(c: Case): boolean {
  const { address, status, access } = c.fault;
  if (access === 'execute') return false;
  return address === undefined ? status === ACCESS_VIOLATION : address === allOnes(c.world.pointerSize);
}

/** Undefined where the fault has an address of its own, or where no operand explains the refusal. */
export function findRefused(c: Case): Refused | undefined {
  const { instruction, operands } = c;
  if (!instruction || c.target.arch !== 'x64' || !withoutAddress(c)) return undefined;
  const wild = operands.find((reading) => !isCanonical(va(reading.address)));
  if (wild) return { reading: wild, why: 'not-canonical' };
  const [only] = operands;
  if (operands.length !== 1 || !only) return undefined;
  const alignment = alignmentOf(instruction.mnemonic, only.operand.sizeBytes);
  return alignment !== 0n && only.address % alignment !== 0n ? { reading: only, why: 'not-aligned' } : undefined;
}
