import { request as rawRequest } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNodeServer, createSite, listen } from './node.mjs';
import { createSymbolProxy } from './proxy.mjs';
import { readStorePath } from './storepath.mjs';
import { createLoopbackStore } from './testing/loopbackstore.mjs';

const KEY = '0123456789ABCDEF0123456789ABCDEF1';
const PDB = `Microsoft C/C++ MSF 7.00\r\n\x1aDS${'x'.repeat(5000)}`;
const PAGE = 'https://crash.example';
const folder = mkdtempSync(join(tmpdir(), 'store-'));
const path = (name: string) => `${name}/${KEY}/${name}`;

const store = createLoopbackStore({ folders: [join(folder, 'store')] });
const foreign = createLoopbackStore({ folders: [join(folder, 'store')] });
let site: Server;
let origin = '';
let proxy: (request: Request) => Promise<Response>;
const ask = (rest: string, init: RequestInit = {}) => proxy(new Request(`http://site.example/symbols/${rest}`, init));

beforeAll(async () => {
  for (const name of ['good.pdb', 'moved.pdb', 'slow.pdb', 'cut.pdb', 'stall.pdb']) {
    mkdirSync(join(folder, 'store', name, KEY), { recursive: true });
    writeFileSync(join(folder, 'store', name, KEY, name), PDB);
  }
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'index.html'), '<!doctype html><title>x</title>');
  writeFileSync(join(folder, 'dist', 'assets', 'app-1a2b.js'), 'export {}');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  const upstream = await store.start();
  const other = await foreign.start();
  const at = (name: string) => `/${path(name)}`;
  Object.assign(store.faults, {
    [at('moved.pdb').toLowerCase()]: `redirect:${upstream}/${path('good.pdb')}`,
    [at('lured.pdb').toLowerCase()]: `redirect:${other}/${path('good.pdb')}`,
    [at('loop.pdb').toLowerCase()]: `redirect:${upstream}/${path('loop.pdb')}`,
    [at('file.pdb').toLowerCase()]: 'redirect:file:///etc/passwd',
    [at('slow.pdb').toLowerCase()]: 'slow:120',
    [at('hang.pdb').toLowerCase()]: 'hang',
    [at('cut.pdb').toLowerCase()]: 'truncated',
    [at('stall.pdb').toLowerCase()]: 'stall',
    [at('big.pdb').toLowerCase()]: 'oversize',
    [at('endless.pdb').toLowerCase()]: 'endless',
    [at('html.pdb').toLowerCase()]: 'html',
    [at('empty.pdb').toLowerCase()]: 'empty',
    [at('error.pdb').toLowerCase()]: 'error',
  });
  const options = {
    servers: [{ id: 'test', name: 'Test', url: upstream }],
    origins: [PAGE],
    limits: { headerMs: 2500, idleMs: 2500, maxBytes: 1024 * 1024, parallel: 2 },
    allowLoopbackHttp: true,
  };
  proxy = createSymbolProxy(options);
  site = createNodeServer(createSite({ root: join(folder, 'dist'), proxy: options }));
  origin = `http://127.0.0.1:${await listen(site, 0)}`;
});
afterAll(async () => {
  await Promise.all([
    store.stop(),
    foreign.stop(),
    new Promise((done) => {
      site.closeAllConnections();
      site.close(done);
    }),
  ]);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  store.seen.length = 0;
  foreign.seen.length = 0;
});

