/**
 * Packed unwind data of ARM64: a function of canonical form in one word (learn.microsoft.com/cpp/build/arm64-exception-handling,
 * "Packed unwind data"; where it leaves a choice, as the public .NET runtime's unwinder expands it).
 */
import { alloc, type Arm64Record, codeOf, D8, FP, INSTRUCTION, isEnd, type Operation, saveAt, type Saved, savePush, X19 } from './codes.ts';

export interface Packed {
  readonly fragment: boolean;
  readonly lengthBytes: number;
  /** Saved vector registers, less one; 0 where there are none. */
  readonly regF: number;
  readonly regI: number;
  /** The arguments' registers are stored too. */
  readonly homes: boolean;
  readonly cr: number;
  readonly frameBytes: number;
}

const FRAGMENT = 2;

/** The second word of a .pdata entry whose two lowest bits are 1 or 2. */
export function parsePacked(word: number): Packed {
  return {
    fragment: (word & 3) === FRAGMENT,
    lengthBytes: ((word >>> 2) & 0x7ff) * INSTRUCTION,
    regF: (word >>> 13) & 7,
    regI: (word >>> 16) & 15,
    homes: ((word >>> 20) & 1) === 1,
    cr: (word >>> 21) & 3,
    frameBytes: (word >>> 23) * 16,
  };
}

const CR_SAVED_LR = 1;
const CR_PAC = 2;
const CR_CHAINED = 3;
const LR = 30;
const HOME_BYTES = 64;
/** The largest frame that `stp fp,lr,[sp,#-n]!` can make, and the most that one `sub` takes in packed code. */
const MAX_PUSH = 512;
const MAX_ALLOC = 4080;

/** `count` registers two by two, the last one alone where their number is odd. */
function pairs(bank: 'x' | 'd', first: number, count: number): Saved[] {
  return Array.from({ length: Math.ceil(count / 2) }, (_, pair) => ({ bank, first: first + pair * 2, count: Math.min(2, count - pair * 2) }));
}

/** The saves in the order of their instructions. The first one moves sp down over the whole save area. */
function saves({ regI, regF, cr }: Packed, areaBytes: number): Operation[] {
  const savesLr = cr === CR_SAVED_LR;
  const withLr = savesLr && regI % 2 === 1;
  const general = pairs('x', X19, withLr ? regI - 1 : regI);
  const operations: Operation[] = [];
  let offset = 0;
  const add = (saved: Saved): void => {
    operations.push(operations.length === 0 ? savePush(saved, areaBytes) : saveAt(saved, offset));
    offset += (saved.count ?? 1) * 8;
  };
  general.forEach(add);
  if (withLr) {
    // No instruction stores x19 and lr as a pair and moves sp: it is moved first.
    if (operations.length === 0) operations.push(alloc(areaBytes));
    operations.push({ op: 'save-lrpair', first: X19 + regI - 1, offset });
    offset += 2 * 8;
  } else if (savesLr) add({ first: LR });
  pairs('d', D8, regF === 0 ? 0 : regF + 1).forEach(add);
  return operations;
}

/** Bytes of the save area: registers, and the arguments' homes where there are registers at all. */
function saveBytes({ regI, regF, cr, homes }: Packed): number {
  const registers = (regI + (cr === CR_SAVED_LR ? 1 : 0) + (regF === 0 ? 0 : regF + 1)) * 8;
  return registers === 0 ? 0 : (registers + (homes ? HOME_BYTES : 0) + 15) & ~15;
}

function locals(cr: number, bytes: number): Operation[] {
  if (bytes <= 0) return [];
  const chained = cr === CR_CHAINED || cr === CR_PAC;
  const frame: Saved = { first: FP, count: 2 };
  if (chained && bytes <= MAX_PUSH) return [savePush(frame, bytes), { op: 'set-fp', offset: 0 }];
  const allocs = bytes <= MAX_ALLOC ? [alloc(bytes)] : [alloc(MAX_ALLOC), alloc(bytes - MAX_ALLOC)];
  return chained ? [...allocs, saveAt(frame, 0), { op: 'set-fp', offset: 0 }] : allocs;
}

const END: Operation = { op: 'end' };
const NOP: Operation = { op: 'nop' };

/** A packed entry as a record: the codes of the prolog, then those of the epilog, which has no homes and no mov fp,sp. */
export function expandPacked(packed: Packed): Arm64Record {
  const area = saveBytes(packed);
  const sign: Operation[] = packed.cr === CR_PAC ? [{ op: 'pac-sign-lr' }] : [];
  const before = [...sign, ...saves(packed, area)];
  const homes = packed.homes && area > 0 ? [NOP, NOP, NOP, NOP] : [];
  const after = locals(packed.cr, packed.frameBytes - area);
  const prolog = [...[...before, ...homes, ...after].reverse(), END];
  const epilog = [...[...before, ...after.filter((one) => one.op !== 'set-fp')].reverse(), END];
  const codes = [...prolog, ...(packed.fragment ? [] : epilog)].map((operation, at) => codeOf(operation, at, isEnd(operation) ? 0 : 1));
  return { lengthBytes: packed.lengthBytes, codes, epilogs: packed.fragment ? [] : [{ index: prolog.length }], fragment: packed.fragment };
}
