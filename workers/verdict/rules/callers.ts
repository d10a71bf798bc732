/** Stops by which the kernel refuses what its caller asked for, or by which an argument names who broke a rule. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { imageOf } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { codeOf, type NamedCode, showCode, showDeviceOwner, showDeviceStack, showNamedDriver } from './arguments.ts';
import { placeOf, rivalDrivers, showNoSuspect, showSubCode } from './evidence.ts';
import { misuser, suspect, suspectAfter } from './fault.ts';
import { showMdl, showTag } from './owners.ts';

/** A driver did it, and nothing here names which. */
export function misused(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
}

/** The buffer's description was written over before: nobody can be named. */
export function spoiledMdl(c: Case, f: Finding, use: { readonly at: bigint; readonly unlock: boolean }): boolean {
  if (!showMdl(c, f, use)) return false;
  f.detector = 'ntoskrnl.exe';
  f.head('h-memory', { name: c.name, what: 'the description of a buffer' }).judge('memory-corruption', 'possible').oppose('a-single-dump', {});
  rivalDrivers(c, f);
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
  return true;
}

/** A driver that an argument leads to. */
function named(c: Case, f: Finding, image: string, place: string): void {
  f.head('h-driver-likely', { who: c.who(image), name: c.name, place })
    .judge('driver-bug', 'likely')
    .blame(image);
  rivalDrivers(c, f, c.suspects.filter((actor) => imageOf(actor.module) !== image).slice(0, 1));
}

type Reading = (c: Case, f: Finding) => boolean;

/** 0xD8: P1 the name of the driver that holds the most page table entries, P2 how many, P4 of how many. */
const hoarder: Reading = (c, f) => {
  const [at, count, , all] = c.params;
  const holder = at === 0n ? undefined : showNamedDriver(c, f, 1);
  if (!holder) return false;
  const { image, thirdParty } = holder;
  const weighs = thirdParty ? 'for' : 'context';
  f.show(text('e-pte-holder', { count: count.toString(), all: all.toString() }), '.bugcheck', { from: ['e-owner-tag'], weighs });
  if (!thirdParty) return false;
  named(c, f, image, image);
  const other = c.suspects.map((actor) => imageOf(actor.module)).find((one) => one.toLowerCase() !== image.toLowerCase());
  if (other !== undefined) f.oppose('a-two-drivers', { what: 'Argument 1', who: c.who(image), other: c.who(other) });
  return true;
};

/** 0x76: pages still locked when a process ends; who stands on the stack only ends it. 1 is an unlock too many, of the caller. */
const leftLocked: Reading = (c, f) => {
  if (c.params[0] !== 0n) return spoiledMdl(c, f, { at: c.params[1], unlock: true });
  misused(c, f);
  return true;
};

/**
 * 0xE4: a work item was freed or queued while it was queued; whose it is tells its routine, P3 for one of the I/O manager (2), else in the
 * item of P2 (WORK_QUEUE_ITEM of wdm.h, WorkerRoutine +0x10 where a pointer has 8 bytes).
 */
const IO_ITEM = 2n;
const ITEMS: ReadonlySet<bigint> = new Set([0n, 1n]);
const WORKER_ROUTINE = 0x10n;
const queuedWork: Reading = (c, f) => {
  const [kind, item] = c.params;
  const routine = kind === IO_ITEM ? showCode(c, f, 3) : ITEMS.has(kind) ? routineOf(c, f, item) : undefined;
  if (routine) named(c, f, routine.image, routine.place);
  return routine !== undefined;
};

function routineOf(c: Case, f: Finding, item: bigint): NamedCode | undefined {
  const at = va(item + WORKER_ROUTINE);
  const routine = c.target.memory.pointerSize === 8 ? c.target.memory.pointer(at) : undefined;
  const code = routine?.ok ? codeOf(c, f, routine.value) : undefined;
  if (code) f.show(text('e-work-routine', { place: code.place, item: hex(item) }), `dps ${hex(at)} L1`, { weighs: 'decides' });
  return code;
}

/**
 * 0xCA: P2 is a device that a bus driver made, wrongly twice (1), deleted (4) or freed (5). Of 8 it is the device whose drivers told of
 * children that are none: the driver that made it has no part in that, those above it have.
 */
const BUS_DRIVERS: ReadonlySet<bigint> = new Set([1n, 4n, 5n]);
const NO_CHILDREN = 8n;
const enumerator: Reading = (c, f) => {
  if (c.params[0] === NO_CHILDREN) return tellerOfChildren(c, f);
  const owner = BUS_DRIVERS.has(c.params[0]) ? showDeviceOwner(c, f, 2) : undefined;
  if (!owner?.thirdParty) return false;
  named(c, f, owner.image, owner.image);
  return true;
};

