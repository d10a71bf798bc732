/**
 * Code in memory beside the image file's, over the pages that the stack runs through: what WinDbg's !chkimg finds and its bucket names.
 * Windows changes code itself, and that is no damage: calls through the import table and of retpolines
 * (48 ff 15 … 0f 1f 44 00 00 → 4c 8b 15 … e8 …), jumps through registers, addresses that are random at each start.
 */
import { type Rva, rva, type Va, vaAdd } from '../base/address.ts';
import type { Module } from '../modules/module.ts';
import type { ImageBytes } from '../symbols/provider.ts';
import type { Case } from './case.ts';

const PAGE = 0x1000;
/** Pages that are compared. */
const MOST_PAGES = 16;
/** Windows' own changes are as long as an operand at the most, and begin no further behind the instruction. */
const OWN_SIZE = 8;
const NEAR = 16;
/** Bytes of a change that published outputs call large, at the least; and how often a distance must come again. */
const LARGE = 24;
const STRIDES = 3;

export interface CodeRange {
  readonly module: Module;
  readonly start: Va;
  readonly found: Uint8Array;
  readonly wanted: Uint8Array;
}

/** Windows' own changes, by what the image holds where they begin. */
const REWRITTEN: readonly (readonly number[])[] = [[0xff, 0x15], [0xff, 0x25], [0x48, 0xff], [0x0f, 0x1f], [0x41, 0xff], [0xff, 0xe0], [0xe8], [0xe9]];
/** mov r64, imm64: the number may be an address that is random at each start. */
const isWideMove = (bytes: Uint8Array, at: number): boolean => ((bytes[at] ?? 0) & 0xfe) === 0x48 && ((bytes[at + 1] ?? 0) & 0xf8) === 0xb8;

/** Whether the image holds, up to NEAR bytes before `at`, the start of something that Windows rewrites. */
function isRewritten(wanted: Uint8Array, at: number): boolean {
  for (let start = Math.max(0, at - NEAR); start <= at; start++) {
    if (isWideMove(wanted, start) || REWRITTEN.some((bytes) => bytes.every((byte, index) => wanted[start + index] === byte))) return true;
  }
  return false;
}

function rangesOf(module: Module, start: Va, found: Uint8Array, wanted: Uint8Array): CodeRange[] {
  const ranges: CodeRange[] = [];
  const size = Math.min(found.length, wanted.length);
  for (let from = 0; from < size; from++) {
    if (found[from] === wanted[from]) continue;
    let to = from + 1;
    while (to < size && found[to] !== wanted[to]) to++;
    if (to - from > OWN_SIZE || !isRewritten(wanted, from)) {
      ranges.push({ module, start: vaAdd(start, from), found: found.subarray(from, to), wanted: wanted.subarray(from, to) });
    }
    from = to;
  }
  return ranges;
}

function comparePage(c: Case, module: Module, image: ImageBytes, page: Rva): CodeRange[] {
  if (image.writable(page)) return [];
  const start = vaAdd(module.base, page);
  const { bytes, got } = c.target.memory.read(start, PAGE);
  return rangesOf(module, start, bytes.subarray(0, got), image.readRva(page, PAGE));
}

/** Each page of code that a proved frame stands in, once. x64 alone: elsewhere code is full of addresses that are moved. */
export function codeRanges(c: Case): readonly CodeRange[] {
  if (c.target.arch !== 'x64' || !c.kernel) return [];
  const pages = new Map<Va, () => CodeRange[]>();
  for (const { frame, module, trusted } of c.actors) {
    const image = trusted && pages.size < MOST_PAGES ? c.session.symbols.image(module) : undefined;
    if (!image?.ok || !frame.place) continue;
    const page = rva(frame.place.rva - (frame.place.rva % PAGE));
    pages.set(vaAdd(module.base, page), () => comparePage(c, module, image.value, page));
  }
  return [...pages.values()].flatMap((compare) => compare());
}

/** "STRIDE" where changes follow each other at one distance, "LARGE" where they are many bytes; undefined where they are neither. */
export function corruptionKind(c: Case): 'STRIDE' | 'LARGE' | undefined {
  const ranges = codeRanges(c);
  const distances = ranges.slice(1).map((range, index) => range.start - (ranges[index]?.start ?? 0n));
  if (distances.length >= STRIDES && new Set(distances).size === 1) return 'STRIDE';
  return ranges.reduce((sum, range) => sum + range.found.length, 0) >= LARGE ? 'LARGE' : undefined;
}
