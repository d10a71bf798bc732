/** Power transitions and watchdogs on processors' time. */
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isThirdParty } from '../actors.ts';
import type { Case } from '../case.ts';
import { type DeviceOwner, holderOfIrp, isCompleted } from '../devicestack.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showDeviceOwner, showDeviceStack } from './arguments.ts';
import { weakenInGuest } from './guest.ts';
import { opposeOther, showWdfLog } from './owners.ts';
import { type Profile, readProfile } from '../samples.ts';
import { type ServiceName, serviceName } from '../servicename.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';

/** 0x9F. */
export function powerState(c: Case, f: Finding): void {
  const [kind, , third, irp] = c.params;
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(kind)}`;
  f.detector = 'ntoskrnl.exe';
  const logged = showWdfLog(c, f, 'context');
  if (kind !== 3n) {
    held(c, f, meaning);
    return;
  }
  f.say('x-power-irp', { irp: hex(irp) });
  f.show(text('e-triage-block', { name: 'nt!_TRIAGE_9F_POWER', at: hex(third) }), `dps ${hex(third)}`, { weighs: 'context' });
  const stack = showDeviceStack(c, f);
  const holder = holderOfIrp(c, irp);
  if (!holder) {
    if (isCompleted(c, irp)) f.oppose('a-irp-done', { irp: hex(irp) });
    unknownHolder(c, f, meaning);
    return;
  }
  heldBy(c, f, { holder, stack });
  const blamed = f.culprit?.module;
  if (blamed === undefined || !logged || !isThirdParty(logged, c.session) || imageOf(logged) === blamed) return;
  opposeOther(c, f, { what: 'the request', image: blamed, other: imageOf(logged) });
  f.weaken();
}

/** 0x1D5: P1 the first characters of the device's service, P2 TRIAGE_PNP_WATCHDOG, P3 the thread, P4 milliseconds. The stack is the timer's. */
export function pnpWatchdog(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  const [first, , thread, ms] = c.params;
  f.show(text('e-pnp-wait', { thread: hex(thread), seconds: String(ms / 1000n) }), '.bugcheck', { weighs: 'for' });
  const service = serviceName(c, first);
  if (!service) {
    const near = c.subject?.suspects[0];
    if (near) suspectPower(c, f, near);
    else unknownHolder(c, f, 'a device was not started or stopped in time');
    return;
  }
  const { name, cut } = service;
  f.show(text('e-service', { service: cut ? `${name}…` : name }), '.bugcheck', { weighs: 'decides', how: 'derived', private: true });
  const owners = c.target.modules.modules.filter((module) => isServiceOf(imageOf(module), service));
  const [owner] = owners;
  const known = owners.length === 1 && owner && isThirdParty(owner, c.session) ? imageOf(owner) : undefined;
  f.head('h-pnp', { who: known === undefined ? 'its service is named below' : c.who(known), name: c.name })
    .judge('driver-bug', 'possible')
    .oppose('a-single-dump', {})
    .rival({ part: 'device' }, text('r-hardware', {}));
  if (known === undefined) f.blame(undefined, 'device');
  else f.blame(known);
}

/** A service mostly has the name of its driver's file. */
const isServiceOf = (image: string, { name, cut }: ServiceName): boolean => {
  const stem = image.toLowerCase().replace(/\.sys$/, '');
  return cut ? stem.startsWith(name.toLowerCase()) : stem === name.toLowerCase();
};

/** A bus or ACPI driver only passes a request on for the device's own driver: that one is the suspect. */
function heldBy(c: Case, f: Finding, seen: { readonly holder: DeviceOwner; readonly stack: readonly DeviceOwner[] }): void {
  const { holder, stack } = seen;
  f.show(text('e-irp-holder', { who: c.who(holder.image), irp: hex(c.params[3]) }), `dps ${hex(holder.from)} L1`, { weighs: 'decides', how: 'derived' });
  const device = holder.thirdParty ? holder : stack.findLast((owner) => owner.thirdParty);
  f.head(device ? 'h-power' : 'h-power-device', { who: c.who((device ?? holder).image), name: c.name })
    .judge(device ? 'driver-bug' : 'hardware', holder.thirdParty ? 'likely' : 'possible')
    .rival({ part: 'device' }, text('r-hardware', {}));
  if (device) f.blame(device.image);
  else f.blame(undefined, 'device');
  if (!holder.thirdParty) f.detector = holder.image;
  f.place = { module: holder.image, offset: 0n };
}

function unknownHolder(c: Case, f: Finding, meaning: string): void {
  f.head('h-power-unknown', { name: c.name, what: meaning })
    .judge('driver-bug', 'not-known')
    .rival({}, text('r-any-driver', {}))
    .rival({ part: 'firmware' }, text('r-firmware', {}));
}

/** Which argument is the device of the driver that broke the rule or is late: freed, done without PoStartNextPowerIrp, directed. */
const DEVICE_ARGUMENT: ReadonlyMap<bigint, 2 | 3> = new Map([
  [1n, 2],
  [2n, 2],
  [5n, 2],
  [0x500n, 3],
]);
/** Of the others the device's driver is told itself; here all drivers over the device take part. */
const DIRECTED = 5n;

/** The stack of the stop is the timer's. P1 = 4 names the thread that holds the lock, the others a device. */
function held(c: Case, f: Finding, meaning: string): void {
  const [kind] = c.params;
  const near = kind === 4n ? c.subject?.suspects[0] : undefined;
  if (near && c.subject) {
    f.show(text('e-lock-thread', { thread: hex(c.params[2]), count: String(c.subject.stack.frames.length) }), `.thread ${hex(c.params[2])}`);
    suspectPower(c, f, near);
    return;
  }
  const index = DEVICE_ARGUMENT.get(kind);
  const owner = index === undefined ? undefined : kind === DIRECTED ? showDeviceStack(c, f).findLast((one) => one.thirdParty) : showDeviceOwner(c, f, index);
  if (!owner?.thirdParty) {
    unknownHolder(c, f, meaning);
    return;
  }
  f.head('h-power', { who: c.who(owner.image), name: c.name })
    .judge('driver-bug', kind === DIRECTED ? 'possible' : 'likely')
    .blame(owner.image)
    .rival({ part: 'device' }, text('r-hardware', {}));
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
    weakenInGuest(c, f);
    return;
  }
  if (HIBERNATE_DISK.has(kind)) {
    f.head('h-disk', { name: c.name, what: meaning }).judge('storage', 'possible').blame(undefined, 'disk').rival({}, text('r-any-driver', {}));
    weakenInGuest(c, f);
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
    f.blame(image).oppose('a-hardware-could', {});
    // Its own code was interrupted. In Windows code that it called, it may have waited for a lock that another holds.
    if (near.frame.boundary) f.head('h-dpc-driver', { who: c.who(image), name: c.name, what: meaning, place: image }).judge('driver-bug', 'likely');
    else
      f.head('h-driver-possible', { who: c.who(image), name: c.name, place: image })
        .judge('driver-bug', 'possible')
        .rival({}, text('r-slow-driver', {}));
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
  const [top] = profile.shares;
  const all = profile.shares.slice(0, 4).map((share) => `${share.image} ${String(share.count)}`);
  const shown = driver ?? top;
  const args = {
    count: String(profile.samples),
    module: shown?.image ?? 'ntoskrnl.exe',
    share: String(shown?.count ?? profile.samples),
    all: all.join(', ') || 'ntoskrnl.exe only',
  };
  f.show(text(driver ? 'e-dpc-samples-driver' : 'e-dpc-samples', args), '!dpcwatchdog', { weighs: 'decides', how: 'derived' });
  if (driver && driver.count >= profile.samples * MOST) {
    mostlyIn(c, f, { ...seen, image: driver.image });
    return;
  }
  f.head('h-dpc-windows', { name: c.name, what: meaning, module: args.module }).judge('not-known', 'not-known');
  if (driver) f.rival({ module: driver.image }, text('r-driver', { who: c.who(driver.image) }));
  f.rival({ part: 'disk' }, text('r-disk', {})).rival({}, driver ? text('r-slow-driver', {}) : text('r-windows', {}));
  f.settle('s-full-dump', { what: 'for which file and program the work was done' });
}

/** The driver took the time itself where it stands innermost as well; the stack of the end may show another. */
function mostlyIn(c: Case, f: Finding, seen: { readonly profile: Profile; readonly meaning: string; readonly image: string }): void {
  const { profile, meaning, image } = seen;
  const inner = profile.inner.find((share) => share.thirdParty);
  const innermost = inner?.image === image && inner.count >= profile.samples * MOST;
  f.head('h-dpc-driver', { who: c.who(image), name: c.name, what: meaning, place: image })
    .judge('driver-bug', innermost ? 'likely' : 'possible')
    .blame(image)
    .oppose('a-hardware-could', {});
  const last = c.suspects[0]?.module;
  if (last && imageOf(last) !== image) opposeOther(c, f, { what: 'the watchdog’s profile', image, other: imageOf(last) });
}
