import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found } from '../base/found.ts';
import { at, handmade } from '../testing/node/handmade.ts';

const LEARN = String.raw`C:\Program Files (x86)\Windows Kits\10\Debuggers\x64\sym\notepad.pdb\6539CE998C7CAFD73A8E13A54542E1121\notepad.pdb`;
// kash1064/Kaeru-no-Himitsukichi, "WinDbg tutorial" (2021): lm of notepad.
const notepad = handmade({
  modules: [
    { name: 'ucrtbase', base: '00007ff9`9aec0000', end: '00007ff9`9afc0000', imageName: 'ucrtbase.dll' },
    { name: 'notepad', base: '00007ff6`84020000', end: '00007ff6`8405a000', imageName: 'notepad.exe', symbols: { kind: 'pdb', origin: LEARN } },
    { name: 'KERNELBASE', base: '00007ff9`9ab90000', end: '00007ff9`9ae59000', imageName: 'KERNELBASE.dll' },
    { name: 'lost', base: '00007ff9`a0000000', end: '00007ff9`a0001000', failed: true },
  ],
  target: { kind: 'user' },
});

describe('lm', () => {
  it('prints the published lines, trailing blanks included', () => {
    expect(notepad.run('lm')).toEqual([
      'start             end                 module name',
      `00007ff6\`84020000 00007ff6\`8405a000   notepad    (pdb symbols)          ${LEARN}`,
      '00007ff9`9ab90000 00007ff9`9ae59000   KERNELBASE   (deferred)             ',
      '00007ff9`9aec0000 00007ff9`9afc0000   ucrtbase   (deferred)             ',
      '00007ff9`a0000000 00007ff9`a0001000   lost       (no symbols)           ',
    ]);
  });
  // nohuto/windbg-notes: "lm m mmcss" begins with the link back to the list.
  it.each(['lm m notepad', 'lm kv m nosuch', 'lm m note*', 'lmm notepad', 'lm m NOTEPAD.EXE'])('%s', (line) =>
    expect(notepad.run(line)[0]).toBe('Browse full module list'),
  );
  it('filters', () => {
    expect(notepad.run('lm m *b*e')).toHaveLength(4);
    expect(notepad.run('lm u')).toHaveLength(5);
    expect(notepad.run('lm k').slice(1)).toEqual(['no module has such a name']);
    expect(notepad.run('lm a 00007ff6`84020010').slice(1)).toEqual([expect.stringContaining('notepad')]);
    expect(notepad.run('lma 10').slice(1)).toEqual(['the address lies in no module']);
    expect(notepad.answer('lm q').ok).toBe(false);
  });
  it('is narrow on x86, with exports', () => {
    // InsightEngineering, "TTD LINQ Queries" and "Introduction to MEX" for the kind of symbols.
    const made = handmade({
      arch: 'x86',
      modules: [
        { name: 'PSAPI', base: '75040000', end: '75046000' },
        { name: 'KERNELBASE', base: '75230000', end: '754b3000', symbols: { kind: 'exports', origin: 'KERNELBASE.dll' } },
      ],
    });
    expect(made.run('lm')).toEqual([
      'start    end        module name',
      '75040000 75046000   PSAPI      (deferred)             ',
      '75230000 754b3000   KERNELBASE   (export symbols)       KERNELBASE.dll',
    ]);
  });
  it('lists unloaded modules', () => {
    const made = handmade({
      modules: [{ name: 'nt', base: 'fffff806`2f200000', end: 'fffff806`30246000' }],
      unloaded: [{ name: 'dam.sys', start: va(at('fffff806`38000000')), end: va(at('fffff806`3801c000')) }],
    });
    expect(made.run('lm').slice(2)).toEqual(['', 'Unloaded modules:', 'fffff806`38000000 fffff806`3801c000   dam.sys']);
    expect(made.run('lm o')).toHaveLength(2);
    expect(made.run('ln fffff806`38000010')).toEqual(['the address lies in dam.sys, which was unloaded']);
  });
  // nmap/npcap issue 184 and virtio-win issue 1582: the same columns.
  const stamped = handmade({
    modules: [
      { name: 'storport', imageName: 'storport.sys', base: 'fffff805`84bb0000', end: 'fffff805`84c7f000', pe: { timestamp: 0x215080d8, checksum: 0 } },
      { name: 'viostor', imageName: 'viostor.sys', base: 'fffff805`84c80000', end: 'fffff805`84c93000', pe: { timestamp: 0x686eae32, checksum: 0 } },
    ],
    target: { crashTime: found(Date.UTC(2026, 0, 1)) },
  });
  it('n t and t', () => {
    expect(stamped.run('lm n t').slice(1)).toEqual([
      'fffff805`84bb0000 fffff805`84c7f000   storport storport.sys 215080D8 (This is a reproducible build file hash, not a timestamp)',
      // 686EAE32 is 18:00:18 UTC; the text stands in UTC+1.
      'fffff805`84c80000 fffff805`84c93000   viostor  viostor.sys  Wed Jul  9 18:00:18 2025 (686EAE32)',
    ]);
    expect(stamped.run('lmtn')).toEqual(stamped.run('lm n t'));
    expect(stamped.run('lm t')[2]).toBe('fffff805`84c80000 fffff805`84c93000   viostor   Wed Jul  9 18:00:18 2025 (686EAE32)');
  });
});

