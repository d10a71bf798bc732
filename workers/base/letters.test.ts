import { describe, expect, it } from 'vitest';
import { fourLetters, fourLettersShown, lettersOf, withoutProtection } from './letters.ts';

describe('letters of a number', () => {
  it('stand lowest byte first; none where one is not printable', () => {
    expect([fourLetters(0x5454_414d), fourLetters(0x5454_414dn), lettersOf(0x6f6c_6c65_48n, 5)]).toEqual(['MATT', 'MATT', 'Hello']);
    expect([fourLetters(0x5454_417f), fourLetters(0xc1c1_c1c1), fourLetters(0x1f41_4141)]).toEqual([undefined, undefined, undefined]);
    // Of a wider number the low four bytes count.
    expect(fourLetters(0xffff_ffff_2070_7249n)).toBe('Irp ');
  });
  it('are shown with a dot for each that is not printable', () => {
    expect([fourLettersShown(0x5454_0a4d), fourLettersShown(0xc1c1_c1c1)]).toEqual(['M.TT', '....']);
  });
  it('of a pool tag lie below bit 31, which marks a protected block', () => {
    expect(fourLetters(withoutProtection(0xe570_7249))).toBe('Irpe');
    expect(fourLetters(withoutProtection(0xc1c1_c1c1n))).toBeUndefined();
  });
});
