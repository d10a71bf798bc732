/**
 * From one ARM64 frame to its caller: unwind data where it can be had, else the chain of frame records at X29 (Arm's procedure
 * call standard: saved X29, then LR), then the scan. A record does not tell where its function's frame ends, so `sp` of a caller is the word above the record: a lower bound.
 */
import { type Va, va, vaAdd } from '../../base/address.ts';
import { type Found, found, missing } from '../../base/found.ts';
import { readAll } from '../../memory/bytespace.ts';
import { keptRegisters } from '../kept.ts';
import { checkCall, findReturnAddress, scanEnded } from '../scan.ts';
import { ended, isGuess, isReturnAddress, type Next, type RawFrame, register, type Walker } from '../walker.ts';
import { findArm64Function } from './function.ts';
import { stripPac, type Undone, undoRecord } from './undo.ts';

const RECORD = 16;
const INSTRUCTION = 4;

export function stepArm64(walker: Walker, frame: RawFrame, resume: Va | undefined): Next {
  if (resume !== undefined) return scanFrom(walker, frame, resume);
  const undone = undo(walker, frame);
  if (undone.ok) {
    const next = accept(walker, frame, undone.value);
    if (next) return next;
    // Unwind data that leads nowhere disproves a frame that was a guess.
    if (isGuess(frame)) return { kind: 'reject' };
  }
  return linkStep(walker, frame) ?? chainStep(walker, frame) ?? scanFrom(walker, frame, frame.sp);
}

/** Takes the frame down by its unwind data, or as a leaf where the table is at hand and has no entry. */
function undo(walker: Walker, frame: RawFrame): Found<Undone> {
  const here = walker.code.at(frame.ip);
  if (!here) return missing({ why: 'not-computed', detail: 'no module' });
  // A call that is its function's last instruction returns to an address behind the function.
  const back = isReturnAddress(frame) ? INSTRUCTION : 0;
  const at = findArm64Function(here.image, here.place.rva - back);
  if (!at.ok) return at;
  const registers = { ...frame.registers, pc: frame.ip, sp: frame.sp };
  if (at.value) {
    const memory = { word: walker.read, bytes: (from: Va, length: number) => readAll(walker.inputs.memory, from, length) };
    return undoRecord(at.value.record, here.place.rva - back - at.value.begin, { registers, memory });
  }
  // Only the innermost function, or one that was interrupted, can be a leaf: the others have called.
  const lr = register(registers, 'lr');
  if (back > 0 || lr === undefined) return missing({ why: 'not-computed', detail: 'no unwind data and no return address' });
  return found({ registers: { ...registers, pc: stripPac(lr) } });
}

/** The frame that unwind data led to, where it can be one. */
function accept(walker: Walker, frame: RawFrame, { registers, boundary }: Undone): Next | undefined {
  const ip = va(registers['pc'] ?? 0n);
  const sp = va(registers['sp'] ?? 0n);
  if (boundary)
    return {
      kind: 'frame',
      frame: {
        ip,
        sp,
        trust: boundary === 'trap-frame' ? 'given' : 'unwind-info',
        boundary,
        registers: boundary === 'machine-frame' ? keptRegisters('arm64', registers) : registers,
      },
    };
  if (ip === 0n) return isGuess(frame) ? undefined : ended('end-of-stack', 'the return address is 0');
  const inside = sp >= frame.sp && walker.onStack(sp, frame.sp);
  const known = walker.inModule(ip) || (!walker.inputs.kernel && !isGuess(frame) && ip >= 0x1_0000n);
  if (!inside || !known || ip === frame.ip) return undefined;
  return { kind: 'frame', frame: { ip, sp, trust: 'unwind-info', registers: keptRegisters('arm64', registers) } };
}

/**
 * The innermost function may not have stored LR, or called nothing: then LR is its return address. Told from a leftover
 * by the call before it, whose target must be the function of pc, as near as symbols or distance can tell. Where no code is
 * at hand and the record at X29 leads nowhere, LR is taken for what it is: a word that points into a module.
 */
