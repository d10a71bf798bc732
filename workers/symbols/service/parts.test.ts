import { describe, expect, it } from 'vitest';
import { DemandQueue, StopSwitch } from './queue.ts';
import { sniff } from './sniff.ts';
import { needsOf } from './needs.ts';
import { placesOf, readPointer, urlOf } from './storepath.ts';
import { consentTexts, mayHold, readServerList } from './servers.ts';
import { moreTelling } from './status.ts';
import { firstWants, imageWant, pdbWant } from './want.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('wants', () => {
  // The two keys stand in public: windows-driver-docs issue 3735 and OVS-issues 50.
  it('spells keys as symbol stores do', () => {
    const pdb = pdbWant('nt', { file: 'd:\\x\\ntkrnlmp.pdb', guid: 'e9beba2f-e315-8270-4229-e51f81608433', age: 1 });
    expect([pdb.names, pdb.key]).toEqual([['ntkrnlmp.pdb'], 'E9BEBA2FE31582704229E51F816084331']);
    const image = imageWant('nt', 'ntkrnlmp.exe', { timestamp: 0x5215d156, sizeOfImage: 0x783000 });
    expect([image.names, image.key]).toEqual([['ntkrnlmp.exe', 'ntoskrnl.exe'], '5215D156783000']);
    expect(pdbWant('a', { file: 'a.pdb', guid: '00000000-0000-0000-0000-000000000000', age: 0xab }).key.slice(-2)).toBe('ab');
  });
  it('asks for the image first where the dump does not name the PDB', () => {
    const base = { module: 'a', imageName: 'a.sys', demand: 0, maker: null, whole: false };
    const pe = { timestamp: 1, sizeOfImage: 0x1000 };
    const pdb = { file: 'a.pdb', guid: '11111111-1111-1111-1111-111111111111', age: 1 };
    expect(firstWants({ ...base, pe, pdb: null, image: false }).map((want) => want.kind)).toEqual(['image']);
    expect(firstWants({ ...base, pe, pdb, image: false }).map((want) => want.kind)).toEqual(['pdb']);
    expect(firstWants({ ...base, pe, pdb, image: true }).map((want) => want.kind)).toEqual(['pdb', 'image']);
    expect(firstWants({ ...base, pe: null, pdb: null, image: true })).toEqual([]);
  });
});

describe('places in a store', () => {
  const want = imageWant('nt', 'ntoskrnl.exe', { timestamp: 0x5215d156, sizeOfImage: 0x783000 });
  it('goes through the shapes in the order of symsrv', () => {
    const paths = placesOf({ ...want, names: ['a b.exe'] }, ['plain', 'compressed', 'pointer'], false).map((place) => place.parts.join('/'));
    expect(paths).toEqual(['a b.exe/5215D156783000/a b.exe', 'a b.exe/5215D156783000/a b.ex_', 'a b.exe/5215D156783000/file.ptr']);
  });
  it('puts two letters in front in a two-tier store and encodes each part', () => {
    const [place] = placesOf({ ...want, names: ['a&b.exe'] }, ['plain'], true);
    expect(urlOf('https://h/s/', place?.parts ?? [])).toBe('https://h/s/a%26/a%26b.exe/5215D156783000/a%26b.exe');
  });
  it('follows a pointer within the store only', () => {
    const store = 'https://h/s';
    expect(readPointer('PATH:https://h/s/a.pdb/1234567890/a.pd_\r\n', store)).toEqual({ to: 'parts', parts: ['a.pdb', '1234567890', 'a.pd_'] });
    for (const text of ['PATH:\\\\server\\share\\a.pdb', 'PATH:https://evil/s/a/b/c', 'PATH:https://h/s/a/../../c', 'MSG: It was removed', '']) {
      expect(readPointer(text, store).to).toBe('elsewhere');
    }
  });
  it('follows a pointer inside a folder, whichever way its separators lean', () => {
    expect(readPointer('PATH:C:\\Store\\000\\1\\a.pdb', 'c:/store')).toEqual({ to: 'parts', parts: ['000', '1', 'a.pdb'] });
    expect(readPointer('PATH:c:\\stored\\000\\1\\a.pdb', 'c:/store').to).toBe('elsewhere');
  });
  it('names a Breakpad symbol file after the PDB, and none for an image', () => {
    const pdb = pdbWant('xul', { file: 'xul.pdb', guid: '11111111-1111-1111-1111-111111111111', age: 1 });
    expect(placesOf(pdb, ['sym'], false)[0]?.parts.at(-1)).toBe('xul.sym');
    expect(placesOf(want, ['sym'], false)).toEqual([]);
  });
});

