/**
 * The profile of the DPC watchdog: stacks that Windows took, tick by tick, while a processor stayed at DISPATCH_LEVEL or above.
 * ntddk.h, DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK (arguments 3 and 4 of 0x133, by the page of the bug check): Signature, Revision, Size,
 * DpcWatchdogProfileOffset (of a pointer in the KPRCB) and DpcWatchdogProfileLength (in pointers).
 * Seen in a dump of build 19041: the buffer is a row of slots, each a count, that many return addresses, innermost first, and zeros.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { readStructAt, struct, u16, u32 } from '../bytes/struct.ts';
import type { Session, Target } from '../target/target.ts';
import { imageOf, isKernelImage, isThirdParty } from './actors.ts';
import type { Case } from './case.ts';
import { findPrcb } from './prcb.ts';

const SIGNATURE = 0xaebe_cede;
const GLOBAL_TRIAGE_BLOCK = struct('DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK', 0x10, 'ntddk.h', {
  Signature: u32(0x0),
  Revision: u16(0x4),
  Size: u16(0x6),
  DpcWatchdogProfileOffset: u16(0x8),
  DpcWatchdogProfileLength: u32(0xc),
});
/** Room for a profile of 16 MiB; the one seen has 260 KiB. */
const MAX_ENTRIES = 0x20_0000;
const MAX_FRAMES = 64n;

export interface ProfileShare {
  readonly image: string;
  readonly count: number;
  readonly thirdParty: boolean;
}
export interface Profile {
  readonly at: Va;
  readonly samples: number;
  /** In how many samples a module other than the kernel stands, most first. */
  readonly shares: readonly ProfileShare[];
  /** Which module stands innermost, the kernel left out: it called what took the time. */
  readonly inner: readonly ProfileShare[];
}

/** Where each KPRCB keeps its profile, and how long it is. */
export interface ProfilePlace {
  readonly offset: number;
  readonly entries: number;
}

/** The triage block that 0x133 names: in argument 3 where the time was cumulative, in argument 4 where one DPC was too long. */
export function profilePlace({ bugCheck, memory }: Target): ProfilePlace | undefined {
  if (bugCheck === null || memory.pointerSize !== 8) return undefined;
  for (const at of bugCheck.params.slice(2)) {
    const header = memory.read(va(at), GLOBAL_TRIAGE_BLOCK.size);
    const read = readStructAt(GLOBAL_TRIAGE_BLOCK, header.bytes.subarray(0, header.got), 0);
    if (!read.ok || read.value.Signature !== SIGNATURE) continue;
    const { DpcWatchdogProfileOffset: offset, DpcWatchdogProfileLength: entries } = read.value;
    return entries === 0 || entries > MAX_ENTRIES ? undefined : { offset, entries };
  }
  return undefined;
}

/** The samples of the processor that stopped, where this dump holds them. */
export function readProfile({ session }: Pick<Case, 'session'>): Profile | undefined {
  const { target } = session;
  const place = profilePlace(target);
  const prcb = place && target.processor.ok ? findPrcb(target, target.processor.value) : undefined;
  return place && prcb !== undefined ? profileOf(session, prcb, place) : undefined;
}

/** The samples of one processor. */
export function profileOf(session: Session, prcb: Va, place: ProfilePlace): Profile | undefined {
  const { memory } = session.target;
  const buffer = memory.pointer(vaAdd(prcb, place.offset));
  if (!buffer.ok || buffer.value === 0n) return undefined;
  const { bytes, got } = memory.read(buffer.value, place.entries * 8);
  return countSamples(session, buffer.value, new DataView(bytes.buffer, bytes.byteOffset, got));
}

function countSamples(session: Session, at: Va, view: DataView): Profile | undefined {
  const shares = new Map<string, ProfileShare>();
  const inner = new Map<string, ProfileShare>();
  let samples = 0;
  for (let offset = 0; offset + 16 <= view.byteLength; offset += 8) {
    const count = view.getBigUint64(offset, true);
    if (count === 0n || count > MAX_FRAMES) continue;
    const names = framesOf(session, view, offset, Number(count));
    if (!names) continue;
    samples++;
    for (const image of new Set(names)) add(session, shares, image);
    const [first] = names;
    if (first !== undefined) add(session, inner, first);
    offset += Number(count) * 8;
  }
  return samples === 0 ? undefined : { at, samples, shares: ordered(shares), inner: ordered(inner) };
}

/** Modules of one sample, the kernel left out; undefined where the words are no return addresses. */
function framesOf(session: Session, view: DataView, offset: number, count: number): string[] | undefined {
  if (offset + 8 + count * 8 > view.byteLength) return undefined;
  const names: string[] = [];
  for (let index = 1; index <= count; index++) {
    const place = session.target.modules.find(va(view.getBigUint64(offset + index * 8, true)));
    if (!place) {
      if (index === 1) return undefined;
      continue;
    }
    if (!isKernelImage(place.module)) names.push(imageOf(place.module));
  }
  return names;
}

function add(session: Session, counts: Map<string, ProfileShare>, image: string): void {
  const before = counts.get(image);
  const module = session.target.modules.byName(image);
  counts.set(image, { image, count: (before?.count ?? 0) + 1, thirdParty: before?.thirdParty ?? (module !== undefined && isThirdParty(module, session)) });
}

const ordered = (counts: ReadonlyMap<string, ProfileShare>): ProfileShare[] => [...counts.values()].sort((a, b) => b.count - a.count);
