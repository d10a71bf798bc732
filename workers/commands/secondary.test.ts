/** Commands on blocks of secondary data: lines as published outputs lay them out, and what may name a person is shown on demand alone. */
import { describe, expect, it } from 'vitest';
import {
  BLOB,
  bootStatusBlob,
  ntfsBlackBox,
  pciBlob,
  pnpBlackBox,
  smbiosBlob,
  storageBlob,
  tracesBlob,
  wdfDriversBlob,
  wdfLogBlob,
} from '../testing/build/blobs.ts';
import type { BlobSpec } from '../testing/build/triage.ts';
import { driverFault } from '../testing/build/scenes.ts';
import { triageOf } from '../testing/build/scene.ts';
import { type Console, consoleOf } from '../testing/node/handmade.ts';
import { sampleSession, sessionOf } from '../testing/node/sessions.ts';
import { formatNodes } from './spec.ts';

const consoleWith = (...blobs: readonly BlobSpec[]): Console =>
  consoleOf(sessionOf(triageOf(driverFault(), { change: (spec) => ({ ...spec, blobs }) }).bytes, 'made.dmp'));
function textOf(console: Console, line: string): string {
  const answer = console.answer(line);
  if (!answer.ok) throw new Error(`${line}: ${answer.problem.detail}`);
  return formatNodes(answer.value);
}
const WHEN = 0x01d3_645f_716b_79e3n;

describe('!blackboxbsd', () => {
  it('has the labels of the published output of version 136, in its order', () => {
    const console = consoleWith(bootStatusBlob({ size: 136, reference: WHEN, bootId: 6, shutdownBootId: 2, abnormalBootId: 5 }));
    const lines = textOf(console, '!blackboxbsd').split('\n');
    // windows-driver-docs, -blackboxbsd: values where the example block has them too.
    expect(lines.slice(0, 9)).toEqual([
      'Version: 136',
      'Product type: 1',
      '',
      'Auto advanced boot: FALSE',
      'Advanced boot menu timeout: 30',
      'Last boot succeeded: TRUE',
      'Last boot shutdown: FALSE',
      'Sleep in progress: FALSE',
      '',
    ]);
    const labels = lines.filter((line) => /^[A-Z].*: /.test(line)).map((line) => line.replace(/:.*/, ''));
    expect(labels.slice(7, 19)).toEqual(
      'Power button timestamp|System running|Connected standby in progress|User shutdown in progress|System shutdown in progress|Sleep in progress|Connected standby scenario instance id|Connected standby entry reason|Connected standby exit reason|System sleep transitions to on|Last reference time|Last reference time checksum'.split(
        '|',
      ),
    );
    for (const line of [
      'Last reference time: 0x1d3645f716b79e3',
      'Last update boot id: 6',
      'Last successful shutdown boot id: 2',
      'Last reported abnormal shutdown boot id: 5',
    ])
      expect(lines).toContain(line);
    expect(labels.at(-1)).toBe('Power button transition latest checkpoint sequence number');
    // FILETIME 0x1d3645f716b79e3, counted from 1601 in units of 100 ns.
    expect(lines).toContain('that is 2017-11-23T13:32:01.141Z');
  });
  it('says what a dump without the block lacks', () =>
    expect(consoleWith(smbiosBlob()).answer('!blackboxbsd')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } }));
});

describe('what can name a person', () => {
  it('the end of a device’s id and names of programs are shown with -p', () => {
    const console = consoleWith(
      pnpBlackBox({ device: String.raw`USB\VID_1234&PID_5678\SERIAL42`, when: WHEN, veto: 'diary.exe' }),
      ntfsBlackBox(WHEN, [0xffffe081_11110000n], [{ reason: 4, owner: 'diary.exe', breaker: 'mail.exe' }]),
    );
    expect(textOf(console, '!blackboxpnp')).toContain(String.raw`    DeviceId           : USB\VID_1234&PID_5678\…`);
    expect(textOf(console, '!blackboxpnp -p')).toMatch(/SERIAL42[^]*diary\.exe/);
    const ntfs = textOf(console, '!blackboxntfs');
    expect(ntfs).toContain('  Record type:    2 (Oplock Break Timeout)\n  Record length:  64\n  Break Reason: 4 (NtfsFsdCreate)');
    expect(ntfs).toContain('1 Slow I/O Timeout Records Found\n1 Oplock Break Timeout Records Found');
    expect(`${textOf(console, '!blackboxpnp')}${ntfs}${textOf(console, '.enumtag')}`).not.toMatch(/SERIAL42|diary|mail\.exe/);
    expect(textOf(console, '!blackboxntfs -p')).toContain("  Owner Process Name: 'diary.exe'");
  });
  it('no command shows a serial number, a UUID or an asset tag of SMBIOS but the bytes that are asked for with -p', () => {
    const console = consoleOf(sampleSession());
    for (const line of ['!sysinfo machineid', '!sysinfo smbios', '.enumtag', `.enumtag ${BLOB.smbios}`])
      expect(textOf(console, line), line).not.toMatch(/SERIAL|UUID-XYZ|EXAMPLE-ASSET/);
    expect(textOf(console, `.enumtag -p ${BLOB.smbios}`)).toContain('EXAMPLE-SER');
  });
});

