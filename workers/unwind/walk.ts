/** Walks a stack from its registers outward, innermost frame first. */
import { type Va, va } from '../base/address.ts';
import type { Job } from '../base/job.ts';
import type { Arch } from '../code/decoder.ts';
import { thumbAddress } from './arm/function.ts';
import { stepArm } from './arm/step.ts';
import { stepArm64 } from './arm64/step.ts';
import { stripPac } from './arm64/undo.ts';
import type { Frame, Registers, Stack, WalkInputs } from './frame.ts';
import { type Ended, type Next, type RawFrame, Walker } from './walker.ts';
import { stepX64 } from './x64/step.ts';
import { stepX86 } from './x86/step.ts';

type Step = (walker: Walker, frame: RawFrame, resume: Va | undefined) => Next;

interface Machine {
  readonly ip: string;
  readonly sp: string;
  readonly step: Step;
  /** A pointer without bits that are no part of an address. */
  readonly clean: (pointer: bigint) => Va;
}

const MACHINES: Readonly<Record<Arch, Machine>> = {
  x64: { ip: 'rip', sp: 'rsp', step: stepX64, clean: va },
  x86: { ip: 'eip', sp: 'esp', step: stepX86, clean: (pointer) => va(BigInt.asUintN(32, pointer)) },
  arm64: { ip: 'pc', sp: 'sp', step: stepArm64, clean: stripPac },
  arm: { ip: 'pc', sp: 'sp', step: stepArm, clean: thumbAddress },
};

/** No caller shows more; a stack overflow of the largest stack stays below it. */
const MAX_FRAMES = 100_000;
/** Frames between two progress steps, so that a job gives way every few milliseconds. */
const FRAMES_A_STEP = 16;

export function* walkStack(inputs: WalkInputs): Job<Stack> {
  const walker = new Walker(inputs);
  const machine = MACHINES[inputs.arch];
  const first = contextFrame(inputs.registers, machine);
  if (!first) return { frames: [], ended: { reason: 'corrupt', detail: 'the registers hold no instruction or stack pointer' } };
  const { raw, ended } = yield* walkRaw(walker, machine, first);
  const frames: Frame[] = raw.map((frame, index) => walker.finish(frame, raw[index + 1]));
  return { frames, ended };
}

function contextFrame(registers: Registers, machine: Machine): RawFrame | undefined {
  const ip = registers[machine.ip];
  const sp = registers[machine.sp];
  if (ip === undefined || sp === undefined) return undefined;
  return { ip: machine.clean(ip), sp: va(sp), trust: 'context', registers };
}

function* walkRaw(walker: Walker, machine: Machine, first: RawFrame): Job<{ raw: RawFrame[]; ended: Ended }> {
  const limit = Math.max(1, Math.min(walker.inputs.limit, MAX_FRAMES));
  const raw: RawFrame[] = [first];
  let current = first;
  let resume: Va | undefined;
  for (let steps = 0; ; steps++) {
    if (steps % FRAMES_A_STEP === FRAMES_A_STEP - 1) yield { progress: 'Walking the stack', done: raw.length, of: null };
    const next = machine.step(walker, current, resume);
    resume = undefined;
    if (next.kind === 'end') return { raw, ended: next.ended };
    if (next.kind === 'reject') {
      // Its return address lies right below its stack pointer; the scan goes on behind that word.
      resume = current.sp;
      raw.pop();
      current = raw[raw.length - 1] ?? first;
      continue;
    }
    const frame = next.frame;
    if (!advances(current, frame))
      return { raw, ended: { reason: 'no-progress', detail: `the stack pointer does not move beyond ${walker.text(current.sp)}` } };
    if (raw.length >= limit) return { raw, ended: { reason: 'limit', detail: `${limit} frames were asked for` } };
    raw.push(frame);
    current = frame;
  }
}

/** Callers lie higher; an exception may have come from another stack, and a leaf of ARM64 has no frame. */
function advances(inner: RawFrame, outer: RawFrame): boolean {
  if (outer.boundary !== undefined) return outer.ip !== inner.ip || outer.sp !== inner.sp;
  return outer.sp > inner.sp || (outer.sp === inner.sp && inner.trust === 'context' && outer.ip !== inner.ip);
}
