/** Signs of the machine around a stop: what was switched on, what else was loaded, what Windows noted, how much of the stack there is. */
import type { Draw } from '../../faults/draw.ts';
import { irqlStop } from '../../faults/ends.ts';
import { KernelStage, type StageOptions, type StopOptions } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { silentCore } from '../../faults/kinds/hardware.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, GUEST, type Proof, type Proved, ofKind, staged } from './proof.ts';

const DRIVER: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true', doubts: ['a-hardware-could'] };
const SMALL = { kind: 'triage' } as const;

/** A driver reads through null in its DPC: the stop beside which the machine differs. */
function nullRead(draw: Draw, options: StageOptions, stop: StopOptions, actor = 0): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network'], ...options });
  runInto(stage, 'dpc', stage.actor(actor));
  return irqlStop(stage, 0xd1, { pointer: 0n, truth: byDriver(stage), stop: { file: SMALL, ...stop } });
}
const beside = (
  says: string,
  { expected = {}, stage = {}, ...stop }: StopOptions & { readonly expected?: Partial<Expected>; readonly stage?: StageOptions },
): Proved => staged(says, (draw) => nullRead(draw, stage, stop), { ...DRIVER, ...expected });

/** MmVerifyDriverLevel: special pool, force IRQL checking, pool tracking … (verifier.exe /flags). */
const verified = (level: number): StopOptions => ({ file: { kind: 'triage', notes: { mm: { MmVerifyDriverLevel: level } } } });
const VERIFIER_ON: Proof = {
  rule: 'e-verifier',
  context: true,
  fires: [
    beside('Driver Verifier watches with its standard settings', { ...verified(0x209bb), expected: { words: [/level 0x209bb|level 133563|special pool/i] } }),
  ],
  nearly: [beside('Driver Verifier is off', verified(0)), beside('the field was never set', verified(0xffff_ffff))],
  against: [beside('Verifier watches; it was no check of its own that stopped', verified(0x209bb))],
};

const KERNEL_SUSPECT: Proof = {
  rule: 'e-kernel-suspect',
  fires: [
    staged('the kernel noted the driver that stands at the fault', (draw) => noted(draw, 'actor'), { ...DRIVER, words: [/noted the driver/] }),
    staged('the kernel noted the framework that was called: it is no culprit', (draw) => noted(draw, 'Wdf01000.sys'), DRIVER),
  ],
  nearly: [staged('the kernel noted nothing', (draw) => noted(draw, undefined), DRIVER)],
  against: [
    staged('the kernel noted another maker’s driver than the one at the fault', (draw) => noted(draw, 'other'), {
      ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-two-drivers'] },
    }),
  ],
};
function noted(draw: Draw, name: string | undefined): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network', 'filter'] });
  runInto(stage, 'dpc');
  const brokenDriver = name === 'actor' ? stage.actor().name : name === 'other' ? stage.actor(1).name : name;
  const file = { kind: 'triage', ...(brokenDriver === undefined ? {} : { notes: { brokenDriver } }) } as const;
  return irqlStop(stage, 0xd1, { pointer: 0n, truth: byDriver(stage), stop: { file } });
}

const TOOLS: Proof = {
  rule: 'e-tools',
  context: true,
  fires: [beside('an overclocking tool is loaded', { stage: { alsoLoaded: ['RTCore64.sys'] }, expected: { words: [/RTCore64\.sys/] } })],
  nearly: [staged('no such tool', (draw) => plainMachine(draw), DRIVER)],
  against: [beside('a tool is loaded and the network driver reads through null', { stage: { alsoLoaded: ['RTCore64.sys'] } })],
};
/** A machine without third-party drivers but the one that fails. */
function plainMachine(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network'], alone: true });
  runInto(stage, 'dpc');
  return irqlStop(stage, 0xd1, { pointer: 0n, truth: byDriver(stage), stop: { file: SMALL } });
}

/** The driver that fails carries a given name or link date. */
function culprit(draw: Draw, first: NonNullable<StageOptions['first']>): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool'], alone: true, first });
  runInto(stage, 'dpc');
  return irqlStop(stage, 0xd1, { pointer: 0n, truth: byDriver(stage), stop: { file: SMALL } });
}
const VULNERABLE: Proof = {
  rule: 'e-vulnerable',
  context: true,
  fires: [staged('a driver with known holes fails', (draw) => culprit(draw, { name: 'RTCore64.sys' }), DRIVER)],
  nearly: [
    staged('a driver that no list names fails', (draw) => culprit(draw, { name: 'zorkepio.sys' }), DRIVER),
    beside('one with known holes is loaded and did nothing', { stage: { alsoLoaded: ['RTCore64.sys'] }, expected: { lacks: ['e-vulnerable'] } }),
  ],
  against: [staged('known holes are no crash', (draw) => culprit(draw, { name: 'gdrv.sys' }), DRIVER)],
};
const OLD: Proof = {
  rule: 'e-old-driver',
  context: true,
  fires: [
    staged('the driver that fails is ten years old', (draw) => culprit(draw, { name: 'zorkepio.sys', year: 2014 }), { ...DRIVER, words: [/built 201[34]/] }),
  ],
  nearly: [
    staged('it was built a year before', (draw) => culprit(draw, { name: 'zorkepio.sys', year: 2023 }), DRIVER),
    ofKind('decoy-old-driver', 0, { cause: ['not-known', 'memory-corruption'], sureness: ['not-known', 'possible'], culprit: 'nobody' }),
  ],
  against: [staged('an old driver fails; faulty memory looks the same', (draw) => culprit(draw, { name: 'zorkepio.sys', year: 2012 }), DRIVER)],
};

