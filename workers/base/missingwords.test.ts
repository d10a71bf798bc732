import { describe, expect, it } from 'vitest';
import { va } from './address.ts';
import { describeMissing } from './missingwords.ts';

describe('describeMissing', () => {
  it('names the address and the way to it', () => {
    expect(describeMissing({ why: 'not-in-dump', space: 'physical', at: 0x1000n, whileTranslating: va(0xfffff80312345678n) })).toBe(
      'the physical page at 0x1000 is not in this dump (met while translating fffff803`12345678)',
    );
  });
  it('keeps every reason of several attempts', () => {
    expect(describeMissing({ why: 'all-failed', attempts: [{ why: 'stream-absent', stream: 'MiscInfo' }, { why: 'not-computed' }] })).toBe(
      'the dump has no MiscInfo; not computed',
    );
  });
});
