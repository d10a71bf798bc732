/** Memory access at raised level, in non-paged areas, special pool, read-only and no-execute memory. */
import { hex } from '../../base/hex.ts';
import { imageOf, placeWords } from '../actors.ts';
import { type AddressClass, irqlName, onlyBit } from '../address.ts';
import type { Case } from '../case.ts';
import { spOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { farBit } from './bits.ts';
import { rivalDrivers, showFault, showInstruction, showNoSuspect, showSuspect, subMeaning } from './evidence.ts';
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

/** x64 page table entry (Intel SDM volume 3A, "Paging"): present, writable, dirty. */
const PTE = { valid: 1n, write: 2n, dirty: 0x40n } as const;

/** A page that was written to before and is no longer writable lost that bit: Windows takes both away together. */
const lostWrite = (c: Case, kind: AddressClass): boolean =>
  kind.kind === 'kernel' && c.target.arch === 'x64' && (c.params[1] & (PTE.valid | PTE.write | PTE.dirty)) === (PTE.valid | PTE.dirty);

/** 0xBE: P1 address, P2 PTE. */
export function readOnlyWrite(c: Case, f: Finding): void {
  const [address, pte] = c.params;
  const kind = c.classify(address);
  const [first] = c.suspects;
  f.say('x-readonly', { kind: kind.words });
  if (lostWrite(c, kind)) {
    showFault(c, f);
    showInstruction(c, f);
    f.show(text('e-pte-write', { pte: hex(pte) }), `!pte ${hex(address)}`, { weighs: 'decides', how: 'derived', from: ['e-address'] });
    f.head('h-memory-ram', { name: c.name, what: 'a page that was writable has lost its write bit' })
      .judge('memory-corruption', 'possible')
      .blame(undefined, 'ram');
    f.oppose('a-driver-could', {}).rival({ part: 'cpu' }, text('r-cpu', {})).rival({}, text('r-any-driver', {}));
  } else if (c.fault.ip === undefined && first) {
    showFault(c, f);
    suspect(c, f, first);
  } else {
    judgeFault(c, f);
    if (f.sureness === 'not-known') f.head('h-memory', { name: c.name, what: `write to ${kind.words}` }).judge('memory-corruption', 'possible');
  }
}

/**
 * How the processor came to the address. A call leaves its return address on top of the stack, which stands 8 off a multiple of 16 then;
 * a return takes it off and leaves a multiple (x64 calling convention, "stack allocation").
 */
function cameBy(c: Case): 'call' | 'return' | undefined {
  const sp = c.fault.registers && spOf(c.fault.registers, c.target.arch);
  if (sp === undefined || c.target.arch !== 'x64') return undefined;
  const at = c.stack.frames.findIndex((frame) => frame.ip === c.fault.ip);
  const caller = at < 0 ? undefined : c.stack.frames[at + 1];
  if (caller?.trust === 'scan-call-checked' && caller.sp === sp + 8n) return 'call';
  return sp % 16n === 0n ? 'return' : undefined;
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
  if (farBit(c, f)) return;
  const by = cameBy(c);
  if (by === 'return') f.show(text('e-returned', { address: hex(c.params[0]) }), c.fault.command, { weighs: 'decides', how: 'derived' });
  const [first] = c.suspects;
  if (first && by !== 'return') {
    if (by === 'call') f.show(text('e-called', { place: placeWords(first), address: hex(c.params[0]) }), 'k', { how: 'derived', from: ['e-address'] });
    suspect(c, f, first);
    return;
  }
  showNoSuspect(c, f);
  const what = by === 'return' ? 'a return address on the stack' : 'a function pointer or return address';
  f.head('h-memory', { name: c.name, what }).judge('memory-corruption', 'possible').oppose('a-single-dump', {});
  rivalDrivers(c, f);
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** 0xC5, 0xD0: P1 address, P2 IRQL, P3 access, P4 instruction in the pool code, which is the victim. */
export function poolTouched(c: Case, f: Finding): void {
  const kind = showFault(c, f);
  showInstruction(c, f);
  f.detector = c.fault.place ? imageOf(c.fault.place.module) : 'ntoskrnl.exe';
  f.say('x-pool-found', {});
  if (farBit(c, f)) return;
  const bit = onlyBit(c.params[0]);
  if (bit !== undefined && bit > 20)
    f.show(text('e-one-bit', { what: 'address', value: hex(c.params[0]), bit: String(bit) }), `.formats ${hex(c.params[0])}`, { how: 'derived' });
  f.head('h-memory', { name: c.name, what: kind?.words ?? 'pool list' }).judge('memory-corruption', 'possible');
  if (bit !== undefined && bit > 20) f.blame(undefined, 'ram');
  for (const actor of c.suspects.slice(0, 2)) showSuspect(f, c, actor, 'context');
  rivalDrivers(c, f);
  f.rival({ part: 'ram' }, text('r-ram', {})).oppose('a-single-dump', {});
}
