/** Secondary data and the computer itself as evidence: where each holds, where it nearly does, where something speaks against it. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import {
  BLOB,
  bootStatusBlob,
  type BootSpec,
  codeIntegrityBlob,
  type CommandSpec,
  type ModuleSpec,
  ntfsBlackBox,
  pciBlob,
  type PciSpec,
  pnpBlackBox,
  type ProcessorSpec,
  processorValuesBlob,
  registersBlob,
  smbiosBlob,
  storageBlob,
  winlogonBlackBox,
} from '../../testing/build/blobs.ts';
import type { BlobSpec } from '../../testing/build/triage.ts';
import { hasCorpus } from '../../testing/node/corpus.ts';
import { corpusSession } from '../../testing/node/corpussession.ts';
import { type Fake, fakeSession } from '../../testing/node/fakesession.ts';
import { collectFacts } from '../casebook/collect.ts';
import { judge } from '../judge.ts';
import { processorOf } from '../processor.ts';
import type { Evidence, Verdict } from '../verdict.ts';
import { say } from '../words.ts';

const NT = 'ntoskrnl.exe';
/** The made sessions crash at this time. */
const CRASH_MS = 1_700_000_000_000;
const before = (seconds: number): bigint => BigInt(CRASH_MS) * 10_000n + 116_444_736_000_000_000n - BigInt(Math.round(seconds * 1e7));

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const withBlobs = (fake: Fake, ...blobs: readonly BlobSpec[]): Fake => ({
  ...fake,
  blobs: Object.fromEntries(blobs.map(({ guid, data }) => [guid, ['', hexOf(data)]])),
});
const verdictOf = (fake: Fake): Verdict => driveSync(judge(fakeSession(fake)));
const evidenceOf = (fake: Fake, id: string): Evidence | undefined => verdictOf(fake).evidence.find((one) => one.says.id === id);
const shown = (fake: Fake): string[] => verdictOf(fake).evidence.map((one) => one.says.id);

const stop = (code: number, ...params: bigint[]): Fake => ({ code, params: [...params, 0n, 0n, 0n, 0n].slice(0, 4), modules: [NT] });
const DISK = stop(0x7a, 1n, 0xc000009cn);
const TDR: Fake = { ...stop(0x116), modules: [NT, 'nvlddmkm.sys'] };
const HUNG_CPU = stop(0x101, 0x18n, 0n, 0n, 3n);
const RAM = stop(0x4e, 0x99n, 0x1234n);

