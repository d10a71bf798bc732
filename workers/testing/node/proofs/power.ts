/** Power transitions, and watchdogs on the time of processors. */
import { wdfLogBlob } from '../../build/blobs.ts';
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../../faults/draw.ts';
import { statusWord } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { deviceOf } from '../../faults/kinds/devices.ts';
import { byDisk, memoryOrProcessor, workerOn } from '../../faults/kinds/storage.ts';
import { heldPowerIrp, powerWatchdog, profiled } from '../../faults/kinds/watch.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto } from '../../faults/ways.ts';
import { type Expected, GUEST, type Proof, type Proved, ofKind, staged } from './proof.ts';

const nobody: Truth = { causes: ['driver', 'firmware', 'hardware'], culprits: [], undecidable: true };
const byDriverNamed = (sureness: Expected['sureness']): Expected => ({ cause: 'driver-bug', sureness, culprit: 'true' });
const notKnown: Expected = { cause: ['driver-bug', 'not-known'], sureness: 'not-known', culprit: 'nobody' };

const serviceOf = (file: string): string => file.replace(/\.sys$/i, '');

/** A network driver above the bus holds the request, or has answered it; the framework's log is another driver's. */
function networkIrp(draw: Draw, spec: { readonly completed?: boolean; readonly logged?: boolean }): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network', 'audio'] });
  const holder = stage.actor().name;
  return heldPowerIrp(stage, {
    ...{ holder, service: serviceOf(holder), bus: 'pci.sys', completed: spec.completed ?? false },
    truth: spec.completed ? nobody : byDriver(stage),
    options: { file: { kind: 'triage' }, ...(spec.logged ? { blobs: [wdfLogBlob(serviceOf(stage.actor(1).name))] } : {}) },
  });
}

type Params = readonly [bigint, bigint, bigint, bigint];
/** Stops whose arguments lead to a device object of the driver. */
const ofDevice = (says: string, params: (device: bigint, draw: Draw) => Params, sureness: Expected['sureness']): Proved =>
  staged(
    says,
    (draw) => {
      const stage = powerWatchdog(new KernelStage(draw, { actors: ['usb'] }));
      return stage.stop(0x9f, params(deviceOf(stage), draw), byDriver(stage));
    },
    byDriverNamed(sureness),
  );

/** A thread of the system holds the device tree's lock and waits in a driver; only a large dump holds its stack. */
function pnpLock(draw: Draw, kind: 'bitmap-kernel' | 'triage'): MadeFault {
  const stage = powerWatchdog(new KernelStage(draw, { actors: ['usb'] }));
  const thread = stage.waitsIn(stage.actor());
  return stage.stop(0x9f, [4n, 0x12cn, thread, draw.pool()], { causes: ['driver', 'hang'], culprits: [stage.actor().name] }, { file: { kind } });
}

function hibernation(draw: Draw, params: Params, spec: { readonly truth: Truth; readonly alsoLoaded?: readonly string[] }): MadeFault {
  const stage = new KernelStage(draw, { alsoLoaded: spec.alsoLoaded ?? [] });
  return workerOn(stage, 'PopTransitionSystemPowerStateEx', 'PopHiberChecksumFailure').stop(0xa0, params, spec.truth);
}

/** Ten samples: in how many the driver stands, and what stood innermost there. */
function samples(draw: Draw, spec: { readonly of: number; readonly through?: boolean; readonly last?: boolean }): MadeFault {
  const stage = new KernelStage(draw, { actors: spec.last ? ['network', 'audio'] : ['network'] });
  const driver = stage.actor(0);
  if (spec.last) runInto(stage, 'dpc', stage.actor(1));
  else stage.enter(stage.nt, 'KiIdleLoop').call(stage.nt, 'PoIdle');
  const [ndis, ntfs] = [stage.image('ndis.sys'), stage.image('Ntfs.sys')];
  const returns = (image: typeof ndis, name: string, via: string): bigint => addressIn(image, `${name}>${via}`);
  const kernel = returns(stage.nt, 'KiRetireDpcList', 'KiExecuteAllDpcs');
  const own = [returns(driver, 'Dpc', 'Fault'), returns(ndis, 'ndisInterruptDpc', 'MiniportInterruptDpc'), kernel];
  const inner = spec.through ? [returns(ndis, 'ndisMIndicateReceive', 'ndisFreeNbl')] : [];
  const other = [returns(ntfs, 'NtfsCommonRead', 'NtfsNonCachedIo'), kernel];
  const truth: Truth = spec.of > 0 ? { causes: ['driver', 'hang'], culprits: [driver.name], bystanders: spec.last ? [stage.actor(1).name] : [] } : nobody;
  return profiled(
    stage,
    Array.from({ length: 10 }, (_, index) => (index < spec.of ? [...inner, ...own] : other)),
    truth,
  );
}

