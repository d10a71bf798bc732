import { describe, expect, it } from 'vitest';
import { rva } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource, type ByteSource } from '../bytes/source.ts';
import { openPeFile } from '../formats/pe/file.ts';
import { readVersion } from '../formats/pe/version.ts';
import { corpusBytes, corpusHas, corpusJson, hasCorpus } from '../testing/node/corpus.ts';
import { displayName } from './demangle/display.ts';
import { exportSymbols } from './exports.ts';
import { checkPdbIdentity, checkPeIdentity, readPdbIdentity, readPeIdentity } from './identity.ts';
import { imageFromFile } from './image.ts';
import { packFromPdb } from './pack/frompdb.ts';
import { packFromSym } from './pack/fromsym.ts';
import { readPack, writePack } from './pack/layout.ts';
import { PackTable } from './pack/table.ts';

interface Pair {
  pe: string;
  pdb: string;
  pdb_key: string;
  pe_key: string;
}

const source = (path: string): ByteSource => new ArraySource(corpusBytes(`symbols/${path}`), path);

class CountingSource implements ByteSource {
  readonly name = 'counting';
  readonly size: number;
  bytesRead = 0;
  readonly #inner: ByteSource;
  constructor(inner: ByteSource) {
    this.#inner = inner;
    this.size = inner.size;
  }
  readBlock(offset: number, length: number): Uint8Array {
    const bytes = this.#inner.readBlock(offset, length);
    this.bytesRead += bytes.length;
    return bytes;
  }
}

/** Through the stored form, as the product uses it. */
function tableOf(path: string): PackTable {
  const pack = driveSync(packFromPdb(source(path)));
  if (!pack.ok) throw new Error(`${path}: ${JSON.stringify(pack.missing)}`);
  const stored = readPack(writePack(pack.value));
  if (!stored.ok) throw new Error(`${path}: ${JSON.stringify(stored.missing)}`);
  return new PackTable(stored.value);
}

const pairs = hasCorpus ? corpusJson<Pair[]>('symbols/pairs.json').filter((pair) => corpusHas(`symbols/${pair.pe}`) && corpusHas(`symbols/${pair.pdb}`)) : [];

describe.skipIf(!hasCorpus)('identities of the pairs', () => {
  it('are there', () => expect(pairs.length).toBeGreaterThan(20));

  it.each(pairs.map((pair) => [pair.pe, pair] as const))('%s and its PDB belong together', (_, pair) => {
    const pe = readPeIdentity(source(pair.pe));
    const pdb = readPdbIdentity(source(pair.pdb));
    if (!pe.ok || !pdb.ok) throw new Error('not read');
    expect(pe.value.key.toUpperCase()).toBe(pair.pe_key.toUpperCase());
    const wanted = pe.value.pdbs[0];
    if (!wanted) throw new Error('no PDB named');
    expect(pdb.value.identity.guid).toBe(wanted.guid);
    expect(checkPdbIdentity(source(pair.pdb), wanted).ok).toBe(true);
    expect(checkPeIdentity(source(pair.pe), pe.value.identity).ok).toBe(true);
    const wrong = checkPdbIdentity(source(pair.pdb), { ...wanted, age: wanted.age + 77 });
    expect(wrong).toMatchObject({ ok: false, problem: { code: 'MISMATCH' } });
    expect(checkPeIdentity(source(pair.pe), { ...pe.value.identity, timestamp: 1 })).toMatchObject({ ok: false, problem: { code: 'MISMATCH' } });
  });

  it('names what is none', () => {
    const text = new ArraySource(new TextEncoder().encode('<html>not found</html>'));
    expect(checkPdbIdentity(text, { guid: '', age: 1 })).toMatchObject({ ok: false, problem: { code: 'BAD_PDB' } });
    expect(checkPeIdentity(text, { timestamp: 1, sizeOfImage: 1 })).toMatchObject({ ok: false, problem: { code: 'BAD_PE' } });
    const whole = corpusBytes('symbols/pdb/own/x64-O2/demo.pdb');
    const identity = readPdbIdentity(new ArraySource(whole));
    if (!identity.ok) throw new Error('not read');
    const cut = checkPdbIdentity(new ArraySource(whole.slice(0, whole.length - 4096)), identity.value.identity);
    expect(cut).toMatchObject({ ok: false, problem: { code: 'BAD_PDB' } });
  });

  it('reads a few blocks only', () => {
    const counting = new CountingSource(source('pdb/node-pty/prebuilds/win32-x64/conpty.pdb'));
    const read = readPdbIdentity(counting);
    expect(read.ok).toBe(true);
    expect(counting.bytesRead).toBeLessThan(64 * 1024);
  });
});

