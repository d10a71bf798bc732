/** A device that does not start or stop in time: 0x1D5. */
import type { Draw } from '../../faults/draw.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runTo } from '../../faults/ways.ts';
import { type Expected, type Proof, ofKind, staged } from './proof.ts';

/** The characters of the service in the argument itself, as many as it holds. */
const inArgument = (service: string): bigint =>
  [...service.slice(0, 8)].reduce((sum, letter, at) => sum | (BigInt(letter.charCodeAt(0)) << BigInt(8 * at)), 0n);

function waited(draw: Draw, stage: KernelStage, first: bigint, truth: Truth): MadeFault {
  runTo(stage, 'timer');
  stage.call(stage.nt, 'KiTimerExpiration').call(stage.nt, 'KiTimerWaitTest');
  return stage.stop(0x1d5, [first, draw.pool(), draw.pool(), 0x493e0n], truth);
}

function threadHeld(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { actors: ['usb'] });
  runTo(stage, 'timer');
  stage.call(stage.nt, 'KiTimerExpiration').call(stage.nt, 'KiTimerWaitTest');
  const truth: Truth = { causes: ['driver', 'hang'], culprits: [stage.actor().name] };
  return stage.stop(0x1d5, [draw.pool(), draw.pool(), stage.waitsIn(stage.actor()), 0x493e0n], truth, { file: { kind: 'bitmap-kernel' } });
}

const DEVICE: Truth = { causes: ['driver', 'hang', 'hardware'], culprits: ['device'] };
const DEVICE_ONLY: Expected = { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] };

export const OF_ITS_DEVICE = staged(
  "the service is Windows' own class driver, which works for the device: the device is the suspect, not the driver",
  (draw) => waited(draw, new KernelStage(draw, { actors: ['usb'] }), inArgument('HIDCLASS'), DEVICE),
  DEVICE_ONLY,
);

export const PNP_PROOFS: readonly Proof[] = [
  {
    rule: 'pnp-watchdog',
    fires: [
      ofKind('1d5-pnp', 0, { cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-service'] }),
      staged('no service is told; the dump holds the thread, which waits in a driver', threadHeld, {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-suspect'], lacks: ['e-service'] },
      }),
    ],
    nearly: [
      staged(
        'the argument is a number that is no text and leads nowhere: no service, nobody to name',
        (draw) => waited(draw, new KernelStage(draw, { actors: ['usb'] }), draw.pool(), { causes: ['driver', 'hang'], culprits: [], undecidable: true }),
        { cause: 'driver-bug', sureness: 'not-known', culprit: 'nobody', lacks: ['e-service'] },
      ),
    ],
    against: [OF_ITS_DEVICE],
  },
];
