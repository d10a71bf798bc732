/** KTRAP_FRAMEs on an x64 kernel stack, recognised by what must agree in one. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type RecordOf, readStructAt, struct, u16, u32, u64 } from '../bytes/struct.ts';
import type { Registers } from './frame.ts';
import type { Walker } from './walker.ts';

const KTRAP_FRAME = struct('KTRAP_FRAME', 0x190, 'x64, Windows 7 to 11: public symbols of nt (_KTRAP_FRAME); wdm.h', {
  mxCsr: u32(0x2c),
  rax: u64(0x30),
  rcx: u64(0x38),
  rdx: u64(0x40),
  r8: u64(0x48),
  r9: u64(0x50),
  r10: u64(0x58),
  r11: u64(0x60),
  faultAddress: u64(0xd0),
  rbp: u64(0x158),
  errorCode: u64(0x160),
  rip: u64(0x168),
  segCs: u16(0x170),
  eFlags: u32(0x178),
  rsp: u64(0x180),
  segSs: u16(0x188),
});
type TrapFrame = RecordOf<typeof KTRAP_FRAME.fields>;

const KERNEL_CS = 0x10;
/** 64-bit code, and 32-bit code under WOW64. */
const USER_CS: ReadonlySet<number> = new Set([0x33, 0x23]);
const KERNEL_SS = new Set([0x18, 0x00]);
const USER_SS = 0x2b;
/** Bits that are always zero in RFLAGS (AMD64 manual, volume 2, 3.1.6): 3, 5, 15, 22 and up; bit 1 is always one. */
const EFLAGS_ZERO = 0xffc0_8028;
const EFLAGS_ONE = 0x2;
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
  const cs = walker.inputs.memory.u16(vaAdd(at, KTRAP_FRAME.fields.segCs.offset));
  if (!cs.ok || (cs.value !== KERNEL_CS && !USER_CS.has(cs.value))) return undefined;
  const { bytes } = walker.inputs.memory.read(at, KTRAP_FRAME.size);
  const frame = readStructAt(KTRAP_FRAME, bytes, 0);
  if (!frame.ok || !isTrapFrame(walker, at, frame.value)) return undefined;
  const { rip, rsp, rbp, rax, rcx, rdx, r8, r9, r10, r11, eFlags } = frame.value;
  return { at, registers: { rip, rsp, rbp, rax, rcx, rdx, r8, r9, r10, r11, efl: BigInt(eFlags) }, user: cs.value !== KERNEL_CS };
}

function isTrapFrame(walker: Walker, at: Va, frame: TrapFrame): boolean {
  const flags = frame.eFlags;
  if ((flags & EFLAGS_ZERO) !== 0 || (flags & EFLAGS_ONE) === 0 || frame.mxCsr > 0xffff) return false;
  if (frame.segCs !== KERNEL_CS) return frame.segSs === USER_SS && isUser(frame.rip) && isUser(frame.rsp);
  if (!KERNEL_SS.has(frame.segSs) || frame.rsp % 8n !== 0n) return false;
  // The processor aligns the stack to 16 bytes and pushes: what was interrupted lies right above, or on another stack.
  const above = frame.rsp - at;
  const near = above >= BigInt(KTRAP_FRAME.size) && above <= BigInt(KTRAP_FRAME.size) + 8n;
  const calledNull = frame.rip === 0n;
  return near && (calledNull || walker.inModule(va(frame.rip)));
}

const isUser = (address: bigint): boolean => address >= 0x1_0000n && address < USER_TOP;
