import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import type { Instruction } from './decoder.ts';
import { CPU_FEATURES } from './cpufeatures.ts';
import { createDecoder } from './createdecoder.ts';
import { decoderModule } from '../worlds/node/wasm.ts';

const require = createRequire(import.meta.url);
const decoder = createDecoder(decoderModule());
const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function decode(hex: string, at = 0xfffff80312345678n, arch: 'x64' | 'x86' = 'x64'): Instruction {
  const result = decoder.decode(fromHex(hex), va(at), arch);
  if (!result.ok) throw new Error(JSON.stringify(result.missing));
  return result.value;
}
const line = (one: Instruction): string => (one.operands === '' ? one.mnemonic : `${one.mnemonic.padEnd(7)} ${one.operands}`);

/** Lines of `u`, `ub` and `r` as printed in Microsoft's and others' public pages; symbols in operands left out. */
const PRINTED: readonly [at: bigint, hex: string, printed: string][] = [
  [0xfffff806697f8304n, '488b5260', 'mov     rdx,qword ptr [rdx+60h]'],
  [0xfffff806697f8308n, '488b8958070000', 'mov     rcx,qword ptr [rcx+758h]'],
  [0xfffff806697f830fn, '4885d2', 'test    rdx,rdx'],
  [0xfffff806697f8312n, '7414', 'je      fffff806`697f8328'],
  [0xfffff806697f8314n, '488b81d40d0000', 'mov     rax,qword ptr [rcx+0DD4h]'],
  [0xfffff806697f8322n, 'ff15f0904700', 'call    qword ptr [fffff806`69c71418]'],
  [0xfffff8007ead112en, 'b808000000', 'mov     eax,8'],
  [0xfffff8007ead1133n, '486bc046', 'imul    rax,rax,46h'],
  [0xfffff8007ead1137n, '488d0dc2ab0000', 'lea     rcx,[fffff800`7eadbd00]'],
  [0xfffff8016470c132n, 'cc', 'int     3'],
  [0xfffff8016470c134n, '48ff254d2deaff', 'jmp     qword ptr [fffff801`645aee88]'],
  [0xfffff801197f1cf1n, '666666666666660f1f840000000000', 'nop     word ptr [rax+rax]'],
  [0xfffff801197f1d04n, '0f10541110', 'movups  xmm2,xmmword ptr [rcx+rdx+10h]'],
  [0xfffff801197f1d13n, '0f2941f0', 'movaps  xmmword ptr [rcx-10h],xmm0'],
  [0x00007ff8329aa826n, '6644390442', 'cmp     word ptr [rdx+rax*2],r8w'],
  [0x00007ff66d771101n, 'c7032a000000', 'mov     dword ptr [rbx],2Ah'],
  [0x00007ffe87b7dd7en, 'cd29', 'int     29h'],
  [0x00007ff966b7c239n, 'eb00', 'jmp     00007ff9`66b7c23b'],
];
/** Printed likewise for 32-bit code. */
const PRINTED_X86: readonly [at: bigint, hex: string, printed: string][] = [
  [0x77020074n, 'b802010000', 'mov     eax,102h'],
  [0x7702007en, 'ff12', 'call    dword ptr [edx]'],
  [0x77020080n, 'c22400', 'ret     24h'],
  [0x82154573n, 'f3a5', 'rep movs dword ptr es:[edi],dword ptr [esi]'],
  [0x775cecd0n, '64a118000000', 'mov     eax,dword ptr fs:[00000018h]'],
  [0x0043faf7n, '64ff3500000000', 'push    dword ptr fs:[0]'],
  [0x0132c6e3n, 'a300000000', 'mov     dword ptr ds:[00000000h],eax'],
  [0x0049006an, '0f87dff0ffff', 'ja      0048f14f'],
];

describe('spelling of x64 and x86 instructions', () => {
  it.each(PRINTED)('%s %s', (at, hex, printed) => {
    const one = decode(hex, at);
    expect(line(one)).toBe(printed);
    expect(one.length).toBe(hex.length / 2);
  });
  it.each(PRINTED_X86)('x86 %s %s', (at, hex, printed) => expect(line(decode(hex, at, 'x86'))).toBe(printed));
  it('writes repeated string instructions of 64-bit code without segments', () => {
    expect(line(decode('f3a4'))).toBe('rep movs byte ptr [rdi],byte ptr [rsi]');
    expect(line(decode('f348ab'))).toBe('rep stos qword ptr [rdi]');
  });
});

