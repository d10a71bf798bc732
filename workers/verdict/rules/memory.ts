/** The memory manager's own tables. */
import { hex } from '../../base/hex.ts';
import { onlyBit } from '../address.ts';
import { readExceptionRecord } from '../../target/kernelcontext.ts';
import type { Case } from '../case.ts';
import { va } from '../../base/address.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { misused, spoiledMdl } from './callers.ts';
import { placeOf, rivalDrivers, showNoSuspect, showSubCode } from './evidence.ts';
import { misuser, suspect, suspectAfter } from './fault.ts';

/** P2 is the entry's address, P3 and P4 what it holds. */
const PTE_CORRUPT: ReadonlySet<bigint> = new Set([0x41792n]);
/** Misuse of memory descriptor lists and locks: the driver on the stack is where to look (bug check 0x1A page). */
const MDL: ReadonlySet<bigint> = new Set([0x1000n, 0x1010n, 0x1233n, 0x1234n, 0x1235n, 0x1236n, 0x1240n, 0x1241n, 0x15000n]);
const UNLOCKED = 0x1236n;
/** Wrong by what a list says, which another may have written over: only a list in order speaks against the caller. */
const DESCRIBED: ReadonlySet<bigint> = new Set([0x1233n, 0x1236n, 0x1240n, 0x1241n]);
/** P2 is the list. */
const NAMES_MDL: ReadonlySet<bigint> = new Set([UNLOCKED, 0x1240n, 0x1241n]);
const CRC = 0x3fn;

function hardwareTables(c: Case, f: Finding, what: string): void {
  f.detector = 'ntoskrnl.exe';
  f.say('x-page-table', { meaning: what });
  showNoSuspect(c, f);
  f.head('h-memory-ram', { name: c.name, what }).judge('memory-corruption', 'possible').blame(undefined, 'ram');
  f.oppose('a-driver-could', {}).rival({ part: 'cpu' }, text('r-cpu', {}));
  rivalDrivers(c, f, c.suspects.slice(0, 1));
  f.rival({}, text('r-any-driver', {}));
}

function bitFlip(c: Case, f: Finding, flip: { readonly what: string; readonly value: bigint; readonly bit: number; readonly gone: boolean }): void {
  f.detector = 'ntoskrnl.exe';
  f.show(text('e-one-bit', { what: flip.what, value: hex(flip.value), bit: String(flip.bit) }), `.formats ${hex(flip.value)}`, {
    weighs: 'decides',
    how: 'derived',
  });
  f.head('h-bitflip', { name: c.name, what: `${flip.what}, bit ${String(flip.bit)}` })
    .judge('hardware', flip.gone ? 'possible' : 'likely')
    .blame(undefined, 'ram');
  f.rival({ part: 'cpu' }, text('r-cpu', {})).oppose('a-driver-could', {});
}

/** Where argument 2 is an address in this dump that holds argument 3, the bytes bear the stop out. True where an entry holds something else. */
function showPointsAt(c: Case, f: Finding): boolean {
  const [kind, at, value] = c.params;
  const found = value === 0n ? undefined : c.target.memory.pointer(va(at));
  if (!found?.ok) return false;
  const other = found.value !== value;
  const command = `dps ${hex(at)} L1`;
  if (!other) f.show(text('e-points-at', { from: '2', to: '3', at: hex(at), value: hex(value) }), command, { weighs: 'for', from: ['e-code'] });
  else if (PTE_CORRUPT.has(kind))
    f.show(text('e-points-other', { at: hex(at), found: hex(found.value), value: hex(value) }), command, { weighs: 'against', from: ['e-code'] });
  return other;
}

