/** The few offsets that opening a dump needs are those of the layouts kept for the same builds. */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { missing, valueOf } from '../base/found.ts';
import { UnreadableSpace } from '../memory/unreadablespace.ts';
import { loadLayouts } from '../types/layouts/load.ts';
import { kernelLayoutTypes } from '../types/layouts/layouttypes.ts';
import { TypedMemory } from '../types/typedview.ts';
import { kernelLayout } from './kernellayout.ts';

const GAP = missing({ why: 'not-computed' });
const PROCESS = ['UniqueProcessId', 'ActiveProcessLinks', 'ThreadListHead', 'ImageFileName'];
const THREAD = ['Cid', 'ThreadListEntry', 'StartAddress', 'Win32StartAddress'];

describe('offsets for opening', () => {
  it('agree with the kept layouts of every build that both have', async () => {
    const file = valueOf(await loadLayouts('x64'));
    const compared: number[] = [];
    for (const { from } of file?.builds ?? []) {
      const layout = kernelLayout('x64', from);
      const types = file && valueOf(kernelLayoutTypes(file, from, { why: 'not-computed' }));
      if (!layout || !types) continue;
      const memory = new TypedMemory(types, new UnreadableSpace(GAP));
      const offsets = (type: string, fields: readonly string[]) => {
        const view = memory.view(type, va(0n));
        return Object.fromEntries(fields.map((field) => [field, Number(valueOf(view.ok ? view.value.address(field) : view))]));
      };
      expect([from, offsets('_EPROCESS', PROCESS)]).toEqual([from, layout.process]);
      if (layout.thread) expect([from, offsets('_ETHREAD', THREAD)]).toEqual([from, layout.thread]);
      compared.push(from);
    }
    expect(compared.length).toBeGreaterThan(12);
  });
});
