import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, hasCorpus } from '../../testing/node/corpus.ts';
import { readModules } from './modules.ts';
import { openPdb } from './pdb.ts';
import { readPlaces } from './sections.ts';
import { walkTraceAnnotations } from './traceannotations.ts';

describe.skipIf(!hasCorpus)('trace annotations of the corpus', () => {
  it.each(['own_wpp/x64/wppdemo', 'own/x64-O2/demo'])('%s: as llvm-pdbutil lists them', (name) => {
    const pdb = openPdb(new ArraySource(corpusBytes(`symbols/pdb/${name}.pdb`)));
    if (!pdb.ok) throw new Error(name);
    const text = new TextDecoder().decode(corpusBytes(`symbols/expect/pdb/${name}.pdb.symbols.txt`));
    const wanted = text.split(/^ +\d+ \| S_|^Mod /m).flatMap((record) => {
      if (!record.startsWith('ANNOTATION ')) return [];
      const strings = record.slice(record.indexOf('[\n') + 2, record.lastIndexOf(']'));
      const lines = strings.split('\n').map((line) => line.trim());
      return [`${/addr = (\d+:\d+)/.exec(record)?.[1]} ${lines.join('|')}`];
    });
    const { sections } = valueOf(readPlaces(pdb.value)) ?? { sections: [] };
    const placeOf = (rva = 0): string => {
      const index = sections.findLastIndex((section) => section.rva <= rva);
      return `${String(index + 1).padStart(4, '0')}:${String(rva - (sections[index]?.rva ?? 0)).padStart(4, '0')}`;
    };
    const got = (valueOf(readModules(pdb.value)) ?? []).flatMap((module) => [...walkTraceAnnotations(pdb.value, module, sections)]);
    expect(got.map(({ rva, texts }) => `${placeOf(rva)} ${texts.map((line) => line.trim()).join('|')}`)).toEqual(wanted);
    expect(wanted.length > 0).toBe(name.includes('wpp'));
  });
});
