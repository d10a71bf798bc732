/** Watchdogs, power, Driver Verifier and the driver framework: Windows itself noticed. */
import { get, put, utf16 } from '../../build/binary.ts';
import { wdfLogBlob } from '../../build/blobs.ts';
import { deviceObject, driverObject, powerIrp, triage9f } from '../../build/irp.ts';
import { PRCB_ADDRESS, words } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../draw.ts';
import { type FileOptions, KernelStage, type StopOptions } from '../kernelstage.ts';
import type { MadeFault, Truth } from '../truth.ts';
import { runInto, runTo } from '../ways.ts';
import { byDriver } from './access.ts';
import { kind } from './kind.ts';

/** The clock interrupt meets the running function at `mark` and the watchdog gives up. */
function clockStop(stage: KernelStage, params: Params, truth: Truth, options: StopOptions = {}): MadeFault {
  stage.placeOf('divide');
  const trapFrame = stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'divide' });
  stage.chain(stage.nt, 'KeClockInterruptNotify', 'KeAccumulateTicks');
  return stage.stop(0x133, params, truth, { trapFrame, ...options });
}

interface HeldIrp {
  readonly holder: string;
  readonly service: string;
  readonly bus: string;
  readonly truth: Truth;
  readonly completed?: boolean;
  readonly options?: StopOptions;
}

/** 0x9F, P1 = 3: a power request stands with a device of `holder` above the bus's own device. */
export function heldPowerIrp(stage: KernelStage, spec: HeldIrp): MadeFault {
  const { draw } = stage;
  const [bus, holder] = [stage.image(spec.bus), stage.image(spec.holder)];
  const [pdo, fdo, busDriver, holderDriver, irp] = [draw.pool(), draw.pool(), draw.pool(), draw.pool(), draw.pool()];
  stage.stack.rsp -= 0x200n;
  powerWatchdog(stage);
  const block = stage.stack.high - 0x80n;
  const triage = triage9f(block, stage.nt.base + 0xc4a000n);
  for (let at = 0; at < triage.bytes.length; at += 8) stage.stack.poke(block + BigInt(at), get(triage.bytes, at, 8));
  const driverNamed = (address: bigint, name: string, image: { base: bigint; pe: { sizeOfImage: number } }, device: bigint) =>
    driverObject({ address, name: `\\Driver\\${name}`, start: image.base, size: image.pe.sizeOfImage, device });
  stage.memory.push(deviceObject({ address: pdo, driver: busDriver, attached: fdo }), deviceObject({ address: fdo, driver: holderDriver }));
  stage.memory.push(
    ...driverNamed(busDriver, spec.bus.replace(/\.sys$/i, ''), bus, pdo),
    ...driverNamed(holderDriver, spec.service, holder, fdo),
    powerIrp({ address: irp, device: fdo, physicalDevice: pdo, completed: spec.completed ?? false }),
  );
  return stage.stop(0x9f, [3n, pdo, block, irp], spec.truth, spec.options);
}

type Params = readonly [bigint, bigint, bigint, bigint];
/** Driver Verifier stops the driver in the kernel routine that it called. */
export function verified(
  draw: Draw,
  code: number,
  spec: { readonly chain: readonly string[]; readonly file?: FileOptions },
  params: (stage: KernelStage) => Params,
): MadeFault {
  const stage = new KernelStage(draw, { actors: [draw.pick(['usb', 'network', 'filter', 'tool', 'audio'])] });
  runInto(stage, draw.pick(['ioctl', 'create', 'workItem']));
  stage.chain(stage.nt, ...spec.chain);
  if (spec.file) stage.atHand = 'nothing';
  return stage.stop(code, params(stage), byDriver(stage), spec.file ? { file: spec.file } : {});
}

/** A driver unloads and pool of its own stays; argument 2 leads to its name, which the dump mostly holds. */
export function leftPool(draw: Draw, named = true): MadeFault {
  const stage = new KernelStage(draw, { actors: [draw.pick(['usb', 'tool', 'filter'])] });
  runTo(stage, 'worker');
  stage
    .call(stage.nt, 'IopProcessWorkItem', 'WorkerRoutine')
    .call(stage.nt, 'MmUnloadSystemImage', 'WorkItemRoutine')
    .chain(stage.nt, 'VfPoolCheckForLeaks', 'VerifierBugCheckIfAppropriate');
  const name = draw.pool();
  if (named) stage.memory.push({ address: name, bytes: utf16(`${stage.actor().name}\0`) });
  return stage.stop(0xc4, [0x62n, name, draw.pool(), BigInt(draw.between(1, 40))], byDriver(stage));
}

interface DoubleFault {
  readonly trapFrame: bigint;
  readonly rip: bigint;
  readonly stackLimit: bigint;
  readonly truth: Truth;
}

/**
 * The processor takes a double fault on a stack of its own (SDM volume 3, "Interrupt stack table"): what was drawn from the trap frame
 * down moves there, with every pointer into it. The thread's stack is in the dump beside it.
 */
