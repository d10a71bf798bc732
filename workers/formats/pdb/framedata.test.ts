import { describe, expect, it } from 'vitest';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, corpusHas, hasCorpus } from '../../testing/node/corpus.ts';
import { storedPaths } from '../../testing/node/readobj.ts';
import { type FpoData, type FrameData, FrameTable } from './framedata.ts';
import { openPdb } from './pdb.ts';

const pdbs = storedPaths().filter((path) => path.endsWith('.pdb') && corpusHas(`symbols/expect/${path}.fpo.txt`) && corpusHas(`symbols/${path}`));

function tableOf(path: string): FrameTable {
  const pdb = openPdb(new ArraySource(corpusBytes(`symbols/${path}`), path));
  if (!pdb.ok) throw new Error(path);
  return new FrameTable(pdb.value);
}

const KINDS: Readonly<Record<FpoData['kind'], string>> = { fpo: 'FPO', trap: 'Trap', tss: 'TSS', 'non-fpo': 'Non-FPO' };
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
const row = (...cells: readonly (string | number | boolean)[]): string => cells.join(' | ');

/**
 * As llvm-pdbutil dump -fpo prints a record, cells without padding. Of FPO_DATA it takes fHasSEH and fUseBP from bits that
 * winnt.h gives to cbRegs, and four bits of cbProlog's eight: the former are left out, the latter cut.
 */
const fpoRow = (one: FpoData): string =>
  row(hex(one.start), one.codeBytes, one.localBytes / 4, one.paramBytes / 4, one.prologBytes & 15, one.savedRegisterBytes / 4, KINDS[one.kind]);
const dataRow = (one: FrameData, stack: string): string =>
  row(
    ...[hex(one.start), one.codeBytes, one.localBytes, one.paramBytes, stack, one.prologBytes, one.savedRegisterBytes],
    ...[one.hasSeh, one.hasEh, one.isFunctionStart, one.program.ok ? one.program.value.trim() : ''],
  );

/** Rows of one part of the text. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^[0-9A-F]{8} \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

describe.skipIf(!hasCorpus)('frame data of real PDBs, against llvm-pdbutil', () => {
  it('equals record by record, and finds each by its address', () => {
    let [frameData, fpoData, files] = [0, 0, 0];
    for (const path of pdbs) {
      const text = new TextDecoder().decode(corpusBytes(`symbols/expect/${path}.fpo.txt`));
      const [old = '', fresh = ''] = text.split('New FPO Data');
      const table = tableOf(path);
      const [wantedFpo, wantedData] = [rows(old), rows(fresh)];
      if (wantedFpo.length + wantedData.length === 0) continue;
      files += 1;
      expect([path, table.counts]).toEqual([path, { frameData: wantedData.length, fpoData: wantedFpo.length }]);
      for (const [index, wanted] of wantedFpo.entries()) {
        const mine = table.fpoDataAt(index);
        expect(mine.ok && fpoRow(mine.value)).toBe(wanted.filter((_, cell) => cell !== 6 && cell !== 7).join(' | '));
      }
      for (const [index, wanted] of wantedData.entries()) {
        const mine = table.frameDataAt(index);
        expect(mine.ok && dataRow(mine.value, wanted[4] ?? '')).toBe(wanted.join(' | '));
        // Innermost: no record that begins later lies over that address.
        const over = table.over(Number.parseInt(wanted[0] ?? '', 16));
        expect(over.ok && over.value && hex(over.value.start)).toBe(wanted[0]);
      }
      frameData += wantedData.length;
      fpoData += wantedFpo.length;
    }
    console.log(`frame data: ${frameData} FRAMEDATA and ${fpoData} FPO_DATA records of ${files} PDBs equal`);
    expect(frameData).toBeGreaterThan(5000);
    expect(fpoData).toBeGreaterThan(100);
  });
});