/** The only driver of a third party above the device; of several any may be it. */
function tellerOfChildren(c: Case, f: Finding): boolean {
  const above = new Set(
    showDeviceStack(c, f)
      .slice(1)
      .flatMap(({ image, thirdParty }) => (thirdParty ? [image] : [])),
  );
  const [image, other] = above;
  if (image === undefined) return false;
  if (other === undefined) {
    named(c, f, image, image);
    f.weaken().oppose('a-single-dump', {});
    return true;
  }
  misused(c, f);
  for (const one of above) f.rival({ module: one }, text('r-driver', { who: c.who(one) }));
  return true;
}

/** 0xDA: the list in question is P3 (1) or P2 (6); who asked for no mapping at all (0x100) was called from P4, which need not be its own code. */
const mapping: Reading = (c, f) => {
  const [kind, second, third] = c.params;
  const list = { 1: third, 6: second }[Number(kind)];
  if (list !== undefined && spoiledMdl(c, f, { at: list, unlock: false })) return true;
  const caller = kind === 0x100n ? showCode(c, f, 4) : undefined;
  if (!caller) return false;
  named(c, f, caller.image, caller.place);
  const [near] = c.suspects;
  if (!near || imageOf(near.module) !== caller.image) f.weaken().oppose('a-single-dump', {});
  return true;
};

const READINGS: Readonly<Record<number, Reading>> = { 0xd8: hoarder, 0x76: leftLocked, 0xe4: queuedWork, 0xca: enumerator, 0xda: mapping };

/** Rules that only the caller itself can break: a resource that it does not own. */
const OWN_STATE: ReadonlySet<number> = new Set([0xe3, 0x1c6, 0x162]);
const MAPPINGS = 0xda;
/** Of 0xDA what the caller alone asked for: none, another's, in part, in another number. What is empty or free another may have freed before. */
const OWN_MAPPINGS: ReadonlySet<bigint> = new Set([2n, 0x100n, 0x101n, 0x103n, 0x104n, 0x105n, 0x107n, 0x108n, 0x10an, 0x10cn, 0x200n, 0x301n, 0x304n, 0x305n]);
const ownState = (c: Case): boolean => (c.code === MAPPINGS ? OWN_MAPPINGS.has(c.params[0]) : OWN_STATE.has(c.code));

/** 0xDA, mappings with a tag: P3 the caller's, in three cases P4 the owner's. */
const OTHERS_MAPPING: ReadonlySet<bigint> = new Set([0x101n, 0x104n, 0x108n]);
function showTags(c: Case, f: Finding): void {
  const [kind, , caller, owner] = c.params;
  if (c.code !== MAPPINGS || kind < 0x100n || kind > 0x10cn) return;
  showTag(c, f, caller);
  if (OTHERS_MAPPING.has(kind)) showTag(c, f, owner);
}

/** An argument names who broke the rule, else the caller on the stack is the suspect. */
export function callerBrokeRule(c: Case, f: Finding): void {
  showSubCode(c, f, 1);
  f.detector = 'ntoskrnl.exe';
  showTags(c, f);
  if (READINGS[c.code]?.(c, f)) return;
  const [near] = c.suspects;
  if (!near) {
    misused(c, f);
    return;
  }
  if (ownState(c)) misuser(c, f, near);
  else (c.code === MAPPINGS ? suspectAfter : suspect)(c, f, near);
  placeOf(f, near);
}

const isCode = (c: Case, at: bigint): boolean => at === 0n || c.target.modules.find(va(at)) !== undefined;

/**
 * 0xCB: P1 is where the pages were locked, P2 its caller. Where the I/O manager locked them, P1 is the dispatch routine of the topmost
 * driver that the request went to and P2 its device object (the bug check's page).
 */
export function lockedPages(c: Case, f: Finding): void {
  f.say('x-mdl', {});
  f.detector = 'ntoskrnl.exe';
  const direct = isCode(c, c.params[1]);
  const locker = showCode(c, f, 1, direct ? 'decides' : 'for');
  const caller = locker || !direct ? undefined : showCode(c, f, 2);
  const one = locker ?? caller;
  if (!one) {
    misused(c, f);
    return;
  }
  named(c, f, one.image, one.place);
  if (locker && direct) return;
  f.head('h-driver-possible', { who: c.who(one.image), name: c.name, place: one.place });
  f.sureness = 'possible';
  f.oppose(direct ? 'a-single-dump' : 'a-top-driver', {}).rival({}, text('r-any-driver', {}));
}
