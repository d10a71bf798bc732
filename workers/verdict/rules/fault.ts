/**
 * The reading that all memory and instruction faults share: what did the instruction do, could it have done it, and who made the
 * bad value. Checks that prove hardware come first, then the driver at the instruction, then those on the stack.
 */
import { isCanonical, va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isFirmwareFacing, isKernelImage, isScanned, isThirdParty } from '../actors.ts';
import type { AddressClass } from '../address.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { findInsideInstruction, matchOperand, movesThroughMemory, wordsOf } from '../instruction.ts';
import { text } from '../words.ts';
import { addressBit, changedCode, farBit, pointerBit, registerBit } from './bits.ts';
import { showKernelSuspect, showPoolOwner } from './owners.ts';
import {
  ACCESS_WORDS,
  faultPlace,
  type OperandVerdict,
  rivalDrivers,
  showFault,
  showInstruction,
  showNoOperand,
  showNoSuspect,
  showSuspect,
  touchesUnnamed,
} from './evidence.ts';

const ILLEGAL = 0xc000001d;
const MINUS_ONE = 0xffff_ffff_ffff_ffffn;
/** KUSER_SHARED_DATA: one page, mapped at the first address in every process, at the other for the kernel (ntddk.h; x64 and ARM64). */
const SHARED_PAGES: readonly bigint[] = [0x7ffe_0000n, 0xffff_f780_0000_0000n];
const isShared = (address: bigint): boolean => SHARED_PAGES.includes(address & ~0xfffn);

interface Look {
  readonly kind: AddressClass | undefined;
  readonly operand: OperandVerdict;
}
/** True where the check has decided. */
type Check = (c: Case, f: Finding, look: Look) => boolean;

const CHECKS: readonly Check[] = [
  changedCode,
  insideInstruction,
  illegalInstruction,
  sharedPage,
  (c, f, look) => addressBit(c, f, look.kind),
  pointerBit,
  farBit,
  registerBit,
  unloadedModule,
  firmwareDriver,
  noOperand,
  mismatch,
  driverAtFault,
  windowsAtFault,
];

export function judgeFault(c: Case, f: Finding): void {
  const reported = showFault(c, f);
  const operand = showInstruction(c, f);
  const kind = operand.real ?? reported;
  showKernelSuspect(c, f);
  showPoolOwner(c, f, { what: 'the address', address: c.fault.address });
  if (kind && c.fault.access && c.fault.address !== undefined) {
    f.say('x-fault', { access: ACCESS_WORDS[c.fault.access], kind: kind.words, plain: kind.plain, address: hex(c.fault.address) });
  }
  for (const check of CHECKS) if (check(c, f, { kind, operand })) return;
}

function insideInstruction(c: Case, f: Finding): boolean {
  const { ip, address, place } = c.fault;
  const inside = ip === undefined || !place ? undefined : findInsideInstruction(c.session, ip);
  if (!inside || ip === undefined || !place) return false;
  const args = { instruction: wordsOf(inside.instruction), start: hex(inside.start), ip: hex(ip), streams: String(inside.streams) };
  f.show(text('e-inside', args), `u ${hex(inside.start)}`, { weighs: 'decides', how: 'derived' });
  const match = address === undefined || c.fault.computed ? undefined : matchOperand(c.operands, address);
  if (match && c.instruction) {
    f.show(text('e-inside-proof', { instruction: wordsOf(c.instruction), address: hex(address ?? 0n) }), c.fault.command, {
      weighs: 'decides',
      how: 'derived',
      from: ['e-inside', 'e-operand'],
    });
  }
  f.head('h-cpu-misstep', { name: c.name, place: faultPlace(c) })
    .judge('hardware', match ? 'likely' : 'possible')
    .blame(undefined, 'cpu');
  f.victim = imageOf(place.module);
  f.settle('s-image', { module: imageOf(place.module) });
  f.oppose('a-wild-jump', {}).rival({ part: 'ram' }, text('r-ram', {}));
  return true;
}