describe('lmvm', () => {
  // MicrosoftDocs, "!acxkd", and InsightEngineering, "Basic Concepts". WinDbg's lines "Browse all global symbols …",
  // Translations and the resource table need the image file, which a dump does not bring; instead the PDB's identity stands here.
  const made = handmade({
    modules: [
      {
        name: 'AcxHdAudio',
        imageName: 'AcxHdAudio.sys',
        path: String.raw`\SystemRoot\System32\drivers\AcxHdAudio.sys`,
        base: 'fffff803`8a3c0000',
        end: 'fffff803`8a448000',
        pe: { timestamp: 0x08294233, checksum: 0x87dd6 },
      },
      {
        name: 'SysmonDrv',
        imageName: 'SysmonDrv.sys',
        base: 'fffff802`5c000000',
        end: 'fffff802`5c02e000',
        pe: { timestamp: 0x655244fd, checksum: 0x2c5e2 },
        version: '15.11.0.0',
      },
    ],
    target: { crashTime: found(Date.UTC(2024, 0, 1)) },
  });
  it('prints the published labels', () => {
    expect(made.run('lmvm AcxHdAudio').slice(0, 8)).toEqual([
      'Browse full module list',
      'start             end                 module name',
      'fffff803`8a3c0000 fffff803`8a448000   AcxHdAudio   (deferred)             ',
      String.raw`    Image path: \SystemRoot\System32\drivers\AcxHdAudio.sys`,
      '    Image name: AcxHdAudio.sys',
      '    Image was built with /Brepro flag.',
      '    Timestamp:        08294233 (This is a reproducible build file hash, not a timestamp)',
      '    CheckSum:         00087DD6',
    ]);
    expect(made.run('lmvm AcxHdAudio')[8]).toBe('    ImageSize:        00088000');
    // The text stands in UTC-8: 07:47:09.
    expect(made.run('lmDvm SysmonDrv')).toEqual(
      expect.arrayContaining([
        '    Timestamp:        Mon Nov 13 15:47:09 2023 (655244FD)',
        '    CheckSum:         0002C5E2',
        '    ImageSize:        0002E000',
        '    File version:     15.11.0.0',
      ]),
    );
    expect(made.run('lm kv m Sysmon*')).toEqual(made.run('lmvm SysmonDrv'));
  });
  it('says what the dump does not hold', () => expect(made.run('lmvm AcxHdAudio')).toEqual(expect.arrayContaining(['    File version:     not in the dump'])));
  it('wants a name', () => expect(made.answer('lmvm').ok).toBe(false));
});

describe('ln', () => {
  it('names the symbol before and the next one', () => {
    // MicrosoftDocs, "Debugging memory leaks … (C4) 0x62": "(9a3bf660)   MyDriver!DeviceControlDispatch+0x4c   |  (9a3bf6d0)   …";
    // its source line needs private symbols, and its second name is cut in the text.
    const made = handmade({
      arch: 'x86',
      modules: [{ name: 'MyDriver', base: '9a3b0000', end: '9a3c8000' }],
      names: { '9a3bf660': 'MyDriver!DeviceControlDispatch', '9a3bf6d0': 'MyDriver!DeviceControlDone' },
    });
    expect(made.run('ln 0x9a3bf6ac')).toEqual(['(9a3bf660)   MyDriver!DeviceControlDispatch+0x4c   |  (9a3bf6d0)   MyDriver!DeviceControlDone']);
    expect(made.run('ln 9a3bf6e0')).toEqual(['(9a3bf6d0)   MyDriver!DeviceControlDone+0x10']);
  });
  it('says an exact match', () => {
    // WinDbg-Samples, SymBuilder: "(00007ffd`29db0100)   ntdll!test   " / "Exact matches:" / "    ntdll!test".
    const made = handmade({ modules: [{ name: 'ntdll', base: '00007ffd`29db0000', end: '00007ffd`29fa8000' }], names: { '00007ffd`29db0100': 'ntdll!test' } });
    expect(made.run('ln ntdll+100')).toEqual(['(00007ffd`29db0100)   ntdll!test', 'Exact matches:', '    ntdll!test']);
    expect(made.run('ln 1')).toEqual(['the address lies in no module']);
  });
  it('says that symbols are missing', () => {
    const made = handmade({ modules: [{ name: 'x', base: '1000', end: '2000' }] });
    expect(made.run('ln 1010')).toEqual(['(00000000`00001010)   x+0x10', expect.stringContaining('no symbols for x')]);
  });
});
