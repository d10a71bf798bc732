import { describe, expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import { ArraySource, type ByteSource } from '../bytes/source.ts';
import { openTarget, readFirst } from './open.ts';

const bytes = (text: string, size = 4096): ArraySource => {
  const data = new Uint8Array(size);
  data.set(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  return new ArraySource(data);
};
const codeOf = (source: ByteSource): string => {
  const first = readFirst(source);
  const opened = driveSync(openTarget(source));
  expect(opened.ok).toBe(first.ok);
  return first.ok ? 'opened' : `${first.problem.code}: ${first.problem.detail}`;
};

describe('what is not a dump is told by what was seen', () => {
  it.each([
    ['an empty file', new ArraySource(new Uint8Array(0)), /^EMPTY: .*0 bytes/],
    ['zeros', new ArraySource(new Uint8Array(5000)), /^ALL_ZERO: 5000 bytes/],
    ['zeros and a byte at the end', new ArraySource(new Uint8Array(300_000).fill(1, 299_999)), /^NOT_A_DUMP: 300000 bytes, starting 00 00/],
    ['text', bytes('hello world'), /^NOT_A_DUMP: 4096 bytes, starting 68 65 6c 6c 6f/],
    ['a program', bytes('MZ'), /^NOT_A_DUMP: a program or driver/],
    ['an ELF core', bytes('\x7fELF'), /^UNSUPPORTED_KIND: an ELF file/],
    ['a hibernation file', bytes('HIBR'), /^UNSUPPORTED_KIND: a hibernation file/],
    ['half a signature', bytes('PAGED', 5), /^TRUNCATED: 5 bytes, starting 50 41 47 45 44/],
    ['a kernel header cut short', bytes('PAGEDU64', 4096), /^TRUNCATED: .*8192 bytes, the file has 4096/],
    ['a kernel dump of an unknown processor', bytes('PAGEDU64', 0x2000), /^UNSUPPORTED_KIND: .*machine type 0x0/],
  ] as const)('%s', (_name, source, wanted) => {
    expect(codeOf(source)).toMatch(wanted);
  });

  it('looks at a few places of a large file only', () => {
    let read = 0;
    const zeros: ByteSource = {
      name: 'large',
      size: 2 ** 36,
      readBlock: (_offset, length) => {
        read += length;
        return new Uint8Array(length);
      },
    };
    expect(readFirst(zeros)).toMatchObject({ ok: false, problem: { code: 'ALL_ZERO' } });
    expect(read).toBeLessThanOrEqual(2 * 1024 * 1024);
  });
});
