/** The memory manager's own tables. */
import { hex } from '../../base/hex.ts';
import { imageOf, isThirdParty } from '../actors.ts';
import { onlyBit } from '../address.ts';
import { readExceptionRecord } from '../../target/kernelcontext.ts';
import type { Case } from '../case.ts';
import { va } from '../../base/address.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { placeOf, rivalDrivers, showNoSuspect, showSubCode } from './evidence.ts';
import { misuser, suspect } from './fault.ts';

const PTE_CORRUPT: ReadonlySet<bigint> = new Set([0x41790n, 0x41792n]);
/** Misuse of memory descriptor lists and locks: the driver on the stack is where to look (bug check 0x1A page). */
const MDL: ReadonlySet<bigint> = new Set([0x1000n, 0x1010n, 0x1233n, 0x1234n, 0x1235n, 0x1236n, 0x1240n, 0x1241n, 0x15000n]);
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

function bitFlip(c: Case, f: Finding, flip: { readonly what: string; readonly value: bigint; readonly bit: number }): void {
  f.detector = 'ntoskrnl.exe';
  f.show(text('e-one-bit', { what: flip.what, value: hex(flip.value), bit: String(flip.bit) }), `.formats ${hex(flip.value)}`, {
    weighs: 'decides',
    how: 'derived',
  });
  f.head('h-bitflip', { name: c.name, what: `${flip.what}, bit ${String(flip.bit)}` })
    .judge('hardware', 'likely')
    .blame(undefined, 'ram');
  f.rival({ part: 'cpu' }, text('r-cpu', {})).oppose('a-driver-could', {});
}

/** Where argument 2 is an address in this dump that holds argument 3, the bytes bear the stop out. */
function showPointsAt(c: Case, f: Finding): void {
  const [, at, value] = c.params;
  const found = value === 0n ? undefined : c.target.memory.pointer(va(at));
  if (found?.ok && found.value === value) {
    f.show(text('e-points-at', { from: '2', to: '3', at: hex(at), value: hex(value) }), `dps ${hex(at)} L1`, { weighs: 'for', from: ['e-code'] });
  }
}

/** 0x1A: P1 decides all. */
export function memoryManagement(c: Case, f: Finding): void {
  const [kind, , low, high] = c.params;
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(kind)}, which is not in the public tables`;
  showPointsAt(c, f);
  if (PTE_CORRUPT.has(kind) && kind === 0x41792n) {
    const value = low !== 0n ? low : high;
    const bit = low !== 0n && high !== 0n ? undefined : onlyBit(value);
    if (bit !== undefined) {
      bitFlip(c, f, { what: 'the page table entry', value, bit });
      return;
    }
  }
  if (MDL.has(kind)) {
    f.say('x-mdl', {});
    const near = c.suspects[0];
    if (near) {
      misuser(c, f, near);
      placeOf(f, near);
    } else misused(c, f);
    return;
  }
  hardwareTables(c, f, meaning);
  if (kind === CRC) f.rival({ part: 'disk' }, text('r-disk', {}));
}

/** A driver did it, and nothing here names which. */
function misused(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
}

/** 0x4E: 7, 9A and 99 with a driver on the stack are its locked pages; the rest is the tables. */
const LOCKED: ReadonlySet<bigint> = new Set([7n, 0x9an, 0x99n]);
export function pageFrames(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(c.params[0])}`;
  const near = c.suspects[0];
  if (LOCKED.has(c.params[0]) && near) {
    f.say('x-mdl', {});
    suspect(c, f, near);
    placeOf(f, near);
    return;
  }
  hardwareTables(c, f, meaning);
}

/** 0x12B: P3 = P4 = 0 means a single bit on a zero page; else a compressed page failed to unpack. */
export function corruptedPage(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  const [first, second, third, fourth] = c.params;
  const zeroPage = third === 0n && fourth === 0n;
  if (zeroPage) f.say('x-zero-page', { va: hex(first), pfn: hex(second) });
  else f.say('x-store', { status: hex(first) });
  showSubCode(c, f, 1);
  f.head(zeroPage ? 'h-bitflip' : 'h-page-content', { name: c.name, what: zeroPage ? 'a zero page' : 'a compressed page did not unpack' })
    .judge('hardware', 'likely')
    .blame(undefined, 'ram');
  f.rival({ part: 'cpu' }, text('r-cpu', {})).rival({ part: 'firmware' }, text('r-firmware', {}));
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
}

/** 0xCB: argument 1 is the routine that locked the pages (the bug check's page). */
export function lockedPages(c: Case, f: Finding): void {
  f.say('x-mdl', {});
  f.detector = 'ntoskrnl.exe';
  const locker = c.target.modules.find(va(c.params[0]));
  if (!locker || !isThirdParty(locker.module, c.session)) {
    misused(c, f);
    return;
  }
  const image = imageOf(locker.module);
  const place = `${image}+${hex(locker.rva)}`;
  f.show(text('e-owner-tag', { who: c.who(image), index: '1', value: hex(c.params[0]), place }), `ln ${hex(c.params[0])}`, { weighs: 'decides' });
  f.place = { module: image, offset: BigInt(locker.rva) };
  f.head('h-driver-likely', { who: c.who(image), name: c.name, place })
    .judge('driver-bug', 'likely')
    .blame(image);
}

/** Rules that only the caller itself can break: a resource that it does not own. What another may have freed before (0xDA) is none. */
const OWN_STATE: ReadonlySet<number> = new Set([0xe3, 0x1c6, 0x162]);

/** 0xDA, 0x20, 0x1C6: the caller on the stack broke the rule. */
export function callerBrokeRule(c: Case, f: Finding): void {
  showSubCode(c, f, 1);
  f.detector = 'ntoskrnl.exe';
  const near = c.suspects[0];
  if (near) {
    if (OWN_STATE.has(c.code)) misuser(c, f, near);
    else suspect(c, f, near);
    placeOf(f, near);
    return;
  }
  misused(c, f);
}
