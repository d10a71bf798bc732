import { describe, expect, it } from 'vitest';
import { filesOfDrop, filesOfHandles } from './files.ts';

const file = (name: string): File => new File(['x'], name);
const denied = (): DOMException => new DOMException('no', 'NotAllowedError');
const fileEntry = (name: string, refuse = false) => ({
  ...{ name, isFile: true, isDirectory: false },
  file: (done: (file: File) => void, fail: (why: unknown) => void) => (refuse ? fail(denied()) : done(file(name))),
});
const folderEntry = (name: string, children: readonly object[] | null) => ({
  ...{ name, isFile: false, isDirectory: true },
  createReader: () => {
    let left = children;
    return {
      readEntries: (done: (some: readonly object[]) => void, fail: (why: unknown) => void) => {
        if (left === null) return fail(denied());
        const some = left;
        left = [];
        done(some);
      },
    };
  },
});
const drop = (...entries: readonly object[]): DataTransfer =>
  ({ files: [], items: entries.map((entry) => ({ kind: 'file', webkitGetAsEntry: () => entry })) }) as unknown as DataTransfer;
const names = (taken: { files: File[]; refused: string[] }) => ({ files: taken.files.map(({ name }) => name), refused: taken.refused });

describe('what the browser may not open', () => {
  it('is named, a whole folder as well as one file in it, and the rest is taken', async () => {
    const data = drop(folderEntry('Minidump', null), folderEntry('mine', [fileEntry('a.dmp'), fileEntry('b.dmp', true), fileEntry('c.txt')]));
    expect(names(await filesOfDrop(data, () => false))).toEqual({ files: ['a.dmp'], refused: ['Minidump', 'b.dmp'] });
  });
  it('is named where a file was double-clicked', async () => {
    const handles = [
      { name: 'MEMORY.DMP', getFile: () => Promise.reject(denied()) },
      { name: 'a.dmp', getFile: () => Promise.resolve(file('a.dmp')) },
    ];
    expect(names(await filesOfHandles(handles))).toEqual({ files: ['a.dmp'], refused: ['MEMORY.DMP'] });
  });
});
