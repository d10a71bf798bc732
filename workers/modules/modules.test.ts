import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { missing } from '../base/found.ts';
import { ArraySource } from '../bytes/source.ts';
import { SparseSpace } from '../memory/sparsespace.ts';
import { walkList, walkLoadedModules } from './loadedlist.ts';
import type { Module } from './module.ts';
import { SortedModuleList } from './modulelist.ts';
import { fileNameOf, windbgName } from './names.ts';

const gone = missing({ why: 'not-computed' });
const module = (name: string, base: number, size: number): Module => ({
  name: windbgName(name),
  imageName: fileNameOf(name),
  path: name,
  base: va(BigInt(base)),
  size,
  checksum: gone,
  version: gone,
  identity: { pe: gone, pdb: gone },
  origin: 'test',
});

describe('names as WinDbg writes them', () => {
  it.each([
    [String.raw`\SystemRoot\system32\ntoskrnl.exe`, 'nt', 'ntoskrnl.exe'],
    ['ntkrnlmp.exe', 'nt', 'ntkrnlmp.exe'],
    [String.raw`\SystemRoot\System32\drivers\CLFS.SYS`, 'CLFS', 'CLFS.SYS'],
    ['api-ms-win-core-file-l1-1-0.dll', 'api_ms_win_core_file_l1_1_0', 'api-ms-win-core-file-l1-1-0.dll'],
    ['System.Xml.ni.dll', 'System_Xml_ni', 'System.Xml.ni.dll'],
    ['my app.exe', 'my_app', 'my app.exe'],
    ['.dll', '_dll', '.dll'],
  ])('%s', (path, name, file) => {
    expect([windbgName(path), fileNameOf(path)]).toEqual([name, file]);
  });
});

describe('SortedModuleList', () => {
  it('finds as a search one by one does', () => {
    const one = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 60 })).map(([base, size]) => module('m.sys', base * 16, size * 16));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), fc.integer({ min: 0, max: 9000 }), (modules, at) => {
        const place = new SortedModuleList(modules).find(va(BigInt(at)));
        const holders = modules.filter((each) => BigInt(at) >= each.base && BigInt(at) < each.base + BigInt(each.size));
        expect(place === undefined).toBe(holders.length === 0);
        if (place) {
          expect(BigInt(at) - place.module.base).toBe(BigInt(place.rva));
          expect(place.module.base).toBe(holders.reduce((best, each) => (each.base > best ? each.base : best), 0n));
        }
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it('finds names in any case, and the newest of unloaded modules at one place', () => {
    const unloaded = [
      { name: 'new.sys', start: va(0x1000n), end: va(0x2000n) },
      { name: 'old.sys', start: va(0x1000n), end: va(0x3000n) },
    ];
    const list = new SortedModuleList([module('ntoskrnl.exe', 0x10000, 0x1000), module('Ntfs.sys', 0x20000, 0x1000)], unloaded);
    expect([list.byName('NT')?.imageName, list.byName('ntfs.SYS')?.name, list.byName('x')]).toEqual(['ntoskrnl.exe', 'Ntfs', undefined]);
    expect([list.findUnloaded(va(0x1800n))?.name, list.findUnloaded(va(0x2800n))?.name, list.findUnloaded(va(0x3000n))]).toEqual([
      'new.sys',
      'old.sys',
      undefined,
    ]);
  });
});

describe('lists in memory', () => {
  const memory = (words: readonly (readonly [at: number, value: number])[]) => {
    const bytes = new Uint8Array(0x1000);
    for (const [at, value] of words) new DataView(bytes.buffer).setBigUint64(at, BigInt(value), true);
    return new SparseSpace(new ArraySource(bytes), [{ start: va(0n), size: 0x1000, fileOffset: 0, origin: 'test' }]);
  };
  const follow = (space: SparseSpace, limit = 10) => {
    const walk = walkList(space, va(0x100n), 8, limit);
    const found: bigint[] = [];
    for (let next = walk.next(); ; next = walk.next()) {
      if (next.done) return { found, ended: next.value?.why };
      found.push(next.value);
    }
  };

  it('a link of 0 ends a list that was never set up, and is no entry', () => {
    expect(follow(memory([]))).toEqual({ found: [], ended: 'not-valid' });
  });
  it('end at their head, at a loop, at a gap, at the limit', () => {
    expect(
      follow(
        memory([
          [0x100, 0x208],
          [0x208, 0x308],
          [0x308, 0x100],
        ]),
      ),
    ).toEqual({ found: [0x200n, 0x300n], ended: undefined });
    expect(
      follow(
        memory([
          [0x100, 0x208],
          [0x208, 0x308],
          [0x308, 0x208],
        ]),
      ),
    ).toEqual({ found: [0x200n, 0x300n], ended: 'not-valid' });
    expect(
      follow(
        memory([
          [0x100, 0x208],
          [0x208, 0x9000],
        ]),
      ),
    ).toEqual({ found: [0x200n, 0x8ff8n], ended: 'not-in-dump' });
    expect(
      follow(
        memory([
          [0x100, 0x208],
          [0x208, 0x308],
          [0x308, 0x100],
        ]),
        1,
      ),
    ).toEqual({ found: [0x200n], ended: 'not-valid' });
  });

  it('of modules end at a loop with what was found', () => {
    const space = memory([
      [0x100, 0x200],
      [0x200, 0x300],
      [0x230, 0x50000],
      [0x300, 0x200],
      [0x330, 0x60000],
    ]);
    expect(walkLoadedModules(space, va(0x100n))).toMatchObject({
      ok: true,
      value: { entries: [{ base: 0x50000n }, { base: 0x60000n }], cut: { why: 'not-valid' } },
    });
    expect(walkLoadedModules(space, va(0x7000n)).ok).toBe(false);
  });
});
