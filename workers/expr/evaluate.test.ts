import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found, missing } from '../base/found.ts';
import type { AddressSpace } from '../memory/space.ts';
import { evaluate } from './evaluate.ts';
import { evaluateRange } from './range.ts';
import type { ExpressionScope } from './scope.ts';

const BYTES = new Map<bigint, bigint>([[0x1000n, 0xfffff80312345678n]]);
const gap = (at: bigint) => missing({ why: 'not-in-dump' as const, space: 'virtual' as const, at });
const memory = {
  pointerSize: 8,
  u8: (at: bigint) => (BYTES.has(at) ? found(Number((BYTES.get(at) ?? 0n) & 0xffn)) : gap(at)),
  u16: (at: bigint) => (BYTES.has(at) ? found(Number((BYTES.get(at) ?? 0n) & 0xffffn)) : gap(at)),
  u32: (at: bigint) => (BYTES.has(at) ? found(Number((BYTES.get(at) ?? 0n) & 0xffffffffn)) : gap(at)),
  u64: (at: bigint) => (BYTES.has(at) ? found(BYTES.get(at) ?? 0n) : gap(at)),
  pointer: (at: bigint) => (BYTES.has(at) ? found(va(BYTES.get(at) ?? 0n)) : gap(at)),
} as unknown as AddressSpace;

const scope: ExpressionScope = {
  memory,
  register: (name) => ({ rsp: found(0x2000n), rcx: found(0x1000n) })[name],
  pseudo: (name) => ({ $ip: found(0xfffff80000001234n) })[name],
  symbol: (name) => ({ nt: found(va(0xfffff80300000000n)), 'nt!KeBugCheckEx': found(va(0xfffff80300401000n)), bad: found(va(0x77n)) })[name],
};
const value = (text: string) => {
  const result = evaluate(text, scope);
  if (!result.ok) throw new Error(`${result.problem.detail} at ${result.problem.at}`);
  return result.value;
};

describe('MASM expressions', () => {
  // Values by hand, from the rules of the MASM page: hexadecimal by default, 0n decimal, 0t octal, 0y binary.
  it.each([
    ['10', 0x10n],
    ['0n10', 10n],
    ['0t17', 15n],
    ['0y101', 5n],
    ['1fh', 0x1fn],
    ['fffff803`12345678', 0xfffff80312345678n],
    ['2+3*4', 14n],
    ['(2+3)*4', 0x14n],
    ['1<<4+1', 0x20n],
    ['ff&f0|1', 0xf1n],
    ['-1', 0xffffffffffffffffn],
    ['~0 >>> 3c', 0xffffffffffffffffn],
    ['~0 >> 3c', 0xfn],
    ['7 mod 4', 3n],
    ['5 == 5', 1n],
    ['5 = 4', 0n],
    ['nt+0x1000', 0xfffff80300001000n],
    ['nt!KeBugCheckEx+5', 0xfffff80300401005n],
    ['@rsp+20', 0x2020n],
    ['rsp', 0x2000n],
    ['poi(@rcx)', 0xfffff80312345678n],
    ['poi @rcx', 0xfffff80312345678n],
    ['by(@rcx)', 0x78n],
    ['wo(1000)', 0x5678n],
    ['dwo(1000)+1', 0x12345679n],
    ['hi(12345678)', 0x1234n],
    ['low(12345678)', 0x5678n],
    ['@$ip', 0xfffff80000001234n],
    ['.', 0xfffff80000001234n],
    ['bad', 0x77n],
    ['not 0', 1n],
  ])('%s', (text, wanted) => {
    expect(value(text)).toEqual({ ok: true, value: wanted });
  });

  it('says why a read inside it failed', () => {
    expect(value('poi(3000)+1')).toEqual({ ok: false, missing: { why: 'not-in-dump', space: 'virtual', at: 0x3000n } });
  });

  it.each([
    ['1+', 2],
    ['(1', 2],
    ['1 2', 2],
    ['nosuch', 0],
    ['@zzz', 0],
    ['4/0', 1],
    ['#', 0],
    ['', 0],
  ])('refuses %j and points at it', (text, at) => {
    expect(evaluate(text, scope)).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT', at } });
  });

  it('never throws, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdefx`@$!()[]+-*/%&|^~<>= .ntpoiL'.split('')), maxLength: 200 }), (text) => {
        expect(typeof evaluate(text, scope).ok).toBe('boolean');
        expect(typeof evaluateRange(text, scope).ok).toBe('boolean');
      }),
      { seed: 7, numRuns: 2000 },
    );
    expect(evaluate('('.repeat(3000), scope).ok).toBe(false);
    expect(evaluate('-'.repeat(3000) + '1', scope).ok).toBe(false);
  });
});

describe('ranges', () => {
  it.each([
    ['@rsp', { start: 0x2000n, count: undefined, end: undefined }],
    ['@rsp L10', { start: 0x2000n, count: 0x10n, end: undefined }],
    ['@rsp+8 L 4', { start: 0x2008n, count: 4n, end: undefined }],
    ['@rsp -L8', { start: 0x1ff8n, count: 8n, end: undefined }],
    ['1000 10ff', { start: 0x1000n, count: undefined, end: 0x10ffn }],
    ['nt (nt + 8)', { start: 0xfffff80300000000n, count: undefined, end: 0xfffff80300000008n }],
  ])('%s', (text, wanted) => {
    expect(evaluateRange(text, scope)).toEqual({ ok: true, value: { ok: true, value: wanted } });
  });
  it('wants L? for more than 256 MB', () => {
    expect(evaluateRange('0 L20000000', scope).ok).toBe(false);
    expect(evaluateRange('0 L?20000000', scope).ok).toBe(true);
  });
});
