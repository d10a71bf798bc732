/** Signs in the notes that parts of Windows leave in a dump: starts and shutdowns, devices, disks, memory, the processor's microcode. */
import {
  type BootSpec,
  bootStatusBlob,
  codeIntegrityBlob,
  type CommandSpec,
  type ModuleSpec,
  ntfsBlackBox,
  pciBlob,
  type PciSpec,
  pnpBlackBox,
  type ProcessorSpec,
  registersBlob,
  smbiosBlob,
  storageBlob,
  winlogonBlackBox,
} from '../../build/blobs.ts';
import { CRASH_TIME, PRCB_ADDRESS } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import type { BlobSpec } from '../../build/triage.ts';
import type { Draw } from '../../faults/draw.ts';
import { KernelStage, type StopOptions } from '../../faults/kernelstage.ts';
import { byDisplay } from '../../faults/kinds/graphics.ts';
import { bitChanged, processor } from '../../faults/kinds/hardware.ts';
import { DISK, type MadeFault } from '../../faults/truth.ts';
import { runTo } from '../../faults/ways.ts';
import type { TextId } from '../../../verdict/words.ts';
import { type Proof, type Proved, staged } from './proof.ts';

/** The stop beside which the notes stand. */
type Stop = (draw: Draw, more: StopOptions) => MadeFault;

const memoryStop: Stop = (draw, more) => {
  const stage = new KernelStage(draw);
  runTo(stage, 'worker');
  return stage.call(stage.nt, 'MiCheckPte', 'WorkerRoutine').stop(0x1a, [0x41792n, 0xffff_dd01_0bc5_d3f8n, 1n << 37n, 0n], bitChanged(stage), more);
};
const diskStop: Stop = (draw, more) => {
  const stage = new KernelStage(draw);
  stage.fromUser('NtReadFile').trap('KiPageFault', { mark: 'read', cr2: draw.pool() });
  stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault', 'MiIssueHardFault', 'MiWaitForInPageComplete');
  return stage.stop(0x7a, [1n, 0xc000_009cn, draw.pool(), draw.pool()], { causes: ['storage', 'hardware'], culprits: DISK }, more);
};
const coreStop: Stop = (draw, more) => {
  const stage = new KernelStage(draw);
  stage.enter(stage.nt, 'KiIdleLoop').call(stage.nt, 'PoIdle');
  const trapFrame = stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'halted' });
  stage.chain(stage.nt, 'KeClockInterruptNotify', 'KeAccumulateTicks');
  return stage.stop(0x101, [0x18n, 0n, PRCB_ADDRESS(3), 3n], processor, { trapFrame, processor: 4, ...more });
};
const displayStop: Stop = (draw, more) => {
  const stage = new KernelStage(draw, { actors: ['display'] });
  runTo(stage, 'worker');
  const dxgkrnl = stage.image('dxgkrnl.sys');
  stage.call(dxgkrnl, 'TdrResetFromTimeoutWorkItem', 'WorkerRoutine').chain(dxgkrnl, 'TdrIsRecoveryRequired', 'TdrBugcheckOnTimeout');
  return stage.stop(0x116, [draw.pool(), addressIn(stage.actor(), 'Callback'), 0xc000_009an, 4n], byDisplay(stage.actor()), more);
};

const before = (seconds: number): bigint => CRASH_TIME - BigInt(Math.round(seconds * 1e7));
interface Note {
  readonly rule: TextId;
  readonly stop: Stop;
  /** What is noted, and what is noted instead where the sign must not show. */
  readonly fires: readonly [says: string, blob: BlobSpec];
  readonly nearly: readonly [says: string, blob: BlobSpec];
}
const beside = (stop: Stop, [says, blob]: Note['fires'], texts: { readonly shows?: readonly TextId[] } = {}): Proved =>
  staged(says, (draw) => stop(draw, { blobs: [blob], file: { kind: 'triage' } }), { asTrue: true, ...texts });

