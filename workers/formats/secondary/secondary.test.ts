/** Each reader on a block of our own making, on one that nearly is one, and on damage. */
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import {
  acpiBlob,
  bootStatusBlob,
  codeIntegrityBlob,
  ntfsBlackBox,
  pciBlob,
  pnpBlackBox,
  processorValuesBlob,
  registersBlob,
  smbiosBlob,
  storageBlob,
  tracesBlob,
  wdfDriversBlob,
  wdfLogBlob,
  winlogonBlackBox,
} from '../../testing/build/blobs.ts';
import { mutations } from '../../testing/fuzz/mutations.ts';
import { readBootStatus } from './bootstatus.ts';
import { readIntegrityNote, readPnpNote, readWinlogonNote } from './notes.ts';
import { readNtfsBox } from './ntfsbox.ts';
import { pciErrors, pciRepaired, readPciConfig } from './pciconfig.ts';
import { clockOfValues, displayModel, processorOfRegisters, processorOfValues, readProcessorRegisters, readProcessorValues } from './processor.ts';
import { firmwareOf, memoryModules, readSmbios } from './smbios.ts';
import { failureOf, readStorageTrace, underWay } from './storagetrace.ts';
import { readAcpiTables, readTraceSessions } from './tables.ts';
import { readWdfDrivers, readWdfLogs } from './wdfdrivers.ts';

const WHEN = 0x01da_6f2c_0000_0000n;
const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

