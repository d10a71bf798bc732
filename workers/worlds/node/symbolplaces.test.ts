/** Where symbols lie on this computer: folders of the path, the kept files with their cap, one file for computers without a network. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exportStore, importStore } from '../../symbols/service/offline.ts';
import { SymbolService } from '../../symbols/service/service.ts';
import type { Effects, FetchResult, GetOptions } from '../../symbols/service/effects.ts';
import { imageWant, type ModuleRequest } from '../../symbols/service/want.ts';
import { writePartialImage } from '../../symbols/partialimage.ts';
import { amdppm, amdppmPdb, Asker, nt, settle } from '../../testing/node/asker.ts';
import { corpusBytes, hasCorpus } from '../../testing/node/corpus.ts';
import { bytesBody, collectBytes, MemoryStore, nodeEffects } from './symbolworld.ts';

const PDB_KEY = '1C19FDDB27BB3399D9B45973EFEAFCF31';
const SYS_KEY = 'c9c030003b000';
const KERNEL32_KEY = 'BCE8785C57B44245A669896B6A19B9542';
/** The MODULE line of the file names these. */
const kernel32: ModuleRequest = {
  module: 'kernel32',
  imageName: 'kernel32.dll',
  pe: null,
  pdb: { file: 'kernel32.pdb', guid: 'bce8785c-57b4-4245-a669-896b6a19b954', age: 2 },
  demand: 0,
  maker: 'microsoft',
  image: false,
  whole: false,
};

