import { describe, expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { findPersonal } from './personal.ts';

const latin = (text: string): Uint8Array => new TextEncoder().encode(text);
function wide(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  [...text].forEach((char, index) => {
    bytes[2 * index] = char.charCodeAt(0) & 0xff;
    bytes[2 * index + 1] = char.charCodeAt(0) >> 8;
  });
  return bytes;
}
function file(size: number, parts: Readonly<Record<number, Uint8Array>>): ArraySource {
  const bytes = new Uint8Array(size);
  for (const [at, part] of Object.entries(parts)) bytes.set(part, Number(at));
  return new ArraySource(bytes, 'made.dmp');
}
const find = (source: ArraySource) => driveSync(findPersonal(source));

describe('what a dump gives away', () => {
  it('accounts, folders, mail, shares and sites, in bytes and in UTF-16, with offset and count', () => {
    const source = file(8192, {
      100: latin('C:\\Users\\Jane Doe\\AppData\\x\0'),
      400: wide('C:\\Users\\Jane Doe\\Desktop\0'),
      1000: latin('COMPUTERNAME=DESK-1\0USERNAME=jane\0'),
      2000: wide('mailto: jane.doe@example.org.\0'),
      3000: latin('\\\\fileserver\\projects\0'),
      4000: latin('https://intranet.example.org/path?secret=1\0'),
    });
    expect(find(source).texts).toEqual([
      { kind: 'folder', text: 'C:\\Users\\Jane Doe', count: 2, at: 100 },
      { kind: 'account', text: 'COMPUTERNAME=DESK-1', count: 1, at: 1000 },
      { kind: 'account', text: 'USERNAME=jane', count: 1, at: 1020 },
      { kind: 'mail', text: 'jane.doe@example.org', count: 1, at: 2016 },
      { kind: 'share', text: '\\\\fileserver\\projects', count: 1, at: 3000 },
      { kind: 'site', text: 'intranet.example.org', count: 1, at: 4008 },
    ]);
  });
  it('folders of nobody, device paths and plain code are none', () => {
    const source = file(4096, { 10: latin('C:\\Users\\Public\\x\0\\\\?\\C:\\x\0\\\\.\\pipe\\x\0C:\\Windows\\System32\\x.dll\0a@b\0') });
    expect(find(source).texts).toEqual([]);
  });
  it('a text across two slices is found once, whole', () => {
    const slice = 256 * 1024;
    const { texts } = find(file(3 * slice, { [slice - 9]: latin('C:\\Users\\middle\\x\0'), [2 * slice - 20]: wide('C:\\Users\\wide\\x\0') }));
    expect(texts).toEqual([
      { kind: 'folder', text: 'C:\\Users\\middle', count: 1, at: slice - 9 },
      { kind: 'folder', text: 'C:\\Users\\wide', count: 1, at: 2 * slice - 20 },
    ]);
  });
  it('no file makes it keep or take without end', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `user${index}@example.org `).join('');
    const { texts, more } = find(file(1 << 20, { 0: latin(many), 200_000: latin('a.'.repeat(100_000)), 500_000: latin('\\\\a'.repeat(50_000)) }));
    expect([texts.length, more]).toEqual([500, true]);
  });
});
