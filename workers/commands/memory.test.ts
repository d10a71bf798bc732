import { describe, expect, it } from 'vitest';
import { at, handmade } from '../testing/node/handmade.ts';

const text = (value: string): string => [...value].map((char) => (char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')).join('');
const dwords = (values: string): string =>
  values
    .split(' ')
    .map((word) => (word.match(/../g) ?? []).reverse().join(''))
    .join('');

describe('db', () => {
  const made = handmade({
    memory: {
      // InsightEngineering, "How to triage a Cobalt Strike DNS Beacon".
      '00000000`007ad000': text('beacon.azurelabsimulations.store,/__utm.gif') + '00'.repeat(85),
      // nohuto/windbg-notes: bytes of mmcss and PspForegroundQuantum.
      'fffff801`890e82d5': '00',
      'fffff805`45954bec': '242424',
    },
    context: { registers: { rsp: at('7ad000') } },
  });
  it('prints rows of sixteen', () => {
    const rows = made.run('db 00000000`007ad000');
    expect(rows).toHaveLength(8);
    expect(rows.slice(0, 3)).toEqual([
      '00000000`007ad000  62 65 61 63 6f 6e 2e 61-7a 75 72 65 6c 61 62 73  beacon.azurelabs',
      '00000000`007ad010  69 6d 75 6c 61 74 69 6f-6e 73 2e 73 74 6f 72 65  imulations.store',
      '00000000`007ad020  2c 2f 5f 5f 75 74 6d 2e-67 69 66 00 00 00 00 00  ,/__utm.gif.....',
    ]);
    expect(made.run('db')).toEqual(rows);
  });
  it('pads short rows', () => {
    expect(made.run('db fffff801`890e82d5 L1')).toEqual(['fffff801`890e82d5  00                                               .']);
    expect(made.run('db fffff80545954bec L3')).toEqual(['fffff805`45954bec  24 24 24                                         $$$']);
  });
  // WinDbg prints ?? for what it cannot read too; the reason below is ours.
  it('never shows zero for a gap', () => {
    expect(made.run('db fffff801`890e82d5 L3')).toEqual([
      'fffff801`890e82d5  00 ?? ??                                         .??',
      expect.stringContaining('not in this dump'),
    ]);
    expect(made.run('dq 1000 L1')[0]).toBe('00000000`00001000  ????????`????????');
    expect(made.run('dps 1000 L1')[0]).toBe('00000000`00001000  ????????`????????');
    expect(made.run('du 1000')[0]).toBe('00000000`00001000  "????????"');
  });
  it.each(['db 1000 L100000', 'db 20 10', 'db zz', 'da'])('%s is refused', (line) => expect(made.answer(line).ok).toBe(false));
});

describe('dd, dw, dq, dc', () => {
  const made = handmade({
    memory: {
      // nohuto/windbg-notes, "Priority levels".
      'fffff801`53c78670': dwords('00000008 00000004 00000008 0000000d 00000018 00000006 0000000a'),
      // InsightEngineering, "Basic Concepts": the DOS header of SysmonDrv.
      'fffff802`5c000040': dwords('0eba1f0e cd09b400 4c01b821 685421cd 70207369 72676f72 63206d61 6f6e6e61'),
      // repnz/windbg-cheat-sheet: dq /c1 rsp.
      'fffffd08`ee125dc8': dwords('71222935 fffff801 196fdb50 00000025'),
    },
  });
  it('dd', () =>
    expect(made.run('dd fffff801`53c78670 L7')).toEqual([
      'fffff801`53c78670  00000008 00000004 00000008 0000000d',
      'fffff801`53c78680  00000018 00000006 0000000a',
    ]));
  it('dc', () =>
    expect(made.run('dc fffff802`5c000040 L8')).toEqual([
      'fffff802`5c000040  0eba1f0e cd09b400 4c01b821 685421cd  ........!..L.!Th',
      'fffff802`5c000050  70207369 72676f72 63206d61 6f6e6e61  is program canno',
    ]));
  // Two columns by default; the text has one, by /c1.
  it('dq', () => expect(made.run('dq fffffd08ee125dc8 L2')).toEqual(['fffffd08`ee125dc8  fffff801`71222935 00000025`196fdb50']));
  it('dq /c1', () => expect(made.run('dq /c1 fffffd08ee125dc8 L2')).toEqual(['fffffd08`ee125dc8  fffff801`71222935', 'fffffd08`ee125dd0  00000025`196fdb50']));
  // No public text of dw was at hand; eight words in a row are documented ("d, da, db …", table of dw).
  it('dw', () => expect(made.run('dw fffff801`53c78670 L8')).toEqual(['fffff801`53c78670  0008 0000 0004 0000 0008 0000 000d 0000']));
  it('an end address instead of a length', () => expect(made.run('dd fffff801`53c78670 fffff801`53c78677')).toEqual(['fffff801`53c78670  00000008 00000004']));
});

describe('dps, dds, dqs', () => {
  it('dps names what a pointer points to', () => {
    // InsightEngineering, PAGE_FAULT_IN_NONPAGED_AREA: an import of a driver.
    const made = handmade({
      modules: [{ name: 'nt', base: 'fffff801`16200000', end: 'fffff801`17246000' }],
      names: { 'fffff801`16aad110': 'nt!ExFreePoolWithTag' },
      memory: { 'fffff801`197f2060': dwords('16aad110 fffff801') },
    });
    expect(made.run('dps fffff801`197f2060 l1')).toEqual(['fffff801`197f2060  fffff801`16aad110 nt!ExFreePoolWithTag']);
    expect(made.run('dqs fffff801`197f2060 l1')).toEqual(made.run('dps fffff801`197f2060 L1'));
    expect(made.run('dds fffff801`197f2060 l1')).toEqual(['fffff801`197f2060  16aad110']);
  });
  it('dds on x86', () => {
    // MicrosoftDocs, "Live local debugging"; also ndis by dps in "Debugging NDIS wifi timeouts".
    const made = handmade({
      arch: 'x86',
      modules: [{ name: 'nt', base: '80800000', end: '80a00000' }],
      names: { '80805795': 'nt!KiSwapContext+0x25' },
      memory: { f50bea78: dwords('00000000 80805795') },
    });
    expect(made.run('dds f50bea78 L2')).toEqual(['f50bea78  00000000', 'f50bea7c  80805795 nt!KiSwapContext+0x25']);
    expect(made.run('dps f50bea78 L2')).toEqual(made.run('dds f50bea78 L2'));
  });
});

describe('da and du', () => {
  it('du', () => {
    // InsightEngineering, "TTD LINQ Queries": du @eax.
    const wide = [...'ofijweiuhuewhcsaxs.mutex'].map((char) => `${text(char)}00`).join('');
    const made = handmade({ arch: 'x86', memory: { '00a3f92e': `${wide}0000` }, context: { registers: { eax: 0xa3f92en } } });
    expect(made.run('du @eax')).toEqual(['00a3f92e  "ofijweiuhuewhcsaxs.mutex"']);
  });
  it('du breaks after 32 wide characters', () => {
    // pdbex-demo, a public text: "014c6540  …" is followed by "014c6580  …".
    const wide = [...String.raw`J:\dev\temp\pdbex-sample\pdbex-demo\Debug\pdbex-demo.exe`].map((char) => `${text(char)}00`).join('');
    const made = handmade({ arch: 'x86', memory: { '014c6540': `${wide}0000` } });
    expect(made.run('du 0x14c6540')).toEqual([String.raw`014c6540  "J:\dev\temp\pdbex-sample\pdbex-d"`, String.raw`014c6580  "emo\Debug\pdbex-demo.exe"`]);
  });
  it('du of nothing', () => {
    // MicrosoftDocs, "Debug universal drivers": an empty string.
    expect(handmade({ memory: { 'ffffb780`b7eee664': '0000' } }).run('du ffffb780`b7eee664')).toEqual(['ffffb780`b7eee664  ""']);
  });
  it('da breaks after 32 characters, or after /c', () => {
    // InsightEngineering, "Analysis of ProxyShell": da /c 100 shows 256 in a row.
    const made = handmade({ memory: { '0000014e`4b856e38': `${text('Accept: */*\r\nAuthorization: Negotiate YIIHfgYJKoZIhvcS')}00` } });
    expect(made.run('da 0000014e`4b856e38')).toEqual(['0000014e`4b856e38  "Accept: */*..Authorization: Nego"', '0000014e`4b856e58  "tiate YIIHfgYJKoZIhvcS"']);
    expect(made.run('da /c 100 0000014e`4b856e38')).toEqual(['0000014e`4b856e38  "Accept: */*..Authorization: Negotiate YIIHfgYJKoZIhvcS"']);
  });
});
