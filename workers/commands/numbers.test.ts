import { describe, expect, it } from 'vitest';
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
