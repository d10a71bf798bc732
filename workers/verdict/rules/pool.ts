/** Pool and kernel heap: who found the damage is almost never who did it. */
import { hex } from '../../base/hex.ts';
import { imageOf, isKernelImage, isScanned } from '../actors.ts';
import { onlyBit } from '../address.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { findPoolBlock } from '../poolblock.ts';
import { text } from '../words.ts';
import { poolTouched } from './access.ts';
import { showCode } from './arguments.ts';
import { farTwin } from './bits.ts';
import { placeOf, rivalDrivers, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';
import { suspect, suspectAfter } from './fault.ts';
import { showBlockBefore, showPoolOwner, showTag } from './owners.ts';

function foundOnly(c: Case, f: Finding, what: string): void {
  f.detector = 'ntoskrnl.exe';
  f.say('x-pool-found', {});
  const victim = c.actors.find((actor) => actor.trusted && !isKernelImage(actor.module));
  if (victim) {
    f.victim = imageOf(victim.module);
    f.say('x-detector', { module: imageOf(victim.module) });
  }
  showNoSuspect(c, f);
  for (const actor of c.suspects.slice(0, 2)) showSuspect(f, c, actor, 'context');
  rivalDrivers(c, f);
  f.head('h-memory', { name: c.name, what }).judge('memory-corruption', 'possible');
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {})).oppose('a-single-dump', {});
}

/** The blocks that the arguments point at, and the one in front of each: who overruns its own end damages the next. */
function showBlocks(c: Case, f: Finding): void {
  const seen = new Set<bigint>();
  for (const [index, address] of c.params.entries()) {
    const block = index === 0 || seen.size > 1 ? undefined : findPoolBlock(c.target.memory, address, (tag) => c.knowledge.poolTag(tag) !== undefined);
    if (!block || seen.has(block.at)) continue;
    seen.add(block.at);
    showPoolOwner(c, f, { what: `argument ${String(index + 1)}`, address });
    showBlockBefore(c, f, block);
  }
}

/** 0x19, free list: P2 the entry, P3 and P4 what its links lead back to; the three are one value in a list that is whole. */
const FREE_LIST = 3n;
function linkBit(c: Case, f: Finding): boolean {
  const [kind, entry, flink, blink] = c.params;
  const wrong = flink === entry ? blink : flink;
  const bit = onlyBit(wrong ^ entry);
  if (kind !== FREE_LIST || bit === undefined || (flink !== entry && blink !== entry)) return false;
  f.show(text('e-list-bit', { entry: hex(entry), found: hex(wrong), bit: String(bit) }), `.formats ${hex(wrong)}`, { weighs: 'decides', how: 'derived' });
  f.head('h-bitflip', { name: c.name, what: `link of a free block, bit ${String(bit)}` })
    .judge('hardware', 'likely')
    .blame(undefined, 'ram');
  f.oppose('a-driver-could', {}).rival({ part: 'cpu' }, text('r-cpu', {}));
  return true;
}

/** Sub-codes of 0x19 where the caller itself overran or freed what is not its own. */
const CALLER_IN_19: ReadonlySet<bigint> = new Set([0x21n, 0x22n]);