/** A note weighs nothing against what the stop itself shows: the doubts of the stop stay. */
const proofOf = ({ rule, stop, fires, nearly }: Note): Proof => ({
  rule,
  fires: [beside(stop, fires)],
  nearly: [beside(stop, nearly)],
  against: [beside(stop === displayStop ? coreStop : displayStop, [`${fires[0]}, beside a stop of another part`, fires[1]])],
});

const boot = (spec: BootSpec): BlobSpec => bootStatusBlob({ bootId: 21, ...spec });
const memory = (...modules: readonly Partial<ModuleSpec>[]): BlobSpec =>
  smbiosBlob({
    date: '03/14/2023',
    modules: modules.map((more) => ({ ...{ sizeMb: 8192, speed: 3200, configured: 3200, millivolts: 1200, maker: 'Maker', part: 'A' }, ...more })),
  });
const raptor = (microcode: number): BlobSpec => {
  const of: ProcessorSpec = { vendor: 'GenuineIntel', family: 6, model: 0xb7, stepping: 1, brand: 'Example i9', microcode };
  return registersBlob(of);
};
const DEVICE = String.raw`USB\VID_1234&PID_5678\SERIAL42`;
const OWN_FILE = String.raw`\Device\HarddiskVolume3\Windows\System32\drivers\tcpip.sys`;
const INVALID_HASH = 0xc0000428;
const read = (start: number, end: number | undefined, status = 1): CommandSpec => ({
  ...{ operation: 0x28, start: before(start), end: end === undefined ? 0n : before(end), status },
});
const GPU: PciSpec = { place: [1, 0, 0], vendor: 0x10de, device: 0x1f08, classCode: 0x030000 };
const slow = (irps: readonly bigint[], oplocks: Parameters<typeof ntfsBlackBox>[2] = []): BlobSpec => ntfsBlackBox(before(1), irps, oplocks);

