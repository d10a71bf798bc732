/** Driver Verifier and the input-output memory unit: these name the driver while it does wrong. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isScanned, isThirdParty } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showDeviceOwner, showNamedDriver } from './arguments.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';
import { suspect } from './fault.ts';
import { opposeOther, showWdfLog } from './owners.ts';

/** A driver that one of the arguments points into. */
function argumentModule(c: Case, f: Finding): string | undefined {
  for (const [at, value] of c.params.entries()) {
    const place = at === 0 ? undefined : c.target.modules.find(va(value));
    if (!place || c.knowledge.driver(imageOf(place.module))?.microsoft === true) continue;
    f.show(
      text('e-owner-tag', { who: c.who(imageOf(place.module)), index: String(at + 1), value: hex(value), place: `${imageOf(place.module)}+${hex(place.rva)}` }),
      `ln ${hex(value)}`,
      { weighs: 'decides' },
    );
    f.place = { module: imageOf(place.module), offset: BigInt(place.rva) };
    return imageOf(place.module);
  }
  return undefined;
}

/** Checks of 0xC4 whose argument 2 is the name of the driver as text (leaks at unload; the bug check's page). */
const NAME_ARGUMENT: ReadonlySet<bigint> = new Set([0x60n, 0x61n, 0x62n]);

const driverName = (c: Case, f: Finding): string | undefined =>
  c.code === 0xc4 && NAME_ARGUMENT.has(c.params[0]) ? showNamedDriver(c, f, 2)?.image : undefined;

function named(c: Case, f: Finding, image: string, meaning: string): void {
  f.head('h-verifier', { who: c.who(image), name: c.name, what: meaning })
    .judge('driver-bug', 'likely')
    .blame(image);
}

/** Argument 1 is the address there, argument 2 what was done to it. */
const FREED_POOL = 0xc6;

/** 0xC4, 0xC9, 0xC6, 0x1C4. */
export function verifier(c: Case, f: Finding): void {
  const value = hex(c.params[0]);
  const area = c.knowledge.verifierArea(Number(c.params[0] & 0xffff_ffffn)) ?? 'not in the tables';
  const meaning = showSubCode(c, f, c.code === FREED_POOL ? 2 : 1, 'decides') ?? `check ${value}`;
  f.say('x-verifier', { meaning, value, area });
  f.detector = 'ntoskrnl.exe';
  const image = driverName(c, f) ?? argumentModule(c, f);
  const near: Actor | undefined = c.suspects[0];
  if (image !== undefined) {
    named(c, f, image, meaning);
    return;
  }
  if (near) {
    showSuspect(f, c, near, 'decides');
    placeOf(f, near);
    named(c, f, imageOf(near.module), meaning);
    if (isScanned(near)) f.oppose('a-scan', {});
    return;
  }
  showNoSuspect(c, f);
  f.head('h-verifier-unknown', { name: c.name, what: meaning }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
}

/** 0xE6: 0x26 is an access that the IOMMU refused, Verifier or not. */
export function dma(c: Case, f: Finding): void {
  if (c.params[0] !== 0x26n) {
    verifier(c, f);
    return;
  }
  const meaning = showSubCode(c, f, 1, 'decides') ?? 'IOMMU refused an access';
  const owner = showDeviceOwner(c, f, 2);
  f.head('h-dma', { name: c.name, what: `${meaning}; device object ${hex(c.params[1])}` })
    .judge('hardware', owner ? 'likely' : 'possible')
    .blame(undefined, 'device');
  if (owner?.thirdParty) f.rival({ module: owner.image }, text('r-driver-device', { who: c.who(owner.image) }));
  f.rival({ part: 'firmware' }, text('r-firmware', {})).rival({}, text('r-any-driver', {}));
}

/** 0x10D: the framework reports what its client did; it keeps that client's log in the dump. */
export function wdf(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(c.params[0])}`;
  f.say('x-wdf', { meaning });
  f.detector = 'Wdf01000.sys';
  const logged = showWdfLog(c, f, 'decides');
  if (logged && isThirdParty(logged, c.session)) {
    const other = c.suspects.find((actor) => imageOf(actor.module) !== imageOf(logged));
    const called = c.suspects.some((actor) => imageOf(actor.module) === imageOf(logged));
    const doubted = other && !called;
    frameworkClient(c, f, { image: imageOf(logged), sure: !doubted || isScanned(other) });
    if (doubted) opposeOther(c, f, { what: 'the framework’s log', image: imageOf(logged), other: imageOf(other.module) });
    return;
  }
  const near = logged ? undefined : c.suspects[0];
  if (!near) {
    if (logged) f.victim = imageOf(logged);
    showNoSuspect(c, f);
    f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
    return;
  }
  suspect(c, f, near);
  placeOf(f, near);
  frameworkClient(c, f, { image: imageOf(near.module), sure: near.frame.trust === 'unwind-info' });
}

function frameworkClient(c: Case, f: Finding, client: { readonly image: string; readonly sure: boolean }): void {
  const sureness = client.sure ? 'likely' : 'possible';
  f.head(`h-driver-${sureness}`, { who: c.who(client.image), name: c.name, place: client.image })
    .judge('driver-bug', sureness)
    .blame(client.image);
}
