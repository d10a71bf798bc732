/** The machine itself: reports of the hardware, processors that do not answer, the platform, core code that changed. */
import { imageBytes } from '../../build/pe.ts';
import { CRASH_TIME } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import { machineCheckRecord, pcieRecord } from '../../build/whea.ts';
import type { Draw } from '../../faults/draw.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { bitChanged, nobodyKnows, processor, silentCore, whea } from '../../faults/kinds/hardware.ts';
import { acpiStop, workerOn } from '../../faults/kinds/storage.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runTo } from '../../faults/ways.ts';
import { type Expected, GUEST, type Proof, type Proved, ofKind, staged } from './proof.ts';

/** VAL, UC, EN, PCC and a code of the data cache (SDM volume 3B, "IA32_MCi_STATUS MSRs"); the same without VAL. */
const CACHE_ERROR = 0xb200_0000_0000_0135n;
const NOT_VALID = CACHE_ERROR ^ (1n << 63n);

const sureHardware: Expected = { cause: 'hardware', sureness: 'certain', culprit: 'true', shows: ['e-mca'] };
const hostsTruth: Truth = { ...processor, causes: ['hardware', 'hang'], undecidable: true };
const byFirmware: Truth = { causes: ['firmware'], culprits: ['firmware'] };

function checked(draw: Draw, status: bigint, more: { readonly live?: boolean; readonly alsoLoaded?: readonly string[] } = {}): MadeFault {
  const record = machineCheckRecord({ vendor: 'intel', bank: 1, status, apicId: 2, processor: 2, when: CRASH_TIME });
  return whea(draw, { source: 0n, record, truth: processor, status, ...more });
}

/** 0x9C of x64: bank, MCA_EXCEPTION, the halves of MCi_STATUS. */
function oldCheck(draw: Draw, status: bigint, alsoLoaded: readonly string[] = []): MadeFault {
  const stage = new KernelStage(draw, { alsoLoaded });
  stage.enter(stage.nt, 'KiIdleLoop').call(stage.nt, 'PoIdle');
  stage.placeOf('halted');
  stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'halted' });
  stage.chain(stage.nt, 'KiMcheckHandler', 'WheaReportHwError', 'HalBugCheckSystem');
  return stage.stop(0x9c, [1n, draw.pool(), status >> 32n, status & 0xffff_ffffn], { ...processor, undecidable: alsoLoaded.length > 0 });
}

function platformStop(
  draw: Draw,
  code: number,
  params: readonly [bigint, bigint, bigint, bigint],
  spec: { readonly truth: Truth; readonly alsoLoaded?: readonly string[] },
): MadeFault {
  const stage = new KernelStage(draw, { alsoLoaded: spec.alsoLoaded ?? [] });
  runTo(stage, 'timer');
  return stage.call(stage.nt, 'KiTimerExpiration').call(stage.nt, 'KiTimerWaitTest').stop(code, params, spec.truth);
}
const stuck = (says: string, code: number, params: readonly [bigint, bigint, bigint, bigint]): Proved =>
  staged(says, (draw) => platformStop(draw, code, params, { truth: processor }), {
    cause: 'hardware',
    sureness: 'possible',
    culprit: 'true',
    doubts: ['a-single-dump'],
  });

function halStop(draw: Draw, alsoLoaded: readonly string[] = []): MadeFault {
  const stage = new KernelStage(draw, { alsoLoaded });
  stage.enter(stage.nt, 'Phase1Initialization').call(stage.nt, 'HalInitSystem');
  const truth = alsoLoaded.length > 0 ? { ...byFirmware, culprits: [] } : byFirmware;
  return stage.stop(0x5c, [0x115n, 0x50n, 0n, 0n], truth, { upTime: 8_000_000n });
}