describe('the dump’s own processor', () => {
  const raptor = (microcode?: number, more: Partial<ProcessorSpec> = {}): ProcessorSpec => ({
    ...{ vendor: 'GenuineIntel', family: 6, model: 0xb7, stepping: 1, brand: 'Example i9' },
    ...(microcode === undefined ? {} : { microcode }),
    ...more,
  });
  const fault = (of: ProcessorSpec, fake = HUNG_CPU): Evidence | undefined => evidenceOf(withBlobs(fake, registersBlob(of)), 'e-cpu-fault');
  test('a published fault whose correction the microcode lacks speaks for a processor that hangs', () => {
    expect(fault(raptor(0x11d))).toMatchObject({ weighs: 'for', how: 'table', command: '!sysinfo registers' });
    expect(fault(raptor(0x11d))?.says.args).toMatchObject({ microcode: '0x11d', model: expect.stringMatching(/Raptor Lake-S/) as string });
  });
  test('elsewhere it is context; the registry tells it too', () =>
    expect(evidenceOf(withBlobs(TDR, processorValuesBlob(raptor(0x104))), 'e-cpu-fault')).toMatchObject({
      weighs: 'context',
      command: '!sysinfo cpuinfo',
    }));
  test('against: the corrected revision', () => {
    expect(fault(raptor(0x12b))).toBeUndefined();
    expect(shown(withBlobs(HUNG_CPU, registersBlob(raptor(0x12f))))).toContain('e-cpu-fixed');
  });
  test('near: another model, another maker, a stepping that has it no more', () => {
    for (const of of [raptor(0x11d, { model: 0x97 }), raptor(0x11d, { vendor: 'AuthenticAMD' }), raptor(0x20, { model: 0x9e, stepping: 10 })])
      expect(fault(of)).toBeUndefined();
    expect(fault(raptor(0x48, { model: 0x9e, stepping: 9 }))).toBeDefined();
    expect(fault(raptor(0x49, { model: 0x9e, stepping: 9 }))).toBeUndefined();
  });
  test('a fault that needs 1,000 days shows only then', () => {
    const rome: ProcessorSpec = { vendor: 'AuthenticAMD', family: 0x17, model: 0x31, stepping: 0, brand: 'Example EPYC' };
    expect(fault(rome, { ...HUNG_CPU, uptime: 86_400 * 999 })).toBeUndefined();
    expect(fault(rome, { ...HUNG_CPU, uptime: 86_400 * 1044 })).toMatchObject({ weighs: 'for' });
  });
  test('the step names the revision: first where the processor is suspected, else last, and the processor is a rival', () => {
    const { steps } = verdictOf(withBlobs(HUNG_CPU, registersBlob(raptor(0x11d))));
    expect(steps[0]?.says).toMatchObject({ id: 'd-cpu-microcode', args: { wanted: '0x12b', microcode: '0x11d' } });
    const elsewhere = verdictOf(withBlobs(TDR, registersBlob(raptor(0x11d))));
    expect(elsewhere.steps.map((one) => one.says.id)).toEqual(['d-gpu-stock', expect.stringMatching(/^d-gpu/), 'd-cpu-microcode']);
    expect(elsewhere.rivals.filter(({ part }) => part === 'cpu')).toHaveLength(1);
    expect(JSON.stringify(verdictOf(withBlobs(TDR, registersBlob(raptor(0x12b)))))).not.toMatch(/d-cpu-microcode|r-cpu"/);
  });
  test('microcode that is not in the dump is said to be so', () => expect(fault(raptor())?.says.args).toMatchObject({ microcode: 'not in this dump' }));
  test('a stop on purpose has no need of it', () => expect(fault(raptor(0x11d), stop(0xe2))).toBeUndefined());
});

describe('firmware and memory', () => {
  const module = (more: Partial<ModuleSpec> = {}): ModuleSpec => ({
    sizeMb: 8192,
    speed: 3200,
    configured: 3200,
    millivolts: 1200,
    maker: 'Maker',
    part: 'A',
    ...more,
  });
  const memory = (modules: readonly ModuleSpec[], fake = RAM): Fake => withBlobs(fake, smbiosBlob({ date: '03/14/2023', modules }));
  test('a laptop, by its chassis or else by small modules, is told of no memory profile first', () => {
    const first = (spec: Parameters<typeof smbiosBlob>[0]) => verdictOf(withBlobs(RAM, smbiosBlob(spec))).steps[0]?.says.id;
    expect([first({ chassis: 0x0a }), first({ chassis: 0x8a }), first({ formFactor: 0x0d })]).toEqual(['d-defaults', 'd-defaults', 'd-defaults']);
    // 3 is a desktop, 0x23 a mini PC, which has small modules too.
    expect([first({}), first({ chassis: 3 }), first({ chassis: 0x23, formFactor: 0x0d })]).toEqual(Array(3).fill('d-mem-profile'));
  });
  test('firmware of two years or more, private', () => {
    expect(evidenceOf(withBlobs(RAM, smbiosBlob({ date: '08/02/2012' })), 'e-firmware-old')).toMatchObject({ private: true, weighs: 'context' });
    expect(evidenceOf(withBlobs(RAM, smbiosBlob({ date: '08/02/2012' })), 'e-firmware-old')?.says.args).toMatchObject({ date: '2012-08-02', years: '11' });
    expect(shown(withBlobs(RAM, smbiosBlob({ date: '11/15/2021' })))).not.toContain('e-firmware-old');
  });
  test('near: a virtual machine’s firmware is of no age; a driver’s fault has none to do with it', () => {
    expect(shown(withBlobs({ ...RAM, modules: [NT, 'vboxguest.sys'] }, smbiosBlob({ date: '12/01/2006' })))).not.toContain('e-firmware-old');
    expect(shown(withBlobs(TDR, smbiosBlob({ date: '12/01/2006' })))).not.toContain('e-firmware-old');
  });
  test.each([
    [{ configured: 3600, speed: 3200 }, 'faster than it is made for', '3200 MT/s'],
    [{ configured: 3600, speed: 3600 }, 'faster than the standard', '3200 MT/s'],
    [{ configured: 3200, speed: 3200, millivolts: 1350 }, 'at a higher voltage than the standard', '1.20 V'],
  ])('memory above its standard: %o', (more, what, limit) =>
    expect(evidenceOf(memory([module(more)]), 'e-memory-fast')?.says.args).toMatchObject({ what, limit }),
  );
  test.each([{}, { configured: 2133, speed: 2133 }, { configured: 2133, speed: 3600 }])('near: memory within it: %o', (more) =>
    expect(shown(memory([module(more)]))).not.toContain('e-memory-fast'),
  );
  test('different modules together; two of a kind are none', () => {
    expect(evidenceOf(memory([module(), module({ part: 'B' })]), 'e-memory-mixed')).toMatchObject({ private: true });
    expect(shown(memory([module(), module()]))).not.toContain('e-memory-mixed');
  });
  test('nothing of it is kept for a casebook', () => {
    const fake = memory([module({ configured: 3600, speed: 3200 }), module({ part: 'B' })]);
    const session = fakeSession(fake);
    expect(JSON.stringify(collectFacts(session, driveSync(judge(session)), 'x'))).not.toMatch(/3600|Modules Inc|SERIAL|e-memory|e-firmware/);
  });
});

describe('boot status', () => {
  const boot = (spec: BootSpec, fake = RAM): Fake => withBlobs(fake, bootStatusBlob(spec));
  test('starts that ended without a shutdown', () => {
    expect(evidenceOf(boot({ bootId: 21, shutdownBootId: 18 }), 'e-boots-lost')?.says.args).toEqual({ count: '2', boot: '21', shutdown: '18' });
    for (const shutdownBootId of [20, 21, 0]) expect(shown(boot({ bootId: 21, shutdownBootId }))).not.toContain('e-boots-lost');
  });
  test('a shutdown under way', () => {
    expect(evidenceOf(boot({ flags: 5, reference: before(120) }), 'e-shutting-down')?.says.args).toEqual({ when: '120 seconds before the stop' });
    expect(shown(boot({ flags: 1, reference: before(120) }))).not.toContain('e-shutting-down');
  });
  test('a change of sleep shortly before; near: one that was noted long ago; against: a number that is no state of sleep', () => {
    expect(evidenceOf(boot({ flags: 0x41, reference: before(7.1) }, TDR), 'e-sleeping')?.says.args).toEqual({ state: 'sleep (S3)', seconds: '7.1' });
    expect(shown(boot({ flags: 0x41, reference: before(4000) }, TDR))).not.toContain('e-sleeping');
    expect(shown(boot({ flags: 0x61, reference: before(7) }, TDR))).not.toContain('e-sleeping');
  });
  test('the power button: for a long press what was meant; near: of an earlier start, or long before', () => {
    const pressed = (seconds: number, bootId: number, code: number): Fake =>
      boot({ bootId: 21, size: 0xc0, press: { when: before(seconds), bootId } }, stop(code));
    expect(evidenceOf(pressed(7, 21, 0x1c8), 'e-power-button')).toMatchObject({ weighs: 'for' });
    expect(evidenceOf(pressed(7, 21, 0x4e), 'e-power-button')).toMatchObject({ weighs: 'context' });
    expect(shown(pressed(7, 20, 0x1c8))).not.toContain('e-power-button');
    expect(shown(pressed(700, 21, 0x1c8))).not.toContain('e-power-button');
  });
});

describe('notes of plug and play, winlogon and NTFS', () => {
  const device = String.raw`USB\VID_1234&PID_5678\SERIAL42`;
  test('a device that had just gone, without the part that may be a serial number', () => {
    const gone = evidenceOf(withBlobs(RAM, pnpBlackBox({ device, when: before(3) })), 'e-pnp-gone');
    expect(gone?.says.args).toEqual({ device: String.raw`USB\VID_1234&PID_5678`, seconds: '3.0' });
    expect(shown(withBlobs(RAM, pnpBlackBox({ device, when: before(300) })))).not.toContain('e-pnp-gone');
  });
  test('an event in progress speaks for a power change that waits', () => {
    expect(evidenceOf(withBlobs(stop(0x9f, 4n), pnpBlackBox({ device, when: before(300), inProgress: true })), 'e-pnp-busy')).toMatchObject({ weighs: 'for' });
    expect(evidenceOf(withBlobs(RAM, pnpBlackBox({ device, when: before(300), inProgress: true })), 'e-pnp-busy')).toMatchObject({ weighs: 'context' });
  });
  test('winlogon, where it had something pending', () => {
    expect(shown(withBlobs(RAM, winlogonBlackBox('ExitWindowsEx', true)))).toContain('e-winlogon');
    expect(shown(withBlobs(RAM, winlogonBlackBox('ExitWindowsEx', false)))).not.toContain('e-winlogon');
  });
  test('requests that NTFS waited for speak for a drive that fails; no names of programs', () => {
    const box = ntfsBlackBox(before(1), [0xffffe081_11110000n], [{ reason: 4, owner: 'diary.exe', breaker: 'mail.exe' }]);
    expect(evidenceOf(withBlobs(DISK, box), 'e-ntfs-slow')).toMatchObject({ weighs: 'for' });
    expect(evidenceOf(withBlobs(RAM, box), 'e-ntfs-slow')).toMatchObject({ weighs: 'context' });
    expect(JSON.stringify(verdictOf(withBlobs(DISK, box)).evidence.map((one) => say(one.says)))).not.toMatch(/diary|mail/);
    expect(shown(withBlobs(DISK, ntfsBlackBox(before(1))))).not.toContain('e-ntfs-slow');
  });
});

describe('a file that code integrity refused', () => {
  const refused = (path: string, seconds: number, status = 0xc0000428): Fake => withBlobs(RAM, codeIntegrityBlob(path, status, before(seconds)));
  const own = String.raw`\Device\HarddiskVolume3\Windows\System32\drivers\tcpip.sys`;
  const unknown = String.raw`\Device\HarddiskVolume3\Windows\System32\drivers\acmefilter.sys`;
  const foreign = String.raw`\Device\HarddiskVolume3\Users\jane\AppData\diary.dll`;
  test('a driver that is publicly known, just before, where memory is suspected', () => {
    expect(evidenceOf(refused(own, 1.3), 'e-ci-damaged')).toMatchObject({ weighs: 'for' });
    expect(evidenceOf(refused(own, 1.3), 'e-ci-damaged')?.says.args).toMatchObject({ file: 'tcpip.sys', seconds: '1.3' });
  });
  test('near: for another reason, or long before', () => {
    expect(shown(refused(own, 1.3, 0xc000009d))).toContain('e-ci-refused');
    expect(shown(refused(own, 1.3, 0xc000009d))).not.toContain('e-ci-damaged');
    expect(shown(refused(own, 120)).filter((id) => id.startsWith('e-ci'))).toEqual([]);
  });
  test('elsewhere it is private, and its folder is not told', () => {
    for (const path of [foreign, unknown]) expect(evidenceOf(refused(path, 1.3), 'e-ci-refused')).toMatchObject({ private: true, weighs: 'context' });
    expect(JSON.stringify(verdictOf(refused(foreign, 1.3)).evidence)).not.toContain('jane');
  });
});

describe('disk commands', () => {
  const command = (start: number, end: number | undefined, status = 1): CommandSpec => ({
    operation: 0x28,
    start: before(start),
    end: end === undefined ? 0n : before(end),
    status,
  });
  const disk = (...commands: CommandSpec[]): Fake => withBlobs(DISK, storageBlob(commands));
  test('one that had waited long', () => {
    expect(evidenceOf(disk(command(0.01, 0), command(31, undefined)), 'e-storage-stuck')).toMatchObject({ weighs: 'for', command: `.enumtag ${BLOB.storage}` });
    expect(evidenceOf(disk(command(31, undefined)), 'e-storage-stuck')?.says.args).toMatchObject({ seconds: '31' });
  });
  test('near: one that had just begun', () => expect(shown(disk(command(0.02, undefined)))).not.toContain('e-storage-stuck'));
  test('some that failed', () =>
    expect(evidenceOf(disk(command(2, 1, 4), command(3, 2)), 'e-storage-failed')?.says.args).toMatchObject({ failed: '1', count: '2', what: 'READ: error' }));
  test('against: all went well, which speaks against the drive', () => {
    expect(evidenceOf(disk(command(2, 1), command(3, 2)), 'e-storage-well')).toMatchObject({ weighs: 'against' });
    expect(shown(withBlobs(RAM, storageBlob([command(2, 1)])))).not.toContain('e-storage-well');
  });
  test('a block as large as one may be is answered; of it no more is read than a real one could hold', () => {
    const many = Array.from({ length: 140_000 }, (): CommandSpec => ({ operation: 0x28, start: 1n, end: 2n, status: 0 }));
    expect(evidenceOf(withBlobs({ ...DISK, uptime: 5000 }, storageBlob(many, 'DATA')), 'e-storage-well')?.says.args).toMatchObject({ count: '1024' });
  });
  test('ATAPort counts from the boot', () => {
    const ticks = (seconds: number): bigint => BigInt(seconds) * 10_000_000n;
    const ata = (start: number): Fake =>
      withBlobs({ ...DISK, uptime: 5000 }, storageBlob([{ operation: 0x28, start: ticks(start), end: 0n, status: 0 }], 'DATA'));
    expect(evidenceOf(ata(4960), 'e-storage-stuck')?.says.args).toMatchObject({ seconds: '40', driver: 'ataport.sys' });
    expect(shown(ata(4999))).not.toContain('e-storage-stuck');
  });
});

describe('PCI functions', () => {
  const gpu: PciSpec = { place: [1, 0, 0], vendor: 0x10de, device: 0x1f08, classCode: 0x030000 };
  const nvme: PciSpec = { place: [2, 0, 0], vendor: 0x144d, device: 0xa808, classCode: 0x010802 };
  const bad = { express: { uncorrectable: 0x4000 } };
  const pci = (fake: Fake, ...functions: PciSpec[]): Fake => withBlobs(fake, pciBlob(functions));
  test('an error of the display speaks for a display that stopped, one of another device is context', () => {
    expect(evidenceOf(pci(TDR, { ...gpu, ...bad }), 'e-pci-error')).toMatchObject({ weighs: 'for' });
    expect(evidenceOf(pci(TDR, { ...gpu, ...bad }), 'e-pci-error')?.says.args).toEqual({
      device: 'NVIDIA Corporation 10de:1f08 at bus 1, device 0, function 0',
      what: 'completion timeout',
    });
    expect(evidenceOf(pci(TDR, { ...nvme, ...bad }), 'e-pci-error')).toMatchObject({ weighs: 'context' });
  });
  test('near: what enumeration leaves behind; against: a stop that has nothing to do with buses', () => {
    expect(shown(pci(TDR, { ...gpu, express: { deviceStatus: 9, uncorrectable: 0x108000, correctable: 0xa000 } }))).not.toContain('e-pci-error');
    expect(shown(pci(RAM, { ...gpu, ...bad }))).not.toContain('e-pci-error');
  });
  test('a function that does not answer', () => {
    expect(evidenceOf(pci(TDR, { ...gpu, absent: true }), 'e-pci-silent')?.says.args).toEqual({ places: '1:0.0' });
    expect(shown(pci(TDR, gpu))).not.toContain('e-pci-silent');
  });
  const whea = stop(0x124, 4n, 0xffffe081_20000000n);
  test('a hardware error whose record is not in the dump: the only function with an error is the one', () => {
    const verdict = verdictOf(pci(whea, gpu, { ...nvme, ...bad }));
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'likely', culprit: { part: 'disk' } });
    expect(say(verdict.headline).helper).toContain('144d:a808');
    expect(verdict.evidence.filter((one) => one.says.id === 'e-pci-error').length).toBe(1);
  });
  test('in a guest it is what the host made of it', () => {
    const verdict = verdictOf(pci({ ...whea, modules: [...(whea.modules ?? ['ntoskrnl.exe']), 'vmhgfs.sys', 'vmmemctl.sys'] }, gpu, { ...nvme, ...bad }));
    expect(verdict).toMatchObject({ sureness: 'possible', against: [{ id: 'a-guest' }] });
  });
  test('near: two of them, or none, name no one', () => {
    expect(verdictOf(pci(whea, { ...gpu, ...bad }, { ...nvme, ...bad })).culprit).toEqual({ part: 'device' });
    expect(verdictOf(pci(whea, gpu, nvme)).culprit).toEqual({ part: 'device' });
  });
  test('against: a machine check is the processor’s, whatever a device reports', () =>
    expect(verdictOf(pci(stop(0x124, 0n, 0xffffe081_20000000n, 0xb2000000n, 0x00070005n), { ...nvme, ...bad })).culprit).not.toEqual({ part: 'disk' }));
});