function illegalInstruction(c: Case, f: Finding): boolean {
  if (c.fault.status !== ILLEGAL) return false;
  const { instruction } = c;
  const { place } = c.fault;
  const feature = instruction?.cpuFeatures.join(', ');
  if (!instruction || !feature) {
    if (!instruction) showRawBytes(c, f);
    return refusedGoodCode(c, f);
  }
  f.show(text('e-feature', { feature, instruction: wordsOf(instruction) }), `u ${hex(c.fault.ip ?? 0n)}`, {
    weighs: 'decides',
    how: 'derived',
    from: ['e-instruction'],
  });
  const image = place ? imageOf(place.module) : 'code of no module';
  const ownFault = place !== undefined && isThirdParty(place.module, c.session);
  f.head('h-feature', { who: c.who(image), feature, name: c.name, place: faultPlace(c) }).judge(ownFault ? 'driver-bug' : 'hardware', 'likely');
  f.blame(ownFault ? image : undefined, ownFault ? undefined : 'cpu');
  f.rival({ part: 'ram' }, text('r-feature-off', {}));
  return true;
}

/** Instructions that are illegal on purpose, or where they stand. */
const MEANT_ILLEGAL = /^(ud[012]?|udf|int|hlt|in|out|rsm|vm|ssc|xsetbv|enc)/;

/** An instruction of the base set: every processor has it, so what ran was not what the dump holds. */
function refusedGoodCode(c: Case, f: Finding): boolean {
  const { instruction, fault } = c;
  if (!instruction || !fault.place || MEANT_ILLEGAL.test(instruction.mnemonic) || c.target.arch !== 'x64') return false;
  f.show(text('e-good-code', { instruction: wordsOf(instruction) }), `u ${hex(fault.ip ?? 0n)} L1`, {
    weighs: 'decides',
    how: 'derived',
    from: ['e-instruction'],
  });
  f.victim = imageOf(fault.place.module);
  f.head('h-cpu-misstep', { name: c.name, place: faultPlace(c) })
    .judge('hardware', 'possible')
    .blame(undefined, 'cpu')
    .rival({ part: 'ram' }, text('r-ram', {}))
    .rival({}, text('r-code-changed', {}));
  f.oppose('a-single-dump', {}).settle('s-image', { module: imageOf(fault.place.module) });
  return true;
}

function showRawBytes(c: Case, f: Finding): void {
  const { bytes } = c.session.memory.read(va(c.fault.ip ?? 0n), 8);
  if (c.fault.ip === undefined || bytes.length === 0) return;
  const dump = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  f.show(text('e-no-instruction', { place: faultPlace(c), bytes: dump }), `db ${hex(c.fault.ip ?? 0n)}`, { how: 'derived' });
}

function sharedPage(c: Case, f: Finding): boolean {
  const { address, access } = c.fault;
  if (!c.kernel || address === undefined || !isShared(address) || access !== 'read') return false;
  f.show(text('e-shared-page', { address: hex(address) }), '.bugcheck', { weighs: 'decides', how: 'inferred', from: ['e-address'] });
  if (c.fault.place) f.victim = imageOf(c.fault.place.module);
  f.head('h-memory-ram', { name: c.name, what: 'a page that is mapped in every process was not readable' })
    .judge('memory-corruption', 'likely')
    .blame(undefined, 'ram');
  f.oppose('a-driver-could', {}).rival({ part: 'cpu' }, text('r-cpu', {})).rival({}, text('r-any-driver', {}));
  return true;
}

function unloadedModule(c: Case, f: Finding, look: Look): boolean {
  const target = look.kind?.kind === 'unloaded' ? look.kind : c.fault.ip === undefined ? undefined : c.classify(c.fault.ip);
  if (target?.kind !== 'unloaded' || !target.unloaded) return false;
  const { name } = target.unloaded;
  const address = look.kind?.kind === 'unloaded' ? c.fault.address : c.fault.ip;
  f.show(text('e-unloaded', { name, address: hex(address ?? 0n), offset: hex(target.offset ?? 0n) }), 'lm', { weighs: 'decides', how: 'derived' });
  headDriver(c, f, name, 'likely');
  f.judge('driver-bug', 'likely').blame(name);
  return true;
}

/** ACPI, processor and platform drivers act on what the firmware's tables tell: a refused access there is the firmware's first. */
function firmwareDriver(c: Case, f: Finding): boolean {
  const { place, address } = c.fault;
  if (!place || !isFirmwareFacing(place.module) || c.fault.status !== 0xc0000005) return false;
  const image = imageOf(place.module);
  const refused = address === MINUS_ONE;
  if (refused) showRefused(c, f);
  const uptime = c.target.uptimeSeconds;
  const early = uptime.ok && uptime.value < 120;
  f.victim = image;
  f.head('h-firmware-driver', { name: c.name, who: c.who(image), place: faultPlace(c), what: refused ? 'access refused' : 'bad address' });
  f.judge('firmware', refused && early ? 'likely' : 'possible').blame(undefined, 'firmware');
  f.oppose('a-hypervisor', {})
    .rival({}, text('r-hypervisor', {}))
    .rival({ module: image }, text('r-driver', { who: c.who(image) }));
  return true;
}

