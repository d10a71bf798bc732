/**
 * CONTEXT records as registers by WinDbg's names. Layouts: winnt.h, _CONTEXT of AMD64, ARM64 and i386.
 * Only the groups that ContextFlags announces are taken, so that a register nobody wrote is absent.
 */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { viewOf } from '../../bytes/struct.ts';
import { FILLER32 } from './filler.ts';

export type DumpArch = 'x64' | 'x86' | 'arm64' | 'arm';

export interface ContextRecord {
  readonly flags: number;
  readonly registers: Readonly<Record<string, bigint>>;
}

type Row = readonly [name: string, offset: number, size: 2 | 4 | 8, group: number];

interface ContextLayout {
  readonly size: number;
  readonly flagsAt: number;
  /** The bit of ContextFlags that names the processor. */
  readonly archBit: number;
  readonly rows: readonly Row[];
}

const CONTROL = 1;
const INTEGER = 2;
const SEGMENTS = 4;
const FLOATING_POINT = 8;
const DEBUG = 0x10;
const ARM64_FLOATING_POINT = 4;

const run = (names: string, offset: number, size: 4 | 8, group: number): Row[] =>
  names.split(' ').map((name, index): Row => [name, offset + index * size, size, group]);
const numbered = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, index) => `x${from + index}`).join(' ');

const AMD64: ContextLayout = {
  size: 1232,
  flagsAt: 0x30,
  archBit: 0x0010_0000,
  rows: [
    ...run('rax rcx rdx rbx', 0x78, 8, INTEGER),
    ['rsp', 0x98, 8, CONTROL],
    ...run('rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15', 0xa0, 8, INTEGER),
    ['rip', 0xf8, 8, CONTROL],
    ['efl', 0x44, 4, CONTROL],
    ['cs', 0x38, 2, CONTROL],
    ['ss', 0x42, 2, CONTROL],
    ['ds', 0x3a, 2, SEGMENTS],
    ['es', 0x3c, 2, SEGMENTS],
    ['fs', 0x3e, 2, SEGMENTS],
    ['gs', 0x40, 2, SEGMENTS],
    ['mxcsr', 0x34, 4, FLOATING_POINT],
    ...run('dr0 dr1 dr2 dr3 dr6 dr7', 0x48, 8, DEBUG),
  ],
};

const ARM64: ContextLayout = {
  size: 912,
  flagsAt: 0,
  archBit: 0x0040_0000,
  rows: [
    ...run(numbered(0, 28), 8, 8, INTEGER),
    ...run('fp lr sp pc', 0xf0, 8, CONTROL),
    ['cpsr', 4, 4, CONTROL],
    ...run('fpcr fpsr', 784, 4, ARM64_FLOATING_POINT),
  ],
};

const X86: ContextLayout = {
  size: 716,
  flagsAt: 0,
  archBit: 0x0001_0000,
  rows: [
    ...run('gs fs es ds', 140, 4, SEGMENTS),
    ...run('edi esi ebx edx ecx eax', 156, 4, INTEGER),
    ...run('ebp eip cs efl esp ss', 180, 4, CONTROL),
    ...run('dr0 dr1 dr2 dr3 dr6 dr7', 4, 4, DEBUG),
  ],
};

const LAYOUTS: Readonly<Partial<Record<DumpArch, ContextLayout>>> = { x64: AMD64, arm64: ARM64, x86: X86 };

/** Bytes that a CONTEXT of this processor takes in a kernel dump. */
export function contextSize(arch: DumpArch): number | undefined {
  return LAYOUTS[arch]?.size;
}

export function parseContext(data: Uint8Array, arch: DumpArch): Found<ContextRecord> {
  const layout = LAYOUTS[arch];
  if (!layout) return missing({ why: 'unknown-layout', type: '_CONTEXT', build: arch });
  if (data.length < layout.size) return missing({ why: 'outside-file', at: 0, length: layout.size, fileSize: data.length });
  const view = viewOf(data);
  const flags = view.getUint32(layout.flagsAt, true);
  if (flags === FILLER32) return missing({ why: 'not-written-by', writer: 'the dump writer', what: 'CONTEXT' });
  if ((flags & layout.archBit) === 0 || (flags & CONTROL) === 0) {
    return notValid('ContextFlags', hex(flags), `bit ${hex(layout.archBit)} (${arch}) and CONTEXT_CONTROL`);
  }
  const registers: Record<string, bigint> = {};
  for (const [name, offset, size, group] of layout.rows) {
    if ((flags & group) === 0) continue;
    registers[name] = size === 8 ? view.getBigUint64(offset, true) : BigInt(size === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true));
  }
  return found({ flags, registers });
}
