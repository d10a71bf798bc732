/** Memory access at raised level, in non-paged areas, special pool, read-only and no-execute memory. */
import { hex } from '../../base/hex.ts';
import { imageOf } from '../actors.ts';
import { irqlName, onlyBit } from '../address.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showFault, showInstruction, showNoSuspect, showSuspect, subMeaning } from './evidence.ts';
import { headDriver, judgeFault, suspect } from './fault.ts';

/** 0xA, 0xD1. */
export function raisedIrql(c: Case, f: Finding): void {
  f.say('x-irql', { irql: irqlName(c.params[1]) });
  judgeFault(c, f);
}

/** 0x50. */
export function nonPaged(c: Case, f: Finding): void {
  judgeFault(c, f);
  const reason = subMeaning(c, 4);
  if (reason !== undefined)
    f.show(text('e-subcode', { meaning: reason, index: '4', value: hex(c.params[3]) }), '.bugcheck', { how: 'table', weighs: 'context' });
}

/** 0xCC, 0xCD, 0xD5, 0xD6: special pool caught the access itself. */
export function specialPoolFault(c: Case, f: Finding): void {
  f.say('x-special-pool', {});
  judgeFault(c, f);
  if (f.cause === 'driver-bug' && f.culprit?.module !== undefined && f.sureness === 'likely') {
    headDriver(c, f, f.culprit.module, 'certain');
    f.sureness = 'certain';
  }
}

/** 0xBE: P1 address, P2 PTE. */
export function readOnlyWrite(c: Case, f: Finding): void {
  const kind = showFault(c, f);
  showInstruction(c, f);
  f.say('x-readonly', { kind: kind?.words ?? 'unknown memory' });
  const first = c.suspects[0];
  if (first) {
    suspect(c, f, first);
    return;
  }
  showNoSuspect(c, f);
  f.head('h-memory', { name: c.name, what: `write to ${kind?.words ?? 'read-only memory'}` }).judge('memory-corruption', 'possible');
  f.oppose('a-single-dump', {}).rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** 0xFC: P1 address, P2 PTE with bit 63. The instruction pointer itself is the bad value; the caller is the suspect. */
export function noExecute(c: Case, f: Finding): void {
  const kind = showFault(c, f);
  f.say('x-noexecute', { kind: kind?.words ?? 'data' });
  if (kind?.kind === 'unloaded' && kind.unloaded) {
    const { name } = kind.unloaded;
    f.show(text('e-unloaded', { name, address: hex(c.params[0]), offset: hex(kind.offset ?? 0n) }), 'lm', { weighs: 'decides', how: 'derived' });
    headDriver(c, f, name, 'likely');
    f.judge('driver-bug', 'likely').blame(name);
    return;
  }
  const first = c.suspects[0];
  if (first) {
    suspect(c, f, first);
    return;
  }
  showNoSuspect(c, f);
  f.head('h-memory', { name: c.name, what: 'a function pointer or return address' }).judge('memory-corruption', 'possible');
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** 0xC5: P1 address, P2 IRQL, P3 access, P4 instruction in the pool code, which is the victim. */
export function poolTouched(c: Case, f: Finding): void {
  const kind = showFault(c, f);
  showInstruction(c, f);
  f.detector = c.fault.place ? imageOf(c.fault.place.module) : 'ntoskrnl.exe';
  f.say('x-pool-found', {});
  const bit = onlyBit(c.params[0]);
  if (bit !== undefined && bit > 20)
    f.show(text('e-one-bit', { what: 'address', value: hex(c.params[0]), bit: String(bit) }), `.formats ${hex(c.params[0])}`, { how: 'derived' });
  f.head('h-memory', { name: c.name, what: kind?.words ?? 'pool list' }).judge('memory-corruption', 'possible');
  if (bit !== undefined && bit > 20) f.blame(undefined, 'ram');
  for (const actor of c.suspects.slice(0, 2)) {
    showSuspect(f, c, actor, 'context');
    f.rival({ module: imageOf(actor.module) }, text('r-driver', { who: c.who(imageOf(actor.module)) }));
  }
  f.rival({ part: 'ram' }, text('r-ram', {})).oppose('a-single-dump', {});
}
