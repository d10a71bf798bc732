import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found } from '../base/found.ts';
import { put } from '../testing/build/binary.ts';
import { at, frame, handmade } from '../testing/node/handmade.ts';

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesWith = (size: number, words: Readonly<Record<number, bigint>>): string => {
  const bytes = new Uint8Array(size);
  for (const [place, value] of Object.entries(words)) put(bytes, Number(place), 8, value);
  return hex(bytes);
};

// InsightEngineering, "Triaging a thread from a Memory Dump": `.frame /r 0n2`. WinDbg repeats the innermost frame's volatile
// registers, which are not those of this frame: here they are not known.
const NDIS = handmade({
  modules: [
    { name: 'ndis', base: 'fffff806`33e00000', end: 'fffff806`33f70000' },
    { name: 'examplenic', base: 'fffff806`34080000', end: 'fffff806`340c0000' },
  ],
  names: { 'fffff806`33e1432e': 'ndis!NdisAcquireRWLockWrite+0x3e' },
  memory: { 'fffff806`33e1432e': '8806' },
  context: { registers: { rip: at('fffff806`33e10000'), rsp: at('fffffe83`6850f0a0') } },
  frames: [
    frame('fffffe83`6850f0a0', 'fffff806`33e1432e', 'fffff806`33e10000'),
    frame('fffffe83`6850f110', 'fffff806`340b8afa', 'fffff806`33e1432e', {
      registers: { rip: at('fffff806`33e1432e'), rsp: at('fffffe83`6850f110'), rbx: at('ffffd80b`f90ded60'), rsi: at('fffffe83`6850f190'), r12: 0x180n },
    }),
  ],
});

describe('.frame', () => {
  it('prints the frame as k does', () => {
    expect(NDIS.run('.frame 1')).toEqual(['01 fffffe83`6850f110 fffff806`340b8afa     ndis!NdisAcquireRWLockWrite+0x3e']);
    expect(NDIS.session.scopeFrame).toBe(1);
    expect(NDIS.run('.frame')).toEqual(NDIS.run('.frame 1'));
  });
  it('/r prints the registers that the walk recovered, the others as unknown', () => {
    const text = NDIS.run('.frame /r 0n1');
    expect(text[1]).toBe('rax=???????????????? rbx=ffffd80bf90ded60 rcx=????????????????');
    expect(text[3]).toBe('rip=fffff80633e1432e rsp=fffffe836850f110 rbp=????????????????');
    expect(text.slice(-2)).toEqual([
      'ndis!NdisAcquireRWLockWrite+0x3e:',
      'fffff806`33e1432e 8806            mov     byte ptr [rsi],al ds:fffffe83`6850f190=??',
    ]);
    expect(NDIS.run('r rip')).toEqual(['rip=fffff80633e10000']);
  });
  it('/c makes them the scope, until it is reset', () => {
    NDIS.run('.frame /c 1');
    expect(NDIS.run('r rbx')).toEqual(['rbx=ffffd80bf90ded60']);
    expect(NDIS.session.scope?.source).toBe('frame');
    NDIS.run('.cxr');
    expect(NDIS.run('r rip')).toEqual(['rip=fffff80633e10000']);
  });
  it('refuses a frame that is not there', () => {
    const answer = NDIS.answer('.frame 7');
    expect(answer.ok ? '' : answer.problem.detail).toBe('there are 2 frames: the stack ends');
  });
});

