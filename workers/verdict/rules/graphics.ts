/** Display driver and graphics hardware. The argument names the module; the stack is the watchdog's. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isGraphics, isThirdParty, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import { spOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
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
/** The only display driver loaded, where nothing else names one. */
function loadedDisplay(c: Case): string | undefined {
  const names = c.target.modules.modules.map(imageOf).filter((name) => isGraphics(name) && !/^basicdisplay/i.test(name));
  return names.length === 1 ? names[0] : undefined;
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

function stuckWithoutFrame(c: Case, f: Finding): void {
  const crowd = crowdedDisplay(c);
  const image = crowd?.image ?? loadedDisplay(c);
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
  const module = c.target.modules.byName(image);
  if (module && crowd) f.place = { module: image, offset: crowd.offset };
  f.head('h-gpu', { who: c.who(image), name: c.name, place: image })
    .judge('driver-bug', ownStack && crowd && crowd.count >= FULL ? 'likely' : 'possible')
    .blame(image, 'gpu');
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
  const actor = displayActor(c) ?? c.suspects[0];
  f.detector = 'dxgkrnl.sys';
  if (!actor) {
    stuckWithoutFrame(c, f);
    return;
  }
  showSuspect(f, c, actor, 'decides');
  placeOf(f, actor);
  const image = imageOf(actor.module);
  f.head('h-gpu', { who: c.who(image), name: c.name, place: placeWords(actor) })
    .judge('driver-bug', 'likely')
    .blame(image, 'gpu')
    .oppose('a-hardware-could', {});
  graphicsRivals(f);
}

/** 0x119, 0x10E, 0x113, 0x1E4. */
export function graphics(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? `kind ${hex(c.params[0])}`;
  f.detector = 'dxgkrnl.sys';
  const actor = displayActor(c);
  const image = actor ? imageOf(actor.module) : loadedDisplay(c);
  if (image === undefined) {
    f.head('h-gpu-unknown', { name: c.name, what: meaning }).judge('driver-bug', 'possible').blame(undefined, 'gpu');
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
  graphicsRivals(f);
}
