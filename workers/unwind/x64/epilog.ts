/**
 * Epilogs by their code: the unwinder looks at the bytes from the instruction pointer on, since an epilog has one of few
 * forms (learn.microsoft.com, "x64 prolog and epilog": add rsp or lea rsp, pops of general registers, ret or a jump out).
 */
import type { UnwindTables } from './undo.ts';
import { GENERAL, type RuntimeFunction } from './unwindinfo.ts';

export interface Epilog {
  readonly release?: { readonly kind: 'add'; readonly size: bigint } | { readonly kind: 'lea'; readonly register: string; readonly displacement: bigint };
  readonly pops: readonly string[];
}

/** The longest form: lea with 32 bits, eight pops of two bytes, a jump of seven. */
const MAX_BYTES = 40;
const MAX_POPS = 8;

export function findEpilog(tables: UnwindTables, entry: RuntimeFunction, at: number): Epilog | undefined {
  const code = tables.code(at, at >= entry.begin && at < entry.end ? Math.min(MAX_BYTES, entry.end - at) : MAX_BYTES);
  const released = parseRelease(code);
  const popped = parsePops(code, released.next);
  if (!endsFunction(tables, entry, { code, next: popped.next, at })) return undefined;
  return { ...(released.release ? { release: released.release } : {}), pops: popped.pops };
}

/** Bytes as [mask, value] pairs. */
type Pattern = readonly (readonly [mask: number, value: number])[];

function matches(code: Uint8Array, at: number, pattern: Pattern): boolean {
  return at + pattern.length <= code.length && pattern.every(([mask, value], index) => ((code[at + index] ?? 0) & mask) === value);
}

interface ReleaseForm {
  readonly pattern: Pattern;
  readonly wide: boolean;
  readonly lea: boolean;
}
const ADD_RSP = 0xc4;
/** add rsp,imm8 and imm32; lea rsp,[register+disp8] and [register+disp32]. */
const RELEASES: readonly ReleaseForm[] = [
  {
    pattern: [
      [0xff, 0x48],
      [0xff, 0x83],
      [0xff, ADD_RSP],
    ],
    wide: false,
    lea: false,
  },
  {
    pattern: [
      [0xff, 0x48],
      [0xff, 0x81],
      [0xff, ADD_RSP],
    ],
    wide: true,
    lea: false,
  },
  {
    pattern: [
      [0xfe, 0x48],
      [0xff, 0x8d],
      [0xf8, 0x60],
    ],
    wide: false,
    lea: true,
  },
  {
    pattern: [
      [0xfe, 0x48],
      [0xff, 0x8d],
      [0xf8, 0xa0],
    ],
    wide: true,
    lea: true,
  },
];
/** In a ModRM byte: a SIB byte follows, so the base is not a plain register. */
const RM_SIB = 4;

function parseRelease(code: Uint8Array): { release?: NonNullable<Epilog['release']>; next: number } {
  const form = RELEASES.find((one) => matches(code, 0, one.pattern));
  const next = form?.wide ? 7 : 4;
  if (!form || code.length < next) return { next: 0 };
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const value = BigInt(form.wide ? view.getInt32(3, true) : view.getInt8(3));
  if (!form.lea) return { release: { kind: 'add', size: value }, next };
  const rm = view.getUint8(2) & 7;
  if (rm === RM_SIB) return { next: 0 };
  const register = GENERAL[rm | ((view.getUint8(0) & 1) << 3)] ?? 'rbp';
  return { release: { kind: 'lea', register, displacement: value }, next };
}

/** 58+r, 41 58+r. */
function parsePops(code: Uint8Array, from: number): { pops: string[]; next: number } {
  const pops: string[] = [];
  let next = from;
  while (pops.length < MAX_POPS) {
    const wide = code[next] === 0x41 ? 1 : 0;
    const opcode = code[next + wide] ?? 0;
    if ((opcode & 0xf8) !== 0x58) break;
    pops.push(GENERAL[(opcode & 7) | (wide << 3)] ?? 'rax');
    next += 1 + wide;
  }
  return { pops, next };
}

interface Ending {
  readonly code: Uint8Array;
  readonly next: number;
  /** RVA of code[0]. */
  readonly at: number;
}

/** ret; ret imm16; rep ret; bnd ret; jmp [memory]; jmp through a register with REX. */
const ENDINGS: readonly Pattern[] = [
  [[0xff, 0xc3]],
  [[0xff, 0xc2]],
  [
    [0xff, 0xf3],
    [0xff, 0xc3],
  ],
  [
    [0xff, 0xf2],
    [0xff, 0xc3],
  ],
  [
    [0xff, 0xff],
    [0xff, 0x25],
  ],
  [
    [0xf8, 0x48],
    [0xff, 0xff],
    [0x38, 0x20],
  ],
];

/** One of the endings above, or a direct jump that leaves the function. */
function endsFunction(tables: UnwindTables, entry: RuntimeFunction, { code, next, at }: Ending): boolean {
  if (ENDINGS.some((pattern) => matches(code, next, pattern))) return true;
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  // LLVM marks tail calls with a REX prefix that changes nothing.
  const jump = (code[next] ?? 0) >> 4 === 4 ? next + 1 : next;
  if (code[jump] === 0xeb && jump + 2 <= code.length) return leaves(tables, entry, at + jump + 2 + view.getInt8(jump + 1));
  if (code[jump] === 0xe9 && jump + 5 <= code.length) return leaves(tables, entry, at + jump + 5 + view.getInt32(jump + 1, true));
  return false;
}

/** A jump to the function's own start is a tail call too; one into another piece of the function is not. */
function leaves(tables: UnwindTables, entry: RuntimeFunction, target: number): boolean {
  const home = tables.root(entry);
  if (target === home.begin) return true;
  const there = tables.find(target);
  return !there || tables.root(there).begin !== home.begin;
}
