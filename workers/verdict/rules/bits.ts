/** One wrong bit: in code, in the address that was used, in the pointer that made it. Checks of rules/fault.ts. */
import { isCanonical, type Va, va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { imageOf, isThirdParty } from '../actors.ts';
import { type AddressClass, flippedCanonicalBit } from '../address.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { type CodeJump, findCodeChange } from '../codecheck.ts';
import { matchOperand } from '../instruction.ts';
import { findTwin } from '../pointertwin.ts';
import { withoutAddress } from '../protection.ts';
import { text } from '../words.ts';

const MAX_PLACES = 12;

/** Code that is not the image's, at the first of the fault and the proved frames where it differs: one bit, or a jump that was written in. */
export function changedCode(c: Case, f: Finding): boolean {
  const places = [c.fault.ip, ...c.actors.filter((actor) => actor.trusted).map((actor) => actor.frame.ip)];
  return [...new Set(places)].slice(0, MAX_PLACES).some((at) => at !== undefined && changedAt(c, f, at));
}

export function changedAt(c: Case, f: Finding, at: Va): boolean {
  const change = findCodeChange(c.session, at);
  if (!change) return false;
  if (change.kind === 'jump') return rewritten(c, f, change);
  if (change.kind === 'breakpoint') {
    f.show(text('e-code-breakpoint', { at: hex(change.at) }), `u ${hex(change.at)} L1`, { weighs: 'against', how: 'derived' });
    f.rival({}, text('r-debugger', {}));
    return false;
  }
  const args = { at: hex(change.at), found: hex(change.found), wanted: hex(change.wanted), bit: String(change.bit) };
  f.show(text('e-code-bit', args), `u ${hex(at)}`, { weighs: 'decides', how: 'derived' });
  f.head('h-bitflip', { name: c.name, what: `code byte at ${hex(change.at)}` })
    .judge('hardware', 'certain')
    .blame(undefined, 'ram');
  f.rival({ part: 'cpu' }, text('r-cpu', {}));
  return true;
}

/** Who wrote the jump is who is jumped to, where that is a driver. */
function rewritten(c: Case, f: Finding, change: CodeJump): boolean {
  const place = c.target.modules.find(change.to);
  const to = place ? `${imageOf(place.module)}+${hex(place.rva)}` : hex(change.to);
  f.show(text('e-code-patched', { at: hex(change.at), to }), `u ${hex(change.at)} L1`, { weighs: 'decides', how: 'derived' });
  if (!place || !isThirdParty(place.module, c.session)) return false;
  const image = imageOf(place.module);
  f.head('h-driver-possible', { who: c.who(image), name: c.name, place: to })
    .judge('driver-bug', 'possible')
    .blame(image);
  f.rival({}, text('r-any-driver', {})).oppose('a-single-dump', {});
  return true;
}

function flipped(c: Case, f: Finding, seen: { readonly what: string; readonly sure: boolean }): true {
  const { place } = c.fault;
  if (place) f.victim = imageOf(place.module);
  f.head('h-bitflip', { name: c.name, what: seen.what })
    .judge('hardware', seen.sure ? 'likely' : 'possible')
    .blame(undefined, 'ram');
  f.oppose('a-driver-could', {}).rival({ part: 'cpu' }, text('r-cpu', {}));
  if (place && isThirdParty(place.module, c.session)) {
    const image = imageOf(place.module);
    f.rival({ module: image }, text('r-driver', { who: c.who(image) }));
  }
  return true;
}

/** A non-canonical address that is a proper one but for one bit: of the kernel's half, or one whose memory is in this dump. */
export function addressBit(c: Case, f: Finding, kind: AddressClass | undefined): boolean {
  const bit = kind?.flippedBit;
  const used = kind?.value;
  if (bit === undefined || used === undefined) return false;
  const proper = used ^ (1n << BigInt(bit));
  const held = c.target.memory.read(va(proper), 1).got === 1;
  if (!held && (!c.kernel || proper >> 63n === 0n)) return false;
  if (held) f.show(text('e-flip-held', { address: hex(proper), bit: String(bit) }), `db ${hex(proper)} L1`, { how: 'derived', from: ['e-canonical-bit'] });
  return flipped(c, f, { what: `address bit ${String(bit)}`, sure: held });
}

/** Without the instruction: the one register whose value is a kernel address but for a bit, where the fault gave no address. */
export function registerBit(c: Case, f: Finding): boolean {
  const { registers, unknown, command } = c.fault;
  if (!c.kernel || !registers || c.instruction || !withoutAddress(c)) return false;
  const odd = Object.entries(registers).flatMap(([register, value]) => {
    const bit = unknown.includes(register) ? undefined : flippedCanonicalBit(value);
    return bit !== undefined && (value ^ (1n << BigInt(bit))) >> 63n === 1n ? [{ register, value, bit }] : [];
  });
  const [only] = odd;
  if (!only || odd.length > 1) return false;
  const { register, value, bit } = only;
  f.show(text('e-good-register', { register, value: hex(value), bit: String(bit) }), command, { how: 'derived' });
  return flipped(c, f, { what: `bit ${String(bit)} of ${register}`, sure: false });
}

/** Bits this high change the region of memory altogether: that a value with one of them turned is memory in the dump is no chance. */
const FAR_BIT = 33;
const TOP_BIT = 46;

const PAGE = 0x1000n;

/** A trap frame lacks the registers that calls preserve; where one of them alone made the address, its value follows from it. */
function impliedBase(c: Case): { readonly name: string; readonly value: bigint } | undefined {
  const { address, computed, unknown } = c.fault;
  const [only, more] = c.instruction?.memory ?? [];
  if (address === undefined || computed || more || only?.base === undefined || only.index !== undefined || !unknown.includes(only.base)) return undefined;
  return { name: only.base, value: BigInt.asUintN(64, address - only.displacement) };
}

/**
 * The register that made the address; where the trap frame does not hold it, what it must have been. Without the instruction every
 * register that points a little below the address, and the address itself.
 */
function pointersOf(c: Case): readonly bigint[] {
  const { address, registers, unknown } = c.fault;
  if (address === undefined) return [];
  const base = matchOperand(c.operands, address)?.base;
  if (base) return [base.value];
  const implied = impliedBase(c);
  if (c.instruction) return implied ? [implied.value] : [];
  const near = Object.entries(registers ?? {}).filter(([name, value]) => !unknown.includes(name) && value <= address && address - value < PAGE);
  return [...new Set([address, ...near.map(([, value]) => value)])];
}

/** A pointer with one far bit turned leads to memory of this dump. */
export function farBit(c: Case, f: Finding): boolean {
  if (c.world.pointerSize !== 8) return false;
  return pointersOf(c).some((pointer) => pointer >= 0x1_0000n && farTwin(c, f, pointer));
}

/** One value that should be a pointer. */
export function farTwin(c: Case, f: Finding, pointer: bigint): boolean {
  for (let bit = FAR_BIT; bit <= TOP_BIT; bit++) {
    const proper = pointer ^ (1n << BigInt(bit));
    if (!isCanonical(va(proper)) || c.target.memory.read(va(proper), 8).got < 8) continue;
    f.show(text('e-flip-held', { address: hex(proper), bit: String(bit) }), `db ${hex(proper)} L8`, {
      weighs: 'decides',
      how: 'derived',
      from: ['e-operand', 'e-address'],
    });
    return flipped(c, f, { what: `pointer bit ${String(bit)}`, sure: true });
  }
  return false;
}

/** The register that made the address has a twin with one bit other. */
export function pointerBit(c: Case, f: Finding): boolean {
  const { address } = c.fault;
  const match = address === undefined ? undefined : matchOperand(c.operands, address);
  const base = match?.base ?? impliedBase(c);
  const twin = base && findTwin(c, base.name, base.value);
  if (!base || !twin) return false;
  const args = { register: base.name, value: hex(base.value), twin: hex(twin.value), where: twin.where, bit: String(twin.bit) };
  f.show(text('e-pointer-twin', args), twin.command, { weighs: 'decides', how: 'derived', from: [match ? 'e-operand' : 'e-address'] });
  const held = c.target.memory.read(va(twin.value), 1).got === 1;
  return flipped(c, f, { what: `pointer bit ${String(twin.bit)}`, sure: held });
}
