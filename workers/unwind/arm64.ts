/**
 * ARM64: the chain of frame records at X29 (Arm's procedure call standard: saved X29, then LR), then the scan.
 * A record does not tell where its function's frame ends, so `sp` of a caller is the word above the record: a lower bound.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { checkCall, findReturnAddress, scanEnded } from './scan.ts';
import { ended, type Next, type RawFrame, register, type Walker } from './walker.ts';

const RECORD = 16;

/** Takes pointer authentication bits off: bit 55 tells which half of the space, bits 48 to 63 follow it. */
export function stripPac(pointer: bigint): Va {
  const upper = ((pointer >> 55n) & 1n) === 1n;
  const low = BigInt.asUintN(48, pointer);
  return va(upper ? low | 0xffff_0000_0000_0000n : low);
}

export function stepArm64(walker: Walker, frame: RawFrame, resume: Va | undefined): Next {
  if (resume !== undefined) return scanFrom(walker, frame, resume);
  return linkStep(walker, frame) ?? chainStep(walker, frame) ?? scanFrom(walker, frame, frame.sp);
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
  const registers = { ...frame.registers };
  delete (registers as Record<string, bigint>)['lr'];
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
