/** Exceptions that nobody handled in the kernel: 0x1E, 0x3B, 0x7E, 0x8E, 0x135; traps 0x7F. */
import type { Va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isThirdParty, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import { spOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { decodeAt, wordsOf } from '../instruction.ts';
import { interruptedSp } from '../interrupted.ts';
import { findRepeated } from '../repeated.ts';
import { type StackShare, stackShares } from '../stackuse.ts';
import { text } from '../words.ts';
import { showCode } from './arguments.ts';
import { changedCode } from './bits.ts';
import { placeOf, showFault, showNoSuspect, showSuspect } from './evidence.ts';
import { headDriver, judgeFault, suspect } from './fault.ts';

const IN_PAGE = 0xc0000006;
const BREAKPOINTS: ReadonlySet<number> = new Set([0x80000003, 0x80000004, 0xc0000420]);

export function unhandled(c: Case, f: Finding): void {
  const { status } = c.fault;
  if (status === IN_PAGE) {
    inPage(c, f);
    return;
  }
  if (status !== undefined && BREAKPOINTS.has(status)) {
    stopInCode(c, f);
    return;
  }
  judgeFault(c, f);
  if (c.code === REGISTRY_FILTER) callbackOwner(c, f);
}

/** P1 status, P2 context, P3 the callback whose exception nobody handled (windows-driver-docs, bug check 0x135): its driver is to be named. */
const REGISTRY_FILTER = 0x135;

function callbackOwner(c: Case, f: Finding): void {
  const open = f.cause === 'driver-bug' || f.cause === 'not-known';
  const owner = showCode(c, f, 3, open ? 'decides' : 'context');
  if (!owner || (f.culprit?.module === owner.image && f.sureness === 'likely')) return;
  const { image, place } = owner;
  // What was proved of the fault itself stands before what the callback should have caught.
  if (!open || f.sureness === 'likely') {
    f.rival({ module: image }, text('r-driver', { who: c.who(image) }));
    return;
  }
  const others = f.rivals.filter(({ module }) => module !== image);
  f.rivals.splice(0, f.rivals.length, ...others);
  f.head('h-driver-likely', { who: c.who(image), name: c.name, place })
    .judge('driver-bug', 'likely')
    .blame(image)
    .oppose('a-hardware-could', {});
}

/** An in-page error: the third exception parameter is the I/O status. */
function inPage(c: Case, f: Finding): void {
  showFault(c, f);
  f.head('h-disk', { name: c.name, what: 'a page of its own could not be read back' }).judge('storage', 'likely').blame(undefined, 'disk');
  f.say('x-inpage-disk', { status: c.status(IN_PAGE), hint: 'in-page error' }).rival({ part: 'ram' }, text('r-ram', {}));
}

/** int 3 or an assertion left in the code: a stop on purpose of whoever owns the instruction. */
function stopInCode(c: Case, f: Finding): void {
  showFault(c, f);
  const { place } = c.fault;
  if (place && isThirdParty(place.module, c.session)) {
    headDriver(c, f, imageOf(place.module), 'likely');
    f.judge('driver-bug', 'likely').blame(imageOf(place.module));
    return;
  }
  const first = c.suspects[0];
  if (first && suspect(c, f, first)) return;
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name });
}

/** Intel SDM volume 3A, table of exceptions. */
const TRAPS: Readonly<Record<string, string>> = {
  '0': 'divide by zero',
  '1': 'debug',
  '2': 'non-maskable interrupt',
  '3': 'breakpoint',
  '4': 'overflow',
  '5': 'bound range',
  '6': 'invalid opcode',
  '7': 'no coprocessor',
  '8': 'double fault',
  '10': 'invalid task segment',
  '11': 'segment not present',
  '12': 'stack segment',
  '13': 'general protection',
  '14': 'page fault',
  '16': 'x87 error',
  '17': 'alignment',
  '18': 'machine check',
};

/** 0x7F. */
export function trap(c: Case, f: Finding): void {
  const [number] = c.params;
  const name = TRAPS[number.toString()] ?? `number ${hex(number)}`;
  f.say('x-trap', { trap: name });
  if (number === 8n) {
    doubleFault(c, f);
    return;
  }
  if (number === 2n || number === 18n) {
    f.head('h-whea', { name: c.name, source: name, what: name }).judge('hardware', 'likely').blame(undefined, 'hardware');
    return;
  }
  trapped(c, f, name);
}

/** Instructions that can raise a trap (Intel SDM volume 3A, chapter 6); a trap that is not here any may raise. */
const RAISED_BY: Readonly<Record<string, RegExp>> = { '0': /^(i?div|aam)/, '4': /^into/, '5': /^bound/ };

/** Where the processor stood: the first frame that a trap frame leads to. */
function interruptedActor(c: Case): Actor | undefined {
  const at = c.stack.frames.findIndex((frame) => frame.boundary !== undefined);
  return c.actors.find((actor) => actor.index === at);
}

