/** Display drivers, their processors, and the part of Windows that watches both. */
import type { Draw } from '../../faults/draw.ts';
import type { LoadedDriver } from '../../faults/drivers.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDisplay, graphicsStop, stuckDeep, stuckThread, timeout } from '../../faults/kinds/graphics.ts';
import { BIT_CHANGED, type MadeFault } from '../../faults/truth.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const NVIDIA = 'nvlddmkm.sys';
const INTEL = 'igdkmd64.sys';

/** A machine with these display drivers and no other. */
const withDisplays = (draw: Draw, ...names: readonly string[]): KernelStage =>
  new KernelStage(draw, { alsoLoaded: names, innocentRoles: ['audio', 'usb', 'storage', 'filter'] });
const nvidia = (stage: KernelStage): LoadedDriver => stage.loaded(NVIDIA);

const byDriver = (sureness: Expected['sureness']): Expected => ({ cause: 'driver-bug', sureness, culprit: 'true' });
const wentOn = (sureness: Expected['sureness']): Expected => ({ cause: 'live-dump', sureness, culprit: 'true' });

/** 'vTDR' with its lowest bit turned over. */
const DAMAGED = 0x52445477n;

function hung(
  draw: Draw,
  code: number,
  spec: { readonly tagged?: boolean; readonly signature?: bigint; readonly displays?: readonly string[] } = {},
): MadeFault {
  const stage = withDisplays(draw, ...(spec.displays ?? [NVIDIA]));
  return timeout(stage, { code, driver: nvidia(stage), live: code !== 0x116, status: code === 0x116 ? 0xc000009an : 0n, ...spec });
}

/** The thread that is stuck is not in the dump, and neither is the driver's name. */
function stuckUnseen(draw: Draw): MadeFault {
  const stage = withDisplays(draw, NVIDIA, INTEL);
  stage.enter(stage.nt, 'KiIdleLoop').chain(stage.nt, 'KiRetireDpcList', 'KiProcessExpiredTimerList');
  const truth = { ...byDisplay(nvidia(stage)), undecidable: true };
  return stage.chain(stage.nt, 'KiTimerExpiration', 'KiTimerWaitTest').stop(0xea, [draw.pool(), draw.pool(), draw.pool(), 1n], truth);
}

type Params = readonly [bigint, bigint, bigint, bigint];
const failed = (says: string, code: number, params: Params): Proved =>
  staged(
    says,
    (draw) => {
      const stage = withDisplays(draw, NVIDIA);
      return graphicsStop(stage, code, params, byDisplay(nvidia(stage)));
    },
    byDriver('possible'),
  );

