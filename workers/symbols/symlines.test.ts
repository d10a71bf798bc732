import { describe, expect, it } from 'vitest';
import { rva } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { ArraySource } from '../bytes/source.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import type { LineFinder } from './lines.ts';
import { openSymLines } from './symlines.ts';

const USER = 'user/symbols';

function linesOf(bytes: Uint8Array): LineFinder {
  const lines = valueOf(openSymLines(new ArraySource(bytes)));
  if (!lines) throw new Error('no lines');
  return lines;
}

const shown = (source: { readonly file: string; readonly line: number } | undefined): string => (source ? `${source.file}:${source.line}` : '');

/** At a place: functions inlined there, innermost first, each with its line, and at last the line of the function itself. */
function at(lines: LineFinder, place: number): string[] {
  const inlined = lines.inlined(rva(place)).map(({ name, source }) => `${valueOf(name)} ${shown(valueOf(source))}`);
  return [...inlined, shown(valueOf(lines.find(rva(place))))];
}

interface Frame {
  readonly module: string | null;
  readonly module_offset: string;
  readonly trust: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly inlines: readonly { readonly file: string; readonly function: string; readonly line: number }[] | null;
}

describe.skipIf(!hasCorpus)('lines of .sym files', () => {
  it("are those of minidump-stackwalk's report", () => {
    const lines = linesOf(corpusBytes(`${USER}/rustminidump/crash-client/509C0610949836F7B70BD88BCF03E5400/crash-client.sym`));
    const report = new TextDecoder().decode(corpusBytes('user/expect/rustminidump-pipeline-inlines-macos-segv.macos_inlines_json_pretty.snap'));
    const { threads } = JSON.parse(report.slice(report.indexOf('\n{'))) as { threads: { frames: Frame[] }[] };
    const frames = threads.flatMap((thread) => thread.frames).filter(({ module, file }) => module === 'crash-client' && file);
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.some(({ inlines }) => (inlines?.length ?? 0) > 1)).toBe(true);
    for (const { module_offset: offset, trust, inlines, file, line } of frames) {
      // Of callers the instruction before the one to return to.
      const place = Number(offset) - (trust === 'context' ? 0 : 1);
      const wanted = (inlines ?? []).map((inline) => `${inline.function} ${inline.file}:${inline.line}`);
      expect(at(lines, place), offset).toEqual([...wanted, `${file}:${line}`]);
    }
  });

  it('in the old form lack the files of calls', () => {
    const folder = `${USER}/breakpad/linux_inline/BBA6FA10B8AAB33D00000000000000000`;
    // Read by hand from both files: func, called in bar at line 32, bar in foo at 39, foo in main at 42.
    const [old, now] = ['old', 'new'].map((form) => at(linesOf(corpusBytes(`${folder}/linux_inline.${form}.sym`)), 0x15b83));
    expect(now?.slice(1)).toEqual(['bar() c.cpp:32', 'foo() b.cpp:39', 'a.cpp:42']);
    expect(now?.[0]).toMatch(/^func\(\) linux_inline\.cpp:\d+$/);
    expect(old).toEqual([now?.[0], 'bar() ', 'foo() ', '']);
  });
});

describe('lines of .sym files by hand', () => {
  const text = [
    'MODULE Linux x86_64 000 a',
    'FILE 0 a.c',
    'INLINE_ORIGIN 0 _RNvC1a1b',
    'FUNC 1000 20 0 f',
    'INLINE 0 7 0 0 1010 4 1018 4',
    '1000 10 5 0',
    '1010 4 9 0',
    '1014 4 6 3',
    '1018 4 10 0',
    'FUNC 2000 10 0 g',
    'INLINE 0 7 0 0 2000',
    `INLINE ${'a'.repeat(5000)} !`,
  ].join('\r\n');
  const lines = linesOf(new TextEncoder().encode(text));

  it.each([
    [0x1000, ['a.c:5']],
    [0x1010, ['a::b a.c:9', 'a.c:7']],
    [0x1018, ['a::b a.c:10', 'a.c:7']],
  ])('at %s', (place, wanted) => expect(at(lines, place)).toEqual(wanted));

  it('count displacements from the first range', () => expect(lines.inlined(rva(0x101a))).toMatchObject([{ displacement: 0xa }]));

  it.each([
    [0xfff, 'no function'],
    [0x1014, 'no file 3'],
    [0x101c, 'no line'],
    [0x2000, 'no line'],
    [0x2010, 'no function'],
  ])('are missing at %s with the reason', (place, why) => {
    const line = lines.find(rva(place));
    expect(line.ok ? '' : JSON.stringify(line.missing)).toContain(why);
  });
});
