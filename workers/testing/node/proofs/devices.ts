/** USB, requests that were answered twice, drivers that left work behind. */
import { powerIrp } from '../../build/irp.ts';
import type { Draw } from '../../faults/draw.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { deviceOf, sentTwice } from '../../faults/kinds/devices.ts';
import { calledAfterUnload } from '../../faults/kinds/pool.ts';
import { workerIn } from '../../faults/kinds/storage.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto } from '../../faults/ways.ts';
import { type Expected, type Proof, ofKind, staged } from './proof.ts';

const nobody: Truth = { causes: ['driver'], culprits: [], undecidable: true };
const byDriverNamed = (sureness: Expected['sureness']): Expected => ({ cause: 'driver-bug', sureness, culprit: 'true' });
const notKnown: Expected = { cause: ['driver-bug', 'not-known'], sureness: 'not-known', culprit: 'nobody' };

/** A request that went through two drivers; the upper one is completing it when Windows notices that it is complete. */
function throughTwo(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter', 'usb'] });
  runInto(stage, 'ioctl');
  stage.chain(stage.nt, 'IofCompleteRequest', 'IopfCompleteRequest');
  const irp = draw.pool();
  const [upper, lower] = [deviceOf(stage, stage.actor(0)), deviceOf(stage, stage.actor(1))];
  stage.memory.push(powerIrp({ address: irp, device: upper, physicalDevice: lower }));
  const truth: Truth = { ...nobody, culprits: [stage.actor(0).name, stage.actor(1).name] };
  return stage.stop(0x44, [irp, 0x1d7bn, 0n, 0n], truth, { file: { kind: 'bitmap-kernel' } });
}

export const DEVICE_PROOFS: readonly Proof[] = [
  {
    rule: 'usb',
    fires: [
      ofKind('144-client', 0, { ...byDriverNamed('likely'), shows: ['e-device-owner'] }),
      ofKind('fe-controller', 0, { cause: 'hardware', sureness: 'possible', culprit: 'true', shows: ['e-subcode'] }),
      staged(
        'a client driver sends a request block of USB that still hangs on another request',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['usb'] });
          runInto(stage, 'workItem');
          return stage.stop(0xfe, [2n, draw.pool(), draw.pool(), draw.pool()], byDriver(stage), { file: { kind: 'bitmap-kernel' } });
        },
        byDriverNamed('possible'),
      ),
    ],
    nearly: [
      staged(
        'a client driver sent a damaged request; nothing in the dump leads to it',
        (draw) => workerIn(draw, 'IofCompleteRequest', 'IopfCompleteRequest').stop(0x144, [3n, draw.pool(), draw.pool(), draw.pool()], nobody),
        { ...notKnown, lacks: ['e-device-owner'] },
      ),
    ],
    against: [
      staged(
        "the device object is one driver's, and another stands on the stack",
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['usb', 'audio'] });
          const made = sentTwice(stage, () => deviceOf(stage, stage.actor(1)));
          return { ...made, truth: { ...made.truth, culprits: [stage.actor(1).name, stage.actor(0).name] } };
        },
        { ...byDriverNamed('possible'), doubts: ['a-two-drivers'] },
      ),
    ],
  },
  {
    rule: 'completed-twice',
    fires: [ofKind('44-completed-twice', 0, byDriverNamed('possible'))],
    nearly: [
      staged(
        'a request is completed twice; only Windows stands on the stack',
        (draw) => workerIn(draw, 'IofCompleteRequest', 'IopfCompleteRequest').stop(0x44, [draw.pool(), 0x1d7bn, 0n, 0n], nobody),
        notKnown,
      ),
    ],
    against: [
      staged('a driver completes a request that another may have completed before', throughTwo, {
        ...byDriverNamed('possible'),
        shows: ['e-irp-drivers'],
        doubts: ['a-single-dump'],
      }),
    ],
  },
  {
    rule: 'left-behind',
    fires: [
      ofKind('ce-unload', 0, { ...byDriverNamed('certain'), shows: ['e-unloaded'] }),
      staged('the kernel scans a list at DISPATCH_LEVEL and meets what a driver left in it', (draw) => calledAfterUnload(draw, { code: 0xd4 }), {
        ...byDriverNamed('certain'),
        shows: ['e-unloaded'],
      }),
    ],
    nearly: [
      staged('the place belongs to no driver that Windows noted as gone', (draw) => calledAfterUnload(draw, { noted: 'never' }), {
        ...notKnown,
        lacks: ['e-unloaded'],
      }),
    ],
    against: [
      staged('two drivers had stood at that place one after the other', (draw) => calledAfterUnload(draw, { noted: 'twice' }), {
        ...byDriverNamed(['possible', 'likely']),
        doubts: ['a-range-reused'],
      }),
    ],
  },
];
