/** Folders and a server of the command line, seen through the analysis side: real images and PDBs, real names. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoopbackStore } from '../../../scripts/server/testing/loopbackstore.mjs';
import { rva, va } from '../../base/address.ts';
import { type Found, found, missing, valueOf } from '../../base/found.ts';
import type { Module, PdbIdentity, PeIdentity } from '../../modules/module.ts';
import { corpusBytes, corpusRoot, hasCorpus } from '../../testing/node/corpus.ts';
import { NodeSymbols } from './symbolworld.ts';

const absent = missing({ why: 'not-computed' });
const maybe = <T>(value: T | null): Found<T> => (value === null ? absent : found(value));
const moduleOf = (name: string, imageName: string, pe: PeIdentity | null, pdb: PdbIdentity | null): Module => ({
  name,
  imageName,
  path: imageName,
  base: va(0xfffff80000000000n),
  size: pe?.sizeOfImage ?? 0,
  checksum: absent,
  version: absent,
  identity: { pe: maybe(pe), pdb: maybe(pdb) },
  origin: 'test',
});
const amdppm = moduleOf('amdppm', 'amdppm.sys', { timestamp: 0xc9c03000, sizeOfImage: 0x3b000 }, null);
const wdf = moduleOf('Wdf01000', 'Wdf01000.sys', { timestamp: 0xa9a9d36e, sizeOfImage: 0xd1000 }, null);
const nt = moduleOf('nt', 'ntoskrnl.exe', null, { file: 'ntkrnlmp.pdb', guid: '5278aff8-6c34-1677-d7d7-835c85b7b844', age: 1 });
const lost = moduleOf('lost', 'lost.sys', { timestamp: 1, sizeOfImage: 0x1000 }, null);
const TEST_APP_SYM = 'test_app.pdb/5A9832E5287241C1838ED98914E9B7FF1/test_app.sym';
const testApp = moduleOf('test_app', 'test_app.exe', null, { file: 'test_app.pdb', guid: '5a9832e5-2872-41c1-838e-d98914e9b7ff', age: 1 });
const demand = (module: Module) => ({ module, demand: 0, maker: null, image: true, whole: false });

describe.skipIf(!hasCorpus)('symbols of the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'symbols-'));
  const store = createLoopbackStore({ folders: [join(corpusRoot, 'symbols', 'microsoft', 'store')] });
  let url = '';
  const put = (path: string, from: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), corpusBytes(`symbols/${from}`));
  };

  beforeAll(async () => {
    put('store/amdppm.sys/C9C030003b000/amdppm.sys', 'microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys');
    put('store/amdppm.pdb/1C19FDDB27BB3399D9B45973EFEAFCF31/amdppm.pdb', 'microsoft/store/amdppm.pdb/1C19FDDB27BB3399D9B45973EFEAFCF31/amdppm.pdb');
    put('flat/ntkrnlmp.pdb', 'types/synth/store/ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B8441/ntkrnlmp.pdb');
    // The same name with another identity must not be taken.
    put('flat/older/ntkrnlmp.pdb', 'types/synth/store/ntkrnlmp.pdb/BBED7C2955FBE4522AAA23F4B8677AD91/ntkrnlmp.pdb');
    put('flat/coff-exports.exe', 'pdb/llvm-symbolizer/llvm/test/tools/llvm-symbolizer/Inputs/coff-exports.exe');
    // Breakpad's own example: the file alone, no image and no PDB beside it.
    const sym = `breakpad/${TEST_APP_SYM}`;
    mkdirSync(dirname(join(folder, sym)), { recursive: true });
    writeFileSync(join(folder, sym), corpusBytes(`user/symbols/breakpad/${TEST_APP_SYM}`));
    put('syms/crash.sym', 'pdb/symbolic/windows/crash.sym');
    url = await store.start();
  });
  afterAll(async () => {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes images and PDBs from folders in store layout and flat, and asks no network', async () => {
    const symbols = new NodeSymbols({ folders: [join(folder, 'store'), join(folder, 'flat')], server: undefined });
    const { provider } = symbols;
    expect(provider.status(amdppm)).toEqual({ state: 'not-asked' });
    await symbols.load([amdppm, wdf, nt, lost].map(demand));
    expect(provider.status(amdppm)).toMatchObject({ state: 'ready', kind: 'pdb', origin: 'amdppm.pdb' });
    expect(provider.status(nt)).toMatchObject({ state: 'ready', kind: 'pdb' });
    const table = provider.table(amdppm);
    const image = provider.image(amdppm);
    if (!table.ok || !image.ok) throw new Error('not loaded');
    expect(table.value.count).toBeGreaterThan(100);
    const entry = table.value.byName('DriverEntry');
    expect(entry.ok && table.value.nearest(entry.value)).toMatchObject({ ok: true, value: { name: 'DriverEntry', displacement: 0 } });
    expect([...image.value.readRva(rva(0), 2)]).toEqual([0x4d, 0x5a]);
    expect(provider.table(lost)).toMatchObject({ ok: false, missing: { why: 'no-symbols' } });
    expect(provider.revision).toBe(3);
    expect(store.seen).toEqual([]);
  });

  it("takes Breakpad's symbol files from a folder that holds nothing else", async () => {
    const symbols = new NodeSymbols({ folders: [join(folder, 'breakpad')], server: undefined });
    await symbols.load([demand(testApp)]);
    const table = symbols.provider.table(testApp);
    // The file: FUNC 41b0 86 8 main
    expect(table.ok && table.value.nearest(rva(0x4200))).toMatchObject({ ok: true, value: { name: 'main', displacement: 0x50 } });
  });

  it('asks a server only where given, and says why there are no names', async () => {
    const symbols = new NodeSymbols({ folders: [], server: url });
    await symbols.load([amdppm, wdf, lost].map(demand));
    expect(symbols.provider.status(amdppm)).toMatchObject({ state: 'ready', kind: 'pdb' });
    expect(symbols.provider.image(wdf).ok).toBe(true);
    // An image without exports, whose PDB the server lacks.
    expect(symbols.provider.status(wdf)).toMatchObject({ state: 'failed', code: 'NOT_ON_SERVER' });
    expect(symbols.provider.status(lost)).toMatchObject({ state: 'failed', code: 'NOT_ON_SERVER' });
    expect(symbols.provider.path('symbols')).toBe(`srv*${url}`);
    expect(symbols.provider.log().some((line) => line.startsWith('SYMSRV:  HTTPGET: /amdppm.sys/C9C030003b000/amdppm.sys'))).toBe(true);
    const asked = store.seen.length;
    await symbols.load([amdppm].map(demand));
    expect(store.seen.length).toBe(asked);
  });

  it('takes the names of the export table where the PDB is not to be had', async () => {
    // Key and both exports by llvm-readobj and the file's own strings.
    const exporting = moduleOf('coff', 'coff-exports.exe', { timestamp: 0, sizeOfImage: 0x9400 }, null);
    const symbols = new NodeSymbols({ folders: [join(folder, 'flat')], server: undefined });
    await symbols.load([demand(exporting)]);
    expect(symbols.provider.status(exporting)).toMatchObject({ state: 'ready', kind: 'exports', count: 2 });
    const table = symbols.provider.table(exporting);
    expect(
      table.ok &&
        table.value
          .match('*', 9)
          .map(({ name }) => name)
          .sort(),
    ).toEqual(['foo', 'main']);
  });

  it('takes names and lines of a .sym file where there is no PDB', async () => {
    const crash = moduleOf('crash', 'crash.exe', null, { file: 'crash.pdb', guid: '3249d99d-0c40-4931-8610-f4e4fb0b6936', age: 1 });
    const symbols = new NodeSymbols({ folders: [join(folder, 'syms')], server: undefined });
    await symbols.load([demand(crash)]);
    expect(symbols.provider.status(crash)).toMatchObject({ state: 'ready', kind: 'sym' });
    const table = symbols.provider.table(crash);
    // Sentry's snapshot of this program's crash has main, main.cpp:35.
    const hit = table.ok && valueOf(table.value.nearest(rva(0x2a3d)));
    expect(hit).toMatchObject({ name: 'main', source: { ok: true, value: { line: 35 } } });
  });

  it('refuses a symbol path that is none, with its place', () => {
    const { provider } = new NodeSymbols({ folders: [], server: undefined });
    expect(provider.setPath('symbols', 'srv*;gopher://x/')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT', at: 5 } });
    expect(provider.setPath('symbols', 'srv*')).toEqual({ ok: true, value: 'srv*' });
  });
});
