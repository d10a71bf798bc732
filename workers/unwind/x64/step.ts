/** From one x64 frame to its caller: unwind data where it can be had, else trap frames and the scan. */
import { type Va, va, vaAdd } from '../../base/address.ts';
import { type Found, missing } from '../../base/found.ts';
import { checkCall, findReturnAddress, scanEnded } from '../scan.ts';
import { findTrapFrame, type Trap } from '../trapframe.ts';
import { keptRegisters } from '../kept.ts';
import { ended, isGuess, isReturnAddress, type Next, type RawFrame, register, type Walker } from '../walker.ts';
import { codeAt } from './codeat.ts';
import { framedStep } from './framed.ts';
import { undoFunction, undoLeaf, type Undone } from './undo.ts';

const WORD = 8;
/** A system service keeps fourteen words of copied arguments below its trap frame; other handlers nothing. */
const SERVICE_HOME = 0x70;

/** `resume` is set where an earlier scan from this frame led to a frame that was disproved. */
export function stepX64(walker: Walker, frame: RawFrame, resume: Va | undefined): Next {
  if (resume !== undefined) return scanFrom(walker, frame, resume);
  const undone = undo(walker, frame);
  if (undone.ok) {
    const next = accept(walker, frame, undone.value);
    if (next) return next;
    // Unwind data that leads nowhere disproves a frame that was a guess.
    if (isGuess(frame)) return { kind: 'reject' };
  }
  const framed = isGuess(frame) ? framedStep(walker, frame) : undefined;
  if (framed) return framed;
  if (walker.inputs.kernel && frame.boundary === 'trap-frame' && !isKernel(frame.ip)) return ended('root', 'the rest lies on the user-mode stack');
  return trapStep(walker, frame) ?? chainOfUnix(walker, frame) ?? scanFrom(walker, frame, frame.sp);
}

/** A handler keeps the interrupted registers in its frame. The innermost function is no handler, nor is what was interrupted. */
function trapStep(walker: Walker, frame: RawFrame): Next | undefined {
  const called = isGuess(frame) || frame.trust === 'unwind-info';
  const trap = walker.inputs.kernel && called ? findTrapFrame(walker, frame.sp) : undefined;
  if (!trap) return undefined;
  const own = trap.at === frame.sp || trap.at === vaAdd(frame.sp, SERVICE_HOME);
  return own ? given(trap.registers) : handlerOf(walker, frame, trap);
}

const isKernel = (at: Va): boolean => at >= 0xffff_8000_0000_0000n;

/** A trap frame further up belongs to its handler, whose return address should stand between. */
function handlerOf(walker: Walker, frame: RawFrame, trap: Trap): Next {
  const hit = findReturnAddress(walker, frame.sp, trap.at, va);
  return hit.kind === 'hit' ? scanned(hit) : given(trap.registers);
}

function given(registers: RawFrame['registers']): Next {
  const ip = va(registers['rip'] ?? 0n);
  return { kind: 'frame', frame: { ip, sp: va(registers['rsp'] ?? 0n), trust: 'given', boundary: 'trap-frame', registers } };
}

/** Takes the frame down by its unwind data, or as a leaf where the table is at hand and has no entry. */
function undo(walker: Walker, frame: RawFrame): Found<Undone> {
  const here = codeAt(walker, frame.ip);
  if (!here) return missing({ why: 'not-computed', detail: 'no module' });
  // A call that is its function's last instruction returns to an address behind the function.
  const entry = here.code.lookup(isReturnAddress(frame) ? here.rva - 1 : here.rva);
  if (!entry.ok) return entry;
  const registers = { ...frame.registers, rip: frame.ip, rsp: frame.sp };
  if (entry.value) return undoFunction(here.code, entry.value, here.rva, { registers, read: walker.read });
  // Only the innermost function, or one that was interrupted, can be a leaf: the others have called.
  return isReturnAddress(frame) ? missing({ why: 'not-computed', detail: 'a caller without unwind data' }) : undoLeaf(registers, walker.read);
}