/** 0x1A: P1 decides all. */
export function memoryManagement(c: Case, f: Finding): void {
  const [kind, , low, high] = c.params;
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(kind)}, which is not in the public tables`;
  const gone = showPointsAt(c, f);
  if (PTE_CORRUPT.has(kind)) {
    const value = low !== 0n ? low : high;
    const bit = low !== 0n && high !== 0n ? undefined : onlyBit(value);
    if (bit !== undefined) {
      bitFlip(c, f, { what: 'the page table entry', value, bit, gone });
      return;
    }
  }
  if (MDL.has(kind)) {
    f.say('x-mdl', {});
    if (NAMES_MDL.has(kind) && spoiledMdl(c, f, { at: c.params[1], unlock: kind === UNLOCKED })) return;
    const near = c.suspects[0];
    if (near) {
      const proved = !DESCRIBED.has(kind) || f.evidence.some(({ id }) => id === 'e-mdl-unlocked');
      (proved ? misuser : suspect)(c, f, near);
      placeOf(f, near);
    } else misused(c, f);
    return;
  }
  hardwareTables(c, f, meaning);
  if (kind === CRC) f.rival({ part: 'disk' }, text('r-disk', {}));
}

/** 0x4E: 7 and 9A are a driver's locked pages, by the bug check's page; the rest is the tables. */
const OVER_UNLOCKED = 7n;
const LOCKED: ReadonlySet<bigint> = new Set([OVER_UNLOCKED, 0x9an]);
/** Share counts are small; a lone bit from here on was never counted. */
const COUNTED_BITS = 16;
export function pageFrames(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(c.params[0])}`;
  const near = c.suspects[0];
  if (LOCKED.has(c.params[0]) && near) {
    f.say('x-mdl', {});
    suspectAfter(c, f, near);
    placeOf(f, near);
    const [, , count] = c.params;
    const bit = c.params[0] === OVER_UNLOCKED ? onlyBit(count) : undefined;
    if (bit !== undefined && bit >= COUNTED_BITS)
      f.show(text('e-count-bit', { value: hex(count), bit: String(bit) }), `.formats ${hex(count)}`, { weighs: 'against', how: 'derived' });
    return;
  }
  hardwareTables(c, f, meaning);
}

/** Which page was damaged, in words; how far that alone points at the hardware stands in the headline. */
interface Page {
  readonly what: string;
  readonly head: 'h-bitflip' | 'h-page-content' | 'h-memory';
  readonly sureness: 'likely' | 'possible';
}
const STORE_CORRUPT = 0x1c7;
/** 0x1C7: the record of the page changed while it was read; no hash was wrong (windows-driver-docs, corruption ID 3). */
const RECORD_CHANGED = 3n;

/** 0x12B: P3 = P4 = 0 means a single bit on a zero page, else P1 is the status of unpacking. 0x1C7: P1 says what. 0x191 tells nothing. */
function pageOf(c: Case, f: Finding): Page {
  const [first, second, third, fourth] = c.params;
  const what = 'a compressed page did not unpack';
  if (c.code === STORE_CORRUPT) {
    const meaning = showSubCode(c, f, 1) ?? what;
    f.say('x-store', { status: meaning });
    return first === RECORD_CHANGED ? { what: meaning, head: 'h-memory', sureness: 'possible' } : { what, head: 'h-page-content', sureness: 'likely' };
  }
  if (c.code !== 0x12b) return { what: 'data of the prefetcher is damaged', head: 'h-page-content', sureness: 'possible' };
  if (third === 0n && fourth === 0n) {
    f.say('x-zero-page', { va: hex(first), pfn: hex(second) });
    return { what: 'a zero page', head: 'h-bitflip', sureness: 'likely' };
  }
  f.say('x-store', { status: c.status(first) });
  f.show(text('e-status', { status: c.status(first), index: '1' }), `!error ${hex(first & 0xffff_ffffn)}`, { weighs: 'for' });
  return { what, head: 'h-page-content', sureness: 'likely' };
}

/** 0x12B, 0x1C7, 0x191. */
export function corruptedPage(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  const { what, head, sureness } = pageOf(c, f);
  f.head(head, { name: c.name, what })
    .judge(sureness === 'likely' ? 'hardware' : 'memory-corruption', sureness)
    .oppose('a-driver-could', {});
  if (head === 'h-memory') {
    f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {})).rival({}, text('r-windows', {}));
    return;
  }
  f.blame(undefined, 'ram').rival({ part: 'cpu' }, text('r-cpu', {})).rival({ part: 'firmware' }, text('r-firmware', {})).rival({}, text('r-any-driver', {}));
}

/** 0x154: P2 points at the exception's pointers; the status inside tells disk from memory. */
export function storeException(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  const pointers = c.session.memory.pointer(va(c.params[1]));
  const record = pointers.ok ? readExceptionRecord(c.session.memory, pointers.value) : undefined;
  const status = record?.ok ? record.value.code : undefined;
  const words = status === undefined ? 'status not readable here' : c.status(status);
  f.say('x-store', { status: words });
  if (status !== undefined) f.show(text('e-status', { status: words, index: '2' }), `dps ${hex(c.params[1])}`, { weighs: 'decides' });
  const disk = status === 0xc0000006;
  f.head(disk ? 'h-disk' : 'h-page-content', {
    name: c.name,
    what: disk ? 'memory that had been moved to disk did not come back' : 'unpacking compressed memory failed',
  });
  f.judge(disk ? 'storage' : 'memory-corruption', status === undefined ? 'possible' : 'likely').blame(undefined, disk ? 'disk' : 'ram');
  f.rival({ part: disk ? 'ram' : 'disk' }, text(disk ? 'r-ram' : 'r-disk', {}));
  if (!disk) f.oppose(status === undefined ? 'a-single-dump' : 'a-driver-could', {});
}
