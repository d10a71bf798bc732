/** Processes that Windows cannot do without, stops that somebody asked for, reports of a machine that went on, codes without a reading. */
import { NT_DATA, words } from '../../build/scene.ts';
import type { Draw } from '../../faults/draw.ts';
import { type FileOptions, KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { byDisk, criticalEnds, sessionEnds, workerIn } from '../../faults/kinds/storage.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, GUEST, type Proof, ofKind, staged } from './proof.ts';

const IN_PAGE = 0xc0000006;
const GONE = 0xc000000e;

const nobody: Truth = { causes: ['driver', 'memory', 'application'], culprits: [], undecidable: true };
const onPurpose: Truth = { causes: ['manual'], culprits: [] };
const hostsDisk: Truth = { ...byDisk, undecidable: true };
const notKnown: Expected = { cause: ['not-known', 'driver-bug'], sureness: 'not-known', culprit: 'nobody' };
const purposeful: Expected = { cause: 'manual', sureness: 'certain', culprit: 'nobody' };
const disk = (sureness: Expected['sureness']): Expected => ({ cause: 'storage', sureness, culprit: 'true' });
const guestsDisk: Expected = { ...disk('possible'), doubts: ['a-guest'] };

/** A part of Windows stops the machine, with nobody else on the stack. */
const asked = (draw: Draw, code: number, params: readonly [bigint, bigint, bigint, bigint]): MadeFault => {
  const stage = new KernelStage(draw);
  stage.fromUser('NtDeviceIoControlFile').chain(stage.nt, 'IopXxxControlFile', 'IopSynchronousServiceTail', 'IofCallDriver');
  return stage.call(stage.nt, 'PopPowerButtonWorkCallback', 'DriverDispatch').stop(code, params, onPurpose);
};

/** 'MATT' and the tool's further letters: a memory tool writes them where the stop code would stand. */
const letters = (text: string): bigint => [...text].reduceRight((value, letter) => (value << 8n) | BigInt(letter.charCodeAt(0)), 0n);

/** A picture of memory whose header names no stop. `inMemory`: what the kernel itself noted; `stopping`: taken as KeBugCheckEx begins. */
function picture(draw: Draw, spec: { readonly inMemory?: number; readonly stopping?: boolean }): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network'] });
  runTo(stage, 'worker');
  stage.call(stage.nt, 'PspCatchCriticalBreak', 'WorkerRoutine');
  stage.atHand = 'names';
  const { inMemory } = spec;
  if (inMemory !== undefined) stage.memory.push(words(stage.nt.base + BigInt(NT_DATA.KiBugcheckData), [BigInt(inMemory), 8n, 2n, 0n, stage.actor().base]));
  const truth = spec.stopping === true || inMemory !== undefined ? nobody : onPurpose;
  const end = spec.stopping === true ? stage.stop.bind(stage) : stage.write.bind(stage);
  return end(0, [0n, 0n, 0n, 0n], truth, { file: { kind: 'bitmap-kernel' } });
}

/** A documented code without a reading of its own, met while a driver runs. */
function unread(draw: Draw, file: FileOptions): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool'] });
  runInto(stage, 'ioctl');
  stage.call(stage.nt, 'KeSetEvent');
  stage.atHand = 'nothing';
  return stage.stop(0x12d, [0n, 0n, 0n, 0n], byDriver(stage), { file });
}

/** A program ends a process that Windows cannot do without: the one that runs is not the one that ended. */
function endedFromOutside(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { process: 'cleaner.exe' });
  stage.fromUser('NtTerminateProcess').chain(stage.nt, 'PspTerminateProcess', 'PspTerminateAllThreads', 'PspCatchCriticalBreak');
  return stage.stop(0xef, [draw.pool() & ~0x3fn, 0n, 0n, 0n], nobody, { file: { kind: 'triage' } });
}