/** The frame that unwind data led to, where it can be one. */
function accept(walker: Walker, frame: RawFrame, undone: Undone): Next | undefined {
  const ip = va(undone.registers['rip'] ?? 0n);
  const sp = va(undone.registers['rsp'] ?? 0n);
  if (ip === 0n && !undone.machineFrame) {
    return isGuess(frame) && walker.inputs.kernel ? undefined : ended('end-of-stack', 'the return address is 0');
  }
  if (!undone.machineFrame && !(sp > frame.sp && walker.onStack(sp, frame.sp) && mayReturnTo(walker, frame, ip))) return undefined;
  const registers = keptRegisters('x64', undone.registers);
  if (!undone.machineFrame) return { kind: 'frame', frame: { ip, sp, trust: 'unwind-info', registers } };
  return interrupted(walker, frame, { ip, sp, trust: 'unwind-info', boundary: 'machine-frame', registers });
}

/** A handler of the kernel kept the other registers of what it interrupted in its trap frame. */
function interrupted(walker: Walker, frame: RawFrame, outer: RawFrame): Next {
  const trap = walker.inputs.kernel ? findTrapFrame(walker, frame.sp) : undefined;
  const volatile = trap && trap.registers['rip'] === outer.ip && trap.registers['rsp'] === outer.sp ? trap.registers : {};
  return { kind: 'frame', frame: { ...outer, registers: { ...outer.registers, ...volatile } } };
}

/**
 * Dumps of other systems by Breakpad and Crashpad: code of macOS and Linux keeps a chain of RBPs as a rule, and its unwind
 * data (DWARF, compact) is not read. Code of Windows uses RBP as any register: there the chain would be a guess.
 */
function chainOfUnix(walker: Walker, frame: RawFrame): Next | undefined {
  const rbp = register(frame.registers, 'rbp');
  const unix = walker.inputs.modules.find(frame.ip)?.module.path.startsWith('/') ?? false;
  if (!unix || rbp === undefined || rbp % 8n !== 0n || rbp < frame.sp || !walker.onStack(rbp, frame.sp)) return undefined;
  const saved = walker.read(rbp);
  const word = walker.read(vaAdd(rbp, WORD));
  if (!saved.ok || !word.ok || !walker.inModule(va(word.value)) || checkCall(walker, va(word.value)) === 'no-call') return undefined;
  const sp = vaAdd(rbp, 2 * WORD);
  return { kind: 'frame', frame: { ip: va(word.value), sp, trust: 'frame-pointer', registers: { rip: word.value, rsp: sp, rbp: saved.value } } };
}

/** In user mode generated code lies in no module; a guess that leads there is not believed. */
function mayReturnTo(walker: Walker, frame: RawFrame, ip: Va): boolean {
  return walker.mayReturnTo(ip) || (!walker.inputs.kernel && !isGuess(frame) && ip >= 0x1_0000n);
}

function scanFrom(walker: Walker, frame: RawFrame, from: Va): Next {
  const innermost = frame.trust === 'context' || frame.boundary !== undefined;
  // Jumps through a bad pointer: no module there, but the caller's return address lies on top.
  if (innermost && from === frame.sp && !walker.inModule(frame.ip)) {
    const word = walker.read(frame.sp);
    if (word.ok && checkCall(walker, va(word.value)) === 'call') return scanned({ slot: frame.sp, target: va(word.value), checked: true });
  }
  const to = walker.scanEnd(from);
  const nearest = findReturnAddress(walker, from, to, va);
  // A record of the exception repeats the place itself.
  const repeats = innermost && nearest.kind === 'hit' && nearest.target === frame.ip;
  const hit = repeats ? findReturnAddress(walker, vaAdd(nearest.slot, WORD), to, va) : nearest;
  return hit.kind === 'hit' ? scanned(hit) : scanEnded(walker, hit);
}

function scanned({ slot, target, checked }: { slot: Va; target: Va; checked: boolean }): Next {
  const sp = vaAdd(slot, WORD);
  return { kind: 'frame', frame: { ip: target, sp, trust: checked ? 'scan-call-checked' : 'scan', registers: { rip: target, rsp: sp } } };
}