export const POWER_PROOFS: readonly Proof[] = [
  {
    rule: 'power-state',
    fires: [
      ofKind('9f-network', 0, { ...byDriverNamed('likely'), shows: ['e-irp-holder'] }),
      ofDevice('a driver frees its device while a power request is out', (device) => [1n, device, 0n, 0n], 'likely'),
      ofDevice('a driver answers a power request and does not ask for the next', (device, draw) => [2n, device, device, draw.pool()], 'likely'),
      ofDevice('the same, by the arguments of later Windows', (device, draw) => [0x500n, draw.pool(), device, device], 'likely'),
      ofDevice('a device does not come out of its directed low power in time', (device, draw) => [5n, device, draw.pool(), 0n], 'possible'),
      staged('a thread waits in a driver while it holds the lock of the device tree', (draw) => pnpLock(draw, 'bitmap-kernel'), {
        ...byDriverNamed('possible'),
        shows: ['e-lock-thread', 'e-suspect'],
      }),
    ],
    nearly: [
      staged(
        'a directed power callback fails; nothing leads to its driver',
        (draw) => powerWatchdog(new KernelStage(draw)).stop(0x9f, [6n, draw.pool(), 1n, 0n], nobody),
        notKnown,
      ),
      staged('the same lock, in a small dump, which does not hold the thread', (draw) => pnpLock(draw, 'triage'), { ...notKnown, lacks: ['e-suspect'] }),
      staged('the request that is named had been answered by every driver', (draw) => networkIrp(draw, { completed: true }), {
        ...notKnown,
        lacks: ['e-irp-holder'],
      }),
      ofKind('9f-class-driver', 0, { cause: 'hardware', sureness: 'possible', culprit: 'true' }),
    ],
    against: [
      staged("a driver holds the request, and the framework kept another driver's log", (draw) => networkIrp(draw, { logged: true }), {
        ...byDriverNamed('possible'),
        doubts: ['a-two-drivers'],
      }),
    ],
  },
  {
    rule: 'internal-power',
    fires: [
      ofKind('a0-hibernation', 0, { cause: ['memory-corruption', 'hardware'], sureness: 'possible', culprit: 'true' }),
      staged('the disk does not take the image of hibernation', (draw) => hibernation(draw, [9n, statusWord(0xc0000185), 0n, 0n], { truth: byDisk }), {
        ...{ cause: 'storage', sureness: 'possible', culprit: 'true' },
      }),
    ],
    nearly: [ofKind('a0-transition', 0, notKnown)],
    against: [
      staged(
        "a virtual machine's image of hibernation does not have its checksum",
        (draw) => hibernation(draw, [3n, 0x1234n, 0x1235n, 0x6a5n], { truth: { ...memoryOrProcessor, undecidable: true }, alsoLoaded: GUEST }),
        { cause: ['memory-corruption', 'hardware'], sureness: 'possible', culprit: 'true', doubts: ['a-guest'] },
      ),
    ],
  },
  {
    rule: 'dpc-watchdog',
    fires: [
      ofKind('133-one-dpc', 0, byDriverNamed(['likely', 'possible'])),
      staged("a driver's DPCs take the time: it stands in every sample", (draw) => samples(draw, { of: 10 }), {
        ...byDriverNamed('likely'),
        shows: ['e-dpc-samples-driver'],
      }),
    ],
    nearly: [
      ofKind('133-many', 0, { cause: 'not-known', sureness: 'not-known', culprit: 'nobody', doubts: ['a-watchdog-stack'] }),
      staged('NTFS took the time; no driver of another maker in any sample', (draw) => samples(draw, { of: 0 }), {
        ...{ cause: 'not-known', sureness: 'not-known', culprit: 'nobody', shows: ['e-dpc-samples'] },
      }),
    ],
    against: [
      staged("a driver stands in nine of ten samples, and another's DPC runs at the end", (draw) => samples(draw, { of: 9, last: true }), {
        ...byDriverNamed(['likely', 'possible']),
        doubts: ['a-two-drivers'],
      }),
      staged('a driver stands in every sample, and within it the network stack that it calls', (draw) => samples(draw, { of: 10, through: true }), {
        ...byDriverNamed('possible'),
        doubts: ['a-hardware-could'],
      }),
    ],
  },
];
