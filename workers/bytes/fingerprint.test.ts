import { describe, expect, it } from 'vitest';
import { SourceError } from '../base/problem.ts';
import { checkFingerprint, takeFingerprint } from './fingerprint.ts';
import { ArraySource } from './source.ts';

describe('fingerprint', () => {
  const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 7) & 0xff);

  it.each([0, 1, 100, 65_536, 65_537, 300_000])('of %i bytes holds while nothing changes, and not where the first or last byte does', (size) => {
    const data = bytes(size);
    const source = new ArraySource(data);
    const taken = takeFingerprint(source);
    expect(() => checkFingerprint(source, taken)).not.toThrow();
    for (const at of size === 0 ? [] : [0, size - 1]) {
      data[at] = (data[at] ?? 0) ^ 1;
      expect(() => checkFingerprint(source, taken)).toThrow(SourceError);
      data[at] = (data[at] ?? 0) ^ 1;
    }
  });
  it('tells a file that was cut and bytes that changed places', () => {
    const data = bytes(1000);
    const taken = takeFingerprint(new ArraySource(data));
    expect(() => checkFingerprint(new ArraySource(data.subarray(0, 999)), taken)).toThrow(SourceError);
    [data[3], data[4]] = [data[4] ?? 0, data[3] ?? 0];
    expect(() => checkFingerprint(new ArraySource(data), taken)).toThrow(SourceError);
  });
});
