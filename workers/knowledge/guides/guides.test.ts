import { describe, expect, it } from 'vitest';
import { DUMP_TYPES, pageFileMb } from './dumpsettings.ts';
import { keyboardValues } from './forcecrash.ts';
import { type Guide, type KnownDump, type Section, type Values, initialValues, safeFile } from './guide.ts';
import { GUIDES, GUIDE_GROUPS } from './index.ts';
import { localDumpValues } from './programs.ts';
import { setLines } from './registry.ts';
import { loadKnowledge } from '../load.ts';
import { OPTIONS, OWNER_FLAGS, VERIFIER, verifierLine } from './verifier.ts';
import { standardLine, waves } from './waves.ts';

const driver = (file: string, vendor: string | null, hashed = false) => ({ file, vendor, hashed });
const DUMP: KnownDump = {
  fileName: 'a.dmp',
  kindWords: 'Small memory dump',
  program: false,
  executable: null,
  headline: 'Windows was most likely stopped by bad.sys.',
  suspects: ['bad.sys', 'filter.sys', 'disk.sys'],
  drivers: [
    driver('ntoskrnl.exe', 'Microsoft'),
    driver('disk.sys', 'Microsoft'),
    driver('MpKslDrv.sys', 'Microsoft Corporation'),
    driver('bad.sys', 'Maker'),
    driver('filter.sys', 'Other'),
    driver('dump_diskdump.sys', null),
    driver('hiber_ata.sys', 'Maker'),
    driver('nobody.sys', null),
    driver('known.sys', 'Fourth'),
    driver('x & del.sys', null),
  ],
};
const linesOf = (section: Section): readonly string[] => (section.kind === 'commands' ? [...section.cmd, ...section.powershell] : []);
const built = (guide: Guide, values: Values = {}, dump: KnownDump | null = null) => guide.build({ ...initialValues(guide), ...values }, dump);
const roles = (guide: Guide) => new Set(built(guide).flatMap((section) => (section.kind === 'commands' ? [section.role] : [])));

