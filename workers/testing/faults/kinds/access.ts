/** Drivers that reach through bad pointers. */
import { words } from '../../build/scene.ts';
import { accessOf } from '../code.ts';
import { accessException, irqlStop, nonpagedStop } from '../ends.ts';
import { KernelStage } from '../kernelstage.ts';
import type { Truth } from '../truth.ts';
import { runInto, runTo } from '../ways.ts';
import { kind } from './kind.ts';

export const byDriver = (stage: KernelStage): Truth => ({ causes: ['driver', 'memory'], culprits: [stage.actor().name] });

/** The structure from which the bad pointer came, in the dump or not. */
function source(stage: KernelStage, pointer: bigint): void {
  if (stage.draw.chance(0.5)) stage.memory.push(words(stage.draw.pool(), [1n, 0x40n, pointer, 0n, 0n, stage.draw.pool()]));
}

/** Pool that was given back and used anew: text, small numbers, pointers of another owner's structure. */
const REUSED = [0x0073_0065_0063_006fn, 0x6c69_6146_6461_6f6cn, 0x0000_0003_0000_0010n, 0x0000_0001_0000_0001n];

export const ACCESS_KINDS = [
  kind('d1-null-field', 'a driver reads a field of a structure that is not there, at DISPATCH_LEVEL', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'audio', 'usb', 'storage'])] });
    runInto(stage, draw.pick(['dpc', 'timer', 'network']));
    return irqlStop(stage, 0xd1, { pointer: BigInt(draw.pick([0, 0, 8, 0x20])), write: draw.chance(0.4), truth: byDriver(stage) });
  }),
  kind('d1-freed-pool', 'a driver follows a pointer out of a block that was freed and reused', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'filter', 'usb'])] });
    runInto(stage, draw.pick(['dpc', 'network', 'timer']));
    const pointer = draw.pick(REUSED);
    source(stage, pointer);
    return irqlStop(stage, 0xd1, { pointer: pointer & 0x7fff_ffff_ffffn, truth: byDriver(stage) });
  }),
  kind('d1-paged-at-dispatch', 'a driver touches its own paged pool at DISPATCH_LEVEL', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'usb', 'tool'])] });
    runInto(stage, draw.pick(['dpc', 'timer']));
    return irqlStop(stage, 0xd1, { pointer: 0xffff_b30c_0000_0000n + BigInt(draw.u32()) * 0x10n, write: draw.chance(0.3), truth: byDriver(stage) });
  }),
  kind('a-bad-argument', 'a driver hands the kernel a pointer that leads nowhere; the kernel routine faults', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'storage', 'usb'])] });
    runInto(stage, draw.pick(['dpc', 'timer', 'network']));
    stage.call(stage.nt, draw.pick(['KeSetEvent', 'KeInsertQueueDpc', 'KeAcquireSpinLockRaiseToDpc']));
    return irqlStop(stage, 0xa, { pointer: draw.pick([0n, 0x10n, 0x18n]), write: draw.chance(0.5), truth: byDriver(stage) });
  }),
  kind('50-freed', 'a driver keeps using a block after freeing it; the page is gone', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['filter', 'tool', 'audio'])] });
    runInto(stage, draw.pick(['ioctl', 'create', 'workItem']));
    const pointer = draw.pool();
    source(stage, pointer);
    return nonpagedStop(stage, { pointer, write: draw.chance(0.3), kind: draw.pick([0n, 2n]), truth: byDriver(stage) });
  }),
  kind('50-overlong-copy', 'a driver has the kernel copy more than the source holds; the copy runs off the mapped pages', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['filter', 'tool'])] });
    runInto(stage, draw.pick(['ioctl', 'create']));
    stage.call(stage.nt, 'memmove');
    const { displacement } = accessOf('ntoskrnl.exe', 'memmove');
    return nonpagedStop(stage, { pointer: ((draw.pool() >> 12n) << 12n) - BigInt(displacement), truth: byDriver(stage) });
  }),
  kind('1e-driver', 'a driver raises an access violation that nobody handles', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['tool', 'audio', 'usb'])] });
    runInto(stage, draw.pick(['ioctl', 'workItem', 'dpc']));
    return accessException(stage, { code: 0x1e, pointer: draw.pick([0n, 0x38n, 0x41c0_2000n]), truth: byDriver(stage) });
  }),
  kind('7e-driver', "a driver's system thread goes through a wild pointer", (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['audio', 'display', 'network', 'usb'])] });
    runInto(stage, draw.pick(['thread', 'worker', 'workItem']));
    const code = draw.pick([0x7e, 0x1000007e] as const);
    return accessException(stage, {
      code,
      pointer: draw.pick([0n, 0x10n, 0x0000_0400_1b2c_3d40n, 0x40f0_0000n]),
      write: draw.chance(0.3),
      truth: byDriver(stage),
    });
  }),
  kind('3b-driver', 'a driver follows a bad pointer in a system call', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['filter', 'tool', 'storage'])] });
    runInto(stage, draw.pick(['ioctl', 'create']));
    return accessException(stage, { code: 0x3b, pointer: draw.pick([0n, 0x28n, 0x5f3a_0000n]), truth: byDriver(stage) });
  }),
  kind('3b-win32k-provoked', 'a driver that hooks window calls hands win32k a window handle it invented', (draw) => {
    const stage = new KernelStage(draw, { actors: ['tool'] });
    stage.fromUser('NtDeviceIoControlFile').chain(stage.nt, 'IopXxxControlFile', 'IopSynchronousServiceTail', 'IofCallDriver');
    stage.call(stage.actor(), 'Dispatch', 'DriverDispatch').call(stage.actor(), 'Fault').call(stage.image('win32kbase.sys'), 'HMValidateHandle');
    return accessException(stage, { code: 0x3b, pointer: 0x1_0000n * BigInt(draw.between(1, 0xfff)), truth: byDriver(stage) });
  }),
  kind('d1-class-driver', 'a client hands a class driver a structure without its buffer; the class driver faults', (draw) => {
    const stage = new KernelStage(draw, { actors: ['audio'] });
    runInto(stage, draw.pick(['dpc', 'timer']));
    stage.call(stage.image('portcls.sys'), 'PcNotify').call(stage.image('portcls.sys'), 'PortStreamCopy');
    return irqlStop(stage, 0xd1, { pointer: draw.pick([0n, 0x8n]), truth: byDriver(stage) });
  }),
  kind('d1-injected-packet', 'a packet filter injects a freed packet; the network stack faults on it', (draw) => {
    const stage = new KernelStage(draw, { actors: ['firewall'] });
    runInto(stage, 'firewall');
    stage.call(stage.image('tcpip.sys'), 'NetioInjectReceive').call(stage.image('tcpip.sys'), 'FwppCloneNbl');
    return irqlStop(stage, 0xd1, { pointer: draw.pick(REUSED) & 0xffff_ffffn, truth: byDriver(stage) });
  }),
  kind('a-timer-of-nobody', 'the kernel walks a timer list into freed memory; who freed it left no trace', (draw) => {
    const stage = new KernelStage(draw);
    runTo(stage, 'timer');
    return irqlStop(stage, 0xa, {
      pointer: draw.pool() ^ 0x0000_3a51_0000_0000n,
      write: draw.chance(0.5),
      truth: { causes: ['driver', 'memory'], culprits: [], undecidable: true },
    });
  }),
];
