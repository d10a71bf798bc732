/** From one ARM frame (Thumb-2, as Windows has it) to its caller: unwind data, else the chain of saved R11s, else the scan. */
import { type Va, va, vaAdd } from '../../base/address.ts';
import { type Found, missing } from '../../base/found.ts';
import { keptRegisters } from '../kept.ts';
import { checkCall, findReturnAddress, scanEnded } from '../scan.ts';
import { ended, isGuess, isReturnAddress, type Next, type RawFrame, register, type Walker } from '../walker.ts';
import type { Registers } from '../frame.ts';
import { findThumbFunction, thumbAddress, undoThumb } from './function.ts';

const WORD = 4;

export function stepArm(walker: Walker, frame: RawFrame, resume: Va | undefined): Next {
  if (resume !== undefined) return scanFrom(walker, resume);
  const undone = undo(walker, frame);
  if (undone.ok) {
    const next = accept(walker, frame, undone.value);
    if (next) return next;
    // Unwind data that leads nowhere disproves a frame that was a guess.
    if (isGuess(frame)) return { kind: 'reject' };
  }
  return chainStep(walker, frame) ?? scanFrom(walker, frame.sp);
}

/** Takes the frame down by its unwind data, or as a leaf where the table is at hand and has no entry. */
function undo(walker: Walker, frame: RawFrame): Found<Registers> {
  const here = walker.code.at(frame.ip);
  if (!here) return missing({ why: 'not-computed', detail: 'no module' });
  // A call that is its function's last instruction returns to an address behind the function.
  const back = isReturnAddress(frame) ? 2 : 0;
  const at = findThumbFunction(here.image, here.place.rva - back);
  if (!at.ok) return at;
  const registers = { ...frame.registers, pc: frame.ip, sp: frame.sp };
  if (at.value) return undoThumb(at.value.record, here.place.rva - back - at.value.begin, { registers, read: walker.read });
  const lr = register(registers, 'lr');
  if (back > 0 || lr === undefined) return missing({ why: 'not-computed', detail: 'no unwind data and no return address' });
  return { ok: true, value: { ...registers, pc: thumbAddress(lr) } };
}

function accept(walker: Walker, frame: RawFrame, registers: Registers): Next | undefined {
  const ip = va(registers['pc'] ?? 0n);
  const sp = va(registers['sp'] ?? 0n);
  if (ip === 0n) return isGuess(frame) ? undefined : ended('end-of-stack', 'the return address is 0');
  if (sp < frame.sp || !walker.onStack(sp, frame.sp) || !walker.inModule(ip) || ip === frame.ip) return undefined;
  return { kind: 'frame', frame: { ip, sp, trust: 'unwind-info', registers: keptRegisters('arm', registers) } };
}

/** Windows keeps R11 as a chain: the saved R11, then LR ("Overview of ARM32 ABI conventions"). */
function chainStep(walker: Walker, frame: RawFrame): Next | undefined {
  const fp = register(frame.registers, 'r11');
  if (fp === 0n && frame.trust === 'frame-pointer') return ended('end-of-stack', 'the chain of frame pointers ends with 0');
  if (fp === undefined || fp % 4n !== 0n || fp < frame.sp || !walker.onStack(fp, frame.sp)) return undefined;
  const saved = walker.read(fp);
  const word = walker.read(vaAdd(fp, WORD));
  if (!saved.ok || !word.ok) return undefined;
  const ip = thumbAddress(word.value);
  if (!walker.inModule(ip) || checkCall(walker, ip) === 'no-call') return undefined;
  const sp = vaAdd(fp, 2 * WORD);
  const outer = saved.value > fp || saved.value === 0n ? { r11: saved.value } : {};
  return { kind: 'frame', frame: { ip, sp, trust: 'frame-pointer', registers: { pc: ip, sp, ...outer } } };
}

function scanFrom(walker: Walker, from: Va): Next {
  const hit = findReturnAddress(walker, from, walker.scanEnd(from), thumbAddress);
  if (hit.kind === 'none') return scanEnded(walker, hit);
  const sp = vaAdd(hit.slot, WORD);
  return { kind: 'frame', frame: { ip: hit.target, sp, trust: hit.checked ? 'scan-call-checked' : 'scan', registers: { pc: hit.target, sp } } };
}
