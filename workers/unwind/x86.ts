/**
 * x86: the chain of saved EBPs, then the scan. A function without a frame pointer between two with one is not seen by the
 * chain (its FPO data stands in PDBs only); the innermost function is taken down by its code where that is a bare return.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { checkCall, findReturnAddress, scanEnded } from './scan.ts';
import { ended, type Next, type RawFrame, register, type Walker } from './walker.ts';

const WORD = 4;
const narrow = (word: bigint): Va => va(BigInt.asUintN(32, word));

export function stepX86(walker: Walker, frame: RawFrame, resume: Va | undefined): Next {
  if (resume !== undefined) return scanFrom(walker, frame, resume);
  return leafStep(walker, frame) ?? chainStep(walker, frame) ?? scanFrom(walker, frame, frame.sp);
}

/** Where the next instruction is a return, or the call went to no code at all, the return address lies on top. */
function leafStep(walker: Walker, frame: RawFrame): Next | undefined {
  if (frame.trust !== 'context' && frame.boundary === undefined) return undefined;
  const word = walker.read(frame.sp);
  if (!word.ok) return undefined;
  const here = walker.code.at(frame.ip);
  const drop = here ? returnDrop(here.image.code(here.place.rva, 3)) : 0;
  if (drop === undefined) return undefined;
  const target = narrow(word.value);
  const check = walker.inModule(target) ? checkCall(walker, target) : 'no-call';
  if (check === 'no-call' || (!here && check !== 'call')) return undefined;
  return next(frame, { ip: target, sp: vaAdd(frame.sp, WORD + drop), trust: check === 'call' ? 'scan-call-checked' : 'scan' });
}

/** Bytes of arguments that the return instruction takes off; undefined where it is none. */
function returnDrop(code: Uint8Array): number | undefined {
  if (code[0] === 0xc3) return 0;
  return code[0] === 0xc2 && code.length >= 3 ? (code[1] ?? 0) | ((code[2] ?? 0) << 8) : undefined;
}

function chainStep(walker: Walker, frame: RawFrame): Next | undefined {
  const ebp = register(frame.registers, 'ebp');
  if (ebp === 0n && frame.trust === 'frame-pointer') return ended('end-of-stack', 'the chain of frame pointers ends with 0');
  if (ebp === undefined || ebp % 4n !== 0n || ebp < frame.sp || !walker.onStack(ebp, frame.sp)) return undefined;
  const saved = walker.read(ebp);
  const word = walker.read(vaAdd(ebp, WORD));
  if (!saved.ok || !word.ok) return undefined;
  const ip = narrow(word.value);
  const outer = narrow(saved.value);
  if (ip === 0n && frame.trust !== 'context') return ended('end-of-stack', 'the return address is 0');
  if (!isCaller(walker, ip, frame)) return undefined;
  // The outermost frame saves 0; any other value at or below this frame ends the chain after the next one.
  const known = outer > ebp || outer === 0n ? { ...frame.registers, ebp: outer } : without(frame.registers, 'ebp');
  return next({ ...frame, registers: known }, { ip, sp: vaAdd(ebp, 2 * WORD), trust: 'frame-pointer' });
}

/** Behind a call, as far as that can be told; outside every module only where a debugger would follow it too: from a known frame. */
function isCaller(walker: Walker, ip: Va, frame: RawFrame): boolean {
  if (walker.inModule(ip)) return checkCall(walker, ip) !== 'no-call';
  return !walker.inputs.kernel && frame.trust !== 'scan' && ip >= 0x1_0000n && ip < 0x8000_0000n;
}

function without(registers: RawFrame['registers'], name: string): RawFrame['registers'] {
  const rest = { ...registers };
  delete (rest as Record<string, bigint>)[name];
  return rest;
}

function next(frame: RawFrame, found: Pick<RawFrame, 'ip' | 'sp' | 'trust'>): Next {
  return { kind: 'frame', frame: { ...found, registers: { ...frame.registers, eip: found.ip, esp: found.sp } } };
}

function scanFrom(walker: Walker, frame: RawFrame, from: Va): Next {
  const to = walker.scanEnd(from);
  const aligned = va((from + 3n) & ~3n);
  const hit = findReturnAddress(walker, aligned, to, narrow);
  if (hit.kind === 'none') return scanEnded(walker, hit);
  const sp = vaAdd(hit.slot, WORD);
  const ebp = savedBelow(walker, hit.slot) ?? register(frame.registers, 'ebp');
  // Callees keep EBP: one that still points above goes on being the chain's.
  const registers = ebp !== undefined && ebp >= sp ? { ...frame.registers, ebp } : without(frame.registers, 'ebp');
  return next({ ...frame, registers }, { ip: hit.target, sp, trust: hit.checked ? 'scan-call-checked' : 'scan' });
}

/** A function with a frame pointer pushes its caller's right below the return address. */
function savedBelow(walker: Walker, slot: Va): Va | undefined {
  const word = walker.read(vaAdd(slot, -WORD));
  const ebp = word.ok ? narrow(word.value) : undefined;
  return ebp !== undefined && ebp > slot && ebp % 4n === 0n && walker.onStack(ebp, slot) ? ebp : undefined;
}