function trapped(c: Case, f: Finding, name: string): void {
  if (changedCode(c, f)) return;
  const actor = interruptedActor(c);
  const instruction = actor && decodeAt(c.session, actor.frame.ip);
  if (actor) placeOf(f, actor);
  const raisedBy = RAISED_BY[c.params[0].toString()];
  if (actor && instruction && raisedBy && !raisedBy.test(instruction.mnemonic)) {
    const words = wordsOf(instruction);
    f.show(text('e-trap-other', { instruction: words, place: placeWords(actor), trap: name }), `u ${hex(actor.frame.ip)} L1`, {
      weighs: 'decides',
      how: 'derived',
    });
    f.head('h-cpu-trap', { name: c.name, trap: name, place: placeWords(actor) })
      .judge('hardware', 'possible')
      .blame(undefined, 'cpu');
    f.oppose('a-single-dump', {}).rival({ part: 'ram' }, text('r-ram', {}));
    return;
  }
  if (actor?.thirdParty) {
    const image = imageOf(actor.module);
    showSuspect(f, c, actor, 'decides');
    f.head('h-driver-likely', { who: c.who(image), name: c.name, place: placeWords(actor) });
    f.judge('driver-bug', 'likely').blame(image).oppose('a-hardware-could', {});
    return;
  }
  const [first] = c.suspects;
  if (first && suspect(c, f, first)) return;
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

interface Recursion {
  readonly place: string;
  readonly count: number;
  readonly module: string;
  readonly thirdParty: boolean;
}

/** The place that returns most often; five times or more is a recursion. */
export function findRecursion(c: Case): Recursion | undefined {
  const counts = new Map<string, Recursion>();
  for (const actor of c.actors) {
    if (!actor.trusted) continue;
    const place = placeWords(actor);
    const before = counts.get(place);
    counts.set(place, { place, count: (before?.count ?? 0) + 1, module: imageOf(actor.module), thirdParty: actor.thirdParty });
  }
  const best = [...counts.values()].sort((a, b) => b.count - a.count || Number(b.thirdParty) - Number(a.thirdParty))[0];
  return best && best.count >= 5 ? best : undefined;
}

function doubleFault(c: Case, f: Finding): void {
  const sp = interruptedSp(c);
  const nearLimit = showStackUse(c, f, sp);
  const recursion = findRecursion(c);
  if (recursion) {
    const args = { count: String(recursion.count), frames: String(c.stack.frames.length), place: recursion.place };
    f.show(text('e-recursion', args), 'k', { weighs: 'decides', how: 'derived' });
    recursionFault(c, f, recursion);
    return;
  }
  const repeated = nearLimit ? findRepeated(c, sp) : undefined;
  if (repeated) {
    f.show(text('e-recursion-words', { place: repeated.place, count: String(repeated.count) }), sp === undefined ? 'k' : `dps ${hex(sp)}`, { how: 'inferred' });
    recursionFault(c, f, repeated);
    return;
  }
  if (nearLimit) f.say('x-double-fault', {});
  const most = nearLimit ? showShares(c, f).find((share) => share.thirdParty) : undefined;
  const first = most ? c.suspects.find((actor) => imageOf(actor.module) === most.image) : nearLimit ? c.suspects[0] : undefined;
  if (first && suspect(c, f, first)) return;
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).judge('hardware', 'possible').blame(undefined, 'hardware');
  f.rival({ part: 'cpu' }, text('r-cpu', {})).rival({ part: 'ram' }, text('r-ram', {})).rival({}, text('r-any-driver', {}));
}

/** True where the stack pointer stands in the last page of the stack or below it. */
function showStackUse(c: Case, f: Finding, interrupted: Va | undefined): boolean {
  const sp = interrupted ?? (c.fault.registers && spOf(c.fault.registers, c.target.arch));
  const { stack } = c.world;
  if (sp === undefined || !stack) return false;
  const nearLimit = sp < stack.low + 0x1000n;
  f.show(text('e-double-fault', { sp: hex(sp), low: hex(stack.low), high: hex(stack.high) }), interrupted === undefined ? 'r' : `dps ${hex(interrupted)} L1`, {
    weighs: nearLimit ? 'for' : 'against',
  });
  return nearLimit;
}

/** Which modules' frames fill the stack, most first. */
function showShares(c: Case, f: Finding): readonly StackShare[] {
  const shares = stackShares(c);
  const names = shares.slice(0, 5).map((share) => `${share.image} ${String(share.bytes)} bytes`);
  if (shares.length > 1) f.show(text('e-stack-shares', { names: names.join(', ') }), 'kf', { how: 'derived', weighs: 'context' });
  return shares;
}

function recursionFault(c: Case, f: Finding, recursion: Pick<Recursion, 'module' | 'thirdParty'>): void {
  f.say('x-double-fault', {});
  showShares(c, f);
  const [first] = c.suspects;
  const image = recursion.thirdParty ? recursion.module : first && imageOf(first.module);
  if (image === undefined) {
    f.head('h-unknown', { name: c.name }).judge('resource-exhaustion', 'possible');
    return;
  }
  const sureness = recursion.thirdParty ? 'likely' : 'possible';
  headDriver(c, f, image, sureness);
  f.judge('driver-bug', sureness).blame(image);
}