/** 0x109, type 1: core code at P3 is not what the file holds; `bytes` stand there now. */
function changedCode(
  draw: Draw,
  bytes: (stage: KernelStage, at: bigint, was: Uint8Array) => readonly number[],
  truth: (stage: KernelStage) => Truth,
): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool'] });
  workerOn(stage, 'MiCheckPte');
  stage.atHand = 'images';
  const at = stage.placeOf('read');
  const was = imageBytes(stage.nt.pe, Number(at - stage.nt.base), 16);
  bytes(stage, at, was).forEach((byte, index) => stage.flip(at + BigInt(index), byte ^ (was[index] ?? 0)));
  return stage.stop(0x109, [0xa3a0_1f58_92c7_96d9n, draw.u64(), at, 1n], truth(stage), { file: { kind: 'triage' } });
}
/** jmp rel32 cannot reach a driver: jmp [rip+0] with the address behind it. */
function hook(stage: KernelStage): readonly number[] {
  const to = addressIn(stage.actor(), 'Callback');
  return [0xff, 0x25, 0, 0, 0, 0, ...Array.from({ length: 8 }, (_, index) => Number((to >> BigInt(8 * index)) & 0xffn))];
}

export const HARDWARE_PROOFS: readonly Proof[] = [
  {
    rule: 'whea',
    fires: [
      ofKind('124-cache', 0, sureHardware),
      ofKind('124-pcie', 0, { cause: 'hardware', sureness: 'certain', culprit: 'true', shows: ['e-pcie'] }),
      staged('an error came from a source that the firmware had not described', (draw) => platformStop(draw, 0x122, [9n, 4n, 2n, 0n], { truth: byFirmware }), {
        cause: 'firmware',
        sureness: 'possible',
        culprit: 'true',
        shows: ['e-subcode'],
      }),
    ],
    nearly: [
      staged(
        'a PCI Express link failed; the record of it is not in the dump',
        (draw) =>
          whea(draw, {
            source: 4n,
            held: false,
            record: pcieRecord({ vendorId: 0x8086, deviceId: 0xa340, bus: 0, device: 28, function: 0, uncorrectable: 16, when: CRASH_TIME }),
            truth: { causes: ['hardware'], culprits: ['device', 'hardware'] },
          }),
        { cause: 'hardware', sureness: 'likely', culprit: 'true', lacks: ['e-cper', 'e-pcie'] },
      ),
      staged('a core reported an error and the machine went on', (draw) => checked(draw, CACHE_ERROR, { live: true }), {
        cause: 'live-dump',
        sureness: 'certain',
        culprit: 'true',
      }),
    ],
    against: [
      staged('a machine check whose status says that it is not valid', (draw) => checked(draw, NOT_VALID), {
        ...{ cause: 'hardware', sureness: ['likely', 'possible'], culprit: 'true', doubts: ['a-mca-not-valid'] },
      }),
      staged('a machine check that the host of a virtual machine handed in', (draw) => checked(draw, CACHE_ERROR, { alsoLoaded: GUEST }), {
        ...{ cause: 'hardware', sureness: 'possible', culprit: 'true', doubts: ['a-guest'] },
      }),
    ],
  },
  {
    rule: 'machine-check',
    fires: [staged('a cache of a core fails before WHEA is ready', (draw) => oldCheck(draw, CACHE_ERROR), { ...sureHardware, shows: ['e-mca', 'e-bank'] })],
    nearly: [
      staged('a machine check that left no status', (draw) => oldCheck(draw, 0n), {
        cause: 'hardware',
        sureness: ['likely', 'possible'],
        culprit: 'true',
        doubts: ['a-mca-not-valid'],
      }),
    ],
    against: [
      staged('a machine check in a virtual machine', (draw) => oldCheck(draw, CACHE_ERROR, GUEST), {
        cause: 'hardware',
        sureness: 'possible',
        culprit: 'true',
        doubts: ['a-guest'],
      }),
    ],
  },
  {
    rule: 'clock-watchdog',
    fires: [
      ofKind('101-silent-core', 0, { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-hung-cpu'] }),
      staged('a core stopped in the idle loop, and the dump holds it', (draw) => silentCore(draw, { ran: 'idle' }), {
        ...{ cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-hung-ran', 'e-prcb'], lacks: ['e-hung-unsaved'] },
      }),
    ],
    nearly: [
      staged('a virtual processor misses its clock: the host gave it no time', (draw) => silentCore(draw, { alsoLoaded: GUEST }), {
        ...{ cause: 'hardware', sureness: 'possible', culprit: 'true', doubts: ['a-guest'] },
      }),
    ],
    against: [
      staged('a core waits for a lock with interrupts off, in a DPC of a driver', (draw) => silentCore(draw, { ran: 'lock' }), {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-hung-ran', 'e-suspect'], doubts: ['a-in-driver'] },
      }),
      staged("a driver keeps a core's interrupts off", (draw) => silentCore(draw, { ran: 'driver' }), {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-hung-ran'], doubts: ['a-in-driver'] },
      }),
    ],
  },
  {
    rule: 'platform',
    fires: [
      stuck('no synthetic clock for too long', 0x1ca, [0x6fc2_3ac00n, 0x1a_2b3c_4d5en, 0x12_3456_789an, 0n]),
      stuck('a processor does not take an interrupt of another', 0x1db, [0x989680n, 0x1a_2b3c_4d5en, 0x12_3456_789an, 0n]),
      stuck('no clock of the hardware for too long', 0x1cf, [0x6fc2_3ac00n, 0x1a_2b3c_4d5en, 0x12_3456_789an, 3n]),
      stuck('the hypervisor gives up', 0x20001, [0x11n, 0x1a2b3cn, 0x1001n, 0n]),
      stuck('the secure kernel gives up', 0x18b, [0x18cn, 0xffff_f800_1234_5678n, 0n, 0n]),
    ],
    nearly: [
      staged(
        'the host of a virtual machine paused it',
        (draw) =>
          platformStop(draw, 0x1ca, [0x6fc2_3ac00n, 0x1a_2b3c_4d5en, 0x12_3456_789an, 0n], { truth: { ...hostsTruth, culprits: [] }, alsoLoaded: GUEST }),
        { cause: 'not-known', sureness: 'not-known', culprit: 'nobody', shows: ['e-vm'] },
      ),
    ],
    against: [
      staged(
        'the hypervisor gives up beside the one of another maker',
        (draw) =>
          platformStop(draw, 0x20001, [0x11n, 0x1a2b3cn, 0x1001n, 0n], {
            truth: { ...nobodyKnows, culprits: ['cpu', 'vmx86.sys'] },
            alsoLoaded: ['vmx86.sys'],
          }),
        { cause: 'hardware', sureness: 'possible', culprit: 'true', shows: ['e-hypervisors'] },
      ),
    ],
  },
  {
    rule: 'firmware',
    fires: [
      ofKind('a5-acpi', 0, { cause: 'firmware', sureness: 'likely', culprit: 'true', shows: ['e-subcode'] }),
      staged('the firmware tells of processors in a way that Windows cannot use', (draw) => halStop(draw), {
        cause: 'firmware',
        sureness: 'likely',
        culprit: 'true',
      }),
    ],
    nearly: [
      staged('a virtual machine was given processors that Windows cannot use', (draw) => halStop(draw, GUEST), {
        ...{ cause: 'firmware', sureness: 'possible', culprit: 'nobody', doubts: ['a-guest'] },
      }),
    ],
    against: [
      staged("a tuning tool's driver asks the firmware for a method; ACPI gives up on it", (draw) => acpiStop(draw, 'tool'), {
        ...{ cause: 'firmware', sureness: 'possible', culprit: 'true', shows: ['e-suspect'] },
      }),
    ],
  },
  {
    rule: 'patchguard',
    fires: [ofKind('109-structure', 0, { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', shows: ['e-subcode'] })],
    nearly: [
      staged("one bit of the kernel's code turned over", (draw) => changedCode(draw, (_, __, was) => [(was[0] ?? 0) ^ 4], bitChanged), {
        ...{ cause: 'hardware', sureness: ['certain', 'likely'], culprit: 'true', shows: ['e-code-bit'] },
      }),
      staged(
        "a driver wrote a jump into the kernel's code",
        (draw) => changedCode(draw, hook, (stage) => ({ causes: ['driver'], culprits: [stage.actor().name] })),
        { cause: 'driver-bug', sureness: ['possible', 'likely'], culprit: 'true', shows: ['e-code-patched'] },
      ),
    ],
    against: [
      staged(
        "a debugger's breakpoint stands in the kernel's code",
        (draw) =>
          changedCode(
            draw,
            () => [0xcc],
            () => ({ causes: ['manual', 'memory'], culprits: [], undecidable: true }),
          ),
        { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', shows: ['e-code-breakpoint'] },
      ),
    ],
  },
];
