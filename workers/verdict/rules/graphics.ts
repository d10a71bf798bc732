/** Display driver and graphics hardware. The argument names the module; the stack is the watchdog's. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isGraphics, isThirdParty, placeWords } from '../actors.ts';
import { onlyBit } from '../address.ts';
import type { Case } from '../case.ts';
import { spOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showNamedDriver } from './arguments.ts';
import { opposeOther } from './owners.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';

interface Tag {
  readonly image: string;
  readonly place: string;
  readonly offset: bigint;
}

/** The display driver that an argument points into: its owner tag. */
function ownerTag(c: Case, f: Finding): Tag | undefined {
  const value = c.params[1];
  const place = c.target.modules.find(va(value));
  if (!place || !isThirdParty(place.module, c.session)) return undefined;
  const image = imageOf(place.module);
  const words = `${image}+${hex(place.rva)}`;
  f.show(text('e-owner-tag', { who: c.who(image), index: '2', value: hex(value), place: words }), `ln ${hex(value)}`, { weighs: 'decides' });
  return { image, place: words, offset: BigInt(place.rva) };
}

const displayActor = (c: Case): Actor | undefined => c.suspects.find((actor) => isGraphics(imageOf(actor.module)));
const displays = (c: Case): string[] => c.target.modules.modules.map(imageOf).filter((name) => isGraphics(name) && !/^basicdisplay/i.test(name));
/** The only display driver loaded, where nothing else names one. */
function loadedDisplay(c: Case): string | undefined {
  const names = displays(c);
  return names.length === 1 ? names[0] : undefined;
}

/** 'vTDR', the first word of TDR_RECOVERY_CONTEXT, to which argument 1 leads. */
const TDR_SIGNATURE = 0x52445476;

/** Where something else stands there, what the arguments tell is in doubt. */
function checkContext(c: Case, f: Finding): void {
  const signature = c.target.memory.u32(va(c.params[0]));
  if (!signature.ok || signature.value === TDR_SIGNATURE) return;
  f.oppose('a-no-tdr-context', { at: hex(c.params[0]), found: hex(signature.value) });
  if (onlyBit(BigInt(signature.value ^ TDR_SIGNATURE) & 0xffff_ffffn) !== undefined) f.rival({ part: 'ram' }, text('r-ram', {}));
  f.weaken();
}

/** More than one display driver: a laptop's two graphics processors hand work to each other. */
function showOthers(c: Case, f: Finding, image: string): void {
  const others = displays(c).filter((name) => name.toLowerCase() !== image.toLowerCase());
  if (others.length === 0) return;
  f.show(text('e-other-display', { names: others.join(', ') }), 'lm', { weighs: 'against', how: 'table' });
  for (const name of others) f.rival({ module: name }, text('r-driver', { who: c.who(name) }));
}

function graphicsRivals(f: Finding): void {
  f.rival({ part: 'gpu' }, text('r-gpu', {})).rival({ part: 'power' }, text('r-power', {}));
}

/** 0x116. P2 is a tag of the driver, so its offset proves nothing of the faulting code. */
export function tdr(c: Case, f: Finding): void {
  const tag = ownerTag(c, f);
  const status = c.status(c.params[2]);
  f.show(text('e-status', { status, index: '3' }), `!error ${hex(c.params[2] & 0xffff_ffffn)}`, { weighs: 'context' });
  f.detector = 'dxgkrnl.sys';
  const image = tag?.image ?? loadedDisplay(c);
  f.say('x-tdr', { status, place: tag?.place ?? 'no module' });
  if (image === undefined) {
    f.head('h-gpu-unknown', { name: c.name, what: status }).judge('hardware', 'possible').blame(undefined, 'gpu');
    return;
  }
  f.head('h-gpu', { who: c.who(image), name: c.name, place: tag?.place ?? image })
    .judge('driver-bug', tag ? 'likely' : 'possible')
    .blame(image, 'gpu')
    .oppose('a-offset-tag', {})
    .oppose('a-hardware-could', {});
  if (tag) f.place = { module: tag.image, offset: tag.offset };
  checkContext(c, f);
  graphicsRivals(f);
}

/** 0x117, 0x141: the reset worked. */
export function liveTdr(c: Case, f: Finding): void {
  const tag = ownerTag(c, f);
  const image = tag?.image ?? loadedDisplay(c) ?? 'display driver';
  f.detector = 'dxgkrnl.sys';
  f.say('x-live', {});
  f.head('h-gpu-live', { who: c.who(image), name: c.name, place: tag?.place ?? image }).judge('live-dump', tag ? 'likely' : 'possible');
  if (tag) f.blame(tag.image, 'gpu').place = { module: tag.image, offset: tag.offset };
  else f.blame(undefined, 'gpu');
  checkContext(c, f);
  graphicsRivals(f);
}

interface Crowd {
  readonly image: string;
  readonly count: number;
  /** Of the innermost of these words. */
  readonly offset: bigint;
}

const CROWD = 8;
/** As many words of one display driver, and no other third-party driver with more than a few, are no leftovers of an earlier call. */
const FULL = 24;

/**
 * The display driver that most words on the stuck thread's stack lie in. A stray word says nothing; the code says that the thread
 * is stuck in a display driver, and here one of them fills its stack.
 */
function crowdedDisplay(c: Case): Crowd | undefined {
  const counts = new Map<string, number>();
  for (const actor of c.actors) if (isGraphics(imageOf(actor.module))) counts.set(imageOf(actor.module), (counts.get(imageOf(actor.module)) ?? 0) + 1);
  const [best, next] = [...counts.entries()].sort((a, b) => b[1] - a[1]);
  return best && best[1] >= CROWD && best[1] >= 3 * (next?.[1] ?? 0) ? crowdOf(c, best[0], best[1]) : undefined;
}

