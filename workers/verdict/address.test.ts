import { describe, expect, test } from 'vitest';
import { SortedModuleList } from '../modules/modulelist.ts';
import { bitCount, classifyAddress, flippedCanonicalBit, irqlName, onlyBit } from './address.ts';

const world = { modules: new SortedModuleList([]), pointerSize: 8 as const, stack: { low: 0xfffff900_00001000n, high: 0xfffff900_00007000n } };
const kind = (value: bigint): string => classifyAddress(value, world).kind;

describe('address classes', () => {
  test.each([
    [0n, 'null'],
    [0x289n, 'near-null'],
    [0xffffffff_ffffffb4n, 'near-null'],
    [0xffffffff_ffffffffn, 'minus-one'],
    [0x00007ff6_12345678n, 'user'],
    [0xfffff900_00002000n, 'stack'],
    [0xffffa30e_bf6f0090n, 'kernel'],
    [0xfffbf800_12345678n, 'non-canonical'],
    [0x12345678_9abcdef0n, 'non-canonical'],
    [0xfeeefeee_feeefeeen, 'pattern'],
    // "WinDbg!!" as eight characters.
    [0x21216762_446e6957n, 'pattern'],
  ])('%s is %s', (value, wanted) => expect(kind(value)).toBe(wanted));

  test('the words for someone who does not debug hold no numbers and no kinds of memory', () => {
    const plain = (value: bigint, user = false) => classifyAddress(value, { ...world, user }).plain;
    expect(plain(0xfffff900_00002000n)).toBe('on the stack of this thread');
    expect(plain(0xffffffff_ffffffffn)).toBe('most likely one that cannot exist, so the processor gave none');
    expect(classifyAddress(0xfffff900_00002000n, world).words).toBe("on this thread's stack (0x5000 below its end)");
    expect(plain(0xffffa30e_bf6f0090n)).toBe('in the memory of the kernel, in no driver’s file');
    expect(plain(0x289n)).not.toMatch(/0x|\d{2}/);
  });
  test('a program of any system has nothing in the kernel’s half', () => {
    const program = classifyAddress(0xffff8000_00000000n, { modules: world.modules, pointerSize: 8, user: true });
    expect(program.words).not.toMatch(/pool/);
    expect(program.plain).toMatch(/where a program may not reach/);
  });
  test('a 32-bit process has no canonical form', () => {
    const small = { ...world, pointerSize: 4 as const };
    expect(classifyAddress(0x8123_4567n, small).kind).toBe('kernel');
    expect(classifyAddress(0x45n, small).kind).toBe('near-null');
  });
});

describe('single bits', () => {
  // 0xfffbf80012345678 is 0xfffff80012345678 with bit 50 cleared.
  test('which bit breaks the canonical form', () => {
    expect(flippedCanonicalBit(0xfffbf800_12345678n)).toBe(50);
    expect(flippedCanonicalBit(0x0008_7ff6_1234_5678n)).toBe(51);
    expect(flippedCanonicalBit(0xfffff800_12345678n)).toBeUndefined();
    expect(flippedCanonicalBit(0x12345678_9abcdef0n)).toBeUndefined();
  });
  test('only bit, count', () => {
    expect([onlyBit(0x20_0000_0000n), onlyBit(0n), onlyBit(3n), onlyBit(1n)]).toEqual([37, undefined, undefined, 0]);
    expect(bitCount(0xff00n)).toBe(8);
  });
});

test('IRQL names as wdm.h has them for x64', () => {
  expect([0n, 1n, 2n, 13n, 15n, 0xffn].map(irqlName)).toEqual([
    'PASSIVE_LEVEL',
    'APC_LEVEL',
    'DISPATCH_LEVEL',
    'CLOCK_LEVEL',
    'HIGH_LEVEL',
    'interrupts were off',
  ]);
  expect(irqlName(5n)).toBe('device interrupt level 5');
});
