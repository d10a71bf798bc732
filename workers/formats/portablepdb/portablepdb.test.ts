import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, corpusHas, hasCorpus } from '../../testing/node/corpus.ts';
import { openPdb } from '../pdb/pdb.ts';
import { readCodeViews } from '../pe/debug.ts';
import { openPeFile } from '../pe/file.ts';
import { readPortablePdbId } from './portablepdb.ts';

const words = (...values: readonly number[]): number[] => values.flatMap((value) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24]);
const text = (value: string, size: number): number[] => [...value.padEnd(size, '\0')].map((char) => char.charCodeAt(0));

/** A root with two streams: "#Strings" without bytes, "#Pdb" with an id. */
const MADE = Uint8Array.from([
  ...[...text('BSJB', 4), ...words(0x0001_0001, 0, 12), ...text('PDB v1.0', 12), 0, 0, 2, 0],
  ...[...words(0, 0), ...text('#Strings', 12), ...words(68, 20), ...text('#Pdb', 8)],
  ...[...Array.from({ length: 16 }, (_, index) => index), ...words(0x1234_5678)],
]);

describe('portable PDBs', () => {
  it('are named by their id', () => {
    expect(readPortablePdbId(new ArraySource(MADE))).toEqual({ ok: true, value: { guid: '03020100-0504-0706-0809-0a0b0c0d0e0f', stamp: 0x1234_5678 } });
    expect(openPdb(new ArraySource(MADE))).toMatchObject({
      ok: false,
      missing: { why: 'not-valid', got: expect.stringContaining('03020100-0504-0706-0809-0a0b0c0d0e0f') },
    });
  });
  it('give a reason when they are cut', () => {
    for (let length = 0; length < MADE.length; length++) expect(readPortablePdbId(new ArraySource(MADE.slice(0, length))).ok).toBe(false);
  });
});

describe.skipIf(!hasCorpus)('portable PDBs of the corpus', () => {
  const FOLDER = 'symbols/pdb/dotnet-diagnostics/Microsoft.SymbolStore.UnitTests/TestBinaries/dir1/System.Threading.Thread';
  it('have the id that their image names', () => {
    expect(corpusHas(`${FOLDER}.pdb`)).toBe(true);
    const id = readPortablePdbId(new ArraySource(corpusBytes(`${FOLDER}.pdb`)));
    const pe = openPeFile(new ArraySource(corpusBytes(`${FOLDER}.dll`)));
    if (!id.ok || !pe.ok) throw new Error('not read');
    const guids = (valueOf(readCodeViews(pe.value, pe.value.headers)) ?? []).flatMap((view) => ('guid' in view ? [view.guid] : []));
    expect(guids).toContain(id.value.guid);
  });
});
