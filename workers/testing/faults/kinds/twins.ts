/**
 * The same surface, another cause: a driver does what is right with something that another has spoiled before, and stands there when
 * Windows notices. Each has its counterpart among the kinds where the driver on the stack did it.
 */
import type { Draw } from '../draw.ts';
import type { Role } from '../drivers.ts';
import { accessException, irqlStop } from '../ends.ts';
import { KernelStage } from '../kernelstage.ts';
import type { FaultKind, Truth } from '../truth.ts';
import { runInto, type Way } from '../ways.ts';
import { kind } from './kind.ts';
import { brokenList, bufferList, fastFail } from './pool.ts';

const innocent = (stage: KernelStage): Truth => ({ causes: ['driver', 'memory'], culprits: [], undecidable: true, bystanders: [stage.actor().name] });

function bystander(draw: Draw, roles: readonly Role[], ways: readonly Way[]): KernelStage {
  const stage = new KernelStage(draw, { actors: [draw.pick(roles)] });
  runInto(stage, draw.pick(ways));
  return stage;
}

export const TWIN_KINDS: readonly FaultKind[] = [
  kind('twin-a-spoiled-event', "a driver signals its own event, whose wait list another driver's overrun has spoiled", (draw) => {
    const stage = bystander(draw, ['network', 'storage', 'usb'], ['dpc', 'timer', 'network']);
    stage.chain(stage.nt, 'KeSetEvent', 'KiTryUnwaitThread');
    return irqlStop(stage, 0xa, { pointer: draw.u64() & 0xffff_ffffn, write: draw.chance(0.5), truth: innocent(stage) });
  }),
  kind('twin-18-last-reference', 'a driver gives back its own reference in good order; another had given back one too many', (draw) => {
    const stage = bystander(draw, ['filter', 'usb', 'tool'], ['ioctl', 'create', 'workItem']);
    stage.chain(stage.nt, 'ObfDereferenceObject', 'ObfDereferenceObjectWithTag');
    return stage.stop(0x18, [0n, draw.pool(), 2n, 0xffff_ffff_ffff_ffffn], innocent(stage));
  }),
  kind('twin-44-second-completer', 'a driver completes its request, once; a driver above had completed it before', (draw) => {
    const stage = bystander(draw, ['usb', 'storage', 'filter'], ['ioctl', 'workItem', 'dpc']);
    stage.chain(stage.nt, 'IofCompleteRequest', 'IopfCompleteRequest');
    return stage.stop(0x44, [draw.pool(), 0x1d7bn, 0n, 0n], innocent(stage));
  }),
  kind('twin-4e-page', 'a driver unlocks a buffer in good order; the page count was spoiled before', (draw) => {
    const stage = bystander(draw, ['network', 'filter', 'tool'], ['ioctl', 'create', 'workItem']);
    stage.chain(stage.nt, 'MmUnlockPages', 'MiDecrementShareCount', 'MiBadShareCount');
    const truth: Truth = { ...innocent(stage), causes: ['hardware', 'memory', 'driver'], culprits: ['ram'] };
    return stage.stop(0x4e, [draw.pick([0x99n, 7n]), BigInt(draw.between(0x1000, 0x1fffff)), 2n, 0n], truth);
  }),
  kind('twin-1a-mdl', 'a driver unlocks its buffer in good order; the description of the buffer was run over in pool', (draw) => {
    const stage = bystander(draw, ['network', 'filter', 'tool'], ['ioctl', 'create', 'workItem']);
    stage.call(stage.nt, 'MmUnlockPages');
    const [kind, place, page] = [draw.pick([0x1233n, 0x1236n]), draw.u64(), BigInt(draw.between(1, 0x1fffff))];
    const list = draw.chance(0.5) ? bufferList(stage, 'spoiled') : draw.pool();
    return stage.stop(0x1a, [kind, list, place, page], innocent(stage));
  }),
  kind('twin-da-mapping', "a driver frees its mapping, once; another's double free had taken the entries before", (draw) => {
    const stage = bystander(draw, ['network', 'filter', 'tool'], ['ioctl', 'workItem']);
    stage.chain(stage.nt, 'MmUnmapLockedPages', 'MiReturnSystemPtes');
    return stage.stop(0xda, [0x504n, draw.pool(), BigInt(draw.between(1, 0x40)), 1n], innocent(stage));
  }),
  kind('twin-139-neighbour', "a driver takes an entry off its own list; another's overrun has spoiled the entry beside it", (draw) => {
    const stage = bystander(draw, ['network', 'filter', 'usb', 'storage'], ['ioctl', 'workItem', 'network']);
    return fastFail(stage, 3n, innocent(stage), draw.chance(0.5) ? brokenList(stage, 'neighbour-spoiled') : draw.pool());
  }),
  kind('twin-c2-freed-before', 'a driver frees its own block, once; another had freed it through a stale pointer', (draw) => {
    const stage = bystander(draw, ['filter', 'network', 'tool'], ['ioctl', 'create', 'workItem']);
    stage.call(stage.nt, 'ExFreePoolWithTag');
    return stage.stop(0xc2, [7n, 0n, 0x0212_0007n, draw.pool()], innocent(stage));
  }),
  kind('twin-d1-class-driver', "a class driver's own bug: it loses a buffer that its client had handed in", (draw) => {
    const stage = bystander(draw, ['audio'], ['dpc', 'timer']);
    stage.call(stage.image('portcls.sys'), 'PcNotify').call(stage.image('portcls.sys'), 'PortStreamCopy');
    return irqlStop(stage, 0xd1, { pointer: draw.pick([0n, 8n]), truth: innocent(stage) });
  }),
  kind('twin-3b-copy', "the kernel copies for a driver in good order; the caller's buffer was given back by another thread meanwhile", (draw) => {
    const stage = bystander(draw, ['filter', 'tool'], ['ioctl', 'create']);
    stage.call(stage.nt, 'memmove');
    return accessException(stage, { code: 0x3b, pointer: BigInt(draw.between(0x100, 0xfff)) * 0x1_0000n, truth: innocent(stage) });
  }),
  kind('twin-fc-smashed', "a driver's return address was run over by a device's transfer; it returns into data", (draw) => {
    const stage = bystander(draw, ['network', 'usb', 'storage'], ['dpc', 'workItem']);
    const target = draw.pool();
    const trapFrame = stage.trap('KiPageFault', { rip: target, cr2: target, errorCode: 0x11n });
    stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
    const pte = 0x8000_0000_0000_0963n | (BigInt(draw.below(0xfffff)) << 12n);
    return stage.stop(0xfc, [target, pte, trapFrame, 2n], innocent(stage), { trapFrame, cr2: target });
  }),
];