interface Symbolized {
  pair: Pair;
  rows: { rva: string; outer?: { fn: string; file: string; line: number } | null }[];
}

describe.skipIf(!hasCorpus)("names against llvm-symbolizer's", () => {
  const named = (pair: Pair): string => `symbols/expect/symbolize/${pair.pe.replaceAll('/', '__')}.json`;
  const cases = pairs.filter((pair) => corpusHas(named(pair)));

  it.each(cases.map((pair) => [pair.pdb, pair] as const))('%s', (_, pair) => {
    const table = tableOf(pair.pdb);
    const { rows } = corpusJson<Symbolized>(named(pair));
    const arch = valueOf(openPeFile(source(pair.pe)))?.headers.arch ?? '';
    const wrong: string[] = [];
    let same = 0;
    let withLine = 0;
    let withLineUnnamed = 0;
    for (const row of rows) {
      const wanted = row.outer?.fn;
      if (!wanted) continue;
      const at = Number(row.rva);
      const hit = table.nearest(rva(at));
      if (row.outer?.line) withLine += 1;
      if (!hit.ok && row.outer?.line) withLineUnnamed += 1;
      if (!hit.ok) continue;
      if (agrees(table, hit.value.name, { at: at - hit.value.displacement, wanted, arch })) same += 1;
      // The other reader credits labels of exception handlers and assembler tables to the function before them.
      else if (hit.value.kind !== 'label') wrong.push(`${row.rva} ${hit.value.name}+${hit.value.displacement} wanted ${wanted}`);
    }
    expect(wrong).toEqual([]);
    // Where the line table knows the place it is code with a name. That reader stretches a function's last line over the padding behind it.
    expect(withLineUnnamed).toBeLessThanOrEqual(withLine * 0.02);
    expect(same).toBeGreaterThanOrEqual(withLine);
  });
});

/** The same name once both are undecorated, or another name of the same address: folded functions have several. */
function agrees(table: PackTable, name: string, other: { at: number; wanted: string; arch: string }): boolean {
  const shown = displayName(other.wanted, other.arch);
  if (name === shown || name === other.wanted) return true;
  return table.match(shown, 100).some((match) => match.rva === other.at);
}

