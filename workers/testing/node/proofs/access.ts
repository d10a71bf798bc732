/** Faults of memory access. */
import { irqlStop } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { BIT_CHANGED } from '../../faults/truth.ts';
import { runInto } from '../../faults/ways.ts';
import { type Proof, ofKind, staged } from './proof.ts';

export const ACCESS_PROOFS: readonly Proof[] = [
  {
    rule: 'raised-irql',
    fires: [
      ofKind('d1-null-field', 0, { cause: 'driver-bug', sureness: 'likely', culprit: 'true', shows: ['e-place', 'e-address'] }),
      ofKind('a-bad-argument', 1, { cause: 'driver-bug', sureness: 'possible', culprit: 'true' }),
      staged(
        'a driver runs a part of itself that it let Windows page out, at DISPATCH_LEVEL',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['usb'] });
          runInto(stage, 'dpc');
          const { rip, cr2, trapFrame } = stage.touch(stage.actor().base + 0x3000n);
          stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
          return stage.stop(0xd3, [cr2, 2n, 0n, rip], byDriver(stage), { cr2, trapFrame });
        },
        { cause: 'driver-bug', sureness: ['likely', 'certain'], culprit: 'true' },
      ),
    ],
    nearly: [ofKind('a-timer-of-nobody', 0, { cause: ['memory-corruption', 'not-known'], sureness: ['possible', 'not-known'], culprit: 'nobody' })],
    against: [
      staged(
        'a driver reads through a pointer of which one bit turned over',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['network'] });
          runInto(stage, 'dpc');
          return irqlStop(stage, 0xd1, { pointer: draw.pool() ^ (1n << 55n), truth: { causes: ['hardware', 'memory'], culprits: BIT_CHANGED } });
        },
        { cause: ['hardware', 'memory-corruption'], sureness: ['possible', 'likely'], culprit: 'true', shows: ['e-canonical-bit'] },
      ),
    ],
  },
];
