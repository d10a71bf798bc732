/** Driver Verifier and the input-output memory unit: these name the driver while it does wrong. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect } from './evidence.ts';
import { suspect } from './fault.ts';

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

function named(c: Case, f: Finding, image: string, meaning: string): void {
  f.head('h-verifier', { who: c.who(image), name: c.name, what: meaning })
    .judge('driver-bug', 'likely')
    .blame(image);
}

/** 0xC4, 0xC9, 0xC6, 0x1C4. */
export function verifier(c: Case, f: Finding): void {
  const value = hex(c.params[0]);
  const area = c.knowledge.verifierArea(Number(c.params[0] & 0xffff_ffffn)) ?? 'not in the tables';
  const meaning = showSubCode(c, f, 1, 'decides') ?? `check ${value}`;
  f.say('x-verifier', { meaning, value, area });
  f.detector = 'ntoskrnl.exe';
  const image = argumentModule(c, f);
  const near: Actor | undefined = c.suspects[0];
  if (image !== undefined) {
    named(c, f, image, meaning);
    return;
  }
  if (near) {
    showSuspect(f, c, near, 'decides');
    placeOf(f, near);
    named(c, f, imageOf(near.module), meaning);
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
  f.head('h-dma', { name: c.name, what: `${meaning}; device object ${hex(c.params[1])}` })
    .judge('hardware', 'likely')
    .blame(undefined, 'device');
  f.rival({ part: 'firmware' }, text('r-firmware', {})).rival({}, text('r-any-driver', {}));
}

/** 0x10D: the framework reports what its client did. */
export function wdf(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(c.params[0])}`;
  f.say('x-wdf', { meaning });
  f.detector = 'Wdf01000.sys';
  const near = c.suspects[0];
  if (!near) {
    showNoSuspect(c, f);
    f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
    return;
  }
  suspect(c, f, near);
  placeOf(f, near);
  const direct = near.frame.trust === 'unwind-info';
  if (direct) f.head('h-driver-likely', { who: c.who(imageOf(near.module)), name: c.name, place: imageOf(near.module) });
  f.sureness = direct ? 'likely' : 'possible';
}
