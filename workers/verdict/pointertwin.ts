/**
 * The same pointer with one bit other: a register, a word of the current frames or a register that the kernel saved at the trap, equal to
 * the bad base register but for a single high bit. Two objects that lie so by chance differ in low bits; above bit 24 (16 MiB) equal rest and one bit is a flip.
 */
import { type Va, va } from '../base/address.ts';
import { viewOf } from '../bytes/struct.ts';
import { onlyBit } from './address.ts';
import type { Case } from './case.ts';
import { spOf } from './fault.ts';

export interface Twin {
  readonly value: bigint;
  readonly bit: number;
  /** "r8", or the address of the word on the stack. */
  readonly where: string;
  readonly command: string;
}

const LOWEST_BIT = 24;
const STACK_BYTES = 0x400;

function flippedBit(bad: bigint, other: bigint): number | undefined {
  const bit = onlyBit(bad ^ other);
  return bit !== undefined && bit >= LOWEST_BIT ? bit : undefined;
}

/** `register` holds the bad value. Values that are no pointers (below 64 KiB) have no twins. */
export function findTwin(c: Case, register: string, bad: bigint): Twin | undefined {
  const { registers, unknown, command } = c.fault;
  if (!registers || bad < 0x1_0000n) return undefined;
  for (const [name, value] of Object.entries(registers)) {
    const bit = name === register || unknown.includes(name) || value < 0x1_0000n ? undefined : flippedBit(bad, value);
    if (bit !== undefined) return { value, bit, where: name, command };
  }
  const sp = spOf(registers, c.target.arch);
  return (sp === undefined ? undefined : inWords(c, bad, { at: sp, length: STACK_BYTES })) ?? inExceptionFrame(c, bad);
}

/**
 * Below a KTRAP_FRAME of x64 stands the return address of its dispatcher, and below that the end of the dispatcher's KEXCEPTION_FRAME:
 * Rbx, Rdi, Rsi, R12 to R15 at 0x100 to 0x130 of 0x140 (vergiliusproject.com, _KEXCEPTION_FRAME). The trap frame itself lacks them.
 */
function inExceptionFrame(c: Case, bad: bigint): Twin | undefined {
  const { context } = c.target;
  if (c.target.arch !== 'x64' || !context.ok || context.value.source !== 'trap-frame' || context.value.at === undefined) return undefined;
  return inWords(c, bad, { at: va(context.value.at - 0x40n), length: 0x38 });
}

function inWords(c: Case, bad: bigint, where: { readonly at: Va; readonly length: number }): Twin | undefined {
  const { at: sp, length } = where;
  const size = c.target.memory.pointerSize;
  const { bytes, got } = c.target.memory.read(sp, length);
  const view = viewOf(bytes);
  for (let at = 0; at + size <= got; at += size) {
    const value = size === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
    const bit = value < 0x1_0000n ? undefined : flippedBit(bad, value);
    if (bit !== undefined) return { value, bit, where: `0x${(sp + BigInt(at)).toString(16)}`, command: `dps 0x${va(sp + BigInt(at)).toString(16)} L1` };
  }
  return undefined;
}
