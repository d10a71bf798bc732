/**
 * From one x86 frame to its caller: by the code where only the frame's end lies before the return, by the frame data of the
 * PDB, by the chain of saved EBPs, by the scan. Without the PDB a function that has no frame pointer is not seen between two
 * that have.
 */
import { type Va, va, vaAdd } from '../../base/address.ts';
import type { Registers } from '../frame.ts';
import { keptRegisters } from '../kept.ts';
import { checkCall, findReturnAddress, scanEnded } from '../scan.ts';
import { ended, type Next, type RawFrame, register, type Walker } from '../walker.ts';
import { EPILOG_BYTES, runToReturn } from './epilog.ts';
import { callerByPdb, narrow } from './layout.ts';

const WORD = 4;
const BARE_RETURN = Uint8Array.of(0xc3);

export function stepX86(walker: Walker, frame: RawFrame, resume: Va | undefined): Next {
  if (resume !== undefined) return scanFrom(walker, frame, resume);
  return leafStep(walker, frame) ?? layoutStep(walker, frame) ?? chainStep(walker, frame) ?? scanFrom(walker, frame, frame.sp);
}

/** Where nothing but the frame's end lies before the return, or the call went to no code at all: the return address is plain. */
function leafStep(walker: Walker, frame: RawFrame): Next | undefined {
  if (frame.trust !== 'context' && frame.boundary === undefined) return undefined;
  const here = walker.code.at(frame.ip);
  const read = (at: Va): bigint | undefined => {
    const word = walker.read(at);
    return word.ok ? narrow(word.value) : undefined;
  };
  const code = here ? here.image.code(here.place.rva, EPILOG_BYTES) : BARE_RETURN;
  const after = runToReturn(code, { ...frame.registers, esp: frame.sp }, read);
  const target = after?.['eip'];
  if (!after || target === undefined) return undefined;
  const check = walker.inModule(va(target)) ? checkCall(walker, va(target)) : 'no-call';
  if (check === 'no-call' || (!here && check !== 'call')) return undefined;
  const trust = check === 'call' ? 'scan-call-checked' : 'scan';
  return { kind: 'frame', frame: { ip: va(target), sp: va(after['esp'] ?? 0n), trust, registers: keptRegisters('x86', after) } };
}

/** The caller that the PDB's frame data leads to, where it can be one. */
function layoutStep(walker: Walker, frame: RawFrame): Next | undefined {
  const caller = callerByPdb(walker, frame);
  if (!caller) return undefined;
  const ip = narrow(caller.registers['eip'] ?? 0n);
  const sp = narrow(caller.registers['esp'] ?? 0n);
  if (ip === 0n) return ended('end-of-stack', 'the return address is 0');
  if (sp <= frame.sp || !walker.onStack(sp, frame.sp) || !isCaller(walker, ip, frame)) return undefined;
  const { trust, argumentBytes } = caller;
  return { kind: 'frame', frame: { ip, sp, trust, argumentBytes, registers: keptRegisters('x86', caller.registers) } };
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
  const sp = vaAdd(ebp, 2 * WORD);
  return { kind: 'frame', frame: { ip, sp, trust: 'frame-pointer', registers: known({ ip, sp }, outer > ebp || outer === 0n ? outer : undefined) } };
}

/** Behind a call, as far as that can be told; outside every module only where a debugger would follow it too: from a known frame. */
function isCaller(walker: Walker, ip: Va, frame: RawFrame): boolean {
  if (walker.inModule(ip)) return checkCall(walker, ip) !== 'no-call';
  return !walker.inputs.kernel && frame.trust !== 'scan' && ip >= 0x1_0000n && ip < 0x8000_0000n;
}

/** What a chain or a scan tells: a callee may have saved and changed every other register. */
function known({ ip, sp }: { readonly ip: Va; readonly sp: Va }, ebp: bigint | undefined): Registers {
  return { eip: ip, esp: sp, ...(ebp === undefined ? {} : { ebp }) };
}

function scanFrom(walker: Walker, frame: RawFrame, from: Va): Next {
  const to = walker.scanEnd(from);
  const aligned = va((from + 3n) & ~3n);
  const hit = findReturnAddress(walker, aligned, to, narrow);
  if (hit.kind === 'none') return scanEnded(walker, hit);
  const sp = vaAdd(hit.slot, WORD);
  const ebp = savedBelow(walker, hit.slot) ?? register(frame.registers, 'ebp');
  // Callees keep EBP: one that still points above goes on being the chain's.
  const registers = known({ ip: hit.target, sp }, ebp !== undefined && ebp >= sp ? ebp : undefined);
  return { kind: 'frame', frame: { ip: hit.target, sp, trust: hit.checked ? 'scan-call-checked' : 'scan', registers } };
}

/** A function with a frame pointer pushes its caller's right below the return address. */
function savedBelow(walker: Walker, slot: Va): Va | undefined {
  const word = walker.read(vaAdd(slot, -WORD));
  const ebp = word.ok ? narrow(word.value) : undefined;
  return ebp !== undefined && ebp > slot && ebp % 4n === 0n && walker.onStack(ebp, slot) ? ebp : undefined;
}