export function onOwnStack(stage: KernelStage, { trapFrame, rip, stackLimit, truth }: DoubleFault): MadeFault {
  const { draw, stack } = stage;
  const top = trapFrame + 0x190n;
  const moved = stage.nt.base - 0x1000_0000n + BigInt(draw.between(1, 0x3f)) * 0x7000n - top;
  const move = (value: bigint): bigint => (value >= stack.rsp && value < top ? value + moved : value);
  stage.memory.push({ address: top, bytes: stack.bytes.slice(Number(top - stack.low)) });
  // Public texts of older kernels show CR0 and CR4 here, those of newer ones trap frame and stack pointer.
  const state: readonly [bigint, bigint] = draw.chance(0.5) ? [0x80050033n, 0x6f8n] : [trapFrame + moved, top];
  return stage.stop(0x7f, [8n, ...state, rip], truth, {
    trapFrame: trapFrame + moved,
    thread: { stackLimit },
    change: (made) => {
      const bytes = made.stack.bytes.slice(0, Number(top - made.stack.address));
      // The interrupted rsp in the processor's frame names the thread's stack and stays.
      for (let at = 0; at + 8 <= bytes.length; at += 8) put(bytes, at, 8, move(get(bytes, at, 8)));
      const registers = { ...made.registers, rsp: move(made.registers.rsp ?? 0n), rbp: move(made.registers.rbp ?? 0n) };
      return { ...made, registers, stack: { ...made.stack, address: made.stack.address + moved, bytes } };
    },
  });
}

/** Whose log the framework kept: one of two drivers, or a driver of Windows. */
export type Logged = 0 | 1 | 'hidusb';

/** A client of the driver framework completes a request that it no longer has: whose log was kept did it, else who called. */
export function completedAgain(draw: Draw, logged?: Logged): MadeFault {
  const stage = new KernelStage(draw, { actors: [draw.pick(['usb', 'tool', 'audio']), ...(logged === undefined ? [] : (['filter'] as const))] });
  const wdf = stage.image('Wdf01000.sys');
  stage.fromUser('NtDeviceIoControlFile').chain(stage.nt, 'IopXxxControlFile', 'IopSynchronousServiceTail', 'IofCallDriver');
  stage.call(wdf, 'FxDevice_DispatchWithLock', 'DriverDispatch').chain(wdf, 'FxIoQueue_DispatchEvents');
  stage.call(stage.actor(), 'Dispatch', 'EvtIoDeviceControl').call(stage.actor(), 'Fault');
  stage.call(wdf, 'imp_WdfRequestComplete').chain(wdf, 'FxRequest_CompleteInternal', 'FxVerifierKeBugCheck');
  const params = [6n, 3n, draw.pool(), draw.pool()] as const;
  if (logged === undefined) return stage.stop(0x10d, params, byDriver(stage));
  const client = logged === 'hidusb' ? undefined : stage.actor(logged).name;
  const blobs = [wdfLogBlob((client ?? 'hidusb.sys').replace(/\.sys$/i, ''))];
  return stage.stop(
    0x10d,
    params,
    { causes: ['driver'], culprits: client === undefined ? [] : [client], undecidable: client === undefined },
    { blobs, file: { kind: 'triage' } },
  );
}

/** The watchdog on power requests fires in a timer's DPC: whoever is late stands elsewhere. */
export function powerWatchdog(stage: KernelStage): KernelStage {
  stage.thread = { id: 0, priority: 0 };
  stage.enter(stage.nt, 'KiIdleLoop').chain(stage.nt, 'KiRetireDpcList', 'KiProcessExpiredTimerList');
  return stage.call(stage.nt, 'PopIrpWatchdog', 'DeferredRoutine').call(stage.nt, 'PopIrpWatchdogBugcheck');
}

/** DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK (ntddk.h) at P3: where in the KPRCB the samples' buffer is found, and how many words it has. */
const PROFILE_AT = 0x8e00;
const PROFILE_WORDS = 0x400;

/** 0x133, P1 = 1, in a dump that holds the processor's profile. `samples`: return addresses, innermost first. */
export function profiled(stage: KernelStage, samples: readonly (readonly bigint[])[], truth: Truth): MadeFault {
  const { draw } = stage;
  const [processor, block, buffer] = [draw.below(8), draw.pool(), draw.pool()];
  const slots = samples.flatMap((frames) => [BigInt(frames.length), ...frames, 0n]);
  stage.memory.push(
    words(block, [0xaebe_ceden | (1n << 32n) | (0x10n << 48n), BigInt(PROFILE_AT) | (BigInt(PROFILE_WORDS) << 32n)]),
    words(PRCB_ADDRESS(processor) + BigInt(PROFILE_AT), [buffer]),
    words(buffer, [...slots, ...Array.from({ length: PROFILE_WORDS - slots.length }, () => 0n)]),
  );
  return clockStop(stage, [1n, 0x1e00n, block, 0n], truth, { processor, file: { kind: 'bitmap-kernel' } });
}

