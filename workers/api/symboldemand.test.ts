import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../knowledge/load.ts';
import type { Module } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import type { Frame } from '../unwind/frame.ts';
import { demandsOf, makerOf } from './symboldemand.ts';

const knowledge = await loadKnowledge();
const modules = ['nt:ntoskrnl.exe', 'nvlddmkm:nvlddmkm.sys', 'hal:hal.dll', 'qqq:qqq.sys'].map((text) => {
  const [name, imageName] = text.split(':');
  return { name, imageName } as Module;
});
const sessionOf = (family: string) => ({ target: { os: { family }, modules: { modules } }, knowledge }) as unknown as Session;

describe('demand for symbols', () => {
  it('puts the stack before nt and nt before the rest', () => {
    const [, nvlddmkm] = modules;
    const stack = [{ place: { module: nvlddmkm, rva: 0 } }, {}] as unknown as Frame[];
    expect(demandsOf(sessionOf('Windows'), stack).map(({ demand }) => demand)).toEqual([1, 0, 2, 2]);
    expect(demandsOf(sessionOf('Linux'), stack)).toEqual([]);
  });
  it('knows the makers that tables name, and no others', () => {
    expect(['ntoskrnl.exe', 'nvlddmkm.sys', 'qqq.sys'].map((name) => makerOf(name, knowledge))).toEqual(['microsoft', 'nvidia', null]);
  });
});
