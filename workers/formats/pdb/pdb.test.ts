import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, corpusHas, corpusJson, hasCorpus } from '../../testing/node/corpus.ts';
import { openMsf } from '../msf/msf.ts';
import { readModules } from './modules.ts';
import { openPdb, type PdbFile, readSymbolRecords } from './pdb.ts';
import { layoutOf, parseNamedPlace, RecordCursor } from './records.ts';
import { readContributions, readPlaces } from './sections.ts';

interface PdbFacts {
  guid?: string;
  age?: number;
  dbi_age?: number;
  streams?: number;
  block?: number;
  error?: string;
}

const facts = hasCorpus
  ? Object.entries(corpusJson<{ pdb: Record<string, PdbFacts> }>('symbols/identity.json').pdb).filter(([path]) => corpusHas(`symbols/${path}`))
  : [];
const good = facts.filter(([, wanted]) => !wanted.error);

function open(path: string): PdbFile {
  const pdb = openPdb(new ArraySource(corpusBytes(`symbols/${path}`), path));
  if (!pdb.ok) throw new Error(`${path}: ${JSON.stringify(pdb.missing)}`);
  return pdb.value;
}

const expected = (path: string, part: string): string => new TextDecoder().decode(corpusBytes(`symbols/expect/pdb/${path.replace(/^pdb\//, '')}.${part}.txt`));
const hasPart =
  (part: string) =>
  ([path]: [string, unknown]): boolean =>
    corpusHas(`symbols/expect/pdb/${path.replace(/^pdb\//, '')}.${part}.txt`);
const hasExpected = hasPart('publics');

interface Listed {
  name: string;
  place: string;
  length: number | undefined;
}

function list(cursor: RecordCursor, layout: string): Listed[] {
  const all: Listed[] = [];
  while (cursor.next()) {
    const named = layoutOf(cursor.kind) === layout ? parseNamedPlace(cursor) : undefined;
    if (!named) continue;
    const name = new TextDecoder().decode(cursor.bytes.subarray(named.nameAt, named.nameEnd));
    all.push({ name, place: `${named.segment}:${named.offset}`, length: named.length });
  }
  expect(cursor.broken).toBe(false);
  return all;
}

const place = (segment: string | undefined, offset: string | undefined): string => `${Number(segment)}:${Number(offset)}`;
const asText = (entry: Listed): string => `${entry.place} ${entry.length ?? ''} ${entry.name}`;

describe.skipIf(!hasCorpus)('PDBs of the corpus', () => {
  it('are there', () => {
    expect(good.length).toBeGreaterThan(40);
    expect(good.filter(hasExpected).length).toBeGreaterThan(30);
  });

  it.each(good)('%s: identity', (path, wanted) => {
    const pdb = open(path);
    expect(pdb.info.guid.replaceAll('-', '').toUpperCase()).toBe(wanted.guid);
    expect(pdb.info.age).toBe(wanted.age);
    expect(pdb.imageAge).toBe(wanted.dbi_age ?? wanted.age);
    expect(pdb.msf.streamCount).toBe(wanted.streams);
    expect(valueOf(openMsf(new ArraySource(corpusBytes(`symbols/${path}`))))?.blockSize).toBe(wanted.block);
  });

  it.each(facts.filter(([, wanted]) => wanted.error))('%s is refused with a reason', (path) => {
    const pdb = openPdb(new ArraySource(corpusBytes(`symbols/${path}`)));
    expect(pdb.ok && pdb.value.dbi.ok).toBe(false);
  });

  it.each(good.filter(hasExpected))('%s: publics as llvm-pdbutil lists them', (path) => {
    const records = valueOf(readSymbolRecords(open(path)));
    if (!records) return;
    // The oracle writes addresses in decimal and walks the hash, so in another order.
    const wanted = [...expected(path, 'publics').matchAll(/S_PUB32 \[size = \d+\] `(.*)`\n\s+flags = .*, addr = (\d+):(\d+)/g)];
    const publics = list(new RecordCursor(records, 0, records.size), 'public');
    expect(publics.map(asText).sort()).toEqual(wanted.map((match) => `${place(match[2], match[3])}  ${match[1]}`).sort());
  });

  it.each(good.filter(hasPart('symbols')))('%s: procedures of every module as llvm-pdbutil lists them', (path) => {
    const pdb = open(path);
    const modules = valueOf(readModules(pdb)) ?? [];
    const text = expected(path, 'symbols');
    const wanted = [...text.matchAll(/S_[GL]PROC32(?:_ID|_DPC|_DPC_ID)? \[size = \d+\] `(.*)`\n\s+parent = .*, addr = (\d+):(\d+), code size = (\d+)/g)];
    const procedures = modules.flatMap((module) => {
      const stream = module.stream === undefined ? undefined : valueOf(pdb.msf.stream(module.stream));
      return stream ? list(new RecordCursor(stream, 4, module.symbolBytes), 'procedure') : [];
    });
    expect(procedures.map(asText).sort()).toEqual(wanted.map((match) => `${place(match[2], match[3])} ${match[4]} ${match[1]}`).sort());
    const mods = [...text.matchAll(/Mod (\d{4}) \| `(.*)`:/g)];
    if (mods.length > 0) expect(modules.map((module) => module.name)).toEqual(mods.map((match) => match[2]));
  });

  it.each(good.filter(hasPart('sections')))('%s: sections and contributions', (path) => {
    const places = valueOf(readPlaces(open(path)));
    const text = expected(path, 'sections');
    const part = /Original Section Headers\s+=+\n\s+SECTION HEADER/.test(text)
      ? text.split('Original Section Headers')[1]
      : text.split('Original Section Headers')[0];
    const addresses = [...(part ?? '').matchAll(/([0-9A-F]+) virtual address/g)].map((match) => Number.parseInt(match[1] ?? '', 16));
    expect(places?.sections.map((section) => section.rva) ?? []).toEqual(addresses);
    const contributions = places && valueOf(readContributions(open(path), places.sections));
    const wanted = [...text.matchAll(/SC\[.*\]\s+\| mod = \d+, (\d+):(\d+), size = (\d+)/g)].filter(
      (match) => Number(match[3]) > 0 && places?.sections[Number(match[1]) - 1],
    );
    expect(contributions?.starts.length ?? 0).toBe(wanted.length);
    const starts = wanted.map((match) => (places?.sections[Number(match[1]) - 1]?.rva ?? 0) + Number(match[2])).sort((a, b) => a - b);
    expect([...(contributions?.starts ?? [])]).toEqual(starts);
  });

  it('reads real Microsoft files and synthetic kernels', () => {
    for (const path of [
      'microsoft/store/amdppm.pdb/1C19FDDB27BB3399D9B45973EFEAFCF31/amdppm.pdb',
      'microsoft/store/user32.pdb/15F778B3671D4EFDBDCDE79905308B792/user32.pdb',
      'types/synth/store/ntkrnlmp.pdb/79BE8C368BEC7DD9677EA9B355ACE7841/ntkrnlmp.pdb',
      'types/synth/store/ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B8441/ntkrnlmp.pdb',
      'types/synth/store/ntkrnlmp.pdb/BBED7C2955FBE4522AAA23F4B8677AD91/ntkrnlmp.pdb',
    ]) {
      const pdb = open(path);
      const key = path.split('/').at(-2);
      expect(pdb.info.guid.replaceAll('-', '').toUpperCase() + pdb.imageAge.toString(16)).toBe(key);
      const records = valueOf(readSymbolRecords(pdb));
      expect(records && list(new RecordCursor(records, 0, records.size), 'public').length).toBeGreaterThan(500);
    }
  });
});
