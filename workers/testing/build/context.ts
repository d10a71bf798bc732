/** CONTEXT records as winnt.h lays them out. */
import { ascii, put } from './binary.ts';
import { X64_REGISTERS, type X64Register } from './assembler.ts';

export type X64Registers = Partial<Record<X64Register | 'rip', bigint>> & { readonly eflags?: number; readonly user?: boolean };

/** CONTEXT_AMD64, 1232 bytes: Rax at 0x78 … R15 at 0xf0, Rip at 0xf8. */
export function x64Context(registers: X64Registers, flags = 0x10000f): Uint8Array {
  const bytes = new Uint8Array(1232);
  put(bytes, 0x30, 4, flags);
  put(bytes, 0x34, 4, 0x1f80);
  const segments = registers.user ? [0x33, 0x2b, 0x2b, 0x53, 0x2b, 0x2b] : [0x10, 0x2b, 0x2b, 0x53, 0x2b, 0x18];
  segments.forEach((selector, index) => put(bytes, 0x38 + index * 2, 2, selector));
  put(bytes, 0x44, 4, registers.eflags ?? 0x40246);
  X64_REGISTERS.forEach((name, index) => put(bytes, 0x78 + index * 8, 8, registers[name] ?? 0n));
  put(bytes, 0xf8, 8, registers.rip ?? 0n);
  put(bytes, 0x100, 2, 0x27f); // FltSave.ControlWord
  put(bytes, 0x118, 4, 0x1f80); // FltSave.MxCsr
  put(bytes, 0x11c, 4, 0x2ffff); // FltSave.MxCsr_Mask
  return bytes;
}

export interface Arm64Registers {
  /** x0 … x28 */
  readonly x?: readonly bigint[];
  readonly fp?: bigint;
  readonly lr?: bigint;
  readonly sp: bigint;
  readonly pc: bigint;
  readonly cpsr?: number;
}

/** ARM64_NT_CONTEXT, 912 bytes: X0 at 8, Fp 0xf0, Lr 0xf8, Sp 0x100, Pc 0x108. */
export function arm64Context(registers: Arm64Registers, flags = 0x400007): Uint8Array {
  const bytes = new Uint8Array(912);
  put(bytes, 0, 4, flags);
  put(bytes, 4, 4, registers.cpsr ?? 0x60000044);
  (registers.x ?? []).forEach((value, index) => put(bytes, 8 + index * 8, 8, value));
  [registers.fp ?? 0n, registers.lr ?? 0n, registers.sp, registers.pc].forEach((value, index) => put(bytes, 0xf0 + index * 8, 8, value));
  return bytes;
}

export type X86Register = 'edi' | 'esi' | 'ebx' | 'edx' | 'ecx' | 'eax' | 'ebp' | 'eip' | 'esp';
const X86_PLACES: Readonly<Record<X86Register, number>> = { edi: 156, esi: 160, ebx: 164, edx: 168, ecx: 172, eax: 176, ebp: 180, eip: 184, esp: 196 };

/** CONTEXT for x86, 716 bytes. */
export function x86Context(registers: Partial<Record<X86Register, number>>, flags = 0x1003f): Uint8Array {
  const bytes = new Uint8Array(716);
  put(bytes, 0, 4, flags);
  put(bytes, 28, 4, 0x27f);
  // SegGs, SegFs, SegEs, SegDs; SegCs, EFlags; SegSs
  [0x2b, 0x53, 0x2b, 0x2b].forEach((selector, index) => put(bytes, 140 + index * 4, 4, selector));
  put(bytes, 188, 4, 0x23);
  put(bytes, 192, 4, 0x10246);
  put(bytes, 200, 4, 0x2b);
  for (const [name, value] of Object.entries(registers) as [X86Register, number][]) put(bytes, X86_PLACES[name], 4, value);
  return bytes;
}

/** The three dwords of CPUID leaf 0 as text. */
export const vendorBytes = (vendor: 'GenuineIntel' | 'AuthenticAMD'): Uint8Array => ascii(vendor);
