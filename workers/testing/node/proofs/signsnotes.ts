/** Notes that stand beside the stop: the driver that the kernel itself noted, a tool whose work is to crash. */
import type { Draw } from '../../faults/draw.ts';
import { irqlStop } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto } from '../../faults/ways.ts';
import { type Expected, type Proof, staged } from './proof.ts';

const byDriverNamed = (sureness: Expected['sureness']): Expected => ({ cause: 'driver-bug', sureness, culprit: 'true' });

/** A driver goes through a null pointer in its DPC; the dump notes a driver. */
function noted(draw: Draw, who: (stage: KernelStage) => string | undefined): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network', 'filter'] });
  runInto(stage, 'dpc');
  const brokenDriver = who(stage);
  const file = { kind: 'triage', ...(brokenDriver === undefined ? {} : { noted: { brokenDriver } }) } as const;
  return irqlStop(stage, 0xd1, { pointer: 0n, truth: byDriver(stage), stop: { file } });
}

const MYFAULT = 'myfault.sys';

/** NotMyFault is loaded; `faults`: which driver goes through the pointer; `process`: who called it. */
function tested(draw: Draw, spec: { readonly process: string; readonly byTool: boolean }): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool'], alsoLoaded: [MYFAULT], process: spec.process });
  runInto(stage, 'ioctl', spec.byTool ? stage.loaded(MYFAULT) : stage.actor());
  stage.irql = 2;
  const truth: Truth = spec.byTool ? { causes: ['manual'], culprits: [MYFAULT] } : byDriver(stage);
  return irqlStop(stage, 0xd1, { pointer: 0n, truth, stop: { file: { kind: 'triage' } } });
}

export const SIGN_NOTE_PROOFS: readonly Proof[] = [
  {
    rule: 'e-kernel-suspect',
    fires: [staged('the kernel noted the driver that faulted', (draw) => noted(draw, (stage) => stage.actor().name), byDriverNamed('likely'))],
    nearly: [staged('the same fault, and nothing noted', (draw) => noted(draw, () => undefined), byDriverNamed('likely'))],
    against: [
      staged('the kernel noted another driver than the one that faulted', (draw) => noted(draw, (stage) => stage.actor(1).name), {
        ...byDriverNamed(['possible', 'likely']),
        doubts: ['a-two-drivers'],
      }),
    ],
  },
  {
    rule: 'e-notmyfault',
    fires: [
      staged('NotMyFault crashes the machine for practice', (draw) => tested(draw, { process: 'notmyfault.exe', byTool: true }), {
        ...{ cause: 'manual', sureness: 'certain', culprit: 'true', shows: ['e-myfault-stack'] },
      }),
    ],
    nearly: [
      staged('the driver of NotMyFault is loaded, and another driver faults', (draw) => tested(draw, { process: 'explorer.exe', byTool: false }), {
        ...byDriverNamed('likely'),
        lacks: ['e-myfault-stack'],
      }),
    ],
    against: [
      staged('the driver of NotMyFault faults, and its program is not the one that runs', (draw) => tested(draw, { process: 'svchost.exe', byTool: true }), {
        ...{ cause: 'manual', sureness: 'likely', culprit: 'true', doubts: ['a-no-tester'] },
      }),
    ],
  },
];