export const WATCH_KINDS = [
  kind('133-one-dpc', "a driver's DPC spins for its device and does not come back", (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'audio', 'storage', 'usb'])] });
    runInto(stage, draw.pick(['dpc', 'network', 'timer']));
    return clockStop(stage, [0n, 0x501n, 0x500n, stage.nt.base + 0xcfb320n], byDriver(stage));
  }),
  kind('133-many', 'many short DPCs add up; the one that runs when the limit is met is innocent', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'usb'])] });
    runInto(stage, 'dpc');
    return clockStop(stage, [1n, 0x1e00n, stage.nt.base + 0xcfb320n, 0n], {
      causes: ['driver', 'hardware'],
      culprits: [],
      undecidable: true,
      bystanders: [stage.actor().name],
    });
  }),
  kind('133-idle', 'the time was spent before: the processor is idle when the watchdog fires', (draw) => {
    const stage = new KernelStage(draw, { loud: draw.chance(0.5) });
    stage.thread = { id: 0, priority: 0 };
    stage.enter(stage.nt, 'KiIdleLoop').call(stage.nt, 'PoIdle');
    return clockStop(stage, [1n, 0x1e00n, stage.nt.base + 0xcfb320n, 0n], { causes: ['driver', 'hardware', 'storage'], culprits: [], undecidable: true });
  }),
  kind('9f-network', 'a network driver above the PCI bus keeps the power request', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'display', 'audio'])] });
    const holder = stage.actor().name;
    return heldPowerIrp(stage, { holder, service: holder.replace(/\.sys$/, ''), bus: draw.pick(['pci.sys', 'ACPI.sys']), truth: byDriver(stage) });
  }),
  kind('9f-usb-client', "a USB device's own driver keeps the power request", (draw) => {
    const stage = new KernelStage(draw, { actors: ['usb'] });
    const holder = stage.actor().name;
    return heldPowerIrp(stage, { holder, service: holder.replace(/\.sys$/, ''), bus: 'USBHUB3.SYS', truth: byDriver(stage) });
  }),
  kind('9f-class-driver', "Windows' own class driver holds the request: its device does not answer", (draw) => {
    const stage = new KernelStage(draw);
    const truth: Truth = { causes: ['driver', 'hardware', 'firmware'], culprits: ['device', 'hardware', 'firmware'], undecidable: true };
    return heldPowerIrp(stage, { holder: 'HIDCLASS.SYS', service: 'HidUsb', bus: 'USBHUB3.SYS', truth });
  }),
  kind('c4-user-handle', 'Verifier: a driver opens a user-mode handle as if it were its own', (draw) =>
    verified(draw, 0xc4, { chain: ['VfCheckUserHandle', 'VerifierBugCheckIfAppropriate'] }, (stage) => [
      0xf6n,
      BigInt(draw.between(1, 0x400) * 4),
      draw.pool(),
      addressIn(stage.actor(), 'Fault>nt!VfCheckUserHandle'),
    ]),
  ),
  kind('c4-leak', 'Verifier: a driver unloads and leaves pool behind', (draw) => leftPool(draw)),
  kind('c4-free-at-irql', 'Verifier: a driver frees paged pool at DISPATCH_LEVEL', (draw) =>
    verified(draw, 0xc4, { chain: ['VerifierExFreePoolWithTag', 'VerifierBugCheckIfAppropriate'] }, () => [0x11n, 2n, 1n, draw.pool()]),
  ),
  kind('c9-io', 'Verifier: a driver passes a request on wrongly', (draw) =>
    verified(draw, 0xc9, { chain: ['IovCallDriver', 'VfBugcheckThrowIoException', 'VerifierBugCheckIfAppropriate'] }, (stage) => [
      draw.pick([0x21fn, 0x20en, 0x224n]),
      addressIn(stage.actor(), 'Dispatch'),
      draw.pool(),
      0n,
    ]),
  ),
  kind('10d-framework', 'a framework driver completes a request that it no longer has', (draw) => completedAgain(draw)),
  kind('7f-filter-chain', 'a filter driver opens files from within its own callback, again and again, until the stack is used up', (draw) => {
    const stage = new KernelStage(draw, { actors: ['filter'] });
    runTo(stage, 'create');
    const actor = stage.actor();
    stage.call(actor, 'PreOperation', 'PreOperation').chain(actor, 'Step', 'Recurse');
    const stackLimit = stage.stack.low + 0x2000n;
    while (stage.stack.rsp > stackLimit) stage.call(actor, 'Recurse');
    const rip = stage.placeOf('read');
    const trapFrame = stage.trap('KiDoubleFaultAbort', { mark: 'read' });
    stage.call(stage.nt, 'KiBugCheckDispatch');
    const truth: Truth = { causes: ['driver', 'resource'], culprits: [actor.name] };
    return onOwnStack(stage, { trapFrame, rip, stackLimit, truth });
  }),
];