describe('.thread', () => {
  const ETHREAD = 'ffffd80c`1c746080';
  const STACK = 'fffffe83`68510000';
  const made = handmade({
    modules: [{ name: 'nt', base: 'fffff806`31600000', end: 'fffff806`32646000', imageName: 'ntkrnlmp.exe' }],
    memory: {
      // KTHREAD.StackLimit, StackBase and KernelStack where KDBG says they are.
      [ETHREAD]: bytesWith(0x60, { 0x30: at('fffffe83`6850a000'), 0x38: at('fffffe83`68511000'), 0x58: at(STACK) }),
      [STACK]: bytesWith(0x60, { 0x18: at('ffffd80c`00000001'), 0x30: 0x77n, 0x38: at('fffff806`31812345') }),
    },
    context: { registers: { rip: at('fffff806`31600000'), rsp: 1n } },
    target: { kernelOffsets: { OffsetKThreadKernelStack: 0x58, OffsetKThreadStackLimit: 0x30, OffsetKThreadStackBase: 0x38 } },
  });
  it('takes the registers that the thread saved when it was switched away from', () => {
    expect(made.run(`.thread ${ETHREAD}`)).toEqual(['Using context of thread ffffd80c1c746080']);
    expect(made.session.scope).toMatchObject({
      registers: { rip: at('fffff806`31812345'), rsp: at('fffffe83`68510040'), rbp: 0x77n },
      stackRange: { low: at('fffffe83`6850a000'), high: at('fffffe83`68511000') },
    });
    expect(made.run('? @$thread')).toEqual([expect.stringContaining('ffffd80c`1c746080')]);
    expect(made.answer('? @$tid').ok).toBe(false);
    expect(made.run('.thread')).toEqual(['Resetting default scope']);
    expect(made.answer('? @$thread').ok).toBe(false);
    expect(made.run('r rip')).toEqual(['rip=fffff80631600000']);
  });
  it('gives the reason where the saved registers are not in the dump', () => {
    const answer = made.answer('.thread ffffd80c`00000000');
    expect(answer.ok ? '' : answer.problem.detail).toContain('is not in this dump');
  });
});

describe('pseudo-registers', () => {
  const detailOf = (answer: ReturnType<ReturnType<typeof handmade>['answer']>): string => (answer.ok ? '' : answer.problem.detail);

  it('$prcb is the entry of KiProcessorBlock for the processor of the crash', () => {
    const made = handmade({
      memory: { 'fffff806`31600100': bytesWith(16, { 0: 0x1180n, 8: 0x2180n }) },
      target: { kernelPointers: { KiProcessorBlock: va(at('fffff806`31600100')) }, processor: found(1) },
    });
    expect(made.run('? @$prcb')).toEqual(['Evaluate expression: 8576 = 00000000`00002180']);
    expect(detailOf(handmade({}).answer('? @$prcb'))).toContain('KDBG');
  });
  it('$exentry is where the program begins, by its headers', () => {
    // e_lfanew 0x80; AddressOfEntryPoint 0x28 behind it (PE format, "Optional Header").
    const header = bytesWith(0x200, { 0: 0x5a4dn, 0x38: 0x80_0000_0000n, 0x80: 0x8664_0000_4550n, 0x98: 0x20bn, 0xa8: 0x14d0n });
    const modules = [{ name: 'a', base: '00000001`40000000', end: '00000001`40010000', imageName: 'a.exe' }];
    expect(handmade({ modules, memory: { '00000001`40000000': header }, target: { kind: 'user' } }).run('? @$exentry')).toEqual([
      'Evaluate expression: 5368714448 = 00000001`400014d0',
    ]);
    expect(detailOf(handmade({ modules, target: { kind: 'user' } }).answer('? @$exentry'))).toContain('is not in this dump');
  });
  it('$peb is told where it was found', () => {
    expect(handmade({ target: { process: { name: found('a'), id: found(1), peb: found(va(at('7ff0`00001000'))) } } }).run('? @$peb')).toEqual([
      expect.stringContaining('00007ff0`00001000'),
    ]);
    expect(handmade({}).answer('? @$peb').ok).toBe(false);
  });
});

it('.trap reads a trap frame of ARM64', () => {
  // ARM64_KTRAP_FRAME: Sp at 98, X0 at a0, Lr at 138, Fp at 140, Pc at 148.
  const place = 'ffffd20f`3b2e7000';
  const made = handmade({
    arch: 'arm64',
    memory: { [place]: bytesWith(0x150, { 0x98: 0x5000n, 0xa0: 0x11n, 0x130: 0x1818n, 0x138: 0x30n, 0x140: 0x29n, 0x148: 0x1000n }) },
    context: { registers: { pc: 0n, sp: 0n } },
  });
  made.run(`.trap ${place}`);
  const { scope } = made.session;
  expect(scope?.registers).toMatchObject({ x0: 0x11n, x18: 0x1818n, lr: 0x30n, fp: 0x29n, pc: 0x1000n, sp: 0x5000n });
  expect(scope?.unknown).toEqual(['x19', 'x20', 'x21', 'x22', 'x23', 'x24', 'x25', 'x26', 'x27', 'x28']);
  expect(scope?.source).toBe('trap-frame');
});
