/**
 * Packed unwind data of ARM: a function of canonical form in one word (learn.microsoft.com/cpp/build/arm-exception-handling,
 * "Packed unwind data", with its table of prolog and epilog instructions).
 */
import { LR, type Operation, registerRun, type ThumbCode, type ThumbRecord } from './codes.ts';

const R11 = 11;
const FRAGMENT = 2;
/** From this value on the stack adjustment is a few words, folded into the push, the pop, or both. */
const FOLDED = 0x3f4;
const RET_NONE = 3;
/** Bytes of the instruction that returns, by Ret: pop to PC returns itself, then a short and a long branch. */
const RETURN_BYTES = [0, 2, 4, 0] as const;

interface Packed {
  readonly flag: number;
  readonly lengthBytes: number;
  readonly ret: number;
  readonly homes: boolean;
  /** Registers that are saved: r4 and up, r11, LR. */
  readonly mask: number;
  /** The last of d8 and up; undefined where none is saved. */
  readonly lastVector: number | undefined;
  readonly chained: boolean;
  readonly adjustBytes: number;
  readonly foldProlog: boolean;
  readonly foldEpilog: boolean;
}

function parsePacked(word: number): Packed {
  const register = (word >>> 16) & 7;
  const vectors = ((word >>> 19) & 1) === 1;
  const chained = ((word >>> 21) & 1) === 1;
  const adjust = word >>> 22;
  const folded = adjust >= FOLDED;
  return {
    flag: word & 3,
    lengthBytes: ((word >>> 2) & 0x7ff) * 2,
    ret: (word >>> 13) & 3,
    homes: ((word >>> 15) & 1) === 1,
    mask: (vectors ? 0 : registerRun(4, 4 + register)) | (chained ? 1 << R11 : 0) | (((word >>> 20) & 1) << LR),
    lastVector: vectors && register !== 7 ? 8 + register : undefined,
    chained,
    adjustBytes: (folded ? (adjust & 3) + 1 : adjust) * 4,
    foldProlog: folded && (adjust & 4) !== 0,
    foldEpilog: folded && (adjust & 8) !== 0,
  };
}

/** Instructions with 16 bits reach r0 to r7 and LR (or PC), and 508 bytes of stack. */
const LOW_REGISTERS = registerRun(0, 7) | (1 << LR);
const MAX_SHORT_ADJUST = 508;
const HOME_MASK = registerRun(0, 3);
const HOME_BYTES = 16;

type Sized = readonly [Operation, 2 | 4];
const popOf = (mask: number): Sized => [{ op: 'pop', mask }, (mask & ~LOW_REGISTERS) === 0 ? 2 : 4];
const adjustOf = (size: number): Sized => [{ op: 'alloc', size }, size <= MAX_SHORT_ADJUST ? 2 : 4];
/** The words of a folded adjustment, as registers below r4. */
const foldedMask = (bytes: number): number => registerRun(4 - bytes / 4, 3);

/** Undoing the prolog: its last instruction first. */
function prologOf(packed: Packed): Sized[] {
  const { mask, adjustBytes, foldProlog } = packed;
  const pushed = mask | (foldProlog ? foldedMask(adjustBytes) : 0);
  // r11 is set by mov where it and LR alone were pushed, by a longer add where others lie below it.
  const setR11: Sized[] = packed.chained ? [[{ op: 'nop' }, (pushed & ~((1 << R11) | (1 << LR))) === 0 ? 2 : 4]] : [];
  return [
    ...(adjustBytes > 0 && !foldProlog ? [adjustOf(adjustBytes)] : []),
    ...vectorsOf(packed),
    ...setR11,
    ...(pushed === 0 ? [] : [popOf(pushed)]),
    ...(packed.homes ? [popOf(HOME_MASK)] : []),
  ];
}

function vectorsOf({ lastVector }: Packed): Sized[] {
  return lastVector === undefined ? [] : [[{ op: 'pop-vectors', first: 8, last: lastVector }, 4]];
}

function epilogOf(packed: Packed): Sized[] {
  const { mask, adjustBytes, foldEpilog, homes, ret } = packed;
  // With homes above, a returning function leaves LR on the stack and loads PC past them.
  const loadsPc = homes && ret === 0 && (mask & (1 << LR)) !== 0;
  const popped = (loadsPc ? mask & ~(1 << LR) : mask) | (foldEpilog ? foldedMask(adjustBytes) : 0);
  const last: Sized[] = loadsPc ? [[{ op: 'load-lr', size: HOME_BYTES + 4 }, 4]] : homes ? [adjustOf(HOME_BYTES)] : [];
  return [...(adjustBytes > 0 && !foldEpilog ? [adjustOf(adjustBytes)] : []), ...vectorsOf(packed), ...(popped === 0 ? [] : [popOf(popped)]), ...last];
}

/** A packed entry as a record: the codes of the prolog, then those of the epilog where there is one. */
export function expandPacked(word: number): ThumbRecord {
  const packed = parsePacked(word);
  const codes: ThumbCode[] = [];
  const add = (sized: readonly Sized[], endBytes: number): void => {
    for (const [operation, size] of sized) codes.push({ ...operation, at: codes.length, instructionBytes: size });
    codes.push({ op: 'end', at: codes.length, instructionBytes: 0, endBytes });
  };
  add(prologOf(packed), 0);
  const index = codes.length;
  const epilogs = packed.ret === RET_NONE ? [] : [{ index }];
  if (epilogs.length > 0) add(epilogOf(packed), RETURN_BYTES[packed.ret] ?? 0);
  return { lengthBytes: packed.lengthBytes, codes, epilogs, fragment: packed.flag === FRAGMENT };
}
