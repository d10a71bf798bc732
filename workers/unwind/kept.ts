/** Registers that a called function must leave as they were: what is known of a caller where its callee's unwind data was undone. */
import type { Arch } from '../code/decoder.ts';
import type { Registers } from './frame.ts';

const numbered = (prefix: string, from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${from + index}`);

/**
 * learn.microsoft.com: "x64 calling convention", "Overview of ARM64 ABI conventions", "Overview of ARM32 ABI conventions",
 * "Argument passing and naming conventions" (x86); with the instruction and stack pointers.
 */
const KEPT: Readonly<Record<Arch, ReadonlySet<string>>> = {
  x64: new Set(['rip', 'rsp', 'rbx', 'rbp', 'rsi', 'rdi', ...numbered('r', 12, 15)]),
  x86: new Set(['eip', 'esp', 'ebx', 'ebp', 'esi', 'edi']),
  arm64: new Set(['pc', 'sp', 'fp', ...numbered('x', 19, 28)]),
  arm: new Set(['pc', 'sp', ...numbered('r', 4, 11)]),
};

export function keptRegisters(arch: Arch, registers: Registers): Registers {
  return Object.fromEntries(Object.entries(registers).filter(([name]) => KEPT[arch].has(name)));
}