describe('what a dump needs', () => {
  const server = { id: 'ms', name: '', host: 'h', url: 'https://h/s', vendor: 'microsoft', root: '/x', direct: false };
  const request = (imageName: string, maker: string | null) => ({
    ...{ module: 'a', imageName, pe: { timestamp: 0x5215d156, sizeOfImage: 0x783000 }, demand: 2, maker, image: false, whole: false },
    pdb: { file: 'a.pdb', guid: 'e9beba2f-e315-8270-4229-e51f81608433', age: 1 },
  });
  it('is listed with addresses, lines for a shell and for symchk', () => {
    const [pdb, image] = needsOf([request('a.sys', null), request('a.sys', null)], [server]);
    expect(pdb?.addresses).toEqual(['https://h/s/a.pdb/E9BEBA2FE31582704229E51F816084331/a.pdb']);
    expect(pdb?.manifest).toBe('a.pdb,E9BEBA2FE31582704229E51F816084331,1');
    expect(image?.curl).toBe('curl -fL --create-dirs -o "a.sys/5215D156783000/a.sys" "https://h/s/a.sys/5215D156783000/a.sys"');
    expect(needsOf([request('a.sys', null), request('a.sys', null)], [server]).length).toBe(2);
  });
  it('has no address at a server of another maker', () => {
    expect(needsOf([request('a.sys', 'nvidia')], [server]).map(({ addresses, curl }) => [addresses, curl])).toEqual([
      [[], null],
      [[], null],
    ]);
  });
  it.each(['a"; rm -rf ~;".sys', '$(id).sys', '`id`.sys', '%PATH%.sys', '-o.sys', 'a&b.sys', 'a,1.sys'])(
    'puts no name such as %s into a line for a shell',
    (name) => {
      const image = needsOf([request(name, null)], [server]).find(({ kind }) => kind === 'image');
      expect([image?.curl, image?.manifest, image?.addresses.length]).toEqual([null, null, 1]);
    },
  );
});

describe('first bytes', () => {
  it.each([
    ['Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0', 'msf'],
    ['Microsoft MSFZ Container\r\n\x1aALD\0\0', 'msf'],
    ['Microsoft C/C++ program database 2.00\r\n', 'old-pdb'],
    ['MZ\x90\0', 'pe'],
    ['MSCF\0\0\0\0', 'cab'],
    ['BSJB', 'portable-pdb'],
    ['MODULE windows x86_64', 'sym'],
    ['<!DOCTYPE html>', 'html'],
    ['\r\n <html>', 'html'],
    ['', 'empty'],
    ['hello', 'other'],
  ])('%j is %s', (text, is) => expect(sniff(bytes(text))).toBe(is));
});

describe('queue', () => {
  it('runs so many at once, lowest demand first, in the order of asking', async () => {
    const queue = new DemandQueue(2);
    const began: string[] = [];
    const ends = new Map<string, () => void>();
    const add = (id: string, demand: number) => queue.add(id, demand, () => new Promise<void>((done) => (began.push(id), ends.set(id, done))));
    for (const [id, demand] of [
      ['a', 2],
      ['b', 2],
      ['c', 2],
      ['d', 0],
      ['e', 1],
      ['f', 2],
    ] as const)
      add(id, demand);
    expect(began).toEqual(['a', 'b']);
    expect(queue.remove('c')).toBe(true);
    add('f', 0);
    for (const id of ['a', 'd', 'f']) {
      ends.get(id)?.();
      await new Promise((done) => setTimeout(done, 0));
    }
    expect(began).toEqual(['a', 'b', 'd', 'f', 'e']);
    expect(queue.remove('a')).toBe(false);
  });
  it('tells a stop at once, also to those who ask late, and once', () => {
    const stop = new StopSwitch();
    let told = 0;
    stop.onStop(() => (told += 1));
    stop.stop();
    stop.stop();
    stop.onStop(() => (told += 10));
    expect([stop.stopped, told]).toEqual([true, 11]);
  });
});

describe('servers', () => {
  it('takes from the proxy what looks like a server and nothing else', () => {
    const good = { id: 'ms', name: 'Microsoft', host: 'h', url: 'https://h', vendor: 'microsoft', shapes: ['plain', 'odd'], layout: 'flat' };
    expect(readServerList(JSON.stringify([good, { id: '../x', host: 'h', url: 'u' }, 5, null]))).toEqual([{ ...good, shapes: ['plain'] }]);
    expect(readServerList('<html>')).toBeUndefined();
    expect(readServerList('{}')).toBeUndefined();
  });
  it('asks a maker of another maker’s modules only where nobody knows better', () => {
    const microsoft = { id: 'ms', name: '', host: '', url: '', vendor: 'microsoft' };
    expect([mayHold(microsoft, 'microsoft'), mayHold(microsoft, null), mayHold(microsoft, 'nvidia')]).toEqual([true, true, false]);
    expect(mayHold({ ...microsoft, vendor: 'any' }, 'nvidia')).toBe(true);
  });
  it('says what is sent, what it reveals, by which way, how much, and that it works without', () => {
    const server = { id: 'ms', name: 'Microsoft', host: 'msdl', url: 'https://msdl', vendor: 'microsoft', root: '/symbols/ms', direct: false };
    expect(consentTexts(server, { files: 100, kernelFiles: 2 }).map(({ id }) => id.split('.').at(-1))).toEqual([
      'sends',
      'reveals',
      'proxied',
      'size',
      'without',
    ]);
    expect(consentTexts({ ...server, root: 'http://127.0.0.1:8080/symbols/ms' }, { files: 1, kernelFiles: 0 })[2]?.id).toBe('symbols.consent.local');
    expect(consentTexts(server, { files: 100, kernelFiles: 2 })[3]?.args).toEqual({ files: 100, megabytes: 42 });
  });
  it('keeps the failure that says most', () => {
    const of = (code: 'NOT_ON_SERVER' | 'MISMATCH') => ({ code, detail: '' });
    expect(moreTelling(of('MISMATCH'), of('NOT_ON_SERVER')).code).toBe('MISMATCH');
    expect(moreTelling(of('NOT_ON_SERVER'), of('MISMATCH')).code).toBe('MISMATCH');
  });
});
