/** Real blocks: what a reading by hand of the bytes says (offsets counted in a hex dump, texts compared with what the makers publish). */
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { corpusList, hasCorpus } from '../../testing/node/corpus.ts';
import { corpusSession } from '../../testing/node/corpussession.ts';
import { secondaryBytes } from '../../target/secondary.ts';
import type { Target } from '../../target/target.ts';
import { readBootStatus } from './bootstatus.ts';
import type { SecondaryKind } from './guids.ts';
import { readIntegrityNote, readPnpNote, readWinlogonNote } from './notes.ts';
import { readNtfsBox } from './ntfsbox.ts';
import { readPciConfig } from './pciconfig.ts';
import { processorOfRegisters, processorOfValues, readProcessorRegisters, readProcessorValues } from './processor.ts';
import { firmwareOf, memoryModules, readSmbios } from './smbios.ts';
import { readStorageTrace, underWay } from './storagetrace.ts';
import { readTraceSessions } from './tables.ts';
import { readWdfDrivers, readWdfLogs } from './wdfdrivers.ts';

const NAMES = hasCorpus ? corpusList('kernel').filter((name) => name.endsWith('.dmp')) : [];
const targets = new Map<string, Target>();
for (const name of NAMES) {
  try {
    targets.set(name.replace(/\.dmp$/, ''), corpusSession(`kernel/${name}`).target);
  } catch {
    // empty and header-only files open as nothing
  }
}
const bytesOf = (name: string, kind: SecondaryKind): Uint8Array | undefined => {
  const target = targets.get(name);
  return target && valueOf(secondaryBytes(target, kind));
};
const everyBlock = (kind: SecondaryKind): readonly (readonly [string, Uint8Array])[] =>
  [...targets].flatMap(([name, target]) => {
    const bytes = valueOf(secondaryBytes(target, kind));
    return bytes ? [[name, bytes] as const] : [];
  });
const EMPTY = new Uint8Array();

describe.skipIf(!hasCorpus)('every real block of its kind is read', () => {
  it('the numbers of dumps that hold each', () => {
    const kinds = ['bootStatus', 'ntfs', 'pnp', 'winlogon', 'pci', 'smbios', 'processorValues', 'processorRegisters', 'storage', 'wdfDrivers', 'etw'] as const;
    expect(kinds.map((kind) => everyBlock(kind).length)).toEqual([15, 16, 10, 14, 15, 41, 42, 41, 42, 42, 16]);
  });
  it('boot status: a version that is its size, and a state of features that exists', () => {
    for (const [name, bytes] of everyBlock('bootStatus')) {
      const status = valueOf(readBootStatus(bytes));
      expect([status?.start.version, status?.start.advancedBootMenuTimeout], name).toEqual([bytes.length, 30]);
      expect(status?.start.lastBootId, name).toBe(status?.start.lastUpdateBootId);
      expect(status && valueOf(status.featureState), name).toBe(name === 'rts-116_0' ? 1 : 4);
    }
  });
  it('notes of NTFS, plug and play, winlogon', () => {
    for (const [name, bytes] of everyBlock('ntfs')) expect(valueOf(readNtfsBox(bytes)), name).toMatchObject({ slowIo: [], oplockBreaks: [] });
    for (const [name, bytes] of everyBlock('pnp'))
      expect(valueOf(readPnpNote(bytes)), name).toMatchObject({ eventInformation: 3, problemCode: 24, vetoType: 0 });
    for (const [name, bytes] of everyBlock('winlogon')) expect(readWinlogonNote(bytes).ok, name).toBe(true);
  });
  it('code integrity: four of sixteen name a file that was refused', () => {
    const refused = everyBlock('codeIntegrity').flatMap(([name, bytes]) => {
      const note = valueOf(readIntegrityNote(bytes));
      return note ? [[name, note.status.toString(16), /[^\\]*$/.exec(note.path)?.[0]]] : [];
    });
    expect(everyBlock('codeIntegrity').length).toBe(16);
    expect(refused).toEqual([
      ['ojusha-1a-402', 'c0000428', 'nvlddmkm.sys'],
      ['rizin-arm64-1c8', 'c000009d', 'QcSkExt7180.exe'],
      ['rts-13a', 'c0000428', 'GameDetour64.dll'],
      ['rts-1a', 'c0000428', 'OWClient.dll'],
    ]);
  });
  it('PCI records fill their block to the byte', () => {
    for (const [name, bytes] of everyBlock('pci'))
      expect(readPciConfig(bytes).length, name).toBe(Buffer.from(bytes).toString('latin1').split('PCfg').length - 1);
  });
  it('registers and registry name the same processor', () => {
    for (const [name, bytes] of everyBlock('processorRegisters')) {
      const values = readProcessorValues(bytesOf(name, 'processorValues') ?? EMPTY);
      expect(processorOfRegisters(readProcessorRegisters(bytes)), name).toEqual(processorOfValues(values));
    }
  });
  it('SMBIOS ends with its end mark', () => {
    for (const [name, bytes] of everyBlock('smbios')) {
      const smbios = valueOf(readSmbios(bytes));
      expect([smbios?.structures.at(-1)?.type, smbios?.sizeBytes], name).toEqual([127, bytes.length - 8]);
    }
  });
  it('the framework’s list fills its block, and the log is of one of its drivers', () => {
    for (const [name, bytes] of everyBlock('wdfDrivers')) {
      const drivers = readWdfDrivers(bytes, 8);
      expect(drivers.length, name).toBe(bytes.length / 56);
      for (const { driver } of readWdfLogs(bytesOf(name, 'wdfLog') ?? EMPTY))
        expect(
          drivers.map((one) => one.name.toLowerCase()),
          name,
        ).toContain(driver.toLowerCase());
    }
  });
  it('trace sessions take up their block', () => {
    for (const [name, bytes] of everyBlock('etw')) {
      const kept = readTraceSessions(bytes).reduce((sum, one) => sum + one.keptBytes, 0);
      expect(kept / bytes.length, name).toBeGreaterThan(bytes.length > 32 ? 0.95 : -1);
    }
  });
});

