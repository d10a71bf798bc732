/**
 * On which stack the stop was made: the thread's own (KTHREAD.StackLimit to StackBase), or one of the processor's (KPRCB.DpcStack and
 * IsrStack, whose place KDBG tells: wdbgexts.h, KDDEBUGGER_DATA64). Stacks of a processor begin at their high end and are KERNEL_STACK_SIZE long.
 */
import { isKernelHalf, type Va, vaAdd } from '../base/address.ts';
import type { Target } from '../target/target.ts';
import type { Case } from './case.ts';
import { spOf } from './fault.ts';
import { interruptedSp } from './interrupted.ts';
import { findPrcb } from './prcb.ts';

/** x64: KERNEL_STACK_SIZE of ntddk.h. */
const PROCESSOR_STACK = 0x6000n;
/** The pointer stands a little below the high end: "DPC_STACK_BASE:  FFFFF80634CB6FB0" of a stack that ends at …7000. */
const ABOVE_BASE = 0x50n;

type ProcessorStack = 'Dpc' | 'Isr';

function baseOf(target: Target, which: ProcessorStack): Va | undefined {
  const offset = target.kernelOffsets?.[`OffsetPrcb${which}Stack`];
  const prcb = target.processor.ok ? findPrcb(target, target.processor.value) : undefined;
  // Kernels without such a stack tell 0 for its place.
  const base = offset === undefined || offset === 0 || prcb === undefined ? undefined : target.memory.pointer(vaAdd(prcb, offset));
  return base?.ok && isKernelHalf(base.value) ? base.value : undefined;
}

const isOn = (sp: bigint, base: Va): boolean => sp < base + ABOVE_BASE && sp >= base - PROCESSOR_STACK;
const isOnBase = (sp: bigint, base: Va | undefined): boolean => base !== undefined && isOn(sp, base);

const stopSp = ({ headerContext, arch }: Target): Va | undefined => (headerContext.ok ? spOf(headerContext.value.registers, arch) : undefined);

/** Stack.Pointer: the processor's stack that the stop was made on; undefined on the thread's own, and where it is not known. */
export function stackOfStop(target: Target): 'ISR' | 'DPC' | undefined {
  const sp = stopSp(target);
  const found = sp === undefined ? undefined : (['Isr', 'Dpc'] as const).find((which) => isOnBase(sp, baseOf(target, which)));
  return found === undefined ? undefined : found === 'Isr' ? 'ISR' : 'DPC';
}

/** KPRCB.DpcStack where the stop was made on it. */
export function dpcStackBase(target: Target): Va | undefined {
  const base = baseOf(target, 'Dpc');
  const sp = stopSp(target);
  return sp !== undefined && isOnBase(sp, base) ? base : undefined;
}

/** Undefined where the stack is a known one, and where not all of them are known. */
function strayStop({ target }: Case): Va | undefined {
  const sp = stopSp(target);
  const thread = target.crashThread.ok ? target.threads[target.crashThread.value] : undefined;
  const bases = [baseOf(target, 'Dpc'), baseOf(target, 'Isr')];
  if (sp === undefined || target.arch !== 'x64' || !thread?.stackRange.ok) return undefined;
  const { low, high } = thread.stackRange.value;
  const known = bases.every((base) => base !== undefined);
  const stray = known && (sp < low || sp >= high) && !bases.some((base) => isOnBase(sp, base));
  return stray ? sp : undefined;
}

/** A kernel that runs on a stack of user mode. */
function userStack(c: Case): Va | undefined {
  const sp = interruptedSp(c);
  return sp !== undefined && !isKernelHalf(sp) ? sp : undefined;
}

const READERS: Readonly<Record<number, (c: Case) => Va | undefined>> = { 0x139: strayStop, 0x7f: (c) => (c.params[0] === 8n ? userStack(c) : undefined) };

/** BAD_STACK_POINTER: the stack pointer of a stop that lies on no stack it could be on. */
export const badStackPointer = (c: Case): Va | undefined => READERS[c.code]?.(c);
