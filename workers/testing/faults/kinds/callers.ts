/** Rules of the kernel that drivers break, where an argument says who; and their counterparts where the caller is innocent. */
import { utf16 } from '../../build/binary.ts';
import { x64Context } from '../../build/context.ts';
import { unicodeString } from '../../build/kerneldump.ts';
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../draw.ts';
import { statusWord } from '../ends.ts';
import { KernelStage } from '../kernelstage.ts';
import type { FaultKind, MadeFault, Truth } from '../truth.ts';
import { runInto, type Way } from '../ways.ts';
import { byDriver } from './access.ts';
import { kind } from './kind.ts';
import { poolHeader } from './pool.ts';

export interface Registry {
  readonly pointer: bigint;
  readonly status?: number;
  /** The callback has the kernel copy for it. */
  readonly copy?: boolean;
  readonly truth?: Truth;
}

/** The registry calls a driver back, which raises an exception (bug check 0x135: P1 status, P2 context, P3 callback). */
export function registryCallback(stage: KernelStage, { pointer, status = 0xc0000005, copy = false, truth }: Registry): MadeFault {
  const actor = stage.actor();
  stage.fromUser('NtSetValueKey').call(stage.nt, 'CmpCallCallBacksEx').call(actor, 'Callback', 'CallbackRoutine').call(actor, 'Fault');
  if (copy) stage.call(stage.nt, 'memmove');
  const { cr2, registers, trapFrame } = stage.touch(pointer);
  const context = stage.stack.low + 0x400n;
  stage.memory.push({ address: context, bytes: x64Context(registers, 0x10001f) });
  stage.chain(stage.nt, 'KiExceptionDispatch', 'KiDispatchException', 'RtlDispatchException', 'RtlpExecuteHandlerForException', 'CmpFatalFilter');
  return stage.stop(0x135, [statusWord(status), context, addressIn(actor, 'Callback'), 0n], truth ?? byDriver(stage), { cr2, trapFrame });
}

/** The name of a driver as a UNICODE_STRING in memory. */
export function nameOf(stage: KernelStage, name: string): bigint {
  const at = stage.draw.pool();
  stage.memory.push({ address: at, bytes: unicodeString(name, at + 0x20n) }, { address: at + 0x20n, bytes: utf16(name) });
  return at;
}

/** A driver in one of the kernel's routines. */
function inKernel(draw: Draw, ways: readonly Way[], ...routines: readonly string[]): KernelStage {
  const stage = new KernelStage(draw, { actors: [draw.pick(['filter', 'tool', 'usb'])] });
  runInto(stage, draw.pick(ways));
  const [first = '', ...rest] = routines;
  return stage.call(stage.nt, first, stage.actor().pe.functions.get('Fault')?.returns.has(`nt!${first}`) ? undefined : 'Pointer').chain(stage.nt, ...rest);
}
const WAYS: readonly Way[] = ['ioctl', 'create', 'workItem'];
const tagWord = (tag: string): bigint => poolHeader(0, 0, tag) >> 32n;

export const CALLER_KINDS: readonly FaultKind[] = [
  kind('135-callback', "a driver's registry callback goes through a bad pointer, itself or by the kernel", (draw) =>
    registryCallback(new KernelStage(draw, { actors: ['filter'] }), { pointer: draw.pick([0n, 0x28n, 0x41c0_2000n]), copy: draw.chance(0.4) }),
  ),
  kind('c2-wrong-tag', 'a driver frees a block by another tag than it was given out with', (draw) => {
    const stage = inKernel(draw, WAYS, 'ExFreePoolWithTag');
    return stage.stop(0xc2, [0xan, draw.pool(), tagWord('File'), tagWord('Zx01')], byDriver(stage));
  }),
  kind('19-own-overrun', 'a driver frees a block behind whose end it has written', (draw) => {
    const stage = inKernel(draw, WAYS, 'ExFreePoolWithTag');
    return stage.stop(0x19, [0x21n, draw.pool(), BigInt(draw.between(0x10, 0x200)), draw.u64() & 0xffff_ffffn], byDriver(stage));
  }),
  kind('twin-c2-damaged-header', 'a driver frees its block, once; the header of the block was run over before', (draw) => {
    const stage = inKernel(draw, WAYS, 'ExFreePoolWithTag');
    const truth: Truth = { causes: ['memory', 'driver'], culprits: [], undecidable: true, bystanders: [stage.actor().name] };
    return stage.stop(0xc2, [draw.pick([1n, 2n, 4n]), draw.pool() - 0x10n, 0x4141_4141n, 0n], truth);
  }),
  kind('e3-not-owned', 'a driver releases a resource that it does not hold', (draw) => {
    const stage = inKernel(draw, WAYS, 'ExReleaseResourceLite');
    return stage.stop(0xe3, [draw.pool(), draw.pool(), 0n, 2n], byDriver(stage));
  }),
  kind('e4-work-item', 'a driver frees a work item that is still queued', (draw) => {
    const stage = inKernel(draw, WAYS, 'IoFreeWorkItem');
    return stage.stop(0xe4, [2n, draw.pool(), addressIn(stage.actor(), 'Work'), 0n], byDriver(stage));
  }),
  kind('d8-entries', 'a driver maps and maps and never lets go; another asks when nothing is left', (draw) => {
    const stage = inKernel(draw, WAYS, 'MmMapLockedPagesSpecifyCache', 'MiReservePtes');
    const holder = draw.pick(stage.innocents).name;
    const truth: Truth = { causes: ['driver', 'resource'], culprits: [holder], bystanders: [stage.actor().name] };
    return stage.stop(0xd8, [nameOf(stage, holder), 0x3_a000n, 0n, 0x4_0000n], truth);
  }),
];
