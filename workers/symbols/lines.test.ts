import { describe, expect, it } from 'vitest';
import { rva } from '../base/address.ts';
import { thenFound, valueOf } from '../base/found.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import { corpusBytes, corpusHas, corpusJson, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { openLines, type PdbLines } from './lines.ts';

interface Place {
  readonly fn: string;
  readonly file: string;
  readonly line: number;
}
interface Symbolized {
  readonly pair: { readonly pdb: string };
  readonly rows: readonly { readonly rva: string; readonly frames: readonly Place[] | null; readonly outer?: Place | null }[];
}

const cases = corpusList('symbols/expect/symbolize')
  .filter((name) => name.endsWith('.json'))
  .map((name) => corpusJson<Symbolized>(`symbols/expect/symbolize/${name}`))
  .map(({ pair, rows }) => ({ pdb: `symbols/${pair.pdb.replace('/src/h/symbols/', '')}`, rows }))
  .filter(({ pdb }) => corpusHas(pdb));

function linesOf(pdb: string): PdbLines {
  const lines = thenFound(openPdb(new ArraySource(corpusBytes(pdb))), openLines);
  if (!lines.ok) throw new Error(`${pdb}: ${JSON.stringify(lines.missing)}`);
  return lines.value;
}

const text = (place: Place | { readonly file: string; readonly line: number } | undefined): string => (place?.line ? `${place.file}:${place.line}` : '');

/** That reader shows the marks of hidden lines as numbers, and credits padding to the line before it. */
const isNoLine = (place: Place): boolean => place.line === 0xf00f00 || place.line === 0xfeefee;
/** Rows, of all, where it gives the last line before a gap and this one none, since no object file has a line there. */
const PADDING = 17;

describe.skipIf(!hasCorpus)("lines against llvm-symbolizer's", () => {
  it('are the same but for padding', () => {
    const wrong: string[] = [];
    let [rows, padding] = [0, 0];
    for (const { pdb, rows: all } of cases) {
      const lines = linesOf(pdb);
      for (const row of all) {
        const wanted = row.outer ?? row.frames?.at(-1);
        if (!wanted || isNoLine(wanted)) continue;
        rows += 1;
        const got = text(valueOf(lines.find(rva(Number(row.rva)))));
        if (got === text(wanted)) continue;
        if (got === '') padding += 1;
        else wrong.push(`${pdb.split('/').at(-1)} ${row.rva}: line ${got.split(':').at(-1)} wanted ${wanted.line}`);
      }
    }
    expect(rows).toBeGreaterThan(10_000);
    expect(wrong).toEqual([]);
    expect(padding).toBeLessThanOrEqual(PADDING);
  });
});

const shorter = (name: string): string => name.replace(/^::/, '').split('::').at(-1) ?? name;

describe.skipIf(!hasCorpus)("inlined functions against llvm-symbolizer's", () => {
  // LLVM's linker writes each range with its length; that reader understands these in full.
  it.each(cases.filter(({ pdb }) => pdb.includes('/own/')).map((one) => [one.pdb, one] as const))('%s: names and lines', (pdb, { rows }) => {
    const lines = linesOf(pdb);
    const wanted = rows.map(({ rva: at, frames }) => [at, ...(frames ?? []).slice(0, -1).map((frame) => `${frame.fn} ${text(frame)}`)]);
    const got = rows.map(({ rva: at }) => [at, ...lines.inlined(rva(Number(at))).map(({ name, source }) => `${valueOf(name)} ${text(valueOf(source))}`)]);
    expect(wanted.filter((row) => row.length > 1).length).toBeGreaterThan(30);
    expect(got).toEqual(wanted);
  });

  /**
   * Of Microsoft's annotations that reader drops the ranges that are ended by the start of the next (see annotations.test.ts), so
   * that it knows fewer functions and takes the line of another range. What it knows must be known here, in the same order.
   */
  it.each(cases.filter(({ pdb }) => !pdb.includes('/own/')).map((one) => [one.pdb, one] as const))('%s: names', (pdb, { rows }) => {
    const lines = linesOf(pdb);
    for (const { rva: at, frames } of rows) {
      const got = lines.inlined(rva(Number(at))).map(({ name }) => shorter(valueOf(name) ?? ''));
      const wanted = (frames ?? []).slice(0, -1).map(({ fn }) => shorter(fn));
      let from = 0;
      for (const name of wanted) {
        from = got.indexOf(name, from) + 1;
        expect(from, `${at}: ${name} of ${wanted.join()} in ${got.join()}`).toBeGreaterThan(0);
      }
    }
  });
});

describe.skipIf(!hasCorpus)('PDBs without lines', () => {
  it('say that they were stripped', () => {
    const lines = linesOf('symbols/pdb/dump_syms/basic32-min.pdb');
    const detail = (at: number): string => JSON.stringify(lines.find(rva(at)));
    expect(detail(0x1000)).toContain('stripped of private symbols');
    expect(detail(0x7fff_0000)).toContain('no object file gave this place');
  });
  it('are refused by name where they hold types only', () => {
    const path = 'symbols/pdb/llvm/llvm/test/tools/llvm-pdbutil/Inputs/TypeServerTest.pdb';
    const pdb = openPdb(new ArraySource(corpusBytes(path)));
    expect(pdb.ok && pdb.value.dbi).toMatchObject({ ok: false, missing: { why: 'not-valid', got: expect.stringContaining('types and no symbols') } });
  });
});
