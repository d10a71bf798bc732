/** Driver Verifier, the input-output memory unit, the driver framework. */
import { type FileOptions, KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { strayTransfer } from '../../faults/kinds/devices.ts';
import { completedAgain, leftPool, verified } from '../../faults/kinds/watch.ts';
import { runInto } from '../../faults/ways.ts';
import { words } from '../../build/scene.ts';
import { type Proof, ofKind, staged } from './proof.ts';

const CHECKED = { chain: ['VerifierExFreePoolWithTag', 'VerifierBugCheckIfAppropriate'] } as const;

/** Special pool, force IRQL checking, pool tracking and I/O verification are on (Driver Verifier's options). */
const SCANNED: FileOptions = { kind: 'triage', keepCode: true, notes: { mm: { MmVerifyDriverLevel: 0x1b } } };

/** Pool that holds no object any more. */
function notADevice(stage: KernelStage): bigint {
  const at = stage.draw.pool();
  stage.memory.push(words(at, [0x6c69_6146_6461_6f6cn, 0n, 0n, 0n]));
  return at;
}

export const VERIFIER_PROOFS: readonly Proof[] = [
  {
    rule: 'verifier',
    fires: [
      ofKind('c4-user-handle', 0, { cause: 'driver-bug', sureness: 'likely', culprit: 'true', shows: ['e-owner-tag'] }),
      ofKind('c9-io', 0, { cause: 'driver-bug', sureness: 'likely', culprit: 'true', shows: ['e-owner-tag'] }),
      staged(
        'a driver writes to pool that it has given back, while Verifier watches the pool',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['tool'] });
          runInto(stage, 'ioctl');
          const { cr2, trapFrame } = stage.touch(draw.pool(), true);
          stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
          return stage.stop(0xc6, [cr2, 1n, 0n, 4n], byDriver(stage), { cr2, trapFrame });
        },
        { cause: 'driver-bug', sureness: 'likely', culprit: 'true' },
      ),
    ],
    nearly: [
      staged('a driver left pool behind; its name is not in the dump, and only Windows stands on the stack', (draw) => leftPool(draw, false), {
        ...{ cause: ['driver-bug', 'not-known'], sureness: 'not-known', culprit: 'nobody' },
      }),
    ],
    against: [
      staged(
        'a driver frees paged pool at DISPATCH_LEVEL; only a scan of the stack finds it',
        (draw) => verified(draw, 0xc4, { ...CHECKED, file: SCANNED }, () => [0x11n, 2n, 1n, draw.pool()]),
        { cause: 'driver-bug', sureness: ['likely', 'possible'], culprit: 'true', shows: ['e-verifier'], doubts: ['a-scan'] },
      ),
    ],
  },
  {
    rule: 'dma',
    fires: [ofKind('e6-dma', 0, { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-device-owner'] })],
    nearly: [
      staged(
        'Verifier: a driver frees more scatter-gather lists than it has; no device did anything',
        (draw) => verified(draw, 0xe6, CHECKED, () => [6n, draw.pool(), 1n, 2n]),
        { cause: 'driver-bug', sureness: 'likely', culprit: 'true' },
      ),
    ],
    against: [
      staged('a device transfer was stopped; where its object should be stands something else', (draw) => strayTransfer(draw, notADevice), {
        ...{ cause: 'hardware', sureness: ['likely', 'possible'], culprit: 'true', doubts: ['a-no-device'] },
      }),
    ],
  },
  {
    rule: 'wdf',
    fires: [
      ofKind('10d-framework', 3, { cause: 'driver-bug', sureness: ['likely', 'possible'], culprit: 'true' }),
      staged('a framework driver completes a request twice; the framework kept its log', (draw) => completedAgain(draw, 0), {
        cause: 'driver-bug',
        sureness: 'likely',
        culprit: 'true',
        shows: ['e-wdf-log'],
      }),
    ],
    nearly: [
      staged(
        "the log that the framework kept is that of a driver of Windows; a third-party driver's call only led there",
        (draw) => completedAgain(draw, 'hidusb'),
        {
          ...{ cause: ['driver-bug', 'not-known'], sureness: 'not-known', culprit: 'nobody', shows: ['e-wdf-log'] },
        },
      ),
    ],
    against: [
      staged("the framework kept one driver's log, and another stands on the stack", (draw) => completedAgain(draw, 1), {
        cause: 'driver-bug',
        sureness: 'possible',
        culprit: 'true',
        doubts: ['a-two-drivers'],
      }),
    ],
  },
];
