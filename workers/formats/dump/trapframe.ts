/**
 * KTRAP_FRAME of x64: what the processor and KiPageFault and its like saved when a trap came.
 * Layout: public symbols of ntkrnlmp (Vergilius Project, _KTRAP_FRAME x64), the same from Windows 7 to 11; checked on real dumps.
 */
import { type Found, mapFound } from '../../base/found.ts';
import { readStructAt, struct, u16, u32, u64 } from '../../bytes/struct.ts';

export const KTRAP_FRAME64 = struct('KTRAP_FRAME', 0x190, 'Vergilius Project, _KTRAP_FRAME x64', {
  MxCsr: u32(0x2c),
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

/** By WinDbg's names: the volatile registers, rbp and the machine frame. */
type TrapRegister = 'rax' | 'rcx' | 'rdx' | 'r8' | 'r9' | 'r10' | 'r11' | 'rip' | 'rsp' | 'rbp' | 'efl' | 'cs' | 'ss';

export interface TrapFrame {
  readonly registers: Readonly<Record<TrapRegister, bigint>>;
  readonly faultAddress: bigint;
  readonly errorCode: bigint;
  readonly mxCsr: number;
}

/** Non-volatile registers, which a trap frame of a fault does not hold: the handler's callees keep them. */
export const TRAP_FRAME_UNKNOWN: readonly string[] = ['rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'];

export function parseTrapFrame(data: Uint8Array, at = 0): Found<TrapFrame> {
  return mapFound(readStructAt(KTRAP_FRAME64, data, at), (frame) => ({
    registers: {
      rax: frame.Rax,
      rcx: frame.Rcx,
      rdx: frame.Rdx,
      r8: frame.R8,
      r9: frame.R9,
      r10: frame.R10,
      r11: frame.R11,
      rip: frame.Rip,
      rsp: frame.Rsp,
      rbp: frame.Rbp,
      efl: BigInt(frame.EFlags),
      cs: BigInt(frame.SegCs),
      ss: BigInt(frame.SegSs),
    },
    faultAddress: frame.FaultAddress,
    errorCode: frame.ErrorCode,
    mxCsr: frame.MxCsr,
  }));
}

const KERNEL_CS = 0x10n;
const KERNEL_SS: ReadonlySet<bigint> = new Set([0x18n, 0n]);
/** 64-bit code, and 32-bit code under WOW64. */
const USER_CS: ReadonlySet<bigint> = new Set([0x33n, 0x23n]);
const USER_SS = 0x2bn;
/** RFLAGS: bit 1 is always one; bits 3, 5, 15 and 22 up are always zero (Intel SDM, 3.4.3; AMD64 manual, volume 2, 3.1.6). */
const EFLAGS_ONE = 0x2n;
const EFLAGS_ZERO = 0xffc0_8028n;

export const isUserTrap = (frame: TrapFrame): boolean => frame.registers.cs !== KERNEL_CS;

/** Whether a code selector is one that a trap may have interrupted. */
export const isCodeSelector = (selector: number): boolean => BigInt(selector) === KERNEL_CS || USER_CS.has(BigInt(selector));

/** True where the machine frame could have been pushed by the processor. */
export function isTrapFrame({ registers: { efl, cs, ss } }: TrapFrame): boolean {
  if ((efl & EFLAGS_ONE) === 0n || (efl & EFLAGS_ZERO) !== 0n) return false;
  return cs === KERNEL_CS ? KERNEL_SS.has(ss) : USER_CS.has(cs) && ss === USER_SS;
}