/** A code that no table has, raised by a display driver itself; with its code in the dump, or only words on the stack. */
function ownCode(draw: Draw, file: FileOptions): MadeFault {
  const stage = new KernelStage(draw, { actors: ['usb'] });
  runInto(stage, 'workItem');
  stage.call(stage.nt, 'KeSetEvent');
  stage.atHand = 'nothing';
  return stage.stop(0xa0000007, [1n, 0n, 0n, 0n], byDriver(stage), { file });
}

export const PROCESS_PROOFS: readonly Proof[] = [
  {
    rule: 'critical-process',
    fires: [
      ofKind('ef-disk', 0, { ...disk('likely'), shows: ['e-exit-status'] }),
      staged('a critical process ends on a read that fails, on Windows 7', (draw) => criticalEnds(draw, IN_PAGE, byDisk, { code: 0xf4 }), {
        ...disk('likely'),
        shows: ['e-exit-status'],
      }),
    ],
    nearly: [
      ofKind('ef-unknown', 0, { ...notKnown, shows: ['e-exit-status'] }),
      staged('a critical process that another program ended; it is not in the dump', (draw) => endedFromOutside(draw), {
        ...notKnown,
        lacks: ['e-exit-status', 'e-own-process'],
      }),
    ],
    against: [
      staged(
        'a critical process of a virtual machine ends on a read that fails',
        (draw) => criticalEnds(draw, IN_PAGE, hostsDisk, { alsoLoaded: GUEST }),
        guestsDisk,
      ),
    ],
  },
  {
    rule: 'winlogon',
    fires: [staged('a part of the session ends: the disk is gone', (draw) => sessionEnds(draw, GONE, byDisk), { ...disk('likely'), shows: ['e-status'] })],
    nearly: [
      ofKind('c000021a-session', 0, { ...notKnown, shows: ['e-status'] }),
      staged('a part of the session ends for want of memory', (draw) => sessionEnds(draw, 0xc0000017, { causes: ['resource'], culprits: [] }), {
        ...{ cause: 'resource-exhaustion', sureness: 'likely', culprit: 'nobody' },
      }),
    ],
    against: [staged("a part of a virtual machine's session ends: its disk is gone", (draw) => sessionEnds(draw, GONE, hostsDisk, GUEST), guestsDisk)],
  },
  {
    rule: 'by-hand',
    fires: [
      ofKind('e2-keyboard', 0, purposeful),
      ofKind('1c8-button', 0, purposeful),
      ofKind('161-live', 0, purposeful),
      staged('a debugger asked for the stop', (draw) => asked(draw, 0xdeaddead, [0n, 0n, 0n, 0n]), purposeful),
      staged('a memory tool wrote the file', (draw) => asked(draw, 0x5454414d, [letters('ROCK'), letters('MOON'), letters('SOLS'), 0n]), {
        ...purposeful,
        shows: ['e-tool-mark'],
      }),
    ],
    nearly: [
      staged(
        "the keyboard's code, raised by another driver",
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['tool'] });
          runInto(stage, 'ioctl');
          return stage.stop(0xe2, [0n, 0n, 0n, 0n], { causes: ['manual', 'driver'], culprits: [stage.actor().name] }, { file: { kind: 'bitmap-kernel' } });
        },
        { cause: 'manual', sureness: 'likely', culprit: 'true', shows: ['e-caller'] },
      ),
    ],
    against: [
      staged(
        'the power button is said to have been held for no time at all',
        (draw) => workerIn(draw, 'PopPowerButtonWorkCallback').stop(0x1c8, [0n, draw.pool(), 0n, 0n], onPurpose),
        { cause: 'manual', sureness: 'likely', culprit: 'nobody', doubts: ['a-no-hold'] },
      ),
    ],
  },
  {
    rule: 'live',
    fires: [
      staged(
        'a network driver did not answer for minutes; the machine went on',
        (draw) =>
          workerIn(draw, 'PopPowerButtonWorkCallback').stop(
            0x15e,
            [0x25n, 0x23n, draw.pool(), draw.pool()],
            { causes: ['live'], culprits: [] },
            { live: true },
          ),
        { cause: 'live-dump', sureness: 'certain', culprit: 'nobody' },
      ),
      staged(
        'Driver Verifier caught a driver and let the machine go on',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['filter'] });
          runInto(stage, 'create');
          stage.chain(stage.nt, 'VfCheckUserHandle', 'VerifierBugCheckIfAppropriate');
          return stage.stop(
            0x1c4,
            [0xf6n, 0x24n, draw.pool(), stage.actor().base + 0x4100n],
            { causes: ['live', 'driver'], culprits: [stage.actor().name] },
            { live: true },
          );
        },
        { cause: 'live-dump', sureness: 'likely', culprit: 'true', shows: ['e-owner-tag'] },
      ),
    ],
    nearly: [ofKind('124-cache', 0, { cause: 'hardware', sureness: 'certain', culprit: 'true', lacks: ['e-boot-soon'] })],
    against: [
      staged(
        'the code of a live report, which the kernel noted as a stop',
        (draw) => {
          const stage = workerIn(draw, 'PopPowerButtonWorkCallback');
          stage.atHand = 'names';
          return stage.stop(0x15e, [0x25n, 0x23n, draw.pool(), draw.pool()], nobody, { file: { kind: 'bitmap-kernel' } });
        },
        { cause: 'live-dump', sureness: 'likely', culprit: 'nobody', doubts: ['a-noted-stop'] },
      ),
    ],
  },
  {
    rule: 'generic',
    fires: [
      staged('a documented code without a reading, met while a driver runs', (draw) => unread(draw, { kind: 'bitmap-kernel' }), {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-suspect'], doubts: ['a-single-dump'] },
      }),
    ],
    nearly: [
      staged(
        'two threads work on one table of the shadow copies',
        (draw) => workerIn(draw, 'CcMapData', 'CcGetVirtualAddress').stop(0x12d, [0n, 0n, 0n, 0n], nobody),
        notKnown,
      ),
    ],
    against: [
      staged('a documented code without a reading; only a scan of the stack finds a driver', (draw) => unread(draw, { kind: 'triage', keepCode: true }), {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-scan'] },
      }),
    ],
  },
  {
    rule: 'vendor-code',
    fires: [ofKind('own-code', 0, { cause: 'driver-bug', sureness: ['likely', 'possible'], culprit: 'true', shows: ['e-caller'] })],
    nearly: [
      staged('a code of no table that Windows itself raised', (draw) => workerIn(draw, 'PspCatchCriticalBreak').stop(0xa0000007, [1n, 0n, 0n, 0n], nobody), {
        ...notKnown,
        lacks: ['e-caller'],
      }),
    ],
    against: [
      staged('a code of no table; only a scan of the stack finds who raised it', (draw) => ownCode(draw, { kind: 'triage', keepCode: true }), {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-scan'] },
      }),
    ],
  },
  {
    rule: 'no-stop',
    fires: [
      staged('a tool copied the memory of a running machine', (draw) => picture(draw, {}), {
        cause: 'manual',
        sureness: 'likely',
        culprit: 'nobody',
        shows: ['e-no-stop'],
      }),
    ],
    nearly: [
      staged("a picture of a machine that had stopped: only the kernel's own note tells", (draw) => picture(draw, { inMemory: 0xd1 }), {
        ...{ cause: 'not-known', sureness: 'not-known', culprit: 'nobody', shows: ['e-stop-in-memory'], lacks: ['e-no-stop'] },
      }),
    ],
    against: [
      staged('a picture of a machine that was about to stop', (draw) => picture(draw, { stopping: true }), {
        ...{ cause: 'manual', sureness: 'possible', culprit: 'nobody', doubts: ['a-in-bugcheck'] },
      }),
    ],
  },
];