/** 0x19. */
export function badHeader(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(c.params[0])}`;
  showBlocks(c, f);
  if (linkBit(c, f)) return;
  const caller = c.suspects[0];
  if (CALLER_IN_19.has(c.params[0]) && caller) {
    f.say('x-pool-caller', { meaning });
    suspect(c, f, caller);
    placeOf(f, caller);
    return;
  }
  foundOnly(c, f, meaning);
}

const FREED_TWICE: ReadonlySet<bigint> = new Set([6n, 7n]);
/** Header or quota of the block were damaged before: the caller only gives it back. */
const DAMAGED_BEFORE: ReadonlySet<bigint> = new Set([1n, 2n, 4n, 0xbn, 0xcn, 0xdn]);
/** P2 is an address that pool never gave out. */
const BAD_ADDRESS: ReadonlySet<bigint> = new Set([0x41n, 0x42n, 0x43n, 0x44n, 0x46n, 0x47n, 0x48n, 0x50n, 0x60n, 0x99n]);
/** A tag that is not allowed: P4 is the caller's address. */
const BAD_TAG: ReadonlySet<bigint> = new Set([0x9bn, 0x9cn, 0x9dn]);

/** The caller that the stop itself names. */
function namedCaller(c: Case, f: Finding): boolean {
  const caller = BAD_TAG.has(c.params[0]) ? showCode(c, f, 4) : undefined;
  if (!caller) return false;
  f.head('h-driver-likely', { who: c.who(caller.image), name: c.name, place: caller.place })
    .judge('driver-bug', 'likely')
    .blame(caller.image)
    .oppose('a-hardware-could', {});
  return true;
}

/** 0xC2: the caller is guilty more often than not. Double frees name the tag in P4 or P3. */
export function badCaller(c: Case, f: Finding): void {
  const [kind] = c.params;
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(kind)}`;
  if (kind === 6n || kind === 7n || kind === 0xan) showTag(c, f, c.params[2]);
  f.say('x-pool-caller', { meaning });
  showBlocks(c, f);
  if (namedCaller(c, f) || (BAD_ADDRESS.has(kind) && farTwin(c, f, c.params[1]))) return;
  const caller = c.suspects[0];
  if (!caller || DAMAGED_BEFORE.has(kind)) {
    foundOnly(c, f, meaning);
    return;
  }
  (FREED_TWICE.has(kind) ? suspectAfter : suspect)(c, f, caller);
  placeOf(f, caller);
  // Who freed a block first is not on the stack of who frees it again.
  const proved = caller.frame.trust === 'unwind-info' || caller.frame.trust === 'frame-pointer';
  if (proved && !FREED_TWICE.has(kind)) {
    f.head('h-driver-likely', { who: c.who(imageOf(caller.module)), name: c.name, place: imageOf(caller.module) });
    f.sureness = 'likely';
  }
}

/** 0xC1: special pool; P4 tells how. */
export function specialPool(c: Case, f: Finding): void {
  showSubCode(c, f, 4, 'decides');
  f.say('x-special-pool', {});
  if (c.params[3] === 0x32n) {
    f.head('h-bitflip', { name: c.name, what: 'one bit in special pool' })
      .judge('hardware', 'likely')
      .blame(undefined, 'ram')
      .rival({ part: 'cpu' }, text('r-cpu', {}))
      .oppose('a-driver-could', {});
    return;
  }
  const caller = c.suspects[0];
  if (!caller) {
    foundOnly(c, f, 'special pool block');
    return;
  }
  suspect(c, f, caller);
  placeOf(f, caller);
  if (isScanned(caller)) return;
  f.head('h-driver-likely', { who: c.who(imageOf(caller.module)), name: c.name, place: imageOf(caller.module) });
  f.sureness = 'likely';
}

/** Kinds of 0x13A that a call alone can make: a free block given back, another heap's, none at all (windows-driver-docs, parameter 1). */
const CALLER_IN_13A: ReadonlySet<bigint> = new Set([8n, 9n, 0xcn, 0xfn, 0x13n]);

/** 0x13A: P1 kind, P2 heap, P3 block. */
export function kernelHeap(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? `kernel heap, kind ${hex(c.params[0])}`;
  showBlocks(c, f);
  const caller = c.suspects[0];
  if (caller && CALLER_IN_13A.has(c.params[0])) {
    suspect(c, f, caller);
    placeOf(f, caller);
    return;
  }
  foundOnly(c, f, meaning);
}

/** 0xD0 is 0xC5 for large blocks and has its arguments; 0xDE has none. */
export function otherPool(c: Case, f: Finding): void {
  if (c.fault.address === undefined) foundOnly(c, f, showSubCode(c, f, 1) ?? c.entry?.gist ?? 'pool');
  else poolTouched(c, f);
}
