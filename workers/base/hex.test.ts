import { describe, expect, it } from 'vitest';
import { isCanonical, rvaOf, va, vaAdd } from './address.ts';
import { firstFound, found, missing } from './found.ts';
import { formatGuid, formatVa, hex } from './hex.ts';

describe('numbers as text', () => {
  it('writes addresses as WinDbg does', () => {
    expect(formatVa(0xfffff8031a2b3c4dn)).toBe('fffff803`1a2b3c4d');
    expect(formatVa(0x401000n, 4)).toBe('00401000');
    expect(hex(0x1000007e)).toBe('0x1000007e');
  });
  it('orders GUID bytes as Windows does', () => {
    expect(formatGuid(Uint8Array.from({ length: 16 }, (_, index) => index))).toBe('03020100-0504-0706-0809-0a0b0c0d0e0f');
  });
});

describe('addresses', () => {
  it('wrap at 64 bits and know the canonical form', () => {
    expect(vaAdd(va(0xffff_ffff_ffff_ffffn), 1)).toBe(0n);
    expect(isCanonical(va(0xffff_8000_0000_0000n))).toBe(true);
    expect(isCanonical(va(0x8000_0000_0000n))).toBe(false);
    expect(isCanonical(va(0xff00_0000_0000_0000n), 57)).toBe(true);
  });
  it('have no RVA outside 4 GiB', () => {
    expect(rvaOf(va(0x1500n), va(0x1000n))).toBe(0x500);
    expect(rvaOf(va(0x500n), va(0x1000n))).toBeUndefined();
    expect(rvaOf(va(0x1_0000_1000n), va(0x1000n))).toBeUndefined();
  });
});

describe('Found', () => {
  it('keeps every reason of several failed attempts', () => {
    const gap = () => missing({ why: 'not-computed' as const });
    expect(firstFound([gap, gap])).toEqual({ ok: false, missing: { why: 'all-failed', attempts: [{ why: 'not-computed' }, { why: 'not-computed' }] } });
    expect(firstFound([gap, () => found(3)])).toEqual({ ok: true, value: 3 });
  });
});