describe.skipIf(!hasCorpus)('symbols on this computer', () => {
  const root = mkdtempSync(join(tmpdir(), 'places-'));
  const put = (path: string, bytes: Uint8Array | string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  };
  let pdb: Uint8Array;
  let sys: Uint8Array;
  let effects: Effects;
  const serviceOf = () => new SymbolService(effects, { proxyBase: null, servers: [] });
  async function states(service: SymbolService, requests: readonly ModuleRequest[]) {
    const asker = new Asker();
    service.request(requests, asker, false);
    return { asker, states: await settle(service) };
  }
  /** Each path is the folder of that name below the test's own. */
  async function picked(path: string, recursive = false): Promise<SymbolService> {
    const service = serviceOf();
    await service.setPath('symbols', path);
    for (const name of path.split(';')) await service.local.folders.pick(name, join(root, name.slice(3).replaceAll('\\', '/')), recursive);
    return service;
  }

  beforeAll(() => {
    pdb = corpusBytes(`symbols/microsoft/store/amdppm.pdb/${PDB_KEY}/amdppm.pdb`);
    sys = corpusBytes(`symbols/microsoft/store/amdppm.sys/${SYS_KEY}/amdppm.sys`);
    put('flat/amdppm.pdb', pdb);
    put('byext/symbols/sys/AMDPPM.PDB', pdb);
    put('store/amdppm.pdb/' + PDB_KEY.toLowerCase() + '/amdppm.pdb', pdb);
    put('store/amdppm.sys/' + SYS_KEY + '/amdppm.sys', sys);
    put('tiered/index2.txt', ' ');
    put(`tiered/am/amdppm.pdb/${PDB_KEY}/amdppm.pdb`, pdb);
    put(`pointing/amdppm.pdb/${PDB_KEY}/file.ptr`, 'PATH:c:\\blobs\\000\\001\\amdppm.pdb\r\n');
    put('blobs/000/001/amdppm.pdb', pdb);
    put('deep/one/two/amdppm.pdb', pdb);
    put('wrong/amdppm.pdb', corpusBytes('symbols/types/synth/store/ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B8441/ntkrnlmp.pdb'));
    put('broken/amdppm.pdb', pdb.subarray(0, 5000));
    put('empty/amdppm.pdb', '');
    put('packed/xcpt4.pd_', corpusBytes('symbols/cab/own/x64-xcpt4.pd_.mszip.cab'));
    put('syms/kernel32.sym', corpusBytes(`symbols/expect/breakpad_sym/kernel32.pdb/${KERNEL32_KEY}/kernel32.sym`));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeEach(() => {
    effects = nodeEffects(false);
  });

  const ofPdb: ModuleRequest = { ...amdppm, pdb: amdppmPdb, pe: null, image: false };
  it.each([
    ['c:\\flat', 'c:\\flat\\amdppm.pdb'],
    ['c:\\byext', 'c:\\byext\\symbols\\sys\\amdppm.pdb'],
    ['c:\\store', `c:\\store\\amdppm.pdb\\${PDB_KEY}\\amdppm.pdb`],
    ['cache*c:\\tiered', `c:\\tiered\\am\\amdppm.pdb\\${PDB_KEY}\\amdppm.pdb`],
  ])('finds a PDB in %s', async (path, origin) => {
    const service = await picked(path.replace('cache*', ''));
    await service.setPath('symbols', path);
    const { asker, states: got } = await states(service, [ofPdb]);
    expect(got).toEqual({ 'amdppm.pdb': 'done' });
    expect(asker.arrivals.map((arrival) => [arrival.origin, (arrival.pack?.byteLength ?? 0) > 1000])).toEqual([[origin, true]]);
  });

  it('follows a pointer to another folder that was picked, and to no other place', async () => {
    expect((await states(await picked('c:\\pointing'), [ofPdb])).states).toEqual({ 'amdppm.pdb': 'failed NOT_ON_SERVER' });
    expect((await states(await picked('c:\\pointing;c:\\blobs'), [ofPdb])).states).toEqual({ 'amdppm.pdb': 'done' });
  });

  it('looks into subfolders only where that was asked', async () => {
    expect((await states(await picked('c:\\deep'), [ofPdb])).states).toEqual({ 'amdppm.pdb': 'failed NOT_ON_SERVER' });
    const service = await picked('c:\\deep', true);
    expect((await states(service, [ofPdb])).states).toEqual({ 'amdppm.pdb': 'done' });
    await service.local.folders.setRecursive('C:\\DEEP\\', false);
    expect(service.local.folders.stateOf('c:\\deep')).toEqual({ state: 'ready', recursive: false });
  });

  it('says what is wrong with a file in a folder, goes on along the path, and keeps nothing', async () => {
    for (const [path, state] of [
      ['c:\\wrong', 'failed MISMATCH'],
      ['c:\\broken', 'failed BAD_PDB'],
      ['c:\\empty', 'failed BAD_PDB'],
      ['c:\\wrong;c:\\broken;c:\\flat', 'done'],
    ] as const) {
      const service = await picked(path);
      expect((await states(service, [ofPdb])).states, path).toEqual({ 'amdppm.pdb': state });
      expect(await service.cache.entries()).toEqual([]);
      if (path === 'c:\\wrong') expect(service.noise.lines()).toContain('DBGHELP: c:\\wrong\\amdppm.pdb - MISMATCH');
    }
  });

  it('unpacks a compressed file, reads a Breakpad symbol file, and takes images from the image path', async () => {
    const xcpt4 = { ...nt, module: 'xcpt4', pdb: { file: 'xcpt4.pdb', guid: 'c8c2329e-0e99-49e6-8b6f-132beca69e7e', age: 1 } };
    const service = await picked('c:\\packed;c:\\syms');
    await service.setPath('images', 'd:\\store');
    await service.local.folders.pick('d:\\store', join(root, 'store'), false);
    const got = await states(service, [xcpt4, kernel32, amdppm]);
    expect(got.states).toEqual({ 'xcpt4.pdb': 'done', 'kernel32.pdb': 'done', 'amdppm.sys': 'done', 'amdppm.pdb': 'done' });
    expect(got.asker.arrivals.find(({ want }) => want.module === 'kernel32')?.pack?.byteLength).toBeGreaterThan(1000);
  });

  it('remembers a picked folder, and finds what failed as soon as one is picked', async () => {
    const service = serviceOf();
    await service.setPath('symbols', 'c:\\flat');
    expect((await states(service, [ofPdb])).states).toEqual({ 'amdppm.pdb': 'failed NOT_ON_SERVER' });
    await service.local.folders.pick('c:\\flat', join(root, 'flat'), false);
    service.lookAgain();
    expect(await settle(service)).toEqual({ 'amdppm.pdb': 'done' });
    const again = serviceOf();
    expect((await states(again, [ofPdb])).states).toEqual({ 'amdppm.pdb': 'done' });
    await again.local.folders.forget('c:\\flat');
    expect(again.local.folders.stateOf('c:\\flat').state).toBe('not-picked');
  });

  it('does not choose between two images of one identity under other names', async () => {
    const service = serviceOf();
    const other = sys.slice();
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    await service.addFiles([
      { name: 'one.sys', body: bytesBody(sys, 'one.sys') },
      { name: 'two.sys', body: bytesBody(other, 'two.sys') },
    ]);
    expect((await states(service, [amdppm])).states).toEqual({ 'amdppm.sys': 'failed MISMATCH' });
    await service.addFiles([{ name: 'amdppm.sys', body: bytesBody(sys, 'amdppm.sys') }]);
    expect(await settle(service)).toMatchObject({ 'amdppm.sys': 'done' });
  });

  const MIB = 1024 * 1024;
  const fileOf = (index: number, size: number) => {
    const key = `${String(index).repeat(8)}5000`;
    const want = {
      id: `image/f${index}.sys/${key}`,
      kind: 'image',
      module: '',
      names: [`f${index}.sys`],
      key,
      identity: { timestamp: 0, sizeOfImage: 0x5000 },
    } as const;
    return { want, body: bytesBody(new Uint8Array(size), `f${index}.sys`), pack: null, origin: 'test', partial: false };
  };
  it('keeps to its cap: the file used longest ago leaves, a pinned one stays', async () => {
    let now = 1000;
    effects = { ...effects, clock: { ...effects.clock, now: () => (now += 1000) } };
    const { cache } = serviceOf();
    await cache.setCap(64 * MIB);
    for (const index of [1, 2, 3]) expect(await cache.keep(fileOf(index, 20 * MIB))).toBe('stored');
    await cache.setPinned('image/f1.sys/111111115000', true);
    expect(await cache.keep(fileOf(4, 20 * MIB))).toBe('stored');
    expect((await cache.entries()).map(({ name }) => name)).toEqual(['f1.sys', 'f3.sys', 'f4.sys']);
    expect(await cache.keep(fileOf(5, 65 * MIB))).toBe('quota');
    expect((await cache.entries()).length).toBe(3);
    const again = serviceOf().cache;
    await again.load();
    expect(again.capBytes).toBe(64 * MIB);
  });

  const offline = (service: SymbolService) => ({ effects, noise: service.noise, cache: service.cache, collect: collectBytes });
  it('goes as one file to a computer without a network', async () => {
    const first = await picked('c:\\store;c:\\syms');
    for (const arrival of (await states(first, [{ ...amdppm, pdb: amdppmPdb }, kernel32])).asker.arrivals) await first.cache.keep(arrival);
    const made = await exportStore(offline(first));
    if (!made.ok) throw new Error(made.problem.detail);

    effects = { ...nodeEffects(false), store: new MemoryStore() };
    const second = serviceOf();
    const added = await importStore(made.value, offline(second));
    expect(added.ok && added.value.taken.map(({ name }) => name).sort()).toEqual([
      `amdppm.pdb/${PDB_KEY}/amdppm.pdb`,
      `amdppm.sys/C9C030003b000/amdppm.sys`,
      `kernel32.pdb/${KERNEL32_KEY}/kernel32.sym`,
    ]);
    expect((await states(second, [{ ...amdppm, pdb: amdppmPdb }, kernel32])).states).toEqual({
      'amdppm.pdb': 'done',
      'amdppm.sys': 'done',
      'kernel32.pdb': 'done',
    });
  });

  it('takes a partial image along; it does where headers and unwind data are wanted, and not where all is', async () => {
    const part = writePartialImage(sys.length, [{ offset: 0, bytes: sys.slice(0, 0x12000) }]);
    const want = imageWant('amdppm', 'amdppm.sys', { timestamp: 0xc9c03000, sizeOfImage: 0x3b000 });
    const first = serviceOf();
    await first.cache.keep({ want, body: bytesBody(part, 'amdppm.sys'), pack: null, origin: 'test', partial: true });
    const made = await exportStore(offline(first));
    if (!made.ok) throw new Error(made.problem.detail);
    effects = { ...nodeEffects(false), store: new MemoryStore() };
    const added = await importStore(made.value, offline(serviceOf()));
    expect(added.ok && added.value.taken).toEqual([{ name: 'amdppm.sys/C9C030003b000/amdppm.sys.partial', kind: 'image', key: 'c9c030003b000' }]);
    expect((await states(serviceOf(), [amdppm])).states).toMatchObject({ 'amdppm.sys': 'done' });
    expect((await states(serviceOf(), [{ ...amdppm, whole: true }])).states).toMatchObject({ 'amdppm.sys': 'failed NOT_ON_SERVER' });
  });

  it('takes nothing from a damaged or foreign archive', async () => {
    const service = await picked('c:\\store');
    for (const arrival of (await states(service, [amdppm])).asker.arrivals) await service.cache.keep(arrival);
    const made = await exportStore(offline(service));
    if (!made.ok) throw new Error(made.problem.detail);
    const bytes = made.value.source.readBlock(0, made.value.source.size).slice();
    effects = { ...nodeEffects(false), store: new MemoryStore() };
    const fresh = serviceOf();
    const cut = await importStore(bytesBody(bytes.subarray(0, bytes.length >> 1), 'cut.zip'), offline(fresh));
    expect(cut.ok ? '' : cut.problem.code).toBe('ARCHIVE_BROKEN');
    bytes[5000] = (bytes[5000] ?? 0) ^ 0xff;
    const flipped = await importStore(bytesBody(bytes, 'flipped.zip'), offline(fresh));
    expect(flipped.ok && flipped.value.ignored.map(({ problem }) => problem.code)).toEqual(['ARCHIVE_BROKEN']);
    expect((await fresh.cache.entries()).map(({ name }) => name)).toEqual(['amdppm.pdb']);
  });

  it('downloads once for two tabs that want the same file', async () => {
    const asked: string[] = [];
    const waiting = new Map<string, Promise<unknown>>();
    const answer = (): FetchResult => ({ ended: 'answer', status: 200, proxyCode: null, body: bytesBody(pdb, 'amdppm.pdb'), first: pdb.subarray(0, 64) });
    effects = {
      ...effects,
      // One holder a name, in the order of asking: as Web Locks do.
      locks: {
        run: (name, task) => {
          const turn = (waiting.get(name) ?? Promise.resolve()).then(task, task);
          waiting.set(name, turn);
          return turn;
        },
      },
      network: {
        online: () => true,
        get: async (url: string, _options: GetOptions) => {
          asked.push(url);
          await new Promise((done) => setTimeout(done, 20));
          return answer();
        },
      },
    };
    const server = { id: 'ms', name: 'Microsoft', host: 'h', url: 'https://h', vendor: 'any', layout: 'flat' } as const;
    const tabs = [0, 1].map(() => new SymbolService(effects, { proxyBase: null, servers: [server] }));
    await tabs[0]?.setConsent('ms', 'given');
    const got = await Promise.all(tabs.map((tab) => states(tab, [ofPdb])));
    expect(got.map((one) => one.states)).toEqual([{ 'amdppm.pdb': 'done' }, { 'amdppm.pdb': 'done' }]);
    expect(asked).toEqual([`https://h/amdppm.pdb/${PDB_KEY}/amdppm.pdb`]);
  });
});
