/** Power transitions and watchdogs on processors' time. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isThirdParty } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { type Profile, readProfile } from '../samples.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';

/** ntddk.h, x64 IRP: CurrentStackLocation in Tail.Overlay; IO_STACK_LOCATION: DeviceObject; DEVICE_OBJECT: DriverObject; DRIVER_OBJECT: DriverStart. */
const IRP_CURRENT_STACK = 0xb8n;
const STACK_DEVICE = 0x28n;
const DEVICE_DRIVER = 0x8n;
const DRIVER_START = 0x18n;
const IRP_TYPE = 6;

export interface Holder {
  readonly image: string;
  readonly base: bigint;
  /** Where DRIVER_OBJECT.DriverStart was read. */
  readonly from: bigint;
}

/** The driver that holds a request: IRP → current stack location → device object → driver object → image. */
export function holderOfIrp(c: Case, irp: bigint): Holder | undefined {
  if (c.target.arch !== 'x64' && c.target.arch !== 'arm64') return undefined;
  const { memory } = c.session;
  const type = memory.u16(va(irp));
  if (!type.ok || type.value !== IRP_TYPE) return undefined;
  let at = irp;
  let from = irp;
  for (const offset of [IRP_CURRENT_STACK, STACK_DEVICE, DEVICE_DRIVER, DRIVER_START]) {
    from = at + offset;
    const next = memory.pointer(va(from));
    if (!next.ok || next.value === 0n) return undefined;
    at = next.value;
  }
  const place = c.target.modules.find(va(at));
  return place ? { image: imageOf(place.module), base: place.module.base, from } : undefined;
}

/** 0x9F. */
export function powerState(c: Case, f: Finding): void {
  const [kind, , third, irp] = c.params;
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(kind)}`;
  f.detector = 'ntoskrnl.exe';
  if (kind !== 3n) {
    held(c, f, meaning);
    return;
  }
  f.say('x-power-irp', { irp: hex(irp) });
  f.show(text('e-triage-block', { name: 'nt!_TRIAGE_9F_POWER', at: hex(third) }), `dps ${hex(third)}`, { weighs: 'context' });
  const holder = holderOfIrp(c, irp);
  const module = holder && c.target.modules.find(va(holder.base))?.module;
  if (!holder || !module) {
    unknownHolder(c, f, meaning);
    return;
  }
  const image = holder.image;
  f.show(text('e-irp-holder', { who: c.who(image), irp: hex(irp) }), `dps ${hex(holder.from)} L1`, { weighs: 'decides', how: 'derived' });
  const third9f = isThirdParty(module, c.session);
  f.head('h-power', { who: c.who(image), name: c.name })
    .judge('driver-bug', third9f ? 'likely' : 'possible')
    .rival({ part: 'device' }, text('r-hardware', {}));
  if (third9f) f.blame(image);
  else f.blame(undefined, 'device');
  f.place = { module: image, offset: 0n };
}

function unknownHolder(c: Case, f: Finding, meaning: string): void {
  f.head('h-power-unknown', { name: c.name, what: meaning })
    .judge('driver-bug', 'not-known')
    .rival({}, text('r-any-driver', {}))
    .rival({ part: 'firmware' }, text('r-firmware', {}));
}

/** The stack is that of the thread that waits only for P1 = 4; elsewhere it is the timer's. */
function held(c: Case, f: Finding, meaning: string): void {
  const near = c.params[0] === 4n ? c.suspects[0] : undefined;
  if (!near) {
    unknownHolder(c, f, meaning);
    return;
  }
  suspectPower(c, f, near);
}

function suspectPower(c: Case, f: Finding, actor: Actor): void {
  const image = imageOf(actor.module);
  showSuspect(f, c, actor);
  placeOf(f, actor);
  f.head('h-power', { who: c.who(image), name: c.name })
    .judge('driver-bug', 'possible')
    .blame(image)
    .oppose('a-single-dump', {});
}

const HIBERNATE_DATA: ReadonlySet<bigint> = new Set([3n, 4n]);
const HIBERNATE_DISK: ReadonlySet<bigint> = new Set([9n, 0xcn]);

/** 0xA0. */
export function internalPower(c: Case, f: Finding): void {
  const [kind] = c.params;
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(kind)}`;
  f.say('x-hiber', { meaning });
  f.detector = 'ntoskrnl.exe';
  if (HIBERNATE_DATA.has(kind)) {
    f.head('h-memory-ram', { name: c.name, what: meaning })
      .judge('memory-corruption', 'possible')
      .blame(undefined, 'ram')
      .rival({ part: 'disk' }, text('r-disk', {}));
    return;
  }
  if (HIBERNATE_DISK.has(kind)) {
    f.head('h-disk', { name: c.name, what: meaning }).judge('storage', 'possible').blame(undefined, 'disk').rival({}, text('r-any-driver', {}));
    return;
  }
  const near = c.suspects[0];
  if (near) suspectPower(c, f, near);
  else unknownHolder(c, f, meaning);
}

