/** KTRAP_FRAMEs on an x64 kernel stack, recognised by what must agree in one. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { isCodeSelector, isTrapFrame, isUserTrap, KTRAP_FRAME64, parseTrapFrame, type TrapFrame } from '../formats/dump/trapframe.ts';
import type { Registers } from './frame.ts';
import type { Walker } from './walker.ts';

const USER_TOP = 0x7fff_ffff_0000n;

export interface Trap {
  readonly at: Va;
  readonly registers: Registers;
  readonly user: boolean;
}

/**
 * Where a trap handler's frame keeps it, from the frame's stack pointer on: at once for exceptions, behind up to fourteen
 * words of copied arguments for system services.
 */
const SEARCH_BYTES = 0x100;
/** The processor aligns the stack before it pushes, and the frame has a multiple of 16 bytes. */
const ALIGNMENT = 16;

/** The trap frame in the frame whose stack pointer is `sp`. */
export function findTrapFrame(walker: Walker, sp: Va): Trap | undefined {
  const first = vaAdd(sp, Number(-sp & 0xfn));
  for (let offset = 0; offset <= SEARCH_BYTES; offset += ALIGNMENT) {
    const trap = readTrapFrame(walker, vaAdd(first, offset));
    if (trap) return trap;
  }
  return undefined;
}

function readTrapFrame(walker: Walker, at: Va): Trap | undefined {
  // Its selectors first: nearly every wrong place fails there.
  const cs = walker.inputs.memory.u16(vaAdd(at, KTRAP_FRAME64.fields.SegCs.offset));
  if (!cs.ok || !isCodeSelector(cs.value)) return undefined;
  const frame = parseTrapFrame(walker.inputs.memory.read(at, KTRAP_FRAME64.size).bytes);
  if (!frame.ok || !isTrapFrame(frame.value) || !fitsStack(walker, at, frame.value)) return undefined;
  return { at, registers: frame.value.registers, user: isUserTrap(frame.value) };
}

/** Whether what was interrupted can have stood above the frame. */
function fitsStack(walker: Walker, at: Va, frame: TrapFrame): boolean {
  const { rip, rsp } = frame.registers;
  if (frame.mxCsr > 0xffff) return false;
  if (isUserTrap(frame)) return isUser(rip) && isUser(rsp);
  if (rsp % 8n !== 0n) return false;
  // The processor aligns the stack to 16 bytes and pushes: what was interrupted lies right above, or on another stack.
  const above = rsp - at;
  const near = above >= BigInt(KTRAP_FRAME64.size) && above <= BigInt(KTRAP_FRAME64.size) + 8n;
  const calledNull = rip === 0n;
  return near && (calledNull || walker.inModule(va(rip)));
}

const isUser = (address: bigint): boolean => address >= 0x1_0000n && address < USER_TOP;
