/**
 * The trap frame of the fault on an x64 kernel stack, found by its content: it must repeat the address of the faulting
 * instruction and of the memory from the stop code's arguments.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, thenFound } from '../base/found.ts';
import { viewOf } from '../bytes/struct.ts';
import { isTrapFrame, KTRAP_FRAME64, parseTrapFrame, TRAP_FRAME_UNKNOWN, type TrapFrame } from '../formats/dump/trapframe.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Context } from './target.ts';

export function readTrapFrame(space: AddressSpace, at: Va): Found<TrapFrame> {
  return thenFound(readAll(space, at, KTRAP_FRAME64.size), (data) => parseTrapFrame(data));
}

export function contextOfTrapFrame({ registers }: TrapFrame, at: Va): Context {
  return { source: 'trap-frame', at, unknown: TRAP_FRAME_UNKNOWN, registers };
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
  const { Rip, FaultAddress } = KTRAP_FRAME64.fields;
  const first = Number(-stack.low & 0xfn);
  for (let at = first; at + KTRAP_FRAME64.size <= got; at += 16) {
    if (wanted.rip !== undefined && view.getBigUint64(at + Rip.offset, true) !== wanted.rip) continue;
    if (wanted.faultAddress !== undefined && view.getBigUint64(at + FaultAddress.offset, true) !== wanted.faultAddress) continue;
    const frame = parseTrapFrame(bytes, at);
    if (frame.ok && isTrapFrame(frame.value)) return found({ frame: frame.value, at: vaAdd(stack.low, at) });
  }
  return missing({
    why: 'not-valid',
    what: `${got} bytes of stack from ${va(stack.low).toString(16)}`,
    got: 'no trap frame',
    wanted: 'one that repeats the arguments of the stop code',
  });
}
