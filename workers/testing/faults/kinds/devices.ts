/** Drivers that stop the machine themselves, devices below USB and network, and waits that nobody ends. */
import { utf16 } from '../../build/binary.ts';
import { deviceObject, driverObject } from '../../build/irp.ts';
import type { Draw } from '../draw.ts';
import type { Role } from '../drivers.ts';
import { accessException, irqlStop } from '../ends.ts';
import { KernelStage } from '../kernelstage.ts';
import { BIT_CHANGED, type FaultKind, type MadeFault, type Truth } from '../truth.ts';
import { runInto, runTo } from '../ways.ts';
import { byDriver } from './access.ts';
import { fastFail } from './pool.ts';
import { powerWatchdog } from './watch.ts';
import { kind } from './kind.ts';

/** A device object of a driver, as the stop's argument names it. */
export function deviceOf(stage: KernelStage, owner = stage.actor()): bigint {
  const { draw } = stage;
  const [device, driver] = [draw.pool(), draw.pool()];
  const { base, pe, name } = owner;
  const service = `\\Driver\\${name.replace(/\.sys$/i, '')}`;
  stage.memory.push(deviceObject({ address: device, driver }), ...driverObject({ address: driver, name: service, start: base, size: pe.sizeOfImage, device }));
  return device;
}

const withActor = (draw: Draw, ...roles: readonly Role[]): KernelStage => new KernelStage(draw, { actors: [draw.pick(roles)] });

/** The IOMMU stops a device's transfer; argument 2 names the device object. */
export function strayTransfer(draw: Draw, device: (stage: KernelStage) => bigint): MadeFault {
  const stage = withActor(draw, 'network', 'display', 'usb');
  runTo(stage, 'dpc');
  stage.call(stage.nt, 'KiTimerExpiration');
  const truth: Truth = { causes: ['driver', 'hardware', 'firmware'], culprits: [stage.actor().name, 'device', 'hardware', 'gpu'], namelessToo: true };
  return stage.call(stage.nt, 'KiTimerWaitTest').stop(0xe6, [0x26n, device(stage), BigInt(draw.u32()) << 4n, 6n], truth);
}

/** 0x144, P1 = 1: P4 the client's device object. */
export function sentTwice(stage: KernelStage, device: (stage: KernelStage) => bigint): MadeFault {
  const { draw } = stage;
  runInto(stage, draw.pick(['dpc', 'workItem']));
  return stage.stop(0x144, [1n, draw.pool(), draw.pool(), device(stage)], byDriver(stage));
}

