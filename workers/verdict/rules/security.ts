/** The kernel's own checks: stack cookies, lists, fast fail. */
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isKernelImage, placeWords } from '../actors.ts';
import { onlyBit } from '../address.ts';
import type { BrokenList } from '../brokenlist.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showCode } from './arguments.ts';
import { placeOf, rivalDrivers, showNoSuspect, showSuspect, showSubCode } from './evidence.ts';
import { headDriver, suspect, suspectAfter } from './fault.ts';
import { showBrokenList, showPoolOwner } from './owners.ts';

const MASK = 0xffff_ffff_ffff_ffffn;

/** 0xF7: P1 cookie found, P2 expected, P3 its complement. */
export function cookie(c: Case, f: Finding): void {
  const [found, wanted, complement] = c.params;
  f.show(text('e-cookie', { found: hex(found), wanted: hex(wanted), complement: hex(complement) }), '.bugcheck', { weighs: 'for' });
  const bit = onlyBit(found ^ wanted);
  const badCheck = (~wanted & MASK) !== complement;
  if (bit !== undefined || badCheck) {
    if (bit !== undefined)
      f.show(text('e-cookie-bit', { found: hex(found), wanted: hex(wanted), bit: String(bit) }), '.bugcheck', {
        weighs: 'decides',
        how: 'derived',
        from: ['e-cookie'],
      });
    f.head('h-bitflip', { name: c.name, what: bit === undefined ? 'the check’s own constants disagree' : `cookie bit ${String(bit)}` });
    f.judge('hardware', bit === undefined ? 'possible' : 'likely')
      .blame(undefined, 'ram')
      .rival({ part: 'cpu' }, text('r-cpu', {}))
      .oppose('a-driver-could', {});
    return;
  }
  f.say('x-cookie', {});
  ownerBelowCheck(c, f, 'likely');
}

/** The first third-party frame under the check owns the buffer, if nothing of Windows but the check lies between. */
function ownerBelowCheck(c: Case, f: Finding, sureness: 'likely' | 'possible'): void {
  const owner = c.suspects[0];
  if (!owner) {
    showNoSuspect(c, f);
    f.head('h-memory', { name: c.name, what: 'a stack buffer' })
      .judge('memory-corruption', 'possible')
      .rival({}, text('r-any-driver', {}))
      .rival({ part: 'ram' }, text('r-ram', {}));
    return;
  }
  const between = c.actors.filter((actor) => actor.trusted && actor.index < owner.index && !isKernelImage(actor.module)).length;
  if (between > 0 || sureness === 'possible') {
    suspect(c, f, owner);
    return;
  }
  placeOf(f, owner);
  showSuspect(f, c, owner, 'decides');
  const image = imageOf(owner.module);
  f.head('h-driver-likely', { who: c.who(image), name: c.name, place: placeWords(owner) })
    .judge('driver-bug', 'likely')
    .blame(image)
    .oppose('a-hardware-could', {});
}

const COOKIE_CLASSES: ReadonlySet<bigint> = new Set([0n, 2n]);
const LIST = 3n;

/** The links themselves, and whose memory the entry is. */
function showList(c: Case, f: Finding, meaning: string): BrokenList | undefined {
  f.show(text('e-corrupt-list', { what: meaning }), '.bugcheck', { how: 'table' });
  const broken = showBrokenList(c, f);
  if (broken) showPoolOwner(c, f, { what: 'the list entry', address: broken.entry });
  return broken;
}

/** A link wrong by one bit is the memory's. */
function listBit(f: Finding, seen: { readonly name: string; readonly bit: number }): void {
  f.head('h-bitflip', { name: seen.name, what: `list link, bit ${String(seen.bit)}` })
    .judge('hardware', 'likely')
    .blame(undefined, 'ram')
    .rival({ part: 'cpu' }, text('r-cpu', {}))
    .oppose('a-driver-could', {});
}

/** The driver checked what is its own: links that show a second removal are its doing, all else may be another's. */
function ownCheck(c: Case, f: Finding, actor: Actor, list: BrokenList | undefined): void {
  suspect(c, f, actor);
  placeOf(f, actor);
  if (list?.kind !== 'removed-twice') return;
  headDriver(c, f, imageOf(actor.module), 'likely');
  f.sureness = 'likely';
}

/** 0x139: P1 class, P2 trap frame, P3 exception record. */
export function securityCheck(c: Case, f: Finding): void {
  const [kind] = c.params;
  const named = c.knowledge.fastFail(Number(kind & 0xffff_ffffn))?.name ?? `class ${hex(kind)}`;
  const meaning = showSubCode(c, f, 1) ?? named;
  f.detector = 'ntoskrnl.exe';
  if (COOKIE_CLASSES.has(kind)) {
    f.say('x-cookie', {});
    ownerBelowCheck(c, f, 'likely');
    return;
  }
  const list = kind === LIST ? showList(c, f, meaning) : undefined;
  if (list?.bit !== undefined) {
    listBit(f, { name: c.name, bit: list.bit });
    return;
  }
  const near = c.suspects[0];
  const checker = c.actors.find((actor) => actor.trusted && !isKernelImage(actor.module));
  // The driver that ran the check on its own list is where to look, unless the links show that another wrote over them.
  if (near && checker === near && list?.kind !== 'overwritten') {
    ownCheck(c, f, near, list);
    return;
  }
  f.say('x-detector', { module: checker ? imageOf(checker.module) : 'ntoskrnl.exe' });
  showNoSuspect(c, f);
  f.head('h-memory', { name: c.name, what: meaning }).judge('memory-corruption', 'possible').oppose('a-single-dump', {});
  rivalDrivers(c, f);
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** HIGH_LEVEL of x64, the largest that there is (wdm.h). */
const HIGHEST_IRQL = 15n;

/**
 * 0x4A: P1 address of the system call, P2 IRQL. A driver raised the level and did not lower it again. The call is over, so that what lies on
 * the stack was left there by anybody; only a driver that put its own routine in the place of Windows' is named.
 */
export function syscallIrql(c: Case, f: Finding): void {
  f.say('x-syscall-irql', { address: hex(c.params[0]), irql: hex(c.params[1]) });
  f.detector = 'ntoskrnl.exe';
  const routine = showCode(c, f, 1);
  if (!routine) {
    showNoSuspect(c, f);
    f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-any-driver', {}));
    return;
  }
  const { image, place } = routine;
  const sureness = c.params[1] <= HIGHEST_IRQL ? 'likely' : 'possible';
  if (sureness === 'possible') f.show(text('e-no-irql', { irql: hex(c.params[1]) }), '.bugcheck', { how: 'derived', weighs: 'against' });
  f.head(`h-driver-${sureness}`, { who: c.who(image), name: c.name, place })
    .judge('driver-bug', sureness)
    .blame(image)
    .oppose('a-single-dump', {});
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** 0x18: P2 the object whose reference count went wrong. */
export function reference(c: Case, f: Finding): void {
  f.say('x-reference', { object: hex(c.params[1]) });
  f.detector = 'ntoskrnl.exe';
  const near = c.suspects[0];
  if (near && suspectAfter(c, f, near)) return;
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).judge('driver-bug', 'not-known').rival({}, text('r-before', {})).rival({ part: 'ram' }, text('r-ram', {}));
}
