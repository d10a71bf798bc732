/** Stops by which the kernel refuses what its caller asked for, or by which an argument names who broke a rule. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { imageOf, isThirdParty } from '../actors.ts';
import type { Case } from '../case.ts';
import { ownerOfDevice } from '../devicestack.ts';
import type { Finding } from '../finding.ts';
import { imageNamedAt } from '../kernelsuspect.ts';
import { text } from '../words.ts';
import { placeOf, rivalDrivers, showNoSuspect, showSubCode } from './evidence.ts';
import { misuser, suspect } from './fault.ts';

/** A driver did it, and nothing here names which. */
export function misused(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
}

/** A driver that an argument leads to. */
function named(c: Case, f: Finding, image: string, place: string): void {
  f.head('h-driver-likely', { who: c.who(image), name: c.name, place })
    .judge('driver-bug', 'likely')
    .blame(image);
  rivalDrivers(c, f, c.suspects.filter((actor) => imageOf(actor.module) !== image).slice(0, 1));
}

/** A driver's routine or return address as an argument. */
function codeAt(
  c: Case,
  f: Finding,
  index: 1 | 2 | 3 | 4,
  weighs: 'decides' | 'for' = 'decides',
): { readonly image: string; readonly place: string } | undefined {
  const value = c.params[index - 1] ?? 0n;
  const found = c.target.modules.find(va(value));
  if (!found || !isThirdParty(found.module, c.session)) return undefined;
  const image = imageOf(found.module);
  const place = `${image}+${hex(found.rva)}`;
  f.show(text('e-owner-tag', { who: c.who(image), index: String(index), value: hex(value), place }), `ln ${hex(value)}`, { weighs });
  f.place = { module: image, offset: BigInt(found.rva) };
  return { image, place };
}

type Reading = (c: Case, f: Finding) => boolean;

/** 0xD8: P1 the name of the driver that holds the most page table entries, P2 how many, P4 of how many. */
const hoarder: Reading = (c, f) => {
  const [at, count, , all] = c.params;
  const note = at === 0n ? undefined : imageNamedAt(c, va(at));
  if (!note) return false;
  f.show(text('e-pte-holder', { who: c.who(note.image), count: count.toString(), all: all.toString() }), note.command, { weighs: 'decides' });
  named(c, f, note.image, note.image);
  if (c.suspects.some((actor) => imageOf(actor.module) !== note.image)) f.oppose('a-other-asked', {});
  return true;
};

/** 0x76: pages still locked when a process ends; who stands on the stack only ends it. 1 is an unlock too many, of the caller. */
const leftLocked: Reading = (c, f) => {
  if (c.params[0] !== 0n) return false;
  misused(c, f);
  return true;
};

/** 0xE4: a work item was freed while it was queued (2); P3 is the routine that it would have run. */
const queuedWork: Reading = (c, f) => {
  const routine = c.params[0] === 2n ? codeAt(c, f, 3) : undefined;
  if (routine) named(c, f, routine.image, routine.place);
  return routine !== undefined;
};

/** 0xCA: P2 is a device that a bus driver made, wrongly twice (1), deleted (4), freed (5) or with nothing for a child (8). */
const BUS_DRIVERS: ReadonlySet<bigint> = new Set([1n, 4n, 5n, 8n]);
const enumerator: Reading = (c, f) => {
  const [kind, device] = c.params;
  const owner = BUS_DRIVERS.has(kind) ? ownerOfDevice(c, device) : undefined;
  if (!owner?.thirdParty) return false;
  f.show(text('e-device-owner', { who: c.who(owner.image), device: hex(device), index: '2' }), `dps ${hex(owner.from)} L1`, { weighs: 'decides' });
  named(c, f, owner.image, owner.image);
  return true;
};

const READINGS: Readonly<Record<number, Reading>> = { 0xd8: hoarder, 0x76: leftLocked, 0xe4: queuedWork, 0xca: enumerator };

/** Rules that only the caller itself can break: a resource that it does not own. What another may have freed before (0xDA) is none. */
const OWN_STATE: ReadonlySet<number> = new Set([0xe3, 0x1c6, 0x162]);

/** An argument names who broke the rule, else the caller on the stack is the suspect. */
export function callerBrokeRule(c: Case, f: Finding): void {
  showSubCode(c, f, 1);
  f.detector = 'ntoskrnl.exe';
  if (READINGS[c.code]?.(c, f)) return;
  const [near] = c.suspects;
  if (!near) {
    misused(c, f);
    return;
  }
  if (OWN_STATE.has(c.code)) misuser(c, f, near);
  else suspect(c, f, near);
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
  const locker = codeAt(c, f, 1, direct ? 'decides' : 'for');
  const caller = locker || !direct ? undefined : codeAt(c, f, 2);
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
