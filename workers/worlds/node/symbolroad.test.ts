/** The whole road: service → proxy → a symbol server on loopback that serves real files and misbehaves. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNodeServer, createSite, listen } from '../../../scripts/server/node.mjs';
import { createLoopbackStore } from '../../../scripts/server/testing/loopbackstore.mjs';
import type { Effects } from '../../symbols/service/effects.ts';
import { SymbolService } from '../../symbols/service/service.ts';
import type { ModuleRequest } from '../../symbols/service/want.ts';
import { amdppm, amdppmPdb, Asker, nt, settle } from '../../testing/node/asker.ts';
import { corpusBytes, corpusRoot, hasCorpus } from '../../testing/node/corpus.ts';
import { bytesBody, MemoryStore, nodeEffects } from './symbolworld.ts';

const MICROSOFT = join(corpusRoot, 'symbols', 'microsoft', 'store');
const SYNTH = join(corpusRoot, 'symbols', 'types', 'synth', 'store');
const user32: ModuleRequest = {
  module: 'user32',
  imageName: 'user32.dll',
  pe: null,
  pdb: { file: 'user32.pdb', guid: '15f778b3-671d-4efd-bdcd-e79905308b79', age: 2 },
  demand: 2,
  maker: 'microsoft',
  image: false,
  whole: false,
};
const other = (name: string, digit: string): ModuleRequest => ({
  module: name,
  imageName: `${name}.sys`,
  pe: null,
  pdb: { file: `${name}.pdb`, guid: `${digit.repeat(8)}-0000-0000-0000-000000000000`, age: 1 },
  demand: 2,
  maker: 'microsoft',
  image: false,
  whole: false,
});
const pathOf = (request: ModuleRequest) => `/${request.pdb?.file}/${request.pdb?.guid.replaceAll('-', '')}${request.pdb?.age}/${request.pdb?.file}`;

const AMDPPM_PATH = pathOf({ ...amdppm, pdb: amdppmPdb });

describe.skipIf(!hasCorpus)('the road to symbols', () => {
  const folder = mkdtempSync(join(tmpdir(), 'road-'));
  const store = createLoopbackStore({ folders: [MICROSOFT, SYNTH, join(folder, 'extra')] });
  const foreign = createLoopbackStore({ folders: [MICROSOFT] });
  let site: Server;
  let proxyBase = '';
  let upstream = '';
  let foreignUrl = '';
  let effects: Effects;
  let waits: number[] = [];
  let now = Date.UTC(2026, 0, 1);

  const serviceOf = (base: string | null = proxyBase) => new SymbolService(effects, { proxyBase: base, servers: [] });
  async function fetched(requests: readonly ModuleRequest[], force = false): Promise<{ service: SymbolService; asker: Asker; states: Record<string, string> }> {
    const service = serviceOf();
    const asker = new Asker();
    await service.setConsent('microsoft', 'given');
    service.request(requests, asker, force);
    return { service, asker, states: await settle(service) };
  }

  beforeAll(async () => {
    upstream = await store.start();
    foreignUrl = await foreign.start();
    mkdirSync(join(folder, 'dist'), { recursive: true });
    writeFileSync(join(folder, 'dist', 'index.html'), '<!doctype html>');
    const servers = [
      { id: 'microsoft', name: 'Microsoft', url: upstream, vendor: 'microsoft', layout: 'flat' },
      { id: 'tiered', name: 'Tiered', url: foreignUrl, vendor: 'any' },
    ];
    const proxy = { servers, allowLoopbackHttp: true, limits: { headerMs: 3000, idleMs: 3000, maxBytes: 64 * 1024 * 1024 } };
    site = createNodeServer(createSite({ root: join(folder, 'dist'), proxy }));
    proxyBase = `http://127.0.0.1:${await listen(site, 0)}/symbols`;
  });
  afterAll(async () => {
    site.closeAllConnections();
    await Promise.all([store.stop(), foreign.stop(), new Promise((done) => site.close(done))]);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    waits = [];
    effects = {
      ...nodeEffects(true),
      store: new MemoryStore(),
      clock: { now: () => now, random: () => 0.5, sleep: (ms) => (ms > 0 && waits.push(ms), new Promise((done) => setTimeout(done, 0))) },
    };
    store.seen.length = 0;
    foreign.seen.length = 0;
  });
  afterEach(() => {
    for (const key of Object.keys(store.faults)) Reflect.deleteProperty(store.faults, key);
  });
  it('tells a fault of ours as one, not as a bad file', async () => {
    effects = { ...effects, store: Object.assign(new MemoryStore(), { get: () => Promise.reject(new TypeError('no such property')) }) };
    expect(Object.values((await fetched([nt])).states)).toEqual(['failed DEFECT']);
  });
  const misbehave = (request: ModuleRequest, how: string) => Object.assign(store.faults, { [pathOf(request).toLowerCase()]: how });

  it('asks nobody before consent, then fetches image, the PDB it names, and hands both over', async () => {
    const service = serviceOf();
    const asker = new Asker();
    service.request([amdppm], asker, false);
    expect(await settle(service)).toEqual({ 'amdppm.sys': 'needs-consent' });
    expect(store.seen).toEqual([]);
    const [view] = await service.servers();
    expect(view).toMatchObject({ id: 'microsoft', consent: 'not-asked', inPath: true, direct: false });
    expect(view?.says.map(({ id }) => id)).toContain('symbols.consent.reveals');
    expect(store.seen).toEqual([]);

    await service.setConsent('microsoft', 'given');
    expect(await settle(service)).toEqual({ 'amdppm.sys': 'done', 'amdppm.pdb': 'done' });
    expect(store.seen.map(({ url }) => url)).toEqual(['/amdppm.sys/C9C030003b000/amdppm.sys', '/amdppm.pdb/1C19FDDB27BB3399D9B45973EFEAFCF31/amdppm.pdb']);
    expect(asker.pdbOfImage?.identity).toEqual(amdppmPdb);
    expect(asker.arrivals.map(({ want, pack }) => [want.kind, (pack?.byteLength ?? 0) > 1000])).toEqual([
      ['image', false],
      ['pdb', true],
    ]);
    expect([...asker.states.values()]).toEqual([
      ['waiting', 'needs-consent', 'waiting', 'downloading', 'done'],
      ['waiting', 'downloading', 'done'],
    ]);
  });

  it('finds in the store what was fetched before, without asking, also without a network', async () => {
    await fetched([nt, user32]);
    const asked = store.seen.length;
    const again = new SymbolService({ ...effects, network: null }, { proxyBase, servers: [] });
    const asker = new Asker();
    again.request([nt, user32], asker, false);
    expect(await settle(again)).toEqual({ 'ntkrnlmp.pdb': 'done', 'user32.pdb': 'done' });
    expect([store.seen.length, asker.arrivals.length]).toEqual([asked, 2]);
    expect((await again.cache.entries()).map(({ name }) => name).sort()).toEqual(['ntkrnlmp.pdb', 'user32.pdb']);
    await again.deleteCached((await again.cache.entries()).map(({ key }) => key));
    expect(await again.cache.entries()).toEqual([]);
  });

  it('uses dropped files before anything else, by what stands in them', async () => {
    const service = serviceOf();
    const asker = new Asker();
    service.request([{ ...amdppm, pdb: amdppmPdb }], asker, false);
    expect(await settle(service)).toEqual({ 'amdppm.pdb': 'needs-consent', 'amdppm.sys': 'needs-consent' });
    const body = (bytes: Uint8Array, name: string) => ({ name, body: bytesBody(bytes, name) });
    const pdb = corpusBytes('symbols/microsoft/store/amdppm.pdb/1C19FDDB27BB3399D9B45973EFEAFCF31/amdppm.pdb');
    const sys = corpusBytes('symbols/microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys');
    const added = await service.addFiles([
      body(pdb, 'renamed.bin'),
      body(sys, 'copy.sys'),
      body(pdb.subarray(0, 5000), 'cut.pdb'),
      body(new Uint8Array(9), 'zero.txt'),
    ]);
    expect(added.taken.map(({ name, kind }) => [name, kind])).toEqual([
      ['renamed.bin', 'pdb'],
      ['copy.sys', 'image'],
    ]);
    expect(added.ignored.map(({ name, problem }) => [name, problem.code])).toEqual([
      ['cut.pdb', 'BAD_PDB'],
      ['zero.txt', 'BAD_PDB'],
    ]);
    expect(await settle(service)).toEqual({ 'amdppm.pdb': 'done', 'amdppm.sys': 'done' });
    expect(store.seen).toEqual([]);
  });

  it('remembers a miss for seven days, longer not, and not when forced', async () => {
    const lost = other('lost', '1');
    expect((await fetched([lost])).states).toEqual({ 'lost.pdb': 'failed NOT_ON_SERVER' });
    expect(store.seen.map(({ url }) => url.split('/').at(-1))).toEqual(['lost.pdb', 'lost.pd_', 'file.ptr']);
    await fetched([lost]);
    expect(store.seen.length).toBe(3);
    await fetched([lost], true);
    expect(store.seen.length).toBe(6);
    now += 8 * 24 * 3600 * 1000;
    await fetched([lost]);
    expect(store.seen.length).toBe(9);
  });

  it('ends every kind of bad answer in its own code, and keeps nothing of it', async () => {
    const cases: [ModuleRequest, string, string][] = [
      [other('html', '2'), 'html', 'failed HTML_ANSWER'],
      [other('empty', '3'), 'empty', 'failed EMPTY_ANSWER'],
      [other('big', '4'), 'oversize', 'failed TOO_LARGE'],
      [other('wrong', '5'), `serve:${AMDPPM_PATH}`, 'failed MISMATCH'],
      [other('lured', '6'), `redirect:${foreignUrl}${AMDPPM_PATH}`, 'failed PROXY'],
      [other('text', '7'), `raw:${btoa('hello, this is no symbol file')}`, 'failed BAD_PDB'],
      [other('msf', '8'), `raw:${btoa('Microsoft C/C++ MSF 7.00\r\n\u001aDS\0\0\0'.padEnd(4096, '\0'))}`, 'failed BAD_PDB'],
      [other('cab', '9'), `raw:${btoa('MSCF'.padEnd(64, '\0'))}`, 'failed BAD_CAB'],
    ];
    for (const [request, how] of cases) misbehave(request, how);
    const { states, asker, service } = await fetched(cases.map(([request]) => request));
    expect(states).toEqual(Object.fromEntries(cases.map(([request, , state]) => [request.pdb?.file, state])));
    expect(asker.arrivals).toEqual([]);
    expect(await service.cache.entries()).toEqual([]);
    expect(foreign.seen).toEqual([]);
  });

  it('fetches of a large image what unwinding needs, the rest when all of it is wanted', async () => {
    const wdf: ModuleRequest = { ...amdppm, module: 'Wdf01000', imageName: 'Wdf01000.sys', pe: { timestamp: 0xa9a9d36e, sizeOfImage: 0xd1000 } };
    const service = serviceOf();
    const asker = new Asker();
    await service.setConsent('microsoft', 'given');
    service.request([wdf], asker, false);
    await settle(service);
    const ranges = store.seen.filter(({ url }) => url.endsWith('/Wdf01000.sys')).map(({ headers }) => headers.range);
    // 0x10000 bytes of headers first; then .pdata and the debug records; then what they point to.
    expect(ranges[0]).toBe('bytes=0-65535');
    expect(asker.arrivals[0]).toMatchObject({ partial: true });
    expect(asker.arrivals[0]?.body.source.size).toBeLessThan(300_000);
    // Its PDB is not there: then the names of its export table are wanted, and with them the whole file.
    expect(asker.arrivals.at(-1)).toMatchObject({ partial: false });
    expect(asker.arrivals.at(-1)?.body.source.size).toBe(827_704);
    expect(ranges.at(-1)).toBeUndefined();
    expect((await service.cache.entries()).map(({ sizeBytes }) => sizeBytes)).toEqual([827_704]);
  });

  it('takes a whole file where a server knows no ranges, and nothing that changes between two parts', async () => {
    const path = '/wdf01000.sys/a9a9d36ed1000/wdf01000.sys';
    const wdf: ModuleRequest = { ...amdppm, module: 'Wdf01000', imageName: 'Wdf01000.sys', pe: { timestamp: 0xa9a9d36e, sizeOfImage: 0xd1000 } };
    Object.assign(store.faults, { [path]: 'norange:' });
    const first = await fetched([wdf]);
    expect(first.asker.arrivals[0]).toMatchObject({ partial: false });
    expect(store.seen.filter(({ url }) => url.toLowerCase() === path).length).toBe(1);

    effects = { ...effects, store: new MemoryStore() };
    store.seen.length = 0;
    Object.assign(store.faults, { [path]: 'growing:' });
    const second = await fetched([wdf]);
    expect(second.asker.arrivals[0]).toMatchObject({ partial: false });
    expect(second.asker.arrivals[0]?.body.source.size).toBe(827_704);
  });

  it('follows a redirect within the list, waits for slow answers, and tries again what broke', async () => {
    misbehave(nt, `redirect:${upstream}/b-1/blob?sig=x`);
    Object.assign(store.faults, { '/b-1/blob': `serve:${pathOf(nt)}` });
    misbehave(user32, 'flaky:2');
    misbehave({ ...amdppm, pdb: amdppmPdb }, 'slow:200');
    const { states } = await fetched([nt, user32, { ...amdppm, pdb: amdppmPdb, image: false }]);
    expect(states).toEqual({ 'ntkrnlmp.pdb': 'done', 'user32.pdb': 'done', 'amdppm.pdb': 'done' });
    expect(waits).toEqual([1000, 4000]);
  });

  it('gives up on what breaks off or hangs, after three tries', async () => {
    misbehave(user32, 'truncated');
    misbehave(nt, 'hang');
    const { states } = await fetched([user32, nt]);
    expect(states).toEqual({ 'user32.pdb': 'failed OFFLINE', 'ntkrnlmp.pdb': 'failed OFFLINE' });
    expect(store.seen.filter(({ url }) => url.endsWith('/user32.pdb')).length).toBe(3);
  });

  it('cancels what runs and what waits; each ends once and can be asked again', async () => {
    misbehave(user32, 'stall');
    const service = serviceOf();
    const asker = new Asker();
    await service.setConsent('microsoft', 'given');
    service.request([user32], asker, false);
    while (store.seen.length === 0) await new Promise((done) => setTimeout(done, 5));
    service.cancel(undefined);
    expect(await settle(service)).toEqual({ 'user32.pdb': 'cancelled' });
    await new Promise((done) => setTimeout(done, 50));
    expect(asker.states.get(service.downloads()[0]?.id ?? '')?.at(-1)).toBe('cancelled');
    Reflect.deleteProperty(store.faults, pathOf(user32).toLowerCase());
    service.request([user32], asker, false);
    expect(await settle(service)).toEqual({ 'user32.pdb': 'done' });
  });

  it('stops asking where consent is taken back while it asks', async () => {
    misbehave(user32, 'stall');
    const service = serviceOf();
    await service.setConsent('microsoft', 'given');
    service.request([user32], new Asker(), false);
    while (store.seen.length === 0) await new Promise((done) => setTimeout(done, 5));
    await service.setConsent('microsoft', 'refused');
    expect(await settle(service)).toEqual({ 'user32.pdb': 'declined' });
    await new Promise((done) => setTimeout(done, 50));
    expect([store.seen.length, await service.cache.entries()]).toEqual([1, []]);
  });

  it('declines without consent and for another maker’s modules, unless told to ask', async () => {
    const service = serviceOf();
    await service.setConsent('microsoft', 'refused');
    service.request([nt], new Asker(), false);
    expect(await settle(service)).toEqual({ 'ntkrnlmp.pdb': 'declined' });
    expect(store.seen).toEqual([]);
    const theirs = { ...other('nvlddmkm', 'a'), maker: 'nvidia' };
    expect((await fetched([theirs])).states).toEqual({ 'nvlddmkm.pdb': 'declined' });
    expect(store.seen).toEqual([]);
    expect((await fetched([theirs], true)).states).toEqual({ 'nvlddmkm.pdb': 'failed NOT_ON_SERVER' });
  });

  it('reads a two-tier store and follows a pointer inside it', async () => {
    const key = 'bbbbbbbb0000000000000000000000001'.toUpperCase();
    Object.assign(foreign.faults, {
      '/index2.txt': `raw:${btoa(' ')}`,
      [`/am/amdppm.pdb/${key.toLowerCase()}/file.ptr`]: `raw:${btoa(`PATH:${foreignUrl}${AMDPPM_PATH}`)}`,
      [`/am${AMDPPM_PATH}`.toLowerCase()]: `serve:${AMDPPM_PATH}`,
    });
    const service = serviceOf();
    await service.setPath('symbols', `srv*${foreignUrl}`);
    await service.servers();
    await service.setConsent('tiered', 'given');
    const pointed = { ...amdppm, pdb: { ...amdppmPdb, guid: 'bbbbbbbb-0000-0000-0000-000000000000' }, pe: null, image: false };
    service.request([{ ...amdppm, pdb: amdppmPdb, pe: null, image: false }, pointed], new Asker(), false);
    await settle(service);
    expect(service.downloads().map(({ status }) => (status.state === 'failed' ? status.code : status.state))).toEqual(['done', 'MISMATCH']);
    expect(foreign.seen.filter(({ url }) => url === '/index2.txt').length).toBe(1);
    expect(foreign.seen.at(-1)?.url).toBe(AMDPPM_PATH);
    for (const name of Object.keys(foreign.faults)) Reflect.deleteProperty(foreign.faults, name);
  });

  it('unpacks what a store holds compressed, from a server and from the person', async () => {
    const xcpt4 = { ...other('xcpt4', 'c'), pdb: { file: 'xcpt4.pdb', guid: 'c8c2329e-0e99-49e6-8b6f-132beca69e7e', age: 1 } };
    const demo = { ...amdppm, module: 'demo', imageName: 'demo.sys', pe: { timestamp: 0x65000000, sizeOfImage: 0x5000 } };
    Object.assign(store.faults, {
      '/xcpt4.pdb/c8c2329e0e9949e68b6f132beca69e7e1/xcpt4.pd_': `raw:${Buffer.from(corpusBytes('symbols/cab/own/x64-xcpt4.pd_.mszip.cab')).toString('base64')}`,
      '/demo.sys/650000005000/demo.sy_': `raw:${Buffer.from(corpusBytes('symbols/cab/own/arm64-O2-demo.sy_.mszip.cab')).toString('base64')}`,
    });
    const { states, asker } = await fetched([xcpt4, demo]);
    expect(states).toEqual({ 'xcpt4.pdb': 'done', 'demo.sys': 'done', 'demo.pdb': 'failed NOT_ON_SERVER' });
    expect(asker.arrivals.map(({ body }) => body.source.size).sort((a, b) => a - b)).toEqual([3584, 856064]);
    const added = await serviceOf().addFiles([{ name: 'xcpt4.pd_', body: bytesBody(corpusBytes('symbols/cab/own/x64-xcpt4.pd_.none.cab'), 'xcpt4.pd_') }]);
    expect(added.taken).toEqual([{ name: 'xcpt4.pd_', kind: 'pdb', key: 'c8c2329e0e9949e68b6f132beca69e7e1' }]);
  });

  it('says where there is no proxy, and that a server off the list cannot be asked', async () => {
    const bare = serviceOf(proxyBase.replace('/symbols', '/nothing'));
    bare.request([nt], new Asker(), false);
    expect(await settle(bare)).toEqual({ 'ntkrnlmp.pdb': 'failed PROXY' });
    const service = serviceOf();
    await service.setPath('symbols', 'srv*http://127.0.0.1:9/none');
    const unlisted = (await service.servers()).find(({ direct }) => direct);
    expect(unlisted).toMatchObject({ inPath: true, consent: 'not-asked', host: '127.0.0.1:9' });
    await service.setConsent(unlisted?.id ?? '', 'given');
    service.request([nt], new Asker(), false);
    expect(await settle(service)).toEqual({ 'ntkrnlmp.pdb': 'failed PROXY' });
  });

  it('makes room where the store is full, and goes on without keeping where it cannot', async () => {
    const full = new (class extends MemoryStore {
      room = 1;
      override async put(...args: Parameters<MemoryStore['put']>): Promise<'stored'> {
        return (await this.list()).length >= this.room ? ('quota' as 'stored') : super.put(...args);
      }
    })();
    effects = { ...effects, store: full };
    await fetched([user32]);
    const second = await fetched([{ ...amdppm, pdb: amdppmPdb, image: false }]);
    expect(second.service.downloads()[0]?.status).toMatchObject({ state: 'done', kept: 'stored' });
    expect((await full.list()).map(({ name }) => name)).toEqual(['amdppm.pdb']);
    const third = await fetched([user32]);
    expect(third.service.downloads()[0]?.status).toMatchObject({ state: 'done', kept: 'quota' });
    expect(third.asker.arrivals.length).toBe(1);
  });

  it('tells !sym noisy what it did, in the words of symsrv', async () => {
    const { service } = await fetched([user32]);
    const text = service.noise.lines().join('\n');
    expect(text).toContain('SYMSRV:  BYINDEX: 0x1\n         ' + upstream + '\n         user32.pdb\n         15F778B3671D4EFDBDCDE79905308B792');
    expect(text).toContain('DBGHELP: user32 - public symbols\n         ');
  });
});