function showRefused(c: Case, f: Finding): void {
  f.show(text('e-gp', {}), `.exr ${hex(c.params[2])}`, { how: 'read' });
  const [reading] = c.operands;
  if (reading && isCanonical(va(reading.address)) && c.operands.length === 1) {
    f.show(text('e-gp-canonical', { address: hex(reading.address), inputs: reading.inputs }), c.fault.command, {
      how: 'derived',
      from: ['e-gp', 'e-instruction'],
    });
  }
}

export function headDriver(c: Case, f: Finding, image: string, sureness: 'certain' | 'likely' | 'possible'): void {
  f.head(`h-driver-${sureness}`, { who: c.who(image), name: c.name, place: faultPlace(c) });
}

/** Operands computed from the very registers of the fault, none of which gives the address that was reported. */
function mismatch(c: Case, f: Finding, look: Look): boolean {
  const { instruction, fault, operands } = c;
  const [reading] = operands;
  const meaningful =
    look.operand.mismatch &&
    instruction !== undefined &&
    !movesThroughMemory(instruction) &&
    !touchesUnnamed(instruction) &&
    fault.address !== MINUS_ONE &&
    fault.access !== 'execute';
  if (!meaningful || !reading || fault.unknown.length > 0) return false;
  const args = { instruction: wordsOf(instruction), inputs: reading.inputs, address: hex(reading.address), wanted: hex(fault.address ?? 0n) };
  f.show(text('e-mismatch', args), fault.command, { how: 'derived', from: ['e-instruction', 'e-address'] });
  return otherThanCode(c, f);
}

/** The code in the dump cannot have made the access; a driver that stands there is the victim. */
function noOperand(c: Case, f: Finding): boolean {
  if (c.fault.address === MINUS_ONE || c.fault.unknown.length > 0 || !showNoOperand(c, f)) return false;
  return otherThanCode(c, f);
}

/** What was reported is not what the code does. */
function otherThanCode(c: Case, f: Finding): true {
  if (c.fault.place) f.victim = imageOf(c.fault.place.module);
  f.head('h-cpu-mismatch', { name: c.name, place: faultPlace(c) })
    .judge('hardware', 'possible')
    .blame(undefined, 'cpu')
    .rival({ part: 'ram' }, text('r-ram', {}));
  if (c.fault.place && isThirdParty(c.fault.place.module, c.session)) {
    const image = imageOf(c.fault.place.module);
    f.rival({ module: image }, text('r-driver', { who: c.who(image) }));
  }
  f.oppose('a-single-dump', {});
  return true;
}

/** Another driver that stands close by on the proved stack with a framework between: what it handed on may be the bad pointer. */
function giverOf(c: Case, image: string): Actor | undefined {
  const from = c.actors.find((actor) => actor.frame.ip === c.fault.ip)?.index;
  const other = c.suspects.find((actor) => imageOf(actor.module) !== image);
  if (from === undefined || !other || isScanned(other) || other.index < from || stepsTo(c, from, other) > NEAR_FRAMES) return undefined;
  const between = c.actors.filter((actor) => actor.trusted && actor.index > from && actor.index < other.index);
  return between.some((actor) => !actor.thirdParty && !isKernelImage(actor.module)) ? other : undefined;
}

function driverAtFault(c: Case, f: Finding, look: Look): boolean {
  const { place } = c.fault;
  if (!place || !isThirdParty(place.module, c.session)) return false;
  const image = imageOf(place.module);
  // A pointer that was overwritten, with text or a fill, may have been overwritten by anybody.
  const overwritten = look.kind?.kind === 'pattern' || f.evidence.some((one) => one.id === 'e-base-value');
  const giver = giverOf(c, image);
  const sureness = overwritten || giver ? 'possible' : 'likely';
  if (giver) f.rival({ module: imageOf(giver.module) }, text('r-driver', { who: c.who(imageOf(giver.module)) }));
  headDriver(c, f, image, sureness);
  f.judge('driver-bug', sureness).blame(image);
  if (overwritten) f.rival({}, text('r-any-driver', {}));
  if (look.operand.bit !== undefined) f.oppose('a-register-bit', { bit: String(look.operand.bit) }).rival({ part: 'ram' }, text('r-ram', {}));
  if (look.kind?.flippedBit !== undefined) f.rival({ part: 'ram' }, text('r-ram', {}));
  f.oppose('a-hardware-could', {});
  return true;
}