describe.skipIf(!hasCorpus)('real dumps', () => {
  const real = (name: string): Evidence[] => [...driveSync(judge(corpusSession(`kernel/${name}.dmp`))).evidence];
  const find = (name: string, id: string): Evidence | undefined => real(name).find((one) => one.says.id === id);
  test('noam-133: an i7-13700 with microcode 0x11D, stopped while Windows shut down', () => {
    expect(find('noam-133', 'e-cpu-fault')?.says.args).toMatchObject({ microcode: '0x11d' });
    expect(find('noam-133', 'e-shutting-down')?.says.args).toMatchObject({ when: '120 seconds before the stop' });
  });
  test('ojusha-1a-402: the display driver’s file failed its signature 1.3 seconds before memory management found a broken page', () =>
    expect(find('ojusha-1a-402', 'e-ci-damaged')).toMatchObject({ weighs: 'for', says: { args: { file: 'nvlddmkm.sys', seconds: '1.3' } } }));
  test.each(['rizin-x64-7e-amdppm', 'ojusha-1a-402', 'noam-133', 'rts-7e_1', 'daimuvg-101'])('%s: KPRCB and CPUID name the same processor', (name) => {
    const session = corpusSession(`kernel/${name}.dmp`);
    const bare = { ...session, target: { ...session.target, blobs: [] } };
    const [kept, own] = [processorOf(session), processorOf(bare)];
    if (!kept.ok || !own.ok) throw new Error(name);
    const { brand: _brand, command: _command, ...id } = kept.value;
    expect(own.value).toMatchObject(id);
    expect(own.value.command).toMatch(/^dt nt!_KPRCB 0xffff/);
  });
  test('the microcode of AMD processors stands in the KPRCB alone', () => {
    expect(processorOf(corpusSession('kernel/rizin-x64-7e-amdppm.dmp'))).toMatchObject({
      ok: true,
      value: { vendor: 'AuthenticAMD', model: 0x71, microcode: 0x8701021 },
    });
    expect(processorOf(corpusSession('kernel/daimuvg-101.dmp'))).toMatchObject({ ok: true, value: { model: 0x60, microcode: 0x8600104 } });
  });
  test('daimuvg: the numbers of starts agree over three dumps', () =>
    expect(['daimuvg-50', 'daimuvg-1e-12546', 'daimuvg-101'].map((name) => find(name, 'e-boots-lost')?.says.args)).toEqual([
      { count: '2', boot: '17', shutdown: '14' },
      { count: '1', boot: '20', shutdown: '18' },
      { count: '2', boot: '21', shutdown: '18' },
    ]));
  test('rts-116: both display stops came with a change of sleep', () => {
    expect(find('rts-116_0', 'e-sleeping')?.says.args).toEqual({ state: 'sleep (S3)', seconds: '6.4' });
    expect(find('rts-116_1', 'e-sleeping')?.says.args).toEqual({ state: 'sleep (S3)', seconds: '7.1' });
  });
  test('rizin-arm64-1c8: the power button', () =>
    expect(find('rizin-arm64-1c8', 'e-power-button')).toMatchObject({ weighs: 'for', says: { args: { seconds: '7.1' } } }));
});
