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
  const code = tables.code(at, Math.min(MAX_BYTES, Math.max(0, entry.end - at)));
  const released = parseRelease(code);
  const popped = parsePops(code, released.next);
  if (!endsFunction(tables, entry, { code, next: popped.next, at })) return undefined;
  return { ...(released.release ? { release: released.release } : {}), pops: popped.pops };
}

/** 48 83 C4 ib, 48 81 C4 id: add rsp. 48..4F 8D with rsp as destination: lea rsp,[register+displacement]. */
function parseRelease(code: Uint8Array): { release?: NonNullable<Epilog['release']>; next: number } {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const [rex = 0, opcode = 0, modrm = 0] = code;
  if (rex === 0x48 && modrm === 0xc4 && opcode === 0x83 && code.length >= 4) return { release: { kind: 'add', size: BigInt(view.getInt8(3)) }, next: 4 };
  if (rex === 0x48 && modrm === 0xc4 && opcode === 0x81 && code.length >= 7) return { release: { kind: 'add', size: BigInt(view.getInt32(3, true)) }, next: 7 };
  if ((rex & 0xfe) !== 0x48 || opcode !== 0x8d || ((modrm >> 3) & 7) !== 4 || (modrm & 7) === 4) return { next: 0 };
  const register = GENERAL[(modrm & 7) | ((rex & 1) << 3)] ?? 'rbp';
  const mode = modrm >> 6;
  if (mode === 1 && code.length >= 4) return { release: { kind: 'lea', register, displacement: BigInt(view.getInt8(3)) }, next: 4 };
  if (mode === 2 && code.length >= 7) return { release: { kind: 'lea', register, displacement: BigInt(view.getInt32(3, true)) }, next: 7 };
  return { next: 0 };
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

/** ret, rep ret, ret imm16, a jump through memory or a register, or a direct jump that leaves the function. */
function endsFunction(tables: UnwindTables, entry: RuntimeFunction, { code, next, at }: Ending): boolean {
  const first = code[next];
  const second = code[next + 1] ?? -1;
  if (first === 0xc3 || first === 0xc2 || (first === 0xf3 && second === 0xc3)) return true;
  if (first === 0xff && second === 0x25) return true;
  if (first !== undefined && (first & 0xf8) === 0x48 && second === 0xff && ((code[next + 2] ?? 0) & 0x38) === 0x20) return true;
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  if (first === 0xeb && next + 2 <= code.length) return leaves(tables, entry, at + next + 2 + view.getInt8(next + 1));
  if (first === 0xe9 && next + 5 <= code.length) return leaves(tables, entry, at + next + 5 + view.getInt32(next + 1, true));
  return false;
}

/** A jump to the function's own start is a tail call too; one into another piece of the function is not. */
function leaves(tables: UnwindTables, entry: RuntimeFunction, target: number): boolean {
  const home = tables.root(entry);
  if (target === home.begin) return true;
  const there = tables.find(target);
  return !there || tables.root(there).begin !== home.begin;
}
