import { describe, expect, it } from 'vitest';
import { handmade } from '../testing/node/handmade.ts';
import { formatTime, formatsText } from './numbers.ts';

describe('.formats', () => {
  // learn.microsoft.com/windows-hardware/drivers/debuggercmds/-formats--show-number-formats-: the 32-bit example.
  // Its time is printed there in the writer's zone; 473988706 s after 1970 is 1985-01-07 23:31:46 UTC.
  it('prints the documented example', () => {
    expect(formatsText(0x1c407e62n, 4)).toEqual([
      'Evaluate expression:',
      '  Hex:     1c407e62',
      '  Decimal: 473988706',
      '  Octal:   03420077142',
      '  Binary:  00011100 01000000 01111110 01100010',
      '  Chars:   .@~b',
      '  Time:    Mon Jan  7 23:31:46 1985 (UTC + 0:00)',
      '  Float:   low 6.36908e-022 high 0',
      '  Double:  2.34182e-315',
    ]);
  });

  // A public WinDbg text (Kernel Forensics, 0x13a): the same value; its time stands there in UTC-7.
  it('prints a 64-bit value as WinDbg does', () => {
    expect(formatsText(0x74536d4d03880000n, 8)).toEqual([
      'Evaluate expression:',
      '  Hex:     74536d4d`03880000',
      '  Decimal: 8382163509005778944',
      '  Decimal (unsigned) : 8382163509005778944',
      '  Octal:   0721233324640342000000',
      '  Binary:  01110100 01010011 01101101 01001101 00000011 10001000 00000000 00000000',
      '  Chars:   tSmM....',
      '  Time:    Sat Jan  8 03:15:00.577 28163 (UTC + 0:00)',
      '  Float:   low 7.99336e-037 high 6.70039e+031',
      '  Double:  2.22547e+252',
    ]);
  });
});

describe('formatTime', () => {
  it('says Invalid for what no calendar has', () => {
    expect(formatTime(Number.MAX_SAFE_INTEGER, true)).toBe('Invalid');
  });
});

describe('?', () => {
  const wide = handmade({});
  const narrow = handmade({ arch: 'x86', modules: [{ name: 'nt', base: '82c00000', end: '83000000' }], names: { '82d45440': 'nt!MiSystemPteInfo' } });
  // nohuto/windbg-notes; MicrosoftDocs, "Address and address range syntax"; windows-internals, chapter 10.
  it.each([
    [wide, '? 0xfffff801`80740000+0x82f8', 'Evaluate expression: -8789642935560 = fffff801`807482f8'],
    [wide, '? 0000008e`ed57b000 + 0x108', 'Evaluate expression: 613867303176 = 0000008e`ed57b108'],
    [narrow, '? nt!MiSystemPteInfo', 'Evaluate expression: -2100014016 = 82d45440'],
    [narrow, '? 0', 'Evaluate expression: 0 = 00000000'],
    [wide, '?0n16', 'Evaluate expression: 16 = 00000000`00000010'],
  ])('%#: %s', (on, line, text) => expect(on.run(line)).toEqual([text]));
  it.each(['? ', '? 1+', '? nosuch!name', '? poi(1)', '? 1/0'])('%j is refused', (line) =>
    expect(wide.answer(line)).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } }),
  );
});

// WinDbg prints Windows' message; here the code's public name and our own gloss stand in its place.
describe('!error', () => {
  const { run, answer } = handmade({});
  it.each([
    ['!error 0C000009Ah', 'Error code: (NTSTATUS) 0xc000009a (3221225626) - STATUS_INSUFFICIENT_RESOURCES'],
    // winerror.h: HRESULT_FROM_WIN32 sets the upper half to 0x8007; 145 is ERROR_DIR_NOT_EMPTY.
    ['!error 80070091', 'Error code: (HRESULT) 0x80070091 (2147942545) - ERROR_DIR_NOT_EMPTY (Win32 145)'],
    ['!error 2', 'Error code: (Win32) 0x2 (2) - ERROR_FILE_NOT_FOUND'],
    ['!error 00000000c0000005', 'Error code: (NTSTATUS) 0xc0000005 (3221225477) - STATUS_ACCESS_VIOLATION'],
    ['!error 0xffffffffc0000005', 'Error code: (NTSTATUS) 0xc0000005 (3221225477) - STATUS_ACCESS_VIOLATION'],
  ])('%s', (line, text) => expect(run(line)[0]?.slice(0, text.length)).toBe(text));
  it('refuses an unknown code', () => expect(answer('!error 12345678').ok).toBe(false));
});

describe('.formats of an address', () => {
  // MicrosoftDocs, "Converting virtual addresses": the time stands there in UTC-8.
  it('prints the documented block', () =>
    expect(formatsText(0x12f980n, 4)).toEqual([
      'Evaluate expression:',
      '  Hex:     0012f980',
      '  Decimal: 1243520',
      '  Octal:   00004574600',
      '  Binary:  00000000 00010010 11111001 10000000',
      '  Chars:   ....',
      '  Time:    Thu Jan 15 09:25:20 1970 (UTC + 0:00)',
      '  Float:   low 1.74254e-039 high 0',
      '  Double:  6.14381e-318',
    ]));
});