const second = 10_000_000n;
const SOON: Proof = {
  rule: 'e-boot-soon',
  context: true,
  fires: [beside('half a minute after the start', { upTime: 31n * second, expected: { words: [/31(\.0)? seconds/] } })],
  nearly: [beside('two hours after the start', { upTime: 7200n * second })],
  against: [beside('at the start, in a driver', { upTime: 31n * second })],
};
const GUESTS: Proof = {
  rule: 'e-vm',
  context: true,
  fires: [
    beside('a guest of VMware', { stage: { alsoLoaded: GUEST }, expected: { words: [/VMware/] } }),
    beside('a guest of Hyper-V', { stage: { alsoLoaded: ['hyperkbd.sys', 'HyperVideo.sys'] }, expected: { words: [/Hyper-V/] } }),
  ],
  nearly: [beside('a host that runs Hyper-V itself', { stage: { alsoLoaded: ['storvsc.sys'] } })],
  against: [beside('a guest, and a driver of the guest’s own', { stage: { alsoLoaded: GUEST } })],
};

/** Sysinternals' NotMyFault: its driver, its program, both or neither take part. */
function practice(draw: Draw, { driver, process }: { readonly driver: boolean; readonly process: string }): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool'], process, alsoLoaded: ['myfault.sys'] });
  stage.atHand = 'names';
  const myfault = { ...stage.image('myfault.sys'), name: 'myfault.sys' };
  runInto(stage, 'ioctl', driver ? myfault : stage.actor());
  stage.irql = 2;
  const wanted: Truth = { causes: ['manual'], culprits: ['myfault.sys'] };
  return irqlStop(stage, 0xd1, { pointer: 0x10n, truth: driver ? wanted : byDriver(stage), stop: { file: SMALL } });
}
const PRACTICE: Expected = { cause: 'manual', sureness: 'certain', culprit: 'true' };
const NOT_MY_FAULT: Proof = {
  rule: 'e-notmyfault',
  fires: [staged('somebody stops Windows for practice', (draw) => practice(draw, { driver: true, process: 'notmyfault64.e' }), PRACTICE)],
  nearly: [staged('its driver is still loaded; another driver fails', (draw) => practice(draw, { driver: false, process: 'explorer.exe' }), DRIVER)],
  against: [staged('another program runs: less sure', (draw) => practice(draw, { driver: false, process: 'explorer.exe' }), DRIVER)],
};
const MY_FAULT_STACK: Proof = {
  rule: 'e-myfault-stack',
  fires: [
    staged('its driver makes the fault, under another program’s name', (draw) => practice(draw, { driver: true, process: 'practice.exe' }), {
      ...PRACTICE,
      sureness: 'likely',
      doubts: ['a-no-tester'],
    }),
  ],
  nearly: [staged('its driver is loaded and took no part', (draw) => practice(draw, { driver: false, process: 'explorer.exe' }), DRIVER)],
  against: [staged('loaded alone it says nothing', (draw) => practice(draw, { driver: false, process: 'chrome.exe' }), DRIVER)],
};

/** The kernel reads through null; of its stack nothing, or all, is in the dump. */
function emptyStack(draw: Draw, kept: boolean): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, 'timer');
  const truth: Truth = { causes: ['driver', 'memory'], culprits: [], undecidable: true };
  const stop: StopOptions = {
    file: SMALL,
    ...(kept ? {} : { change: (made) => ({ ...made, stack: { ...made.stack, bytes: new Uint8Array(made.stack.bytes.length) } }) }),
  };
  return irqlStop(stage, 0xa, { pointer: 0n, truth, stop });
}
const NOT_KNOWN: Expected = { cause: 'not-known', sureness: 'not-known', culprit: 'nobody', doubts: ['a-single-dump'] };
const NO_STACK: Proof = {
  rule: 'e-no-stack',
  context: true,
  fires: [staged('the writer kept no byte of the stack', (draw) => emptyStack(draw, false), NOT_KNOWN)],
  nearly: [staged('the stack is there', (draw) => emptyStack(draw, true), NOT_KNOWN)],
  against: [staged('no stack: nothing can be said', (draw) => emptyStack(draw, false), NOT_KNOWN)],
};

const CORE: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true' };
const UNSAVED: Proof = {
  rule: 'e-hung-unsaved',
  fires: [staged('the silent core did not take the freeze either', (draw) => silentCore(draw, { ran: 'nothing saved' }), CORE)],
  nearly: [staged('the silent core stood in the idle loop when all were frozen', (draw) => silentCore(draw, { ran: 'idle' }), CORE)],
  against: [
    staged('the silent core ran a driver with interrupts off', (draw) => silentCore(draw, { ran: 'driver' }), {
      ...CORE,
      cause: 'driver-bug',
      sureness: 'possible',
      doubts: ['a-in-driver'],
    }),
  ],
};

export const SIGN_MACHINE_PROOFS: readonly Proof[] = [
  VERIFIER_ON,
  KERNEL_SUSPECT,
  TOOLS,
  VULNERABLE,
  OLD,
  SOON,
  GUESTS,
  NOT_MY_FAULT,
  MY_FAULT_STACK,
  NO_STACK,
  UNSAVED,
];