function crowdOf(c: Case, image: string, count: number): Crowd {
  const first = c.actors.find((actor) => imageOf(actor.module) === image);
  return { image, count, offset: first?.offset ?? 0n };
}

function stuckWithoutFrame(c: Case, f: Finding, named: string | undefined): void {
  const crowd = crowdedDisplay(c);
  const image = named ?? crowd?.image ?? loadedDisplay(c);
  if (crowd) f.show(text('e-samples-stuck', { who: c.who(crowd.image), module: crowd.image, count: String(crowd.count) }), 'k', { how: 'inferred' });
  else showNoSuspect(c, f);
  f.oppose('a-leftovers', {});
  graphicsRivals(f);
  const ownStack = stuckStack(c);
  if (ownStack) f.show(text('e-stuck-thread', { thread: hex(c.params[0]), low: hex(ownStack.low), high: hex(ownStack.high) }), `dps ${hex(ownStack.at)} L2`);
  if (image === undefined) {
    f.head('h-gpu-unknown', { name: c.name, what: 'a thread stuck in the display driver' });
    return;
  }
  const full = ownStack !== undefined && crowd !== undefined && crowd.count >= FULL;
  f.head('h-gpu', { who: c.who(image), name: c.name, place: image })
    .judge('driver-bug', named !== undefined || full ? 'likely' : 'possible')
    .blame(image, 'gpu');
  if (!crowd) return;
  if (crowd.image === image) f.place = { module: image, offset: crowd.offset };
  disagree(c, f, { named, stands: crowd.image });
}

/** Argument 1 is the stuck thread; where its KTHREAD.StackLimit and StackBase enclose the stack pointer, the stack here is its own. */
function stuckStack(c: Case): { readonly at: bigint; readonly low: bigint; readonly high: bigint } | undefined {
  const { kernelOffsets, memory, headerContext, arch } = c.target;
  const offset = kernelOffsets?.['OffsetKThreadStackLimit'];
  const size = BigInt(memory.pointerSize);
  if (offset === undefined || kernelOffsets?.['OffsetKThreadStackBase'] === undefined || !headerContext.ok) return undefined;
  const at = c.params[0] + BigInt(Math.min(offset, kernelOffsets['OffsetKThreadStackBase']));
  const low = memory.pointer(va(c.params[0] + BigInt(offset)));
  const high = memory.pointer(va(c.params[0] + BigInt(kernelOffsets['OffsetKThreadStackBase'])));
  const sp = spOf(headerContext.value.registers, arch);
  if (!low.ok || !high.ok || sp === undefined || sp < low.value || sp >= high.value || at % size !== 0n) return undefined;
  return { at, low: low.value, high: high.value };
}

/** 0xEA: the thread that spins in the display driver is the crashing one. */
export function stuckThread(c: Case, f: Finding): void {
  const actor = displayActor(c) ?? c.suspects[0] ?? c.subject?.suspects[0];
  f.detector = 'dxgkrnl.sys';
  const noted = showNamedDriver(c, f, 3);
  const named = noted?.thirdParty ? noted.image : undefined;
  if (!actor) {
    stuckWithoutFrame(c, f, named);
    return;
  }
  showSuspect(f, c, actor, 'decides');
  placeOf(f, actor);
  const stands = imageOf(actor.module);
  const image = named ?? stands;
  f.head('h-gpu', { who: c.who(image), name: c.name, place: placeWords(actor) })
    .judge('driver-bug', 'likely')
    .blame(image, 'gpu')
    .oppose('a-hardware-could', {});
  disagree(c, f, { named, stands });
  graphicsRivals(f);
}

/** The watchdog's note of the driver, and the driver that the thread stands in. */
function disagree(c: Case, f: Finding, { named, stands }: { readonly named: string | undefined; readonly stands: string }): void {
  if (named === undefined || named.toLowerCase() === stands.toLowerCase()) return;
  opposeOther(c, f, { what: 'argument 3', image: named, other: stands });
  f.weaken();
}

const SCHEDULER = 0x119;
/** Of 0x119: Windows' own state was not what it can be, by damaged memory or bad hardware (the code's page). */
const OWN_STATE: ReadonlySet<bigint> = new Set([0x400n, 0x1000n, 0xa000n, 0x10000n]);

/** 0x119, 0x10E, 0x113, 0x1E4, 0x114. */
export function graphics(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(c.params[0])}`;
  f.detector = 'dxgkrnl.sys';
  if (c.code === SCHEDULER && OWN_STATE.has(c.params[0])) {
    f.head('h-memory', { name: c.name, what: meaning }).judge('memory-corruption', 'possible').blame(undefined, 'ram').oppose('a-driver-could', {});
    f.rival({ part: 'gpu' }, text('r-gpu', {})).rival({}, text('r-any-driver', {}));
    return;
  }
  const actor = displayActor(c);
  const image = actor ? imageOf(actor.module) : loadedDisplay(c);
  if (image === undefined) {
    f.head('h-gpu-unknown', { name: c.name, what: meaning }).judge('hardware', 'possible').blame(undefined, 'gpu');
    graphicsRivals(f);
    return;
  }
  if (actor) {
    showSuspect(f, c, actor);
    placeOf(f, actor);
  }
  f.head('h-gpu', { who: c.who(image), name: c.name, place: actor ? placeWords(actor) : image })
    .judge('driver-bug', 'possible')
    .blame(image, 'gpu');
  f.say('x-sub', { meaning });
  showOthers(c, f, image);
  graphicsRivals(f);
}