const NOTES: readonly Note[] = [
  {
    ...{ rule: 'e-boots-lost', stop: memoryStop },
    ...{
      fires: ['two starts ended without a shutdown', boot({ shutdownBootId: 18 })],
      nearly: ['the last start ended in order', boot({ shutdownBootId: 20 })],
    },
  },
  {
    ...{ rule: 'e-shutting-down', stop: memoryStop },
    ...{
      fires: ['Windows was shutting down', boot({ flags: 5, reference: before(120) })],
      nearly: ['Windows ran', boot({ flags: 1, reference: before(120) })],
    },
  },
  {
    ...{ rule: 'e-sleeping', stop: memoryStop },
    fires: ['the computer had just come from sleep', boot({ flags: 0x41, reference: before(7) })],
    nearly: ['it had come from sleep an hour before', boot({ flags: 0x41, reference: before(4000) })],
  },
  {
    ...{ rule: 'e-power-button', stop: memoryStop },
    fires: ['the power button was pressed', boot({ size: 0xc0, press: { when: before(7), bootId: 21 } })],
    nearly: ['it was pressed in an earlier start', boot({ size: 0xc0, press: { when: before(7), bootId: 20 } })],
  },
  {
    ...{ rule: 'e-pnp-gone', stop: memoryStop },
    fires: ['a device had gone three seconds before', pnpBlackBox({ device: DEVICE, when: before(3) })],
    nearly: ['a device had gone minutes before', pnpBlackBox({ device: DEVICE, when: before(300) })],
  },
  {
    ...{ rule: 'e-pnp-busy', stop: memoryStop },
    fires: ['a device was being set up', pnpBlackBox({ device: DEVICE, when: before(300), inProgress: true })],
    nearly: ['no device was', pnpBlackBox({ device: DEVICE, when: before(300) })],
  },
  {
    ...{ rule: 'e-winlogon', stop: memoryStop },
    fires: ['somebody was signing out', winlogonBlackBox('ExitWindowsEx', true)],
    nearly: ['nothing was pending', winlogonBlackBox('ExitWindowsEx', false)],
  },
  {
    ...{ rule: 'e-ntfs-slow', stop: diskStop },
    ...{ fires: ['the file system waited for its disk', slow([0xffff_e081_1111_0000n])], nearly: ['it waited for nothing', slow([])] },
  },
  {
    ...{ rule: 'e-ntfs-oplock', stop: diskStop },
    fires: ['a program had to give up a file', slow([], [{ reason: 4, owner: 'one.exe', breaker: 'other.exe' }])],
    nearly: ['no program had', slow([])],
  },
  {
    ...{ rule: 'e-ci-damaged', stop: memoryStop },
    fires: ['a file of Windows had the wrong hash', codeIntegrityBlob(OWN_FILE, INVALID_HASH, before(1.3))],
    nearly: ['it had it two minutes before', codeIntegrityBlob(OWN_FILE, INVALID_HASH, before(120))],
  },
  {
    ...{ rule: 'e-ci-refused', stop: memoryStop },
    fires: ['a file of Windows could not be read', codeIntegrityBlob(OWN_FILE, 0xc000009d, before(1.3))],
    nearly: ['it had the wrong hash', codeIntegrityBlob(OWN_FILE, INVALID_HASH, before(1.3))],
  },
  {
    ...{ rule: 'e-storage-failed', stop: diskStop },
    ...{ fires: ['a command of the disk failed', storageBlob([read(2, 1, 4), read(3, 2)])], nearly: ['all went well', storageBlob([read(2, 1), read(3, 2)])] },
  },
  {
    ...{ rule: 'e-storage-stuck', stop: diskStop },
    ...{
      fires: ['a command had waited half a minute', storageBlob([read(31, undefined)])],
      nearly: ['one had just begun', storageBlob([read(0.02, undefined)])],
    },
  },
  {
    ...{ rule: 'e-pci-error', stop: displayStop },
    fires: ['the graphics card reports an error of its own', pciBlob([{ ...GPU, express: { uncorrectable: 0x4000 } }])],
    nearly: ['the card reports none', pciBlob([GPU])],
  },
  {
    ...{ rule: 'e-pci-silent', stop: displayStop },
    ...{ fires: ['the graphics card does not answer', pciBlob([{ ...GPU, absent: true }])], nearly: ['the graphics card answers', pciBlob([GPU])] },
  },
  {
    ...{ rule: 'e-memory-fast', stop: memoryStop },
    fires: ['memory runs above its standard', memory({ configured: 3600 })],
    nearly: ['memory runs at its standard', memory({})],
  },
  {
    ...{ rule: 'e-memory-mixed', stop: memoryStop },
    ...{ fires: ['two modules differ', memory({}, { part: 'B' })], nearly: ['two modules are alike', memory({}, {})] },
  },
  {
    ...{ rule: 'e-firmware-old', stop: memoryStop },
    fires: ['the firmware is eleven years old', smbiosBlob({ date: '08/02/2012' })],
    nearly: ['the firmware is a year old', smbiosBlob({ date: '03/14/2023' })],
  },
  {
    ...{ rule: 'e-cpu-fault', stop: coreStop },
    fires: ['the processor has a published fault, and microcode without its correction', raptor(0x11d)],
    nearly: ['its microcode has the correction', raptor(0x12f)],
  },
  {
    ...{ rule: 'e-cpu-fixed', stop: coreStop },
    fires: ['the processor’s published fault is corrected by its microcode', raptor(0x12f)],
    nearly: ['it is not corrected', raptor(0x11d)],
  },
];

const ALL_WELL = storageBlob([read(2, 1), read(3, 2)]);
const WELL: Proof = {
  rule: 'e-storage-well',
  fires: [beside(diskStop, ['the disk’s last commands went well', ALL_WELL])],
  nearly: [beside(diskStop, ['one of them failed', storageBlob([read(2, 1, 4)])])],
  against: [beside(diskStop, ['a disk is suspected whose last commands went well', ALL_WELL], { shows: ['e-storage-well'] })],
};

export const SIGN_NOTE_PROOFS: readonly Proof[] = [...NOTES.map(proofOf), WELL];
