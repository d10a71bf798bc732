/**
 * Registers of CONTEXT records: [WinDbg's name, offset, size, part]. Layouts from winnt.h (x64, x86, ARM, ARM64) and from
 * Breakpad's minidump_cpu_arm.h and minidump_cpu_arm64.h. What follows the fixed part (XSTATE) adds to it and moves nothing.
 */
type ContextPart = 'control' | 'integer' | 'segments' | 'floating-point' | 'debug';
type RegisterRow = readonly [name: string, offset: number, size: 2 | 4 | 8, part: ContextPart];

export interface ContextLayout {
  readonly name: string;
  /** Bytes of the part that is always there. */
  readonly size: number;
  readonly flagsOffset: number;
  /** The bit of ContextFlags that names the processor. */
  readonly cpuFlag: number;
  readonly parts: Readonly<Partial<Record<ContextPart, number>>>;
  readonly rows: readonly RegisterRow[];
}

export function registerAt(view: DataView, [, offset, size]: RegisterRow): bigint {
  if (size === 8) return view.getBigUint64(offset, true);
  return BigInt(size === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true));
}

const run = (names: readonly string[], first: number, size: 2 | 4 | 8, part: ContextPart): RegisterRow[] =>
  names.map((name, index) => [name, first + index * size, size, part]);
const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const DEBUG = ['dr0', 'dr1', 'dr2', 'dr3', 'dr6', 'dr7'];

export const X64: ContextLayout = {
  name: 'CONTEXT (x64)',
  size: 1232,
  flagsOffset: 48,
  cpuFlag: 0x0010_0000,
  parts: { control: 1, integer: 2, segments: 4, 'floating-point': 8, debug: 16 },
  rows: [
    ...run(['rax', 'rcx', 'rdx', 'rbx'], 120, 8, 'integer'),
    ['rsp', 152, 8, 'control'],
    ...run(['rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'], 160, 8, 'integer'),
    ['rip', 248, 8, 'control'],
    ['efl', 68, 4, 'control'],
    ['cs', 56, 2, 'control'],
    ['ss', 66, 2, 'control'],
    ...run(['ds', 'es', 'fs', 'gs'], 58, 2, 'segments'),
    ...run(DEBUG, 72, 8, 'debug'),
    ['mxcsr', 52, 4, 'floating-point'],
  ],
};

export const X86: ContextLayout = {
  name: 'CONTEXT (x86)',
  size: 716,
  flagsOffset: 0,
  cpuFlag: 0x0001_0000,
  parts: { control: 1, integer: 2, segments: 4, 'floating-point': 8, debug: 16 },
  rows: [
    ...run(['gs', 'fs', 'es', 'ds'], 140, 4, 'segments'),
    ...run(['edi', 'esi', 'ebx', 'edx', 'ecx', 'eax'], 156, 4, 'integer'),
    ...run(['ebp', 'eip', 'cs', 'efl', 'esp', 'ss'], 180, 4, 'control'),
    ...run(DEBUG, 4, 4, 'debug'),
  ],
};
/** Without ExtendedRegisters, as an old writer may cut it. */
export const X86_SHORT: ContextLayout = { ...X86, name: 'CONTEXT (x86, without extended registers)', size: 204 };

const ARM64_INTEGERS = numbered('x', 29);
export const ARM64: ContextLayout = {
  name: 'CONTEXT (ARM64)',
  size: 912,
  flagsOffset: 0,
  cpuFlag: 0x0040_0000,
  parts: { control: 1, integer: 2, 'floating-point': 4, debug: 8 },
  rows: [
    ...run(ARM64_INTEGERS, 8, 8, 'integer'),
    ...run(['fp', 'lr', 'sp', 'pc'], 240, 8, 'control'),
    ['cpsr', 4, 4, 'control'],
    ['fpcr', 784, 4, 'floating-point'],
    ['fpsr', 788, 4, 'floating-point'],
  ],
};
/** 64-bit flags, no CONTROL bit: INTEGER stands for all general registers. */
export const ARM64_BREAKPAD_OLD: ContextLayout = {
  name: 'CONTEXT (ARM64, Breakpad’s first layout)',
  size: 796,
  flagsOffset: 0,
  cpuFlag: 0x8000_0000,
  parts: { control: 2, integer: 2, 'floating-point': 4 },
  rows: [
    ...run(ARM64_INTEGERS, 8, 8, 'integer'),
    ...run(['fp', 'lr', 'sp', 'pc'], 240, 8, 'control'),
    ['cpsr', 272, 4, 'control'],
    ['fpsr', 276, 4, 'floating-point'],
    ['fpcr', 280, 4, 'floating-point'],
  ],
};

const ARM_ROWS: readonly RegisterRow[] = [...run(numbered('r', 13), 4, 4, 'integer'), ...run(['sp', 'lr', 'pc', 'cpsr'], 56, 4, 'control')];
export const ARM: ContextLayout = {
  name: 'CONTEXT (ARM)',
  size: 416,
  flagsOffset: 0,
  cpuFlag: 0x0020_0000,
  parts: { control: 1, integer: 2, 'floating-point': 4, debug: 8 },
  rows: [...ARM_ROWS, ['fpscr', 72, 4, 'floating-point']],
};
/** No CONTROL bit either; the general registers stand where Windows has them. */
export const ARM_BREAKPAD: ContextLayout = {
  ...ARM,
  name: 'CONTEXT (ARM, Breakpad)',
  size: 368,
  cpuFlag: 0x4000_0000,
  parts: { control: 2, integer: 2, 'floating-point': 4 },
  rows: ARM_ROWS,
};
