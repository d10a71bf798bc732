/** Registers by their CodeView numbers (llvm/DebugInfo/CodeView/CodeViewRegisters.def), in WinDbg's names. */
import type { Arch } from '../code/decoder.ts';

function row(first: number, names: string): readonly (readonly [number, string])[] {
  return names.split(' ').map((name, index) => [first + index, name] as const);
}
const numbered = (first: number, count: number, from: number, name: (number: number) => string): readonly (readonly [number, string])[] =>
  Array.from({ length: count }, (_, index) => [first + index, name(from + index)] as const);

const X86 = new Map([...row(1, 'al cl dl bl ah ch dh bh'), ...row(9, 'ax cx dx bx sp bp si di'), ...row(17, 'eax ecx edx ebx esp ebp esi edi')]);
const X64 = new Map([
  ...X86,
  ...row(324, 'sil dil bpl spl'),
  ...row(328, 'rax rbx rcx rdx rsi rdi rbp rsp'),
  ...numbered(336, 8, 8, (number) => `r${number}`),
  ...numbered(344, 8, 8, (number) => `r${number}b`),
  ...numbered(352, 8, 8, (number) => `r${number}w`),
  ...numbered(360, 8, 8, (number) => `r${number}d`),
]);
const ARM64 = new Map([...numbered(10, 31, 0, (number) => `w${number}`), ...numbered(50, 29, 0, (number) => `x${number}`), ...row(79, 'fp lr sp')]);

const TABLES: Readonly<Record<Arch, ReadonlyMap<number, string>>> = { x64: X64, x86: X86, arm64: ARM64, arm: new Map() };

export function registerOf(arch: Arch, number: number): string | undefined {
  return TABLES[arch].get(number);
}

/** What S_FRAMEPROC names as the base of locals: by its two bits, 0 where it names none and the frame pointer is meant. */
const FRAME_BASES: Readonly<Record<Arch, readonly (string | undefined)[]>> = {
  x64: ['rbp', 'rsp', 'rbp', 'r13'],
  x86: ['ebp', undefined, 'ebp', 'ebx'],
  arm64: ['fp', 'sp', 'fp', 'x19'],
  arm: [],
};

export function frameBaseOf(arch: Arch, base: number): string | undefined {
  return FRAME_BASES[arch][base];
}