export const GRAPHICS_PROOFS: readonly Proof[] = [
  {
    rule: 'tdr',
    fires: [
      ofKind('116-tdr', 0, { ...byDriver('likely'), shows: ['e-owner-tag'], doubts: ['a-offset-tag'] }),
      staged('a graphics processor hangs for good', (draw) => hung(draw, 0x116), { ...byDriver('likely'), shows: ['e-owner-tag'] }),
    ],
    nearly: [
      staged('the same without a note of the driver, on a machine with two', (draw) => hung(draw, 0x116, { tagged: false, displays: [NVIDIA, INTEL] }), {
        ...{ cause: 'hardware', sureness: 'possible', culprit: 'true', lacks: ['e-owner-tag'] },
      }),
    ],
    against: [
      staged('the record of the reset is damaged', (draw) => hung(draw, 0x116, { signature: DAMAGED }), {
        ...byDriver('possible'),
        doubts: ['a-no-tdr-context'],
      }),
    ],
  },
  {
    rule: 'tdr-live',
    fires: [
      staged('a graphics processor is reset, and the machine goes on', (draw) => hung(draw, 0x117), { ...wentOn('likely'), shows: ['e-owner-tag'] }),
      staged('one of its engines is reset, and the machine goes on', (draw) => hung(draw, 0x141), { ...wentOn('likely'), shows: ['e-owner-tag'] }),
    ],
    nearly: [
      staged('the same without a note of the driver', (draw) => hung(draw, 0x141, { tagged: false, displays: [NVIDIA, INTEL] }), {
        ...wentOn('possible'),
        lacks: ['e-owner-tag'],
      }),
    ],
    against: [
      staged('the record of a reset that worked is damaged', (draw) => hung(draw, 0x117, { signature: DAMAGED }), {
        ...wentOn('possible'),
        doubts: ['a-no-tdr-context'],
      }),
    ],
  },
  {
    rule: 'display-stuck',
    fires: [
      staged(
        'a thread loops in the display driver that Windows names',
        (draw) => {
          const stage = withDisplays(draw, NVIDIA);
          return stuckThread(stage, nvidia(stage), NVIDIA);
        },
        { ...byDriver('likely'), shows: ['e-owner-tag'] },
      ),
      staged(
        'the stack of the stuck thread is full of one display driver, and nothing proves the frames',
        (draw) => {
          const stage = withDisplays(draw, NVIDIA);
          return stuckDeep(stage, nvidia(stage));
        },
        { ...byDriver(['possible', 'likely']), shows: ['e-samples-stuck', 'e-stuck-thread'], doubts: ['a-leftovers'] },
      ),
    ],
    nearly: [
      staged('a thread is stuck that is not in the dump, on a machine with two display drivers', stuckUnseen, {
        ...{ cause: 'not-known', sureness: 'not-known', culprit: 'nobody', lacks: ['e-owner-tag'] },
      }),
    ],
    against: [
      staged(
        "Windows names one display driver, and the thread stands in the other's",
        (draw) => {
          const stage = withDisplays(draw, NVIDIA, INTEL);
          const made = stuckThread(stage, nvidia(stage), INTEL);
          return { ...made, truth: { ...made.truth, culprits: [INTEL, NVIDIA, 'gpu'], undecidable: true } };
        },
        { ...byDriver('possible'), doubts: ['a-two-drivers'] },
      ),
    ],
  },
  {
    rule: 'graphics',
    fires: [
      failed('the display driver refuses a command that it made itself', 0x119, [2n, 0xffff_ffff_c000_000dn, 0n, 0n]),
      failed('the display driver fails to build a paging buffer', 0x10e, [0xbn, 0xffff_ffff_c000_000dn, 0n, 0n]),
      failed('the display driver cannot come back to power', 0x113, [0x19n, 2n, 0x10den, 0x2484n]),
      failed('the display driver unlocks memory that its processor still uses', 0x1e4, [5n, 0n, 0n, 0n]),
      failed('the mirror of the display fails', 0x114, [0n, 0n, 0n, 0n]),
    ],
    nearly: [
      staged(
        "the graphics scheduler's own state is damaged in memory",
        (draw) => {
          const stage = withDisplays(draw, NVIDIA);
          return graphicsStop(stage, 0x119, [0x1000n, 0n, 0n, 0n], { causes: ['memory', 'hardware'], culprits: BIT_CHANGED, bystanders: [NVIDIA] });
        },
        { cause: 'memory-corruption', sureness: 'possible', culprit: 'true', doubts: ['a-driver-could'] },
      ),
      staged(
        'a machine with two display drivers, and neither on the stack',
        (draw) => {
          const stage = withDisplays(draw, NVIDIA, INTEL);
          return graphicsStop(stage, 0x113, [0x19n, 2n, 0n, 0n], { ...byDisplay(nvidia(stage)), undecidable: true });
        },
        { cause: ['hardware', 'not-known'], sureness: 'possible', culprit: 'true' },
      ),
    ],
    against: [
      staged(
        'a driver stands on the stack, and a second display driver takes part',
        (draw) => {
          const stage = withDisplays(draw, NVIDIA, INTEL);
          const dxgkrnl = stage.image('dxgkrnl.sys');
          stage.stack.push(0n);
          stage
            .enter(stage.nt, 'KiStartSystemThread')
            .call(stage.nt, 'PspSystemThreadStartup')
            .call(nvidia(stage), 'Work', 'StartRoutine')
            .call(nvidia(stage), 'Fault');
          return stage.stop(
            0x113,
            [0x19n, 2n, 0n, dxgkrnl.base],
            { ...byDisplay(nvidia(stage)), culprits: [NVIDIA, INTEL, 'gpu'] },
            { file: { kind: 'bitmap-kernel' } },
          );
        },
        { ...byDriver('possible'), shows: ['e-other-display'] },
      ),
    ],
  },
];