describe('!sysinfo', () => {
  const console = consoleOf(sampleSession());
  it('machineid, as in KB 2732934', () =>
    expect(textOf(console, '!sysinfo machineid').split('\n').slice(0, 9)).toEqual([
      expect.stringMatching(/^Machine ID Information \[From Smbios 3\.4, DMIVersion 0, Size=\d+\]$/),
      'BiosMajorRelease = 1',
      'BiosMinorRelease = 4',
      'FirmwareMajorRelease = 255',
      'FirmwareMinorRelease = 255',
      'BiosVendor = Example Firmware',
      'BiosVersion = 1.04',
      'BiosReleaseDate = 03/14/2023',
      'SystemManufacturer = Example Systems',
    ]));
  it('smbios: sections by their flag', () => {
    const text = textOf(console, '!sysinfo smbios -memory');
    expect(text).toContain('[Memory Device (Type 17) - Length 40 - Handle 0011h]\n  Size                          8192MB');
    expect(text).toContain('  Configured Memory Speed       2666MHz');
    expect(text).not.toContain('BIOS Information');
  });
  it.each([
    // DSP0134 7.18.1: 0xFFFF is a size that is not known, bit 15 says that it is told in kB.
    [0xffff, undefined],
    [0x8200, '512KB'],
    [0x8800, '2MB'],
    [0, '[No Module Installed]'],
  ])('smbios: a module whose size is told as %i', (sizeMb, shown) => {
    const module = { ...{ sizeMb, speed: 2666, configured: 2666, millivolts: 1200 }, ...{ maker: 'Example Memory', part: 'EX8G-2666' } };
    const size = /^ {2}Size +(.*)$/m.exec(textOf(consoleWith(smbiosBlob({ modules: [module] })), '!sysinfo smbios -memory'))?.[1];
    expect(size).toBe(shown);
  });
  it.each([
    ['!sysinfo gbl', BLOB.acpi],
    ['!blackboxpci', BLOB.pci],
  ])('%s: a block far larger than real ones is refused with its size', (line, guid) =>
    expect(consoleWith({ guid, data: new Uint8Array(0x4_0001) }).answer(line)).toMatchObject({
      ok: false,
      problem: { detail: expect.stringMatching(/0x40001/) as string },
    }),
  );
  it('cpuinfo, cpuspeed, cpumicrocode, registers', () => {
    expect(textOf(console, '!sysinfo cpuinfo')).toContain(
      '[CPU Information]\n~MHz = REG_DWORD 3192\nIdentifier = REG_SZ Intel64 Family 6 Model 158 Stepping 10',
    );
    expect(textOf(console, '!sysinfo cpumicrocode')).toBe('MSR8B = REG_QWORD f400000000');
    expect(textOf(console, '!sysinfo cpuspeed')).toContain('CurrentSpeed: 3192');
    // Family 6, model 0x9E, stepping 10: 9 in bits 16 to 19, E in bits 4 to 7.
    expect(textOf(console, '!sysinfo registers')).toContain('CPUID 00000001  000906ea');
  });
  it('another word is answered with the words that there are', () =>
    expect(console.answer('!sysinfo constructor')).toMatchObject({ ok: false, problem: { detail: expect.stringContaining('machineid') as string } }));
});

describe('.enumtag and the others', () => {
  it('a block as documented: tag, size, bytes and characters', () => {
    const text = textOf(
      consoleWith({ guid: '87654321-0000-0000-0000-000000000000', data: Uint8Array.from({ length: 20 }, (_, index) => 0x41 + index) }),
      '.enumtag -p',
    );
    expect(text).toContain('{87654321-0000-0000-0000-000000000000} - 0x14 bytes\n');
    expect(text).toContain('\n  41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F 50  ABCDEFGHIJKLMNOP\n');
    expect(text).toContain(`\n  51 52 53 54${' '.repeat(36)}  QRST\n`);
  });
  it('what is read of blocks that no other command reads', () => {
    const console = consoleWith(
      storageBlob([
        { operation: 0x28, start: WHEN, end: 0n },
        { operation: 0x2a, start: WHEN - 30_000n, end: WHEN - 10_000n, status: 9 },
      ]),
      wdfLogBlob('badwdf'),
      tracesBlob([{ id: 3, name: 'EventLog-Example', kept: [0x48] }], 2),
    );
    const text = textOf(console, '.enumtag');
    expect(text).toContain('the last 2 commands of storport.sys, newest first: 1 not ended, 1 failed');
    expect(text).toMatch(/WRITE +2\.0 ms +timeout/);
    expect(text).toContain("the framework's log of badwdf");
    expect(text).toContain('trace session EventLog-Example: 1 buffers, 72 bytes');
  });
  it('!wdfcrashdump loader and !blackboxpci', () => {
    expect(textOf(consoleWith(wdfDriversBlob(['Wdf01000', 'badwdf']), wdfLogBlob('badwdf')), '!wdfcrashdump loader')).toContain(
      '  badwdf         v1.15(0)   0xffffe08141001010',
    );
    const text = textOf(
      consoleWith(pciBlob([{ place: [1, 0, 0], vendor: 0x10de, device: 0x1f08, classCode: 0x030000, status: 0x4000, express: { correctable: 1 } }])),
      '!blackboxpci',
    );
    expect(text).toBe('01:00:0  10de:1f08.a1  Cmd[0406:.mb...]  Sts[4010:c...S]\nNVIDIA Corporation: system error signalled, receiver error (repaired)');
  });
});
