/**
 * The last resort: words of the stack that look like return addresses. A word counts where it points into a module's image
 * or into a function made at run time.
 * Where the code before it is at hand, it must end in a call instruction; a word that does not is no return address.
 */
import { type Rva, type Va, vaAdd } from '../base/address.ts';
import type { MissingReason } from '../base/found.ts';
import { describeMissing } from '../base/missingwords.ts';
import { viewOf } from '../bytes/struct.ts';
import type { Arch } from '../code/decoder.ts';
import type { ModulePlace } from '../modules/module.ts';
import type { ImageCode } from './imagecode.ts';
import { ended, type Next, type Walker } from './walker.ts';

interface ReturnAddress {
  readonly slot: Va;
  readonly target: Va;
  readonly checked: boolean;
}

type CallCheck = 'call' | 'no-call' | 'unknown';

/** The longest call: FF /2 with REX, SIB and 32 bits of displacement. */
const LONGEST_CALL = 8;
const SHORTEST_CALL = 2;
/** ARM64 instructions are four bytes each. */
const ARM64_STEP = 4;

/** Whether a call instruction ends at `target`. */
export function checkCall(walker: Walker, target: Va): CallCheck {
  const here = walker.code.at(target);
  if (!here) return 'unknown';
  const { place, image } = here;
  if (image.isCode(place.rva) === false) return 'no-call';
  if (walker.inputs.arch === 'x64') {
    // A function that calls another must have unwind data (learn.microsoft.com, "x64 exception handling").
    const entry = image.lookup(place.rva - 1);
    if (entry.ok && !entry.value) return 'no-call';
  }
  return CHECKS[walker.inputs.arch](walker, place, image);
}

const CHECKS: Readonly<Record<Arch, (walker: Walker, place: ModulePlace, image: ImageCode) => CallCheck>> = {
  x64: checkX86,
  x86: checkX86,
  arm64: checkArm64,
  arm: (_walker, place, image) => checkThumb(place, image),
};

/** BL and BLX with an address are two half-words, BLX through a register is one (Arm ARM, A8.8.25 and A8.8.26). */
function checkThumb(place: ModulePlace, image: ImageCode): CallCheck {
  if (place.rva < ARM64_STEP) return 'no-call';
  const before = image.code(place.rva - ARM64_STEP, ARM64_STEP);
  if (before.length < ARM64_STEP) return 'unknown';
  const view = viewOf(before);
  const [first, second] = [view.getUint16(0, true), view.getUint16(2, true)];
  const direct = (first & 0xf800) === 0xf000 && (second & 0xc000) === 0xc000;
  return direct || (second & 0xff87) === 0x4780 ? 'call' : 'no-call';
}

function checkX86(walker: Walker, place: ModulePlace, image: ImageCode): CallCheck {
  if (place.rva < LONGEST_CALL) return 'no-call';
  const before = image.code(place.rva - LONGEST_CALL, LONGEST_CALL);
  if (before.length < LONGEST_CALL) return 'unknown';
  for (let length = SHORTEST_CALL; length <= LONGEST_CALL; length++) {
    const code = before.subarray(LONGEST_CALL - length);
    const decoded = walker.inputs.decoder.decode(code, vaAdd(place.module.base, place.rva - length), walker.inputs.arch);
    if (!decoded.ok && decoded.missing.why === 'not-computed') return 'unknown';
    if (decoded.ok && decoded.value.length === length && isCall(decoded.value.flow)) return 'call';
  }
  return 'no-call';
}

function checkArm64(walker: Walker, place: ModulePlace, image: ImageCode): CallCheck {
  if (place.rva % ARM64_STEP !== 0 || place.rva < ARM64_STEP) return 'no-call';
  const before = image.code(place.rva - ARM64_STEP, ARM64_STEP);
  if (before.length < ARM64_STEP) return 'unknown';
  const decoded = walker.inputs.decoder.decode(before, vaAdd(place.module.base, place.rva - ARM64_STEP), 'arm64');
  if (!decoded.ok) return decoded.missing.why === 'not-computed' ? 'unknown' : 'no-call';
  return isCall(decoded.value.flow) ? 'call' : 'no-call';
}

const isCall = (flow: string): boolean => flow === 'call' || flow === 'indirect-call';

/** An image's first page holds its headers. */
const HEADERS = 0x1000;

/** Return addresses on x64 lie at 8 modulo 16, since the stack is aligned to 16 at every call; on ARM64 as the upper half of a frame record. */
const isAligned = (slot: Va): boolean => slot % 16n === 8n;

/** Whether an unchecked word may be a return address: it points behind a call, so never at a function's first byte. */
function isPlausible(walker: Walker, slot: Va, target: Va): boolean {
  if (walker.pointerSize === 8 && !isAligned(slot)) return false;
  const place = walker.inputs.modules.find(target);
  // In no module: a function made at run time.
  if (!place) return true;
  if (place.rva < HEADERS) return false;
  if (walker.inputs.arch === 'arm64' && target % 4n !== 0n) return false;
  return !isOutsideFunctions(walker, place.module.base, place.rva);
}

/** By the symbols: a function's first byte, or bytes beyond the end of the nearest one. */
function isOutsideFunctions(walker: Walker, base: Va, at: Rva): boolean {
  const symbol = walker.symbolAt(vaAdd(base, at));
  if (!symbol.ok) return false;
  const { displacement, sizeBytes } = symbol.value;
  return displacement === 0 || (sizeBytes !== undefined && displacement > sizeBytes);
}

export type ScanResult =
  | ({ readonly kind: 'hit' } & ReturnAddress)
  /** Nothing up to `at`; `missing` where the memory ended there. */
  | { readonly kind: 'none'; readonly at: Va; readonly missing?: MissingReason };

/** The nearest return address at or above `from`, below `to`. */
export function findReturnAddress(walker: Walker, from: Va, to: Va, strip: (word: bigint) => Va): ScanResult {
  const step = walker.pointerSize;
  let slot = from;
  for (; slot + BigInt(step) <= to; slot = vaAdd(slot, step)) {
    const word = walker.read(slot);
    if (!word.ok) return { kind: 'none', at: slot, missing: word.missing };
    const target = strip(word.value);
    if (!walker.mayReturnTo(target)) continue;
    const check = checkCall(walker, target);
    if (check === 'call') return { kind: 'hit', slot, target, checked: true };
    if (check === 'unknown' && isPlausible(walker, slot, target)) return { kind: 'hit', slot, target, checked: false };
  }
  return { kind: 'none', at: slot };
}

/** How a walk ends whose last scan found nothing. */
export function scanEnded(walker: Walker, result: Extract<ScanResult, { kind: 'none' }>): Next {
  const range = walker.inputs.stackRange;
  if (result.missing && !(range && result.at >= range.high)) return ended('no-memory', describeMissing(result.missing));
  return ended('end-of-stack', `no return address up to ${walker.text(result.at)}`);
}
