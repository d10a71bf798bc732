/** In PDBs with private symbols each decorated public stands at the address of a procedure whose name the compiler wrote short. */
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { readModules } from '../../formats/pdb/modules.ts';
import { openPdb, type PdbFile, readSymbolRecords } from '../../formats/pdb/pdb.ts';
import { layoutOf, parseNamedPlace, RecordCursor } from '../../formats/pdb/records.ts';
import { corpusBytes, corpusJson, hasCorpus } from '../../testing/node/corpus.ts';
import { displayName } from './display.ts';

const decoder = new TextDecoder();

function* namesOf(cursor: RecordCursor, layout: string): Generator<readonly [place: string, name: string]> {
  while (cursor.next()) {
    const named = layoutOf(cursor.kind) === layout ? parseNamedPlace(cursor) : undefined;
    if (named) yield [`${named.segment}:${named.offset}`, decoder.decode(cursor.bytes.subarray(named.nameAt, named.nameEnd))];
  }
}

function proceduresOf(pdb: PdbFile): Map<string, Set<string>> {
  const procedures = new Map<string, Set<string>>();
  for (const module of valueOf(readModules(pdb)) ?? []) {
    const stream = module.stream === undefined ? undefined : valueOf(pdb.msf.stream(module.stream));
    if (!stream) continue;
    for (const [place, name] of namesOf(new RecordCursor(stream, 4, module.symbolBytes), 'procedure')) {
      procedures.set(place, (procedures.get(place) ?? new Set()).add(name));
    }
  }
  return procedures;
}

/** Other names of one body: destructors by vector or scalar, an empty function folded with another. */
const ALIASES = /^\?\?_E|^\?__global_delete@/;
describe.skipIf(!hasCorpus)('short names', () => {
  it("are those of the PDB's own procedures", () => {
    const wrong: string[] = [];
    let same = 0;
    for (const { pdb: path } of corpusJson<{ pdb: string }[]>('symbols/pairs.json')) {
      const pdb = valueOf(openPdb(new ArraySource(corpusBytes(`symbols/${path}`))));
      const records = pdb && valueOf(readSymbolRecords(pdb));
      if (!pdb || !records) continue;
      const procedures = proceduresOf(pdb);
      for (const [place, name] of namesOf(new RecordCursor(records, 0, records.size), 'public')) {
        const names = procedures.get(place);
        if (!names || !name.startsWith('?')) continue;
        const shown = displayName(name, 'x64');
        if (names.has(shown)) same += 1;
        // Where several functions were folded into one body, any of them may be the one with this public.
        else if (names.size === 1 && !ALIASES.test(name)) wrong.push(`${name}: ${shown} wanted ${[...names].join()}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(same).toBeGreaterThan(800);
  });
});