export const DEVICE_KINDS: readonly FaultKind[] = [
  kind('own-code', 'a display driver stops the machine itself, with a code of its maker', (draw) => {
    const stage = withActor(draw, 'display');
    runInto(stage, draw.pick(['worker', 'workItem', 'thread']));
    const truth: Truth = { ...byDriver(stage), causes: ['driver', 'hardware'], culprits: [stage.actor().name, 'gpu', 'hardware'] };
    return stage.stop(draw.pick([0xa0000001, 0xa0000003]), [5n, 0n, 0n, 0n], truth);
  }),
  kind('dxgmms-provoked', "the display driver returned damaged command data; Windows' scheduler faults on it", (draw) => {
    const stage = withActor(draw, 'display');
    runTo(stage, 'thread');
    stage.call(stage.image('dxgmms2.sys'), 'VidSchiWorkerThread', 'StartRoutine').call(stage.image('dxgmms2.sys'), 'VidSchiSubmitRender');
    const truth: Truth = { causes: ['driver', 'hardware', 'memory'], culprits: [stage.actor().name, 'gpu', ...BIT_CHANGED], undecidable: true };
    return accessException(stage, { code: 0x7e, pointer: draw.pick([0x10n, 0n, draw.u64() & 0xffff_ffffn]), truth });
  }),
  kind('e6-dma', 'a device reached for memory that was not given to it; the IOMMU caught it', (draw) => strayTransfer(draw, deviceOf)),
  kind('144-client', 'a USB client driver sends a request that it has sent already', (draw) => sentTwice(withActor(draw, 'usb', 'audio'), deviceOf)),
  kind('fe-controller', 'the USB controller hands back addresses that it was never given', (draw) => {
    const stage = withActor(draw, 'usb');
    runTo(stage, 'dpc');
    stage.call(stage.image('USBXHCI.SYS'), 'Controller_Fatal', 'DeferredRoutine');
    const truth: Truth = {
      causes: ['hardware', 'driver', 'memory'],
      culprits: ['device', 'hardware', 'ram'],
      undecidable: true,
      bystanders: [stage.actor().name],
    };
    return stage.stop(0xfe, [5n, draw.pool(), 0x8086_9d2fn, draw.pool()], truth);
  }),
  kind('15e-ndis-live', 'a network driver did not answer for minutes; Windows took a dump and went on', (draw) => {
    const stage = withActor(draw, 'network', 'firewall');
    runTo(stage, 'worker');
    stage.call(stage.image('ndis.sys'), 'ndisReportTimeout', 'WorkerRoutine');
    return stage.stop(
      0x15e,
      [0x25n, 0x23n, draw.pool(), draw.pool()],
      { causes: ['live', 'driver', 'hang'], culprits: [stage.actor().name], namelessToo: true },
      { live: draw.chance(0.5) },
    );
  }),
  kind('9f-pnp-lock', 'a thread holds the device tree while it waits in a driver; the power transition starves', (draw) => {
    const stage = withActor(draw, 'usb', 'audio', 'storage');
    powerWatchdog(stage);
    return stage.stop(0x9f, [4n, 0x12cn, draw.pool(), draw.pool()], {
      causes: ['driver', 'hang', 'hardware'],
      culprits: [stage.actor().name],
      undecidable: true,
    });
  }),
  kind('1d5-pnp', 'a driver does not come back from starting its device', (draw) => {
    const stage = withActor(draw, 'usb', 'network');
    runTo(stage, 'timer');
    stage.call(stage.nt, 'KiTimerExpiration').call(stage.nt, 'KiTimerWaitTest');
    const at = draw.pool();
    const service = stage.actor().name.replace(/\.sys$/i, '');
    stage.memory.push({ address: at, bytes: utf16(`${service}\0`) });
    return stage.stop(0x1d5, [at, draw.pool(), draw.pool(), 0x493e0n], {
      ...byDriver(stage),
      causes: ['driver', 'hang'],
      namelessToo: true,
      undecidable: true,
    });
  }),
  kind('133-lock', "a driver's DPC spins on a lock; who holds it runs on another processor", (draw) => {
    const stage = withActor(draw, 'network', 'storage');
    runInto(stage, 'dpc');
    stage.chain(stage.nt, 'KeAcquireSpinLockRaiseToDpc', 'KxWaitForSpinLockAndAcquire');
    stage.placeOf('divide');
    const trapFrame = stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'divide' });
    stage.chain(stage.nt, 'KeClockInterruptNotify', 'KeAccumulateTicks');
    const truth: Truth = { causes: ['driver', 'hang'], culprits: [stage.actor().name], undecidable: true };
    return stage.stop(0x133, [0n, 0x501n, 0x500n, stage.nt.base + 0xcfb320n], truth, { trapFrame });
  }),
  kind('133-storage', "a storage driver's DPC completes thousands of requests of a disk that stalled", (draw) => {
    const stage = withActor(draw, 'storage');
    runTo(stage, 'dpc');
    stage.call(stage.image('storport.sys'), 'RaidpAdapterDpc', 'DeferredRoutine').call(stage.image('storport.sys'), 'RaidUnitCompleteRequest');
    stage.placeOf('divide');
    const trapFrame = stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'divide' });
    stage.chain(stage.nt, 'KeClockInterruptNotify', 'KeAccumulateTicks');
    const truth: Truth = { causes: ['storage', 'driver', 'hardware'], culprits: ['disk', stage.actor().name], undecidable: true };
    return stage.stop(0x133, [0n, 0x501n, 0x500n, stage.nt.base + 0xcfb320n], truth, { trapFrame });
  }),
  kind('139-refcount', 'a driver drops a reference below zero', (draw) => {
    const stage = withActor(draw, 'filter', 'usb', 'tool');
    runInto(stage, draw.pick(['ioctl', 'workItem']));
    return fastFail(stage, 0xen, byDriver(stage));
  }),
  kind('1aa-stack', 'a tool moved the stack pointer to memory of its own; Windows notices', (draw) => {
    const stage = withActor(draw, 'tool');
    runTo(stage, 'worker');
    stage.call(stage.nt, 'KiTimerWaitTest', 'WorkerRoutine');
    const truth: Truth = { causes: ['driver', 'hardware', 'memory'], culprits: [stage.actor().name, ...BIT_CHANGED], undecidable: true };
    return stage.stop(0x1aa, [draw.pool(), draw.pick([0n, 2n]), draw.pool(), draw.pool()], truth);
  }),
  kind('3b-good-caller', 'a driver asks for a file in good order; a filter above the file system has damaged its own list and faults in the kernel', (draw) => {
    const stage = new KernelStage(draw, { actors: ['filter', 'tool'] });
    stage.fromUser('NtDeviceIoControlFile').chain(stage.nt, 'IopXxxControlFile', 'IopSynchronousServiceTail', 'IofCallDriver');
    stage.call(stage.actor(1), 'Dispatch', 'DriverDispatch').call(stage.actor(1), 'Fault').call(stage.nt, 'IofCallDriver');
    const manager = stage.image('FLTMGR.SYS');
    stage.call(manager, 'FltpDispatch', 'DriverDispatch').chain(manager, 'FltpPassThrough', 'FltpPerformPreCallbacks');
    stage.call(stage.actor(0), 'PreOperation', 'PreOperation').call(stage.actor(0), 'Fault').call(stage.nt, 'memmove');
    return accessException(stage, {
      code: 0x3b,
      pointer: draw.pick([0n, 0x10n, 0x41c0_0000n]),
      truth: { causes: ['driver', 'memory'], culprits: [stage.actor(0).name], bystanders: [stage.actor(1).name] },
    });
  }),
  kind('d1-handed-on', 'a network driver hands up a packet without data; an innocent packet filter is the first to read it', (draw) => {
    const stage = new KernelStage(draw, { actors: ['network', 'firewall'] });
    runTo(stage, 'network');
    stage.call(stage.actor(0), 'Dpc', 'MiniportInterruptDpc').call(stage.actor(0), 'Fault');
    const ndis = stage.image('ndis.sys');
    stage.call(ndis, 'NdisMIndicateReceiveNetBufferLists').chain(ndis, 'ndisMIndicateReceive');
    stage.call(stage.actor(1), 'Callback', 'ReceiveHandler').call(stage.actor(1), 'Fault');
    // Either could have lost the data: who faults is a suspect, who called it as well.
    return irqlStop(stage, 0xd1, {
      pointer: draw.pick([0n, 8n]),
      truth: { causes: ['driver'], culprits: [stage.actor(0).name, stage.actor(1).name], undecidable: true },
    });
  }),
];