describe('every guide', () => {
  it.each(GUIDES.map((guide) => [guide.id, guide] as const))('%s has an address of its own, a group, and text without gaps', (id, guide) => {
    expect(id).toMatch(/^[a-z][a-z-]+$/);
    expect(GUIDES.filter((one) => one.id === id)).toHaveLength(1);
    expect(GUIDE_GROUPS.map(([group]) => group)).toContain(guide.group);
    for (const dump of [null, DUMP]) expect(JSON.stringify(built(guide, {}, dump))).not.toMatch(/undefined|NaN|\[object/);
    expect(guide.sources.length).toBeGreaterThan(0);
  });
  it.each(GUIDES.filter(({ group }) => group !== 'lessons').map((guide) => [guide.id, guide] as const))(
    '%s asks first and checks afterwards; what it changes it takes back',
    (_id, guide) => {
      const had = roles(guide);
      expect([...had]).toEqual(expect.arrayContaining(['query', 'verify']));
      expect(had.has('undo')).toBe(had.has('change'));
    },
  );
  it('a table has as many cells a row as columns', () => {
    for (const guide of GUIDES)
      for (const section of built(guide))
        if (section.kind === 'table') for (const row of section.rows) expect(row, guide.id).toHaveLength(section.columns.length);
  });
});

describe('Driver Verifier', () => {
  it('the flags of the owner’s set', () => {
    // 0x1 special pool, 0x2 IRQL, 0x8 pool tracking, 0x10 I/O, 0x20 deadlock, 0x80 DMA, 0x100 security, 0x800 miscellaneous, 0x20000 DDI.
    expect(OWNER_FLAGS).toBe(0x209bb);
  });
  it('waves: suspects, then unknown makers, then the rest; nobody twice, no copies, Microsoft never, no name that could be a command', () => {
    expect(waves(DUMP.drivers, DUMP.suspects).map(({ files }) => files)).toEqual([['bad.sys', 'filter.sys'], ['nobody.sys'], ['known.sys']]);
  });
  it('a driver of no maker whose link stamp is a hash most likely came with Windows: it is last, and the reason is said', () => {
    const drivers = [driver('winaccel.sys', null, true), driver('known.sys', 'Fourth', true), driver('nobody.sys', null)];
    const all = waves(drivers, []);
    expect(all.map(({ files }) => files)).toEqual([['nobody.sys'], ['known.sys'], ['winaccel.sys']]);
    expect(all.at(-1)?.why).toMatch(/link stamp is no date/);
    expect(waves(drivers, ['winaccel.sys'])[0]?.files).toEqual(['winaccel.sys']);
  });
  it('a wave fits a command line of 8191 characters, however long the list and its names', () => {
    const many = Array.from({ length: 2000 }, (_, at) => driver(`${'d'.repeat(50)}${String(at)}.sys`, null));
    for (const { files } of waves(many, [])) expect(standardLine(files).length).toBeLessThan(8191);
  });
  it('the exact lines', () => {
    expect(verifierLine({ windows: 'new' }, ['bad.sys', 'filter.sys'])).toBe('verifier /standard /driver bad.sys filter.sys');
    expect(verifierLine({ windows: 'old' }, ['bad.sys'])).toBe('verifier /flags 0x209bb /driver bad.sys');
    expect(verifierLine({ windows: 'new', rule11: 'on' }, ['bad.sys'])).toBe('verifier /ruleclasses 1 2 4 5 6 8 9 11 12 18 34 /driver bad.sys');
    expect(verifierLine({ windows: 'old', rule11: 'on' }, ['bad.sys'])).toBe('verifier /flags 0x20dbb /driver bad.sys');
  });
  it('the way back stands before the first change, and low resources are off', () => {
    const verifier = GUIDES.find(({ id }) => id === 'verifier');
    const sections = verifier ? built(verifier, {}, DUMP) : [];
    const change = sections.findIndex((section) => section.kind === 'commands' && section.role === 'change');
    expect(sections[0]).toMatchObject({
      kind: 'warning',
      lines: expect.arrayContaining([expect.stringMatching(/verifier \/reset/), expect.stringMatching(/BitLocker/)]),
    });
    expect(change).toBeGreaterThan(0);
    expect(sections.flatMap(linesOf).join('\n')).not.toMatch(/faults|\b0x4\b|classes.* 3 /);
  });
});

describe('dump settings', () => {
  it('the page file: memory and 257 MB for a complete dump, a third for a kernel dump', () => {
    expect(pageFileMb('complete', 16)).toEqual({ mb: 16_641, sure: true });
    expect(pageFileMb('kernel', 48)).toEqual({ mb: 16_384, sure: false });
    expect(pageFileMb('automatic', 16)).toBeNull();
  });
  it('the value of each type', () => {
    expect(DUMP_TYPES.map(({ id, enabled, filtered }) => [id, enabled, filtered])).toEqual([
      ['automatic', 7, false],
      ['kernel', 2, false],
      ['active', 1, true],
      ['complete', 1, false],
      ['small', 3, false],
    ]);
  });
  it('a file of its own on another drive', () => {
    const guide = GUIDES.find(({ id }) => id === 'dump-settings');
    const lines = guide ? built(guide, { type: 'complete', memory: '32', dedicated: 'on', drive: 'e' }).flatMap(linesOf) : [];
    expect(lines).toContain(
      'reg add "HKLM\\SYSTEM\\CurrentControlSet\\Control\\CrashControl" /v DedicatedDumpFile /t REG_SZ /d "E:\\DedicatedDumpFile.sys" /f',
    );
    // 32 × 1024 + 257.
    expect(lines).toContain("Set-ItemProperty -Path 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\CrashControl' -Name DumpFileSize -Type DWord -Value 33025");
    expect(lines.filter((line) => /reg delete.*DedicatedDumpFile/.test(line))).toHaveLength(1);
  });
});

// Windows' list of deprecated features: WMIC is a feature on demand, and not installed from Windows 11 24H2 on.
it.each(GUIDES.map((guide) => [guide.id, guide] as const))('%s: no command needs wmic', (_id, guide) =>
  expect(built(guide).flatMap(linesOf).join('\n')).not.toMatch(/\bwmic\b/),
);
it('the way back from Verifier does not take the drive and the control set for granted', () => {
  const way = JSON.stringify(built(VERIFIER)[0]);
  expect(way).toMatch(/another letter/);
  expect(way).toMatch(/Select \/v Current/);
});

describe('keyboards', () => {
  const on = { ps2: 'on', usb: 'on', hyperv: 'on' };
  it('Windows’ own keys need one value a keyboard', () => {
    expect(keyboardValues({ ...on, held: '2', pressed: 'scroll' }).map(({ key, name, data }) => [key.split('\\')[3], name, data])).toEqual([
      ['i8042prt', 'CrashOnCtrlScroll', '1'],
      ['kbdhid', 'CrashOnCtrlScroll', '1'],
      ['hyperkbd', 'CrashOnCtrlScroll', '1'],
    ]);
  });
  it('other keys: left Ctrl is bit 0x20, the space bar index 61; the switch is then off', () => {
    expect(
      keyboardValues({ usb: 'on', held: '32', pressed: '61' }).map(({ key, name, data }) => `${key.split('\\').slice(3).join('/')} ${name}=${data}`),
    ).toEqual(['kbdhid/Parameters CrashOnCtrlScroll=0', 'kbdhid/crashdump Dump1Keys=32', 'kbdhid/crashdump Dump2Key=61']);
  });
});

describe('dumps of programs', () => {
  it('one program, all of its memory', () => {
    const lines = setLines(localDumpValues({ exe: 'game.exe', type: '2', count: '5', folder: '%LOCALAPPDATA%\\CrashDumps' }));
    expect(lines.cmd).toContain(
      'reg add "HKLM\\SOFTWARE\\Microsoft\\Windows\\Windows Error Reporting\\LocalDumps\\game.exe" /v DumpFolder /t REG_EXPAND_SZ /d ^%LOCALAPPDATA^%\\CrashDumps /f',
    );
    expect(lines.cmd[1]).toMatch(/DumpCount \/t REG_DWORD \/d 5 /);
  });
  it('is taken back with the key, which by itself switches dumps on', () => {
    const guide = GUIDES.find(({ id }) => id === 'local-dumps');
    const undo = (guide ? built(guide, { exe: 'game.exe' }) : []).find((section) => section.kind === 'commands' && section.role === 'undo');
    expect(undo).toMatchObject({ cmd: ['reg delete "HKLM\\SOFTWARE\\Microsoft\\Windows\\Windows Error Reporting\\LocalDumps\\game.exe" /f'] });
  });
  it('what a person types cannot become another command', () => {
    for (const name of ['a.exe & calc', 'a.exe"', '$(calc).exe', '`calc`', "a';calc", 'a|b.exe', '', '..']) expect(safeFile(name), name).toBeUndefined();
    const lines = setLines(localDumpValues({ exe: 'a" & calc', folder: 'C:\\x" & calc', type: '1', count: '1e99' }));
    expect([...lines.cmd, ...lines.powershell].join('\n')).not.toMatch(/calc/);
  });
});

describe('the options of the guide and the table of the knowledge', async () => {
  const { verifierOptions } = await loadKnowledge();
  it.each(OPTIONS.map((option) => [option.name, option] as const))('%s', (_name, { ruleClass, flag, owner }) => {
    const listed = verifierOptions.find((option) => option.ruleClass === ruleClass);
    expect(listed?.flag ?? null).toBe(flag);
    expect(listed?.standard).toBe(owner);
  });
});