/** How far from a Windows part a driver may stand to have handed it the bad value. */
const NEAR_FRAMES = 6;
/** Work that must not run at a raised level at all was begun by whoever raised it, however far up. */
const ANY_DISTANCE = 64;
const DISPATCH_LEVEL = 2n;
const AT_LEVEL: ReadonlySet<number> = new Set([0x0a, 0xd1]);
/** Of the kernel: dispatcher, pool and memory manager work on objects of all drivers, so a bad one need not be the caller's. */
const SHARED =
  /^(Ki(DeferredReady|ExitDispatcher|CommitReschedule|ReadyThread|SetSchedulerAssist|ProcessExpiredTimer|TimerExpiration|RetireDpc|ExecuteAllDpcs|Swap)|SwapContext|Rtlp?Hp|RtlRb|RtlpHeap|ExAllocate|ExFree|ExpAllocate|ExpFree|Expinterlocked|Mi[A-Z])/i;

/** Class drivers, frameworks and stacks work for others: the next driver on the stack is the suspect. The kernel works for all. */
function windowsAtFault(c: Case, f: Finding): boolean {
  const { place } = c.fault;
  if (place) f.victim = imageOf(place.module);
  if (place) f.say('x-detector', { module: imageOf(place.module) });
  const symbol = c.actors.find((actor) => actor.frame.ip === c.fault.ip)?.frame.symbol;
  const shared = symbol?.ok === true && SHARED.test(symbol.value.name);
  const near = shared ? undefined : nearSuspect(c);
  if (near) return suspect(c, f, near);
  if (shared) f.say('x-passed-to-scheduler', {});
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).judge('not-known', 'not-known');
  rivalDrivers(c, f);
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
  f.oppose('a-single-dump', {});
  return true;
}

function nearSuspect(c: Case): Actor | undefined {
  const from = c.actors.find((actor) => actor.frame.ip === c.fault.ip)?.index;
  const first = c.suspects[0];
  if (!first || from === undefined || isScanned(first)) return undefined;
  return stepsTo(c, from, first) <= (workOfPassiveLevel(c) ? ANY_DISTANCE : NEAR_FRAMES) ? first : undefined;
}

/** Calls between two frames; stray words of the stack between them are none. */
const stepsTo = (c: Case, from: number, actor: Actor): number => c.actors.filter((one) => one.trusted && one.index > from && one.index <= actor.index).length;

/** A file system at DISPATCH_LEVEL: it never raises the level for its own work on files. */
function workOfPassiveLevel(c: Case): boolean {
  const { place } = c.fault;
  const role = place && c.knowledge.driver(imageOf(place.module))?.role;
  return role === 'file-system' && AT_LEVEL.has(c.code) && c.params[1] === DISPATCH_LEVEL;
}

/** Frames of the kernel alone stand over it, each found by unwind data: it called the routine that refused. */
function calledItself(c: Case, actor: Actor): boolean {
  const over = c.actors.filter((one) => one.index < actor.index && one.trusted);
  return PROVED.has(actor.frame.trust) && over.length > 0 && over.every((one) => isKernelImage(one.module) && (one.index === 0 || PROVED.has(one.frame.trust)));
}
const PROVED: ReadonlySet<string> = new Set(['context', 'unwind-info', 'frame-pointer', 'given']);

/** The kernel refused what its caller asked for: where the call is proved, that is the driver. */
export function misuser(c: Case, f: Finding, actor: Actor): void {
  suspect(c, f, actor);
  if (!calledItself(c, actor)) return;
  headDriver(c, f, imageOf(actor.module), 'likely');
  f.sureness = 'likely';
}

/** What was given back, and had been given back before: who did that first left no trace. */
export function suspectAfter(c: Case, f: Finding, actor: Actor): boolean {
  f.rival({}, text('r-before', {}));
  return suspect(c, f, actor);
}

export function suspect(c: Case, f: Finding, actor: Actor): boolean {
  const image = imageOf(actor.module);
  showSuspect(f, c, actor);
  headDriver(c, f, image, 'possible');
  f.judge('driver-bug', 'possible').blame(image).oppose('a-single-dump', {});
  if (isScanned(actor)) f.oppose('a-scan', {});
  rivalDrivers(c, f, c.suspects.filter((one) => one !== actor).slice(0, 1));
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
  return true;
}
