import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, hasCorpus } from '../../testing/node/corpus.ts';
import { parseAnnotations } from './annotations.ts';
import { readModules } from './modules.ts';
import { openPdb } from './pdb.ts';
import { RecordCursor } from './records.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const ranges = (hex: string): readonly (readonly number[])[] => parseAnnotations(bytes(hex)).map(({ start, end, lineDelta }) => [start, end, lineDelta]);

describe('annotations of an inline site', () => {
  // Opcodes: 3 code, 4 length, 5 file, 6 line, 11 both in one number, 12 length and code. Signed numbers keep their sign in the lowest bit.
  it('end a range where the next begins, or by a length', () => {
    expect(ranges('0304' + '0604' + '0308' + '0405')).toEqual([
      [4, 12, 0],
      [12, 17, 2],
    ]);
    expect(ranges('0b23' + '0405')).toEqual([[3, 8, 1]]);
    expect(ranges('0c0504' + '0603' + '0c0209')).toEqual([
      [4, 9, 0],
      [13, 15, -1],
    ]);
  });
  it('go on behind the length', () =>
    expect(ranges('0304' + '0402' + '0303' + '0401').map(([start, end]) => [start, end])).toEqual([
      [4, 6],
      [9, 10],
    ]));
  it('have numbers of one, two and four bytes', () => {
    expect(ranges('038123' + '04c0010000')).toEqual([[0x123, 0x123 + 0x10000, 0]]);
  });
  it('name other files', () => {
    expect(parseAnnotations(bytes('0518' + '0301' + '0401'))).toEqual([{ start: 1, end: 2, lineDelta: 0, checksum: 0x18 }]);
  });
  it('end at what is none', () => {
    expect(ranges('0304' + '0402' + '0e01' + '0301' + '0401')).toEqual([[4, 6, 0]]);
    expect(ranges('0304' + '04')).toEqual([]);
    expect(ranges('0304' + '04ff')).toEqual([]);
    expect(ranges('0304')).toEqual([]);
  });
});

/** Places where code begins and ends as llvm-pdbutil lists them. */
function listed(text: string): { starts: Set<number>; ends: Set<number>; lines: Set<number> } {
  const all = (pattern: RegExp): Set<number> => new Set([...text.matchAll(pattern)].map((match) => Number(match[1])));
  return { starts: all(/ code (0x[0-9A-F]+) \(/g), ends: all(/code end (0x[0-9A-F]+)/g), lines: all(/ line (-?\d+)/g) };
}

describe.skipIf(!hasCorpus)('annotations of the corpus', () => {
  it.each(['symbolic/windows/crash', 'samply/win64-ci/WriteArgument', 'rizin/vs2019_cpp_override'])('%s: as llvm-pdbutil lists them', (name) => {
    const opened = openPdb(new ArraySource(corpusBytes(`symbols/pdb/${name}.pdb`)));
    if (!opened.ok) throw new Error(name);
    const text = new TextDecoder().decode(corpusBytes(`symbols/expect/pdb/${name}.pdb.symbols.txt`));
    const wanted = text
      .split(/\| S_INLINESITE \[size = /)
      .slice(1)
      .map((part) => listed(part.split(' | S_')[0] ?? ''));
    let count = 0;
    for (const module of valueOf(readModules(opened.value)) ?? []) {
      const stream = module.stream === undefined ? undefined : valueOf(opened.value.msf.stream(module.stream));
      const cursor = stream && new RecordCursor(stream, 4, module.symbolBytes);
      while (cursor?.next()) {
        if (cursor.kind !== 0x114d) continue;
        const site = wanted[count++];
        for (const range of parseAnnotations(cursor.bytes.subarray(cursor.start + 16, cursor.start + cursor.size))) {
          expect(site?.starts).toContain(range.start);
          expect(site?.ends.has(range.end) || site?.starts.has(range.end)).toBe(true);
          expect(range.lineDelta === 0 || site?.lines.has(range.lineDelta)).toBe(true);
        }
      }
    }
    expect(count).toBe(wanted.length);
    expect(count).toBeGreaterThan(10);
  });
});