describe('what an instruction is and touches', () => {
  const flows: [string, string, bigint | undefined][] = [
    ['e800000000', 'call', 0xfffff8031234567dn],
    ['ff15f0904700', 'indirect-call', undefined],
    ['ebfe', 'jump', 0xfffff80312345678n],
    ['ffe2', 'indirect-jump', undefined],
    ['7414', 'conditional-jump', 0xfffff8031234568en],
    ['c3', 'return', undefined],
    ['cd29', 'interrupt', undefined],
    ['0f0b', 'exception', undefined],
    ['0f05', 'other', undefined],
    ['90', 'next', undefined],
  ];
  it.each(flows)('%s is %s', (hex, flow, target) => {
    const one = decode(hex);
    expect(one.flow).toBe(flow);
    expect(one.target).toBe(target);
  });
  it('gives memory operands with their addresses, sizes and access', () => {
    expect(decode('48894c2410').memory).toEqual([{ base: 'rsp', scale: 1, displacement: 0x10n, sizeBytes: 8, access: 'write' }]);
    expect(decode('f0480fc111').memory).toEqual([{ base: 'rcx', scale: 1, displacement: 0n, sizeBytes: 8, access: 'read-write' }]);
    expect(decode('6644390442').memory).toEqual([{ base: 'rdx', index: 'rax', scale: 2, displacement: 0n, sizeBytes: 2, access: 'read' }]);
    expect(decode('65488b042588010000').memory).toEqual([{ segment: 'gs', scale: 1, displacement: 0x188n, sizeBytes: 8, access: 'read' }]);
    expect(decode('0f2941f0').memory).toEqual([{ base: 'rcx', scale: 1, displacement: -0x10n, sizeBytes: 16, access: 'write' }]);
  });
  it('gives a RIP-relative operand by its absolute address', () => {
    const [own, stack] = decode('ff15f0904700', 0xfffff806697f8322n).memory;
    expect(own).toEqual({ base: 'rip', scale: 1, displacement: 0n, absolute: 0xfffff80669c71418n, sizeBytes: 8, access: 'read' });
    expect(stack).toMatchObject({ base: 'rsp', access: 'write', sizeBytes: 8 });
    expect(decode('488d0dc2ab0000', 0xfffff8007ead1137n).memory).toEqual([
      { base: 'rip', scale: 1, displacement: 0n, absolute: 0xfffff8007eadbd00n, sizeBytes: 0, access: 'none' },
    ]);
  });
  it('names registers at full width', () => {
    const one = decode('01d8'); // add eax,ebx
    expect(one.reads).toEqual(expect.arrayContaining(['rax', 'rbx']));
    expect(one.writes).toEqual(['rax']);
    expect(decode('01d8', 0x1000n, 'x86').reads).toEqual(expect.arrayContaining(['eax', 'ebx']));
    expect(decode('31c0').reads).toEqual([]); // xor eax,eax does not depend on eax
  });
  it('names the CPU features beyond the base set', () => {
    expect(decode('f30fb8c1').cpuFeatures).toEqual(['POPCNT']);
    expect(decode('4889442420').cpuFeatures).toEqual([]);
  });
  it('answers with a reason for bytes that are no instruction or end early', () => {
    for (const hex of ['', 'ff', '48', '06', 'e80000', '0f']) expect(decoder.decode(fromHex(hex), va(0n), 'x64').ok).toBe(false);
    expect(decoder.decode(fromHex('c3'), va(0n), 'arm').ok).toBe(false);
    expect(createDecoder(undefined).decode(fromHex('c3'), va(0n), 'x64').ok).toBe(false);
  });
});

describe('against the package itself', () => {
  it('has its CPU features in its order', () => {
    const { CpuidFeature } = require('iced-x86') as { CpuidFeature: Record<string, string | number> };
    CPU_FEATURES.forEach((name, index) => expect(CpuidFeature[index]).toBe(name));
    expect(CpuidFeature[CPU_FEATURES.length]).toBeUndefined();
  });
  it('ends and never throws on any bytes, and holds its memory', () => {
    let seed = 12345;
    const bytes = new Uint8Array(16);
    let decoded = 0;
    for (let round = 0; round < 20_000; round++) {
      for (let index = 0; index < bytes.length; index++) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        bytes[index] = seed >>> 16;
      }
      const result = decoder.decode(bytes, va(0x1000n), round % 2 ? 'x64' : 'x86');
      if (result.ok) {
        decoded += 1;
        expect(result.value.length).toBeGreaterThan(0);
        expect(result.value.mnemonic).not.toBe('');
      }
    }
    expect(decoded).toBeGreaterThan(5_000);
  });
  it('fits the budget of 900 kB gzip', () => {
    const wasm = readFileSync(require.resolve('iced-x86/iced_x86_bg.wasm'));
    expect(gzipSync(wasm).length).toBeLessThan(900_000);
  });
});