describe('boot status', () => {
  it('of a shutdown, with the boots before it', () => {
    const status = valueOf(readBootStatus(bootStatusBlob({ flags: 5, bootId: 21, shutdownBootId: 18, abnormalBootId: 20 }).data));
    expect(status?.start).toMatchObject({ systemRunning: 1, userShutdownInProgress: 1, systemShutdownInProgress: 0, sleepTarget: 0, lastBootId: 21 });
    expect(status?.start).toMatchObject({ lastShutdownBootId: 18, lastAbnormalBootId: 20, advancedBootMenuTimeout: 30 });
    expect(status?.featureState).toEqual({ ok: true, value: 4 });
  });
  // The published output of -blackboxbsd is of version 136 and ends with the power button, whose release follows the press at once.
  it('of the published version 136: no extension, the release 16 bytes behind the press', () => {
    const { data } = bootStatusBlob({ size: 136, press: { when: WHEN, bootId: 6 } });
    const withRelease = changed(changed(data, 0x68, 0x42), 0x70, 5);
    const status = valueOf(readBootStatus(withRelease));
    expect(valueOf(status?.button ?? { ok: false, missing: { why: 'not-computed' } })).toMatchObject({
      lastPressTime: WHEN,
      pressCount: 7,
      lastReleaseTime: 0x42n,
      releaseCount: 5,
    });
    expect([status?.extension.ok, status?.featureState.ok]).toEqual([false, false]);
  });
  it('of later versions: the release 32 bytes behind, the state of features eight before the end of 0xC0', () => {
    const { data } = bootStatusBlob({ size: 0xc0, press: { when: WHEN, bootId: 6 } });
    const status = valueOf(readBootStatus(changed(data, 0x78, 0x42)));
    expect(status?.button).toMatchObject({ ok: true, value: { lastReleaseTime: 0x42n } });
    expect(status?.featureState).toEqual({ ok: true, value: 4 });
  });
  it('a block that is cut keeps the places of its version', () => {
    const { data } = bootStatusBlob({ size: 0xc0, press: { when: WHEN, bootId: 6 } });
    const cut = { ok: false, missing: { why: 'outside-file' } };
    // The button of 0xC0 bytes ends at 0x98, its state of features at 0xBC.
    expect(valueOf(readBootStatus(data.subarray(0, 0x90)))?.button).toMatchObject(cut);
    expect(valueOf(readBootStatus(data.subarray(0, 0xb4)))?.featureState).toMatchObject(cut);
    expect(valueOf(readBootStatus(data.subarray(0, 0xb4)))?.button.ok).toBe(true);
  });
  it('a block that is shorter than its version reads as far as it goes', () => {
    const status = valueOf(readBootStatus(bootStatusBlob().data.subarray(0, 0x60)));
    expect([status?.error.ok, status?.button.ok]).toEqual([true, false]);
    expect(readBootStatus(bootStatusBlob().data.subarray(0, 0x3f)).ok).toBe(false);
    expect(readBootStatus(changed(bootStatusBlob().data, 0, 0x20))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });
});

describe('NTFS, plug and play, winlogon', () => {
  it('slow requests and oplock breaks in their order', () => {
    const { data } = ntfsBlackBox(
      WHEN,
      [0xffffe081_11110000n],
      [
        { reason: 4, owner: 'owner.exe', breaker: 'breaker.exe' },
        { reason: 5, owner: 'second.exe', breaker: 'third.exe' },
      ],
    );
    const box = valueOf(readNtfsBox(data));
    expect(box?.slowIo).toEqual([{ irp: 0xffffe081_11110000n, scb: 0xffffe081_11111000n, thread: 0xffffe081_11112000n }]);
    expect(box?.oplockBreaks.map(({ reason, owner, breaker }) => [reason, owner, breaker])).toEqual([
      [4, 'owner.exe', 'breaker.exe'],
      [5, 'second.exe', 'third.exe'],
    ]);
  });
  it('a chain that goes round ends; slots outside the block are refused', () => {
    const { data } = ntfsBlackBox(WHEN, [], [{ reason: 1, owner: 'a', breaker: 'b' }]);
    expect(valueOf(readNtfsBox(changed(changed(data, 0x11c, 0x18), 0x11d, 1)))?.oplockBreaks.length).toBe(1);
    expect(readNtfsBox(changed(data, 0x11, 0xff)).ok).toBe(false);
    expect(readNtfsBox(changed(data, 0, 1))).toMatchObject({ ok: false, missing: { why: 'not-valid', got: '1' } });
  });
  it('the event, its device and who refused', () => {
    const { data } = pnpBlackBox({ device: String.raw`USB\VID_1234&PID_5678\AB12`, when: WHEN, inProgress: true, veto: 'busy.exe' });
    expect(valueOf(readPnpNote(data))).toMatchObject({ activityTime: WHEN, eventInProgress: true, problemCode: 24, vetoType: 6, vetoText: 'busy.exe' });
    expect(valueOf(readPnpNote(data))?.deviceId).toBe(String.raw`USB\VID_1234&PID_5678\AB12`);
    expect(readPnpNote(data.subarray(0, 0x2b)).ok).toBe(false);
  });
  it('winlogon: of version 1 and of its own size alone', () => {
    const { data } = winlogonBlackBox('ExitWindowsEx', true);
    expect(readWinlogonNote(data)).toEqual({ ok: true, value: { operation: 'ExitWindowsEx', pending: true } });
    for (const [at, value] of [
      [0, 2],
      [4, 0],
    ] as const)
      expect(readWinlogonNote(changed(data, at, value)).ok).toBe(false);
  });
  it('code integrity: the file that was refused; where none was, leftovers are no path', () => {
    const { data } = codeIntegrityBlob(String.raw`\Device\HarddiskVolume3\Windows\a.sys`, 0xc0000428, WHEN);
    expect(readIntegrityNote(data)).toEqual({ ok: true, value: { time: WHEN, status: 0xc0000428, path: String.raw`\Device\HarddiskVolume3\Windows\a.sys` } });
    expect(readIntegrityNote(codeIntegrityBlob('leftovers', 0, 0n).data)).toMatchObject({ ok: false, missing: { why: 'stream-absent' } });
    expect(readIntegrityNote(data.subarray(0, 0x1d5))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    expect(valueOf(readIntegrityNote(changed(data, 0xd5, 0xff)))?.path).toBe(String.raw`\Device\HarddiskVolume3\Windows\a.sys`);
  });
});

describe('PCI configuration space', () => {
  const nvme = { place: [2, 0, 0], vendor: 0x144d, device: 0xa808, classCode: 0x010802 } as const;
  it('place, ids, class', () => {
    expect(readPciConfig(pciBlob([nvme]).data)).toMatchObject([
      { bus: 2, device: 0, function: 0, vendorId: 0x144d, deviceId: 0xa808, classCode: 0x010802, answers: true },
    ]);
  });
  it('errors are those that enumeration does not leave behind', () => {
    const errors = (status: number, express: NonNullable<Parameters<typeof pciBlob>[0]>[number]['express']): readonly string[] =>
      readPciConfig(pciBlob([{ ...nvme, status, express: express ?? {} }]).data).flatMap(pciErrors);
    expect(errors(0, { deviceStatus: 9, uncorrectable: 0x108000, correctable: 0xa000 })).toEqual([]);
    expect(errors(0x2900, {})).toEqual(['master data parity error']);
    expect(errors(0xc000, { deviceStatus: 4, uncorrectable: 0x4000 })).toEqual([
      'parity error detected',
      'system error signalled',
      'fatal error detected',
      'completion timeout',
    ]);
    expect(errors(0, { uncorrectable: 0x44000, mask: 0x40000 })).toEqual(['completion timeout']);
  });
  it('what the link repaired, and a function that is switched off', () => {
    const [first, second] = readPciConfig(
      pciBlob([
        { ...nvme, express: { correctable: 0x1041 } },
        { ...nvme, express: {}, absent: true },
      ]).data,
    );
    expect(first && pciRepaired(first)).toEqual(['receiver error', 'bad TLP', 'replay timer timeout']);
    expect(second).toMatchObject({ answers: false });
    expect(second && pciErrors(second)).toEqual([]);
  });
  it('ends at what is no record', () => {
    const { data } = pciBlob([nvme, nvme]);
    expect(readPciConfig(data.subarray(0, data.length - 1)).length).toBe(1);
    expect(readPciConfig(changed(data, 4, 0x10))).toEqual([]);
  });
});

describe('the processor', () => {
  // Intel SDM volume 2A: family 0xF adds the extended family, families 6 and 0xF the extended model.
  it.each([
    [0xb0671, 6, 0xb7, 1],
    [0xa20f12, 0x19, 0x21, 2],
    [0x1067a, 6, 0x17, 10],
    [0x870f10, 0x17, 0x71, 0],
    [0x513, 5, 1, 3],
  ])('%x', (signature, family, model, stepping) => expect(displayModel(signature)).toEqual({ family, model, stepping }));
  const raptor = { vendor: 'GenuineIntel', family: 6, model: 0xb7, stepping: 1, microcode: 0x11d, brand: 'Example i7' };
  const zen = { vendor: 'AuthenticAMD', family: 0x19, model: 0x21, stepping: 2, brand: 'Example Ryzen' };
  it.each([raptor, zen])('$brand by its registers and by the registry', (of) => {
    expect(processorOfRegisters(readProcessorRegisters(registersBlob(of).data))).toEqual(of);
    const values = readProcessorValues(processorValuesBlob(of).data);
    expect([processorOfValues(values), clockOfValues(values)]).toEqual([of, 3192]);
  });
  it('a made-up revision of a hypervisor is none; other words are no processor', () => {
    const guest = readProcessorRegisters(registersBlob({ ...raptor, microcode: 0xffffffff }).data);
    expect(processorOfRegisters(guest)).not.toHaveProperty('microcode');
    expect(processorOfRegisters(readProcessorRegisters(new Uint8Array(400)))).toBeUndefined();
    expect(processorOfValues(readProcessorValues(new Uint8Array(64)))).toBeUndefined();
  });
});

describe('SMBIOS', () => {
  const modules = (speed: number, configured: number, millivolts = 1200, sizeMb = 8192) => [
    { sizeMb, speed, configured, millivolts, maker: 'Maker', part: 'PART-1' },
  ];
  const smbios = (spec: Parameters<typeof smbiosBlob>[0]) => {
    const read = readSmbios(smbiosBlob(spec).data);
    if (!read.ok) throw new Error('SMBIOS');
    return read.value;
  };
  it('firmware and its date', () => {
    expect(firmwareOf(smbios({}))).toEqual({ vendor: 'Example Firmware', version: '1.04', date: Date.UTC(2023, 2, 14) });
    expect(firmwareOf(smbios({ date: '05/ 6/2021' }))?.date).toBe(Date.UTC(2021, 4, 6));
    for (const date of ['13/01/2021', '2021-05-06', 'unknown']) expect(firmwareOf(smbios({ date }))).not.toHaveProperty('date');
  });
  it('modules: what they are made for and what they run at; an empty slot is none', () => {
    expect(memoryModules(smbios({ modules: modules(4800, 3600, 1350) }))).toEqual([
      { slot: 'DIMM 1, BANK 0', sizeMb: 8192, kind: 'DDR4', speed: 4800, configured: 3600, millivolts: 1350, maker: 'Maker', part: 'PART-1' },
    ]);
    expect(memoryModules(smbios({ modules: modules(0, 0, 0, 0) }))).toEqual([]);
    expect(memoryModules(smbios({ modules: modules(0, 0) }))[0]).not.toHaveProperty('speed');
    // DSP0134 7.18.1: bit 15 counts in KB.
    expect(memoryModules(smbios({ modules: modules(100, 100, 1200, 0x8000 | 2048) }))[0]?.sizeMb).toBe(2);
  });
  it('nothing that is read holds a serial number, a UUID or an asset tag', () => {
    const read = smbios({});
    expect(JSON.stringify([firmwareOf(read), memoryModules(read)])).not.toMatch(/SERIAL|ASSET|UUID/);
  });
  it('a structure that is cut, or shorter than its head, ends the tables', () => {
    const { data } = smbiosBlob();
    // 8 of the head, 24 + 34 of the firmware and its strings, 27 of the system.
    expect(valueOf(readSmbios(data.subarray(0, 93)))?.structures.map((one) => one.type)).toEqual([0, 1]);
    expect(valueOf(readSmbios(data.subarray(0, 92)))?.structures.map((one) => one.type)).toEqual([0]);
    expect(valueOf(readSmbios(changed(data, 9, 3)))?.structures).toEqual([]);
    expect(readSmbios(changed(data, 1, 77)).ok).toBe(false);
  });
});

describe('storage commands', () => {
  const at = (ms: number): bigint => WHEN + BigInt(ms) * 10_000n;
  it('StorPort: ended, under way, failed; a start that was not noted is neither', () => {
    const trace = valueOf(
      readStorageTrace(
        storageBlob([
          { operation: 0x28, start: at(5), end: 0n, status: 0x20 },
          { operation: 0x2a, start: at(1), end: at(3) },
          { operation: 0x2a, start: at(0), end: at(2), status: 0x89 },
          { operation: 0x35, start: 0n, end: at(1) },
        ]).data,
      ),
    );
    if (!trace) throw new Error('trace');
    expect(trace).toMatchObject({ port: 'storport', driver: 'storport.sys', reason: 0 });
    expect(underWay(trace).map((one) => one.start)).toEqual([at(5)]);
    // srb.h: 0x80 says that sense data is there, 9 is a timeout.
    expect(trace.commands.map((one) => failureOf(trace, one))).toEqual([undefined, undefined, 'timeout', undefined]);
  });
  it('ATAPort, which begins with the oldest: the drive’s status, whose ERR and DF bits tell', () => {
    const trace = valueOf(
      readStorageTrace(
        storageBlob(
          [0x50, 0x51, 0x70].map((status) => ({ operation: 0x28, start: 1n, end: 2n, status })),
          'DATA',
        ).data,
      ),
    );
    expect(trace?.commands.map((one) => failureOf(trace, one))).toEqual(['drive status 0x70', 'drive status 0x51', undefined]);
  });
  it('a count beyond the block is cut to it; another signature is refused', () => {
    const { data } = storageBlob([{ operation: 0x28, start: 1n, end: 2n }]);
    expect(valueOf(readStorageTrace(changed(data, 0x23, 0xff)))?.commands.length).toBe(1);
    expect(readStorageTrace(changed(data, 0, 0x58)).ok).toBe(false);
  });
});

describe('framework drivers, ACPI tables, trace sessions', () => {
  it('drivers by name and version; the log by its driver', () => {
    const { data } = wdfDriversBlob(['Wdf01000', 'badwdf']);
    expect(readWdfDrivers(data, 8)).toEqual([
      { name: 'Wdf01000', version: 'v1.31(0)', globals: 0n },
      { name: 'badwdf', version: 'v1.15(0)', globals: 0xffffe08141001010n },
    ]);
    expect(readWdfDrivers(changed(data, 56 + 20, 7), 8).length).toBe(1);
    expect(readWdfLogs(wdfLogBlob('badwdf').data)).toEqual([{ driver: 'badwdf', sizeBytes: 4024, offset: 0 }]);
    expect(readWdfLogs(new Uint8Array(8192))).toEqual([]);
  });
  it('tables whose bodies were cut', () => {
    const tables = readAcpiTables(
      acpiBlob([
        ['FACP', 276],
        ['SSDT', 9000],
        ['HPET', 40],
      ]).data,
    );
    expect(tables.map(({ signature, sizeBytes, oem }) => [signature, sizeBytes, oem])).toEqual([
      ['FACP', 276, 'EXMPLE'],
      ['SSDT', 9000, 'EXMPLE'],
      ['HPET', 40, 'EXMPLE'],
    ]);
  });
  it.each([1, 2] as const)('sessions, with room for a name times %i', (room) => {
    const sessions = [
      { id: 9, name: 'EventLog-Example', kept: [0x48, 0x200] },
      { id: 12, name: 'Other', kept: [0x100] },
    ];
    expect(readTraceSessions(tracesBlob(sessions, room).data)).toEqual([
      { id: 9, name: 'EventLog-Example', buffers: 2, keptBytes: 0x248 },
      { id: 12, name: 'Other', buffers: 1, keptBytes: 0x100 },
    ]);
  });
});

describe('damage', () => {
  const readers: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => unknown])[] = [
    ['boot status', bootStatusBlob({ size: 0xc8 }).data, readBootStatus],
    ['ntfs', ntfsBlackBox(WHEN, [1n, 2n], [{ reason: 1, owner: 'a', breaker: 'b' }]).data, readNtfsBox],
    ['code integrity', codeIntegrityBlob('x', 1, 1n).data, readIntegrityNote],
    ['pnp', pnpBlackBox({ device: 'A\\B\\C', when: WHEN, veto: 'v' }).data, readPnpNote],
    ['winlogon', winlogonBlackBox('X', false).data, readWinlogonNote],
    ['pci', pciBlob().data, (bytes) => readPciConfig(bytes).map((one) => [pciErrors(one), pciRepaired(one)])],
    ['registers', registersBlob().data, (bytes) => processorOfRegisters(readProcessorRegisters(bytes))],
    ['values', processorValuesBlob().data, (bytes) => processorOfValues(readProcessorValues(bytes))],
    [
      'smbios',
      smbiosBlob().data,
      (bytes) => {
        const read = readSmbios(bytes);
        return read.ok ? [firmwareOf(read.value), memoryModules(read.value)] : read;
      },
    ],
    [
      'storage',
      storageBlob([{ operation: 0x28, start: 1n, end: 2n }]).data,
      (bytes) => {
        const read = readStorageTrace(bytes);
        return read.ok ? read.value.commands.map((one) => failureOf(read.value, one)) : read;
      },
    ],
    ['wdf drivers', wdfDriversBlob(['Wdf01000']).data, (bytes) => [readWdfDrivers(bytes, 8), readWdfDrivers(bytes, 4)]],
    ['wdf log', wdfLogBlob('x').data, readWdfLogs],
    ['acpi', acpiBlob([['FACP', 276]]).data, readAcpiTables],
    ['traces', tracesBlob([{ id: 1, name: 'a', kept: [0x48] }], 2).data, readTraceSessions],
  ];
  const SEED = 20261126;
  it.each(readers)('%s is answered, never thrown at', (name, bytes, read) => {
    for (const damaged of mutations(bytes, SEED, 300)) expect(() => read(damaged.bytes), `${name}, seed ${SEED}, ${damaged.label}`).not.toThrow();
    for (let length = 0; length < Math.min(bytes.length, 200); length++)
      expect(() => read(bytes.subarray(0, length)), `${name} cut to ${length}`).not.toThrow();
  });
});
