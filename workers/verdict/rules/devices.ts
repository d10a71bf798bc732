/** USB, requests finished twice, drivers that left work behind. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf } from '../actors.ts';
import type { Case } from '../case.ts';
import { driversOfIrp } from '../devicestack.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showDeviceOwner } from './arguments.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';
import { headDriver, suspect } from './fault.ts';
import { opposeOther } from './owners.ts';

const USB3 = 0x144;
/** Argument 1 where a client driver did it, by the pages of the two codes. */
const CLIENT_FAULTS: Readonly<Record<number, ReadonlySet<bigint>>> = {
  0xfe: new Set([2n, 4n]),
  [USB3]: new Set([1n, 3n, 0x800n, 0x801n, 0x802n, 0x803n, 0x804n, 0x805n, 0x806n, 0x807n]),
};
/** Of 0x144: the device that Windows starts or pages from was not found again after a reset. */
const NOT_FOUND_AGAIN = 2n;
const ofDevice = (code: number, kind: bigint): boolean => (code === USB3 ? kind === NOT_FOUND_AGAIN || kind >= 0x1000n : kind === 3n || kind === 5n);
/** A handle was not closed: the device object stands in argument 3 there. */
const LEFT_OPEN = 0x804n;

/** 0xFE, 0x144. */
export function usb(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(c.params[0])}`;
  f.detector = c.code === 0xfe ? 'usbport.sys' : 'USBXHCI.sys';
  f.say('x-usb-clients', { meaning });
  const [kind] = c.params;
  const client = CLIENT_FAULTS[c.code]?.has(kind) === true;
  const near = c.suspects[0];
  const owner = client && c.code === USB3 ? showDeviceOwner(c, f, kind === LEFT_OPEN ? 3 : 4) : undefined;
  if (owner?.thirdParty) {
    ofClient(c, f, { image: owner.image, other: near });
    return;
  }
  if (client && near) {
    suspect(c, f, near);
    placeOf(f, near);
    return;
  }
  f.head('h-usb', { name: c.name, what: meaning });
  if (ofDevice(c.code, kind)) f.judge('hardware', 'possible').blame(undefined, 'device');
  else f.judge('driver-bug', 'not-known').rival({ part: 'device' }, text('r-hardware', {}));
  if (kind === 5n && c.code === 0xfe) f.rival({ part: 'ram' }, text('r-ram', {}));
  f.rival({ part: 'firmware' }, text('r-firmware', {})).rival({}, text('r-any-driver', {}));
}

/** The device object is the client driver's own: what it was asked for, its driver asked. */
function ofClient(c: Case, f: Finding, seen: { readonly image: string; readonly other: Actor | undefined }): void {
  const { image, other } = seen;
  headDriver(c, f, image, 'likely');
  f.judge('driver-bug', 'likely').blame(image).oppose('a-hardware-could', {});
  if (other && imageOf(other.module) === image) placeOf(f, other);
  else if (other) {
    opposeOther(c, f, { what: 'the device object', image, other: imageOf(other.module) });
    f.weaken();
  }
}

/** 0x44: P1 the request. Who finished it first left no trace. */
export function completedTwice(c: Case, f: Finding): void {
  f.say('x-irp-twice', { irp: hex(c.params[0]) });
  f.detector = 'ntoskrnl.exe';
  for (const actor of c.suspects.slice(0, 2)) {
    showSuspect(f, c, actor, 'context');
    f.rival({ module: imageOf(actor.module) }, text('r-driver', { who: c.who(imageOf(actor.module)) }));
  }
  const near = c.suspects[0];
  if (!near) {
    showNoSuspect(c, f);
    f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
    return;
  }
  suspect(c, f, near);
  placeOf(f, near);
  const others = new Set(driversOfIrp(c, c.params[0]).flatMap(({ image, thirdParty }) => (thirdParty && image !== imageOf(near.module) ? [image] : [])));
  if (others.size === 0) return;
  const names = [...others].join(', ');
  f.show(text('e-irp-drivers', { names, irp: hex(c.params[0]) }), `!irp ${hex(c.params[0])}`, { weighs: 'against', how: 'derived' });
  for (const image of others) f.rival({ module: image }, text('r-driver', { who: c.who(image) }));
}

/** 0xCE: P1 in the unloaded driver: its name is the proof. */
export function leftBehind(c: Case, f: Finding): void {
  const unloaded = c.params.map((value) => c.target.modules.findUnloaded(va(value))).find((one) => one !== undefined);
  if (!unloaded) {
    showNoSuspect(c, f);
    f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
    return;
  }
  const { name } = unloaded;
  f.show(text('e-unloaded', { name, address: hex(c.params[0]), offset: hex(c.params[0] - unloaded.start) }), 'lm', { weighs: 'decides', how: 'derived' });
  f.say('x-unloaded-pending', { name });
  const [other] = c.target.modules.unloaded.filter((one) => one.name !== name && c.params[0] >= one.start && c.params[0] < one.end);
  headDriver(c, f, name, other ? 'possible' : 'certain');
  f.judge('driver-bug', other ? 'possible' : 'certain').blame(name);
  if (!other) return;
  f.oppose('a-range-reused', { who: name, other: other.name, address: hex(c.params[0]) });
  f.rival({ module: other.name }, text('r-driver', { who: c.who(other.name) }));
}
