import { describe, expect, it } from 'vitest';
import { ArraySource } from '../../bytes/source.ts';
import type { Directory, DirectoryEntry, FileBody } from './effects.ts';
import { DroppedSources } from './sources.ts';

const bodyOf = (bytes: Uint8Array): FileBody => ({ source: new ArraySource(bytes), handle: null });
const body = (text: string): FileBody => bodyOf(new TextEncoder().encode(text));

/** "a/b.c" → text. */
function directoryOf(files: Readonly<Record<string, string>>): Directory {
  const entries = new Map<string, DirectoryEntry>();
  const below = new Map<string, Record<string, string>>();
  for (const [path, text] of Object.entries(files)) {
    const [head = '', ...rest] = path.split('/');
    if (rest.length === 0) entries.set(head, { kind: 'file', open: () => Promise.resolve(body(text)) });
    else below.set(head, { ...below.get(head), [rest.join('/')]: text });
  }
  for (const [name, inside] of below) entries.set(name, { kind: 'directory', directory: directoryOf(inside) });
  return { entries: () => Promise.resolve(entries) };
}

const folder = (files: Readonly<Record<string, string>>, recursive = false) => [{ path: 'c:\\src', directory: directoryOf(files), recursive }];
const FILE = 'D:\\a\\_work\\src\\net\\Main.c';

describe('source files', () => {
  it('are found by the longest end of the path that the PDB names', async () => {
    const sources = new DroppedSources();
    const files = { 'main.c': 'wrong', 'net/main.c': 'right\nsecond', 'other/net/main.c': 'deeper' };
    expect(await sources.find(FILE, folder(files))).toEqual({ origin: 'c:\\src\\net\\Main.c', lines: ['right', 'second'] });
    expect((await sources.find('/build/lib/util.c', folder({ 'util.c': 'one' })))?.origin).toBe('c:\\src\\util.c');
    expect(await sources.find('D:\\x\\..\\..\\secret.c', folder({ 'net/main.c': '' }))).toBeUndefined();
  });
  it('are looked for in subfolders only where that was asked; the best of several is taken', async () => {
    const files = { 'old/x/main.c': 'old', 'new/src/net/main.c': 'new' };
    expect(await new DroppedSources().find(FILE, folder(files))).toBeUndefined();
    expect(await new DroppedSources().find(FILE, folder(files, true))).toMatchObject({ origin: 'c:\\src\\new\\src\\net\\main.c', lines: ['new'] });
  });
  it('that were dropped come first, whatever their case', async () => {
    const sources = new DroppedSources();
    sources.add([{ name: 'MAIN.C', body: body('dropped\r\nlines') }]);
    expect(await sources.find(FILE, folder({ 'net/main.c': 'folder' }))).toEqual({ origin: 'Main.c', lines: ['dropped', 'lines'] });
  });
  it('are read in UTF-8, UTF-16 and the old code page', async () => {
    const sources = new DroppedSources();
    const all: [string, number[]][] = [
      ['utf8.c', [0xef, 0xbb, 0xbf, 0xc3, 0xa9]],
      ['utf16.c', [0xff, 0xfe, 0xe9, 0x00]],
      ['west.c', [0xe9]],
    ];
    sources.add(all.map(([name, bytes]) => ({ name, body: bodyOf(Uint8Array.from(bytes)) })));
    for (const [name] of all) expect((await sources.find(name, []))?.lines, name).toEqual(['é']);
  });
});