describe('symbol proxy', () => {
  it('streams a file and passes nothing of the visitor on', async () => {
    const response = await ask(`test/${path('good.pdb')}`, {
      headers: { 'user-agent': 'Visitor/1', cookie: 'a=b', authorization: 'x', referer: 'http://site.example/' },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(PDB);
    expect(response.headers.get('x-symbol-proxy')).toBe('ok');
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const sent = store.seen[0]?.headers ?? {};
    expect(sent['user-agent']).toBe('faultline-symbol-proxy');
    for (const name of ['cookie', 'authorization', 'referer', 'origin', 'x-forwarded-for']) expect(sent[name]).toBeUndefined();
  });
  it('answers HEAD without a body', async () => {
    const response = await ask(`test/${path('good.pdb')}`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, String(PDB.length), '']);
    expect(store.seen[0]?.method).toBe('HEAD');
  });
  it('passes Range on, and only in its plain form', async () => {
    const response = await ask(`test/${path('good.pdb')}`, { headers: { range: 'bytes=0-8' } });
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([206, 'Microsoft', `bytes 0-8/${PDB.length}`]);
    const odd = await ask(`test/${path('good.pdb')}`, { headers: { range: 'lines=1-2' } });
    expect([odd.status, (await odd.text()).length]).toEqual([200, PDB.length]);
  });
  it('follows a redirect on its list', async () => {
    const response = await ask(`test/${path('moved.pdb')}`);
    expect([response.status, await response.text()]).toEqual([200, PDB]);
  });
  it('refuses a redirect to a foreign host, to another scheme and in a circle, unasked', async () => {
    for (const name of ['lured.pdb', 'file.pdb', 'loop.pdb']) {
      const response = await ask(`test/${path(name)}`);
      expect([response.status, response.headers.get('x-symbol-proxy')]).toEqual([502, 'REDIRECT_REFUSED']);
    }
    expect(foreign.seen).toEqual([]);
  });
  it('tells a miss from a failing server, and hides the body of both', async () => {
    const miss = await ask(`test/${path('none.pdb')}`);
    expect([miss.status, miss.headers.get('x-symbol-proxy'), await miss.text()]).toEqual([404, 'NOT_ON_SERVER', '']);
    const bad = await ask(`test/${path('error.pdb')}`);
    expect([bad.status, bad.headers.get('x-symbol-proxy'), bad.headers.get('x-upstream-status')]).toEqual([502, 'UPSTREAM', '500']);
  });
  it('waits for a slow answer and gives up on one that hangs', async () => {
    expect(await (await ask(`test/${path('slow.pdb')}`)).text()).toBe(PDB);
    const hung = await ask(`test/${path('hang.pdb')}`);
    expect([hung.status, hung.headers.get('x-symbol-proxy')]).toEqual([504, 'TIMEOUT']);
  });
  it('breaks the stream where upstream breaks off, stalls or goes beyond the size', async () => {
    for (const name of ['cut.pdb', 'stall.pdb', 'endless.pdb']) {
      const response = await ask(`test/${path(name)}`);
      expect(response.status).toBe(200);
      await expect(response.arrayBuffer()).rejects.toThrow();
    }
    const big = await ask(`test/${path('big.pdb')}`);
    expect([big.status, big.headers.get('x-symbol-proxy')]).toEqual([502, 'TOO_LARGE']);
  });
  it('never lets an HTML answer become a document of this origin', async () => {
    const response = await ask(`test/${path('html.pdb')}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
    await response.text();
    expect((await (await ask(`test/${path('empty.pdb')}`)).arrayBuffer()).byteLength).toBe(0);
  });
  it('limits the parallel requests and frees a place after each, also after a failure', async () => {
    const three = await Promise.all([1, 2, 3].map(() => ask(`test/${path('slow.pdb')}`)));
    expect(three.map((response) => response.status).sort()).toEqual([200, 200, 503]);
    await Promise.all(three.map((response) => response.text()));
    expect((await ask(`test/${path('good.pdb')}`, { method: 'HEAD' })).status).toBe(200);
    const after = await Promise.all([1, 2].map(() => ask(`test/${path('good.pdb')}`)));
    expect(after.map((response) => response.status)).toEqual([200, 200]);
    await after[0]?.text();
    await after[1]?.body?.cancel();
    await (await ask(`test/${path('good.pdb')}`)).text();
    const unread = await Promise.all([1, 2].map(() => ask(`test/${path('stall.pdb')}`)));
    expect(unread.map((response) => response.status)).toEqual([200, 200]);
    await new Promise((done) => setTimeout(done, 4000));
    expect(await (await ask(`test/${path('good.pdb')}`)).text()).toBe(PDB);
  });
  it('refuses every other method, server, path and query before asking anyone', async () => {
    const post = await ask(`test/${path('good.pdb')}`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await ask(`other/${path('good.pdb')}`)).status).toBe(404);
    for (const rest of [
      'test/',
      'test/x',
      'test/..%2f..%2fetc/0123456789/passwd',
      'test/a/b/c/d/e',
      `test/${path('good.pdb')}?url=http://x`,
      'test/%ff/%ff/%ff',
    ]) {
      expect((await ask(rest)).status, rest).toBe(400);
    }
    expect(store.seen).toEqual([]);
  });
  it('lets the configured origin read it and no other page', async () => {
    const allowed = await ask(`test/${path('good.pdb')}`, { headers: { origin: PAGE, 'sec-fetch-site': 'cross-site' } });
    expect([allowed.status, allowed.headers.get('access-control-allow-origin'), allowed.headers.get('cross-origin-resource-policy')]).toEqual([
      200,
      PAGE,
      'cross-origin',
    ]);
    await allowed.body?.cancel();
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const refused = await ask(`test/${path('good.pdb')}`, { headers });
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
    const preflight = await ask(`test/${path('good.pdb')}`, { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'GET' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, HEAD']);
  });
  it('lists its servers by id and host, without asking them', async () => {
    expect(await (await ask('servers')).json()).toEqual([
      { id: 'test', name: 'Test', host: expect.stringContaining('127.0.0.1'), url: expect.stringContaining('http://127.0.0.1'), vendor: 'any' },
    ]);
    expect(store.seen).toEqual([]);
  });
  it('takes http upstream on loopback in tests only', () => {
    expect(() => createSymbolProxy({ servers: [{ id: 'a', name: 'A', url: 'http://127.0.0.1:1' }] })).toThrow('not https');
    expect(() => createSymbolProxy({ servers: [{ id: 'a', name: 'A', url: 'http://example.com' }], allowLoopbackHttp: true })).toThrow('not https');
  });
});

describe('store paths', () => {
  it.each([
    ['ntkrnlmp.pdb/E9BEBA2FE31582704229E51F816084331/ntkrnlmp.pdb', true],
    ['ntkrnlmp.pdb/E9BEBA2FE31582704229E51F816084331/ntkrnlmp.pd_', true],
    ['ntoskrnl.exe/5215D156783000/file.ptr', true],
    ['nt/ntoskrnl.exe/5215D156783000/ntoskrnl.exe', true],
    ['xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2/xul.sym', true],
    ['My%20Driver%20%5Bx%5D.sys/5215D156783000/My%20Driver%20%5Bx%5D.sys', true],
    ['index2.txt', true],
    ['xx/ntoskrnl.exe/5215D156783000/ntoskrnl.exe', false],
    ['ntoskrnl.exe/5215D156783000/other.exe', false],
    ['ntoskrnl.exe/nokey/ntoskrnl.exe', false],
    ['ntoskrnl.exe//ntoskrnl.exe', false],
    ['../5215D156783000/..', false],
    ['%2e%2e/5215D156783000/%2e%2e', false],
    ['a%252fb/5215D156783000/a%252fb', false],
    ['a%5cb/5215D156783000/a%5cb', false],
    ['', false],
  ])('%s → %s', (raw, good) => expect(readStorePath(raw) !== undefined).toBe(good));
});

describe('site', () => {
  const raw = (target: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((done, fail) => {
      const { port } = site.address() as AddressInfo;
      rawRequest({ host: '127.0.0.1', port, path: target, headers }, (message) => {
        let text = '';
        message.on('data', (part: Buffer) => (text += part.toString()));
        message.on('end', () => done({ status: message.statusCode ?? 0, text }));
      })
        .on('error', fail)
        .end();
    });

  it('serves page, hashed files and proxy on one origin, with the headers on each', async () => {
    const page = await fetch(`${origin}/`);
    expect([page.status, page.headers.get('cache-control'), page.headers.get('cross-origin-opener-policy')]).toEqual([200, 'no-cache', 'same-origin']);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const script = await fetch(`${origin}/assets/app-1a2b.js`);
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-security-policy')).toBe(page.headers.get('content-security-policy'));
    expect((await fetch(`${origin}/`, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })).status).toBe(304);
    expect(await (await fetch(`${origin}/symbols/test/${path('moved.pdb')}`)).text()).toBe(PDB);
    await expect((await fetch(`${origin}/symbols/test/${path('cut.pdb')}`)).arrayBuffer()).rejects.toThrow();
  });
  it('leaves its folder by no path', async () => {
    for (const target of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '/..%5csecret.txt', '/%00', '/%ff']) {
      const { status, text } = await raw(target);
      expect([target, status, text.includes('secret\n')]).toEqual([target, 404, false]);
    }
    expect((await fetch(`${origin}/`, { method: 'POST', body: 'x' })).status).toBe(405);
  });
  it('answers to no other name, so that a page elsewhere cannot point its own name here', async () => {
    expect((await raw('/', { host: 'evil.example' })).status).toBe(421);
    expect((await raw('/', { host: 'localhost:1' })).status).toBe(200);
  });
});