describe.skipIf(!hasCorpus)('by hand', () => {
  it('noam-133: a shutdown under way, a 13th generation processor at microcode 0x11D, one module', () => {
    const start = valueOf(readBootStatus(bytesOf('noam-133', 'bootStatus') ?? EMPTY))?.start;
    expect(start).toMatchObject({
      userShutdownInProgress: 1,
      lastBootId: 2,
      lastShutdownBootId: 2,
      lastAbnormalBootId: 1,
      lastReferenceTime: 0x01da836470_60da57n,
    });
    expect(processorOfRegisters(readProcessorRegisters(bytesOf('noam-133', 'processorRegisters') ?? EMPTY))).toEqual({
      ...{ vendor: 'GenuineIntel', family: 6, model: 0xb7, stepping: 1, microcode: 0x11d, brand: '13th Gen Intel(R) Core(TM) i7-13700' },
    });
    const smbios = valueOf(readSmbios(bytesOf('noam-133', 'smbios') ?? EMPTY));
    expect(smbios && firmwareOf(smbios)).toEqual({ vendor: 'Dell Inc.', version: '1.12.0', date: Date.UTC(2024, 0, 30) });
    expect(smbios && memoryModules(smbios)).toMatchObject([{ sizeMb: 16384, kind: 'DDR4', speed: 3200, configured: 3200, millivolts: 1200 }]);
    expect(valueOf(readWinlogonNote(bytesOf('noam-133', 'winlogon') ?? EMPTY))).toEqual({ operation: 'ExitWindowsEx', pending: false });
  });
  it('rizin-arm64-1c8: the power button was pressed in this boot, seven times in all', () => {
    const button = valueOf(readBootStatus(bytesOf('rizin-arm64-1c8', 'bootStatus') ?? EMPTY))?.button;
    expect(button).toMatchObject({
      ok: true,
      value: { lastPressTime: 0x01d7a913_77d36b88n, pressCount: 7, lastPressBootId: 13, watchdogStage: 0x20, releaseCount: 5 },
    });
  });
  it('daimuvg: two makers of modules; the graphics card behind bridge 0:1.1 answers in two of three dumps', () => {
    const smbios = valueOf(readSmbios(bytesOf('daimuvg-101', 'smbios') ?? EMPTY));
    expect(smbios && memoryModules(smbios).map((one) => [one.maker, one.part])).toEqual([
      ['Samsung', 'M471A1G44AB0-CWE'],
      ['Hynix', 'HMAA1GS6CJR6N-XN'],
    ]);
    const silent = (name: string): string[] =>
      readPciConfig(bytesOf(name, 'pci') ?? EMPTY)
        .filter((one) => !one.answers)
        .map((one) => `${one.bus}:${one.device}.${one.function}`);
    expect(silent('daimuvg-101')).toEqual([]);
    expect(silent('daimuvg-50')).toEqual(['6:0.0', '6:0.1']);
    expect(silent('daimuvg-1e-12546')).toEqual(['0:1.1', '1:0.0', '1:0.1', '1:0.2', '1:0.3', '6:0.0', '6:0.1']);
  });
  it('crit-111217-44343-01 and rts-ef: StorPort and ATAPort', () => {
    const stor = valueOf(readStorageTrace(bytesOf('crit-111217-44343-01', 'storage') ?? EMPTY));
    expect([stor?.port, stor?.commands.length, stor && underWay(stor).length]).toEqual(['storport', 66, 2]);
    // Entry 51 of the ring, an ATA command without a SCSI operation, has a start and no end, and the entry after it the end alone.
    expect(stor?.commands[50]).toMatchObject({ operation: 0, end: 0n, status: 0 });
    const ata = valueOf(readStorageTrace(bytesOf('rts-ef', 'storage') ?? EMPTY));
    // Entry 62 of 64, oldest first: a READ that began 538080.2448475 s after the boot.
    expect([ata?.port, ata?.driver, ata?.commands.length]).toEqual(['ataport', 'ataport.sys', 64]);
    expect(ata && underWay(ata)).toMatchObject([{ operation: 0x28, start: 5_380_802_448_475n }]);
    expect(ata?.commands.findIndex((one) => one.end === 0n)).toBe(1);
  });
});
