/**
 * KTRAP_FRAME of x64 (wdm.h / public type tables): what the processor and the trap handler saved when a fault was taken.
 * Found by its content: the frame must repeat the address of the faulting instruction and of the memory from the stop code's arguments.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, thenFound } from '../base/found.ts';
import { readStructAt, type RecordOf, struct, u16, u32, u64, viewOf } from '../bytes/struct.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Context } from './target.ts';

export const KTRAP_FRAME = struct('_KTRAP_FRAME', 0x190, 'public type tables of ntkrnlmp.pdb; checked on real dumps', {
  Rax: u64(0x30),
  Rcx: u64(0x38),
  Rdx: u64(0x40),
  R8: u64(0x48),
  R9: u64(0x50),
  R10: u64(0x58),
  R11: u64(0x60),
  FaultAddress: u64(0xd0),
  Rbp: u64(0x158),
  ErrorCode: u64(0x160),
  Rip: u64(0x168),
  SegCs: u16(0x170),
  EFlags: u32(0x178),
  Rsp: u64(0x180),
  SegSs: u16(0x188),
});
export type TrapFrame = RecordOf<typeof KTRAP_FRAME.fields>;

const KERNEL_CS = 0x10;
const USER_CS: ReadonlySet<number> = new Set([0x33, 0x23]);
/** EFLAGS: bit 1 is always set; bits 3, 5, 15 and 22 up are always clear (Intel SDM, 3.4.3). */
const EFLAGS_SET = 0x2;
const EFLAGS_CLEAR = 0xffc0_8028;
/** Not saved for a fault in kernel mode: the handler's callees keep them. */
const NOT_SAVED = ['rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'] as const;

/** True where the machine frame could have been pushed by the processor. */
export function isTrapFrame(frame: TrapFrame): boolean {
  if ((frame.EFlags & EFLAGS_SET) === 0 || (frame.EFlags & EFLAGS_CLEAR) !== 0) return false;
  if (frame.SegCs === KERNEL_CS) return frame.SegSs === 0x18 || frame.SegSs === 0;
  return USER_CS.has(frame.SegCs) && frame.SegSs === 0x2b;
}

export function readTrapFrame(space: AddressSpace, at: Va): Found<TrapFrame> {
  return thenFound(readAll(space, at, KTRAP_FRAME.size), (data) => readStructAt(KTRAP_FRAME, data, 0));
}

export function contextOfTrapFrame(frame: TrapFrame, at: Va): Context {
  return {
    source: 'trap-frame',
    at,
    unknown: NOT_SAVED,
    registers: {
      rax: frame.Rax,
      rcx: frame.Rcx,
      rdx: frame.Rdx,
      rsp: frame.Rsp,
      rbp: frame.Rbp,
      r8: frame.R8,
      r9: frame.R9,
      r10: frame.R10,
      r11: frame.R11,
      rip: frame.Rip,
      efl: BigInt(frame.EFlags),
      cs: BigInt(frame.SegCs),
      ss: BigInt(frame.SegSs),
    },
  };
}

export interface TrapFrameWanted {
  readonly rip?: bigint;
  readonly faultAddress?: bigint;
}
export interface StackRange {
  readonly low: Va;
  readonly high: Va;
}

/** Larger than any kernel stack (24 KiB, 96 KiB for GUI threads of old) and than a DPC stack. */
const MAX_STACK = 256 * 1024;

/** The innermost frame on the stack that agrees with everything wanted. Frames lie on 16 bytes. */
export function findTrapFrame(space: AddressSpace, stack: StackRange, wanted: TrapFrameWanted): Found<{ readonly frame: TrapFrame; readonly at: Va }> {
  const length = stack.high > stack.low ? Number(stack.high - stack.low) : 0;
  const { bytes, got } = space.read(stack.low, Math.min(length, MAX_STACK));
  const view = viewOf(bytes);
  const first = Number(-stack.low & 0xfn);
  for (let at = first; at + KTRAP_FRAME.size <= got; at += 16) {
    if (wanted.rip !== undefined && view.getBigUint64(at + 0x168, true) !== wanted.rip) continue;
    if (wanted.faultAddress !== undefined && view.getBigUint64(at + 0xd0, true) !== wanted.faultAddress) continue;
    const frame = readStructAt(KTRAP_FRAME, bytes, at);
    if (frame.ok && isTrapFrame(frame.value)) return found({ frame: frame.value, at: vaAdd(stack.low, at) });
  }
  return missing({
    why: 'not-valid',
    what: `${got} bytes of stack from ${va(stack.low).toString(16)}`,
    got: 'no trap frame',
    wanted: 'one that repeats the arguments of the stop code',
  });
}