/** 0x133: P1 = 0 one routine too long, the stack is where; P1 = 1 the sum, the stack is a single sample. */
export function dpcWatchdog(c: Case, f: Finding): void {
  const [kind] = c.params;
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(kind)}`;
  f.detector = 'ntoskrnl.exe';
  const near = c.suspects[0];
  if (kind === 0n && near && near.frame.trust !== 'scan-call-checked') {
    showSuspect(f, c, near, 'decides');
    placeOf(f, near);
    const image = imageOf(near.module);
    f.head('h-dpc-driver', { who: c.who(image), name: c.name, what: meaning, place: image })
      .judge('driver-bug', 'likely')
      .blame(image)
      .oppose('a-hardware-could', {});
    return;
  }
  const profile = kind === 1n ? readProfile(c) : undefined;
  if (profile) {
    sampled(c, f, { profile, meaning });
    return;
  }
  if (kind === 1n) f.oppose('a-watchdog-stack', {});
  if (near) {
    showSuspect(f, c, near, 'context');
    f.rival({ module: imageOf(near.module) }, text('r-driver', { who: c.who(imageOf(near.module)) }));
  }
  showNoSuspect(c, f);
  f.head('h-dpc', { name: c.name, what: meaning })
    .judge('not-known', 'not-known')
    .rival({}, text('r-slow-driver', {}))
    .rival({ part: 'disk' }, text('r-disk', {}));
}

/** In how many of ten samples a driver must stand before it is named, and before it is blamed. */
const MOST = 0.8;

/** Argument 1 = 1 with the profile at hand: what ran in each sample, not what ran at the end. */
function sampled(c: Case, f: Finding, seen: { readonly profile: Profile; readonly meaning: string }): void {
  const { profile, meaning } = seen;
  const driver = profile.shares.find((share) => share.thirdParty);
  const inner = profile.inner.find((share) => share.thirdParty);
  const [top] = profile.shares;
  const all = profile.shares.slice(0, 4).map((share) => `${share.image} ${String(share.count)}`);
  const shown = driver ?? top;
  const args = {
    count: String(profile.samples),
    module: shown?.image ?? 'ntoskrnl.exe',
    share: String(shown?.count ?? profile.samples),
    all: all.join(', ') || 'ntoskrnl.exe only',
  };
  f.show(text(driver ? 'e-dpc-samples-driver' : 'e-dpc-samples', args), `dps ${hex(profile.at)} L28`, { weighs: 'decides', how: 'derived' });
  if (driver && driver.count >= profile.samples * MOST) {
    const innermost = inner?.image === driver.image && inner.count >= profile.samples * MOST;
    f.head('h-dpc-driver', { who: c.who(driver.image), name: c.name, what: meaning, place: driver.image })
      .judge('driver-bug', innermost ? 'likely' : 'possible')
      .blame(driver.image)
      .oppose('a-hardware-could', {});
    return;
  }
  f.head('h-dpc-windows', { name: c.name, what: meaning, module: args.module }).judge('not-known', 'not-known');
  if (driver) f.rival({ module: driver.image }, text('r-driver', { who: c.who(driver.image) }));
  f.rival({ part: 'disk' }, text('r-disk', {})).rival({}, driver ? text('r-slow-driver', {}) : text('r-windows', {}));
  f.settle('s-full-dump', { what: 'for which file and program the work was done' });
}