describe.skipIf(!hasCorpus)('a real Microsoft DLL and its PDB', () => {
  const PDB = 'microsoft/store/user32.pdb/15F778B3671D4EFDBDCDE79905308B792/user32.pdb';

  it('agree on where exported functions are', () => {
    const pe = openPeFile(source('pdb/rizin/user32.dll'));
    const table = tableOf(PDB);
    const exports = pe.ok ? valueOf(exportSymbols(pe.value, pe.value.headers)) : undefined;
    if (!exports) throw new Error('no exports');
    let agreed = 0;
    for (const entry of exports.match('*', 10_000)) {
      const hit = valueOf(table.nearest(entry.rva));
      const found = valueOf(table.byName(entry.name));
      if (found === undefined) continue;
      expect(found).toBe(entry.rva);
      expect(hit?.displacement).toBe(0);
      agreed += 1;
    }
    expect(agreed).toBeGreaterThan(600);
  });

  it('finds decorated C++ names by what they show', () => {
    const table = tableOf('pdb/dump_syms/basic32-min.pdb');
    const all = table.match('*', 100_000);
    const some = (part: RegExp, count: number): string[] =>
      all
        .filter(({ name }) => part.test(name))
        .slice(0, count)
        .map(({ name }) => name);
    const names = [...some(/^\w+::\w+$/, 20), ...some(/`vftable'/, 3), ...some(/::operator/, 3)];
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) expect(all.filter((entry) => entry.name === name).map((entry) => entry.rva)).toContain(valueOf(table.byName(name)));
  });

  it('gives names of amdppm.sys', () => {
    const table = tableOf('microsoft/store/amdppm.pdb/1C19FDDB27BB3399D9B45973EFEAFCF31/amdppm.pdb');
    expect(table.nearest(rva(0x10f0))).toMatchObject({ ok: true, value: { name: 'C1Idle', displacement: 0, kind: 'public' } });
    expect(table.byName('c1idle')).toEqual({ ok: true, value: 0x10f0 });
    expect(table.match('C?Idle', 10)).toContainEqual({ name: 'C1Idle', rva: 0x10f0, isFunction: true });
    expect(table.nearest(rva(0x7000_0000)).ok).toBe(false);
    expect(table.nearest(rva(0)).ok).toBe(false);
  });
});

describe.skipIf(!hasCorpus)('images reordered after linking', () => {
  it('are named as Breakpad names them', () => {
    const table = tableOf('pdb/breakpad/omap_reorder_funcs.pdb');
    const text = new TextDecoder().decode(corpusBytes('symbols/pdb/breakpad/omap_reorder_funcs.sym'));
    const functions = [...text.matchAll(/^FUNC (?:m )?([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ (.*)$/gm)];
    expect(functions.length).toBeGreaterThan(150);
    let same = 0;
    for (const [, at = '', size = '', name = ''] of functions) {
      const hit = valueOf(table.nearest(rva(Number.parseInt(at, 16))));
      const last = valueOf(table.nearest(rva(Number.parseInt(at, 16) + Number.parseInt(size, 16) - 1)));
      expect(hit?.displacement).toBe(0);
      expect(last?.name).toBe(hit?.name);
      if (name.includes(hit?.name ?? '?')) same += 1;
    }
    // The rest are names of C that the two spell differently.
    expect(same).toBeGreaterThanOrEqual(functions.length - 10);
  });
});

describe.skipIf(!hasCorpus)('export tables as names', () => {
  it.each(['pe/rizin/kernel32.dll', 'pdb/rizin/user32.dll', 'microsoft/store/Wdf01000.sys/a9a9d36ed1000/Wdf01000.sys'])('%s', (path) => {
    const pe = openPeFile(source(path));
    if (!pe.ok) throw new Error(path);
    const table = exportSymbols(pe.value, pe.value.headers);
    if (!table.ok) return;
    for (const entry of table.value.match('*', 100_000)) expect(valueOf(table.value.nearest(entry.rva))?.displacement).toBe(0);
    const text = pe.value.headers.sections[0];
    if (!text) throw new Error('no section');
    let named = 0;
    for (let at = 0; at < text.virtualSize; at += 64) {
      const hit = valueOf(table.value.nearest(rva(text.rva + at)));
      if (!hit) continue;
      named += 1;
      expect(hit.sizeBytes === undefined ? hit.displacement < 0x100 : hit.displacement < hit.sizeBytes).toBe(true);
    }
    expect(named).toBeGreaterThan(0);
  });

  it('gives the bytes of an image as they lie in memory', () => {
    const image = imageFromFile(source('microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys'));
    if (!image.ok) throw new Error('not read');
    expect(image.value.size).toBe(0x3b000);
    expect([...image.value.readRva(rva(0), 2)]).toEqual([0x4d, 0x5a]);
    expect(image.value.readRva(rva(0x3b000), 16)).toHaveLength(0);
  });
});

/** A linear congruential generator: the same mutations every time. */
function* broken(bytes: Uint8Array): Generator<Uint8Array> {
  let seed = 20_261_122;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let cut = 0; cut < 64; cut++) yield bytes.slice(0, Math.floor((bytes.length * cut) / 64));
  for (let round = 0; round < 50; round++) {
    const copy = bytes.slice();
    // Half of the changes hit the headers, where they do most.
    for (let change = 0; change < 12; change++) copy[random(change < 6 ? Math.min(4096, copy.length) : copy.length)] = random(256);
    yield copy;
  }
}

describe.skipIf(!hasCorpus)('broken files', () => {
  it.each(['pdb/own/x64-O2/demo.pdb', 'pdb/breakpad/omap_reorder_funcs.pdb', 'pdb/own/x86-O2/demo.pdb'])('%s: PDB, a result or a reason', (path) => {
    for (const bytes of broken(corpusBytes(`symbols/${path}`))) {
      const counting = new CountingSource(new ArraySource(bytes));
      const start = Date.now();
      const pack = driveSync(packFromPdb(counting));
      if (pack.ok) {
        const table = new PackTable(pack.value);
        for (let at = 0; at < 0x8000; at += 0x111) table.nearest(rva(at));
        table.byName('main');
        table.match('*a*', 10);
      }
      const read = readPdbIdentity(new ArraySource(bytes));
      if (!read.ok) expect(read.problem.code).toBe('BAD_PDB');
      expect(Date.now() - start).toBeLessThan(2000);
      expect(counting.bytesRead).toBeLessThan(8 * bytes.length + 1024 * 1024);
    }
  });

  it.each(['pdb/own/x64-O2/demo.sys', 'pdb/rizin/user32.dll'])('%s: PE, a result or a reason', (path) => {
    for (const bytes of broken(corpusBytes(`symbols/${path}`))) {
      const start = Date.now();
      const read = readPeIdentity(new ArraySource(bytes));
      if (!read.ok) expect(read.problem.code).toBe('BAD_PE');
      const pe = read.ok ? read.value.file : undefined;
      const exports = pe && valueOf(exportSymbols(pe, pe.headers));
      exports?.match('*', 10);
      exports?.nearest(rva(0x1234));
      if (pe) readVersion(pe, pe.headers);
      expect(Date.now() - start).toBeLessThan(2000);
    }
  });

  it('packs that were stored by another version or are damaged', () => {
    const pack = driveSync(packFromPdb(source('pdb/own/x64-O2/demo.pdb')));
    if (!pack.ok) throw new Error('not read');
    const stored = new Uint8Array(writePack(pack.value));
    expect(readPack(stored.slice(0, 100).buffer).ok).toBe(false);
    expect(readPack(stored.slice(0, 10).buffer).ok).toBe(false);
    const other = stored.slice();
    other[4] = 99;
    expect(readPack(other.buffer)).toMatchObject({ ok: false, missing: { why: 'unknown-layout' } });
  });
});

describe.skipIf(!hasCorpus)('Breakpad symbol files', () => {
  const files = [
    'symbols/pdb/dump_syms/ntdll.sym',
    'symbols/pdb/symbolic/windows/crash.sym',
    'user/symbols/breakpad/kernel32.pdb/BCE8785C57B44245A669896B6A19B9542/kernel32.sym',
    'user/symbols/breakpad/libc-2.13.so/F4F8DFCD5A5FB5A7CE64717E9E6AE3890/libc-2.13.so.sym',
    'user/symbols/sentry-linux/crash.sym',
  ].filter(corpusHas);

  it('are there', () => expect(files.length).toBeGreaterThan(2));

  it.each(files)('%s', (path) => {
    const bytes = corpusBytes(path);
    const pack = driveSync(packFromSym(new ArraySource(bytes, path)));
    if (!pack.ok) throw new Error(JSON.stringify(pack.missing));
    const table = new PackTable(pack.value);
    const text = new TextDecoder().decode(bytes);
    expect(pack.value.texts.key).toBe(text.split(/\s+/)[3]);
    const functions = [...text.matchAll(/^FUNC (?:m )?([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ (.*?)\r?$/gm)];
    const publics = [...text.matchAll(/^PUBLIC (?:m )?([0-9a-f]+) [0-9a-f]+ (.*?)\r?$/gm)];
    expect(functions.length + publics.length).toBeGreaterThan(50);
    for (const [, at = '', size = '0'] of functions) {
      const hit = valueOf(table.nearest(rva(Number.parseInt(at, 16) + Number.parseInt(size, 16) - 1)));
      expect(hit === undefined ? 0 : hit.displacement).toBeLessThan(Number.parseInt(size, 16) || 1);
    }
    for (const [, at = '', name = ''] of publics.slice(0, 50)) {
      const same = table.match(name.replaceAll(/[*?]/g, '?'), 1000);
      expect(same.some((entry) => entry.rva === Number.parseInt(at, 16))).toBe(true);
    }
    const known = new Set([...functions.map((match) => match[3]), ...publics.map((match) => match[2])]);
    for (const entry of table.match('*', 100_000)) expect(known.has(entry.name)).toBe(true);
  });

  it('refuses what is none', () => {
    expect(driveSync(packFromSym(new ArraySource(new TextEncoder().encode('FUNC 1000 10 0 a\n')))).ok).toBe(false);
    for (const bytes of broken(corpusBytes('symbols/pdb/symbolic/windows/crash.sym'))) driveSync(packFromSym(new ArraySource(bytes)));
  });
});