function linkStep(walker: Walker, frame: RawFrame): Next | undefined {
  const lr = frame.trust === 'context' ? register(frame.registers, 'lr') : undefined;
  if (lr === undefined) return undefined;
  const ip = stripPac(lr);
  if (!walker.inModule(ip) || ip === frame.ip) return undefined;
  const check = checkCall(walker, ip);
  const back = recordReturn(walker, frame);
  if (check === 'no-call' || back === ip) return undefined;
  const proven = check === 'call' && calls(walker, ip, frame.ip);
  const alone = check === 'unknown' && (back === undefined || !walker.inModule(back));
  if (!proven && !alone) return undefined;
  const fp = register(frame.registers, 'fp');
  const registers = { pc: ip, sp: frame.sp, ...(fp === undefined ? {} : { fp }) };
  return { kind: 'frame', frame: { ip, sp: frame.sp, trust: proven ? 'scan-call-checked' : 'scan', registers } };
}

/** Whether the direct call that ends at `back` went to the function in which `inside` lies. */
function calls(walker: Walker, back: Va, inside: Va): boolean {
  const here = walker.code.at(back);
  if (!here) return false;
  const decoded = walker.inputs.decoder.decode(here.image.code(here.place.rva - 4, 4), vaAdd(back, -4), 'arm64');
  const target = decoded.ok ? decoded.value.target : undefined;
  if (target === undefined) return false;
  const symbol = walker.symbolAt(inside);
  if (symbol.ok) return vaAdd(inside, -symbol.value.displacement) === target;
  return inside >= target && inside - target < 0x40n;
}

function recordReturn(walker: Walker, frame: RawFrame): Va | undefined {
  const fp = register(frame.registers, 'fp');
  const word = fp === undefined ? undefined : walker.read(vaAdd(fp, 8));
  return word?.ok ? stripPac(word.value) : undefined;
}

function chainStep(walker: Walker, frame: RawFrame): Next | undefined {
  const fp = register(frame.registers, 'fp');
  if (fp === 0n && frame.trust === 'frame-pointer') return ended('end-of-stack', 'the chain of frame records ends with 0');
  if (fp === undefined || fp % 8n !== 0n || fp < frame.sp || !walker.onStack(fp, frame.sp)) return undefined;
  const saved = walker.read(fp);
  const word = walker.read(vaAdd(fp, 8));
  if (!saved.ok || !word.ok) return undefined;
  const ip = stripPac(word.value);
  if (ip === 0n && frame.trust === 'frame-pointer') return ended('end-of-stack', 'the return address is 0');
  if (!isCaller(walker, ip, frame)) return undefined;
  const sp = vaAdd(fp, RECORD);
  const registers = saved.value > fp || saved.value === 0n ? { pc: ip, sp, fp: saved.value } : { pc: ip, sp };
  return { kind: 'frame', frame: { ip, sp, trust: 'frame-pointer', registers } };
}

/** Behind a call where that can be told; outside every module only in user mode and from a frame that is no guess. */
function isCaller(walker: Walker, ip: Va, frame: RawFrame): boolean {
  if (walker.inModule(ip)) return checkCall(walker, ip) !== 'no-call';
  return !walker.inputs.kernel && frame.trust !== 'scan' && ip >= 0x1_0000n;
}

function scanFrom(walker: Walker, frame: RawFrame, from: Va): Next {
  const to = walker.scanEnd(from);
  const hit = findReturnAddress(walker, from, to, stripPac);
  if (hit.kind === 'none') return scanEnded(walker, hit);
  const sp = vaAdd(hit.slot, 8);
  const fp = outerRecord(walker, hit.slot) ?? register(frame.registers, 'fp');
  const chained = fp !== undefined && fp >= sp ? { fp } : {};
  const trust = hit.checked ? 'scan-call-checked' : 'scan';
  return { kind: 'frame', frame: { ip: hit.target, sp, trust, registers: { pc: hit.target, sp, ...chained } } };
}

/** A record holds LR in its upper word: the word below it is the next X29. */
function outerRecord(walker: Walker, slot: Va): Va | undefined {
  const outer = walker.read(vaAdd(slot, -8));
  return outer.ok && outer.value > slot && walker.onStack(va(outer.value), slot) ? va(outer.value) : undefined;
}
