import { describe, expect, it } from 'vitest';
import { ArraySource, type ByteSource } from '../../bytes/source.ts';
import { openMsf } from './msf.ts';

const MAGIC = 'Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0';

interface Plan {
  blockSize: number;
  /** Sizes by stream number. */
  streams: readonly number[];
}

/**
 * A file too large to be held: its blocks are made when they are read. Every stream's bytes are its number; blocks are dealt out
 * backwards, so that no stream is contiguous by chance.
 */
class MadeMsf implements ByteSource {
  readonly name = 'made';
  readonly size: number;
  bytesRead = 0;
  readonly #blockSize: number;
  readonly #parts = new Map<number, Uint8Array>();
  readonly #owners = new Map<number, number>();

  constructor({ blockSize, streams }: Plan) {
    this.#blockSize = blockSize;
    const counts = streams.map((size) => Math.ceil(size / blockSize));
    const directory = new Uint32Array(1 + streams.length + counts.reduce((sum, count) => sum + count, 0));
    const directoryBlocks = Math.ceil((directory.length * 4) / blockSize);
    const mapBlocks = Math.ceil((directoryBlocks * 4) / blockSize);
    const firstData = 1 + mapBlocks + directoryBlocks;
    const total = firstData + directory.length - 1 - streams.length;
    directory.set([streams.length, ...streams]);
    let at = 1 + streams.length;
    let next = total - 1;
    for (const [stream, count] of counts.entries()) {
      for (let block = 0; block < count; block++) {
        this.#owners.set(next, stream);
        directory[at++] = next--;
      }
    }
    this.#place(1 + mapBlocks, new Uint8Array(directory.buffer));
    this.#place(1, new Uint8Array(Uint32Array.from({ length: directoryBlocks }, (_, index) => 1 + mapBlocks + index).buffer));
    const header = new Uint8Array(blockSize);
    header.set(new TextEncoder().encode(MAGIC));
    const words = [blockSize, 1, total, directory.length * 4, 0, ...Array.from({ length: mapBlocks }, (_, index) => 1 + index)];
    header.set(new Uint8Array(Uint32Array.from(words).buffer), 32);
    this.#parts.set(0, header);
    this.size = total * blockSize;
  }

  #place(first: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.#blockSize) this.#parts.set(first + at / this.#blockSize, bytes.slice(at, at + this.#blockSize));
  }

  readBlock(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    for (let index = 0; index < out.length; index++) {
      const block = Math.floor((offset + index) / this.#blockSize);
      const part = this.#parts.get(block);
      out[index] = part ? (part[(offset + index) % this.#blockSize] ?? 0) : (this.#owners.get(block) ?? 0);
    }
    this.bytesRead += out.length;
    return out;
  }
}

describe('MSF', () => {
  it('reads streams whose blocks lie anywhere', () => {
    const msf = openMsf(new MadeMsf({ blockSize: 512, streams: [10, 0, 5000, 513] }));
    if (!msf.ok) throw new Error(JSON.stringify(msf.missing));
    expect(msf.value.streamCount).toBe(4);
    for (const [index, size] of [10, 0, 5000, 513].entries()) {
      const stream = msf.value.stream(index);
      if (!stream.ok) throw new Error('no stream');
      expect(stream.value.size).toBe(size);
      const bytes = stream.value.readBlock(0, 10_000);
      expect(bytes.length).toBe(size);
      expect(bytes.every((byte) => byte === index)).toBe(true);
      expect(stream.value.readBlock(511, 3).length).toBe(Math.max(0, Math.min(3, size - 511)));
    }
    expect(msf.value.stream(4).ok).toBe(false);
    expect(msf.value.stream(-1).ok).toBe(false);
  });

  it('reads a directory whose map takes several blocks', () => {
    // 40,000 blocks of 512 bytes: a directory of 313 blocks, whose list fills three.
    const made = new MadeMsf({ blockSize: 512, streams: [100, 20_000_000, 77] });
    const msf = openMsf(made);
    if (!msf.ok) throw new Error(JSON.stringify(msf.missing));
    const stream = msf.value.stream(2);
    expect(stream.ok && [...stream.value.readBlock(76, 9)]).toEqual([2]);
  });

  it('finds the identity of a PDB of 500 MB in a few blocks', () => {
    // 20,000 modules' streams, types of 150 MB.
    const sizes = [0, 120, 150_000_000, 40_000_000, ...Array.from({ length: 20_000 }, () => 15_000)];
    const made = new MadeMsf({ blockSize: 4096, streams: sizes });
    expect(made.size).toBeGreaterThan(480_000_000);
    made.bytesRead = 0;
    const msf = openMsf(made);
    if (!msf.ok) throw new Error(JSON.stringify(msf.missing));
    const info = msf.value.stream(1);
    const dbi = msf.value.stream(3);
    if (!info.ok || !dbi.ok) throw new Error('no stream');
    expect([...info.value.readBlock(0, 2)]).toEqual([1, 1]);
    expect([...dbi.value.readBlock(0, 2)]).toEqual([3, 3]);
    expect(made.bytesRead).toBeLessThan(256 * 1024);
  });

  it('says what other files are', () => {
    const text = new TextEncoder().encode('Microsoft C/C++ program database 2.00\r\n\x1aJG\0\0');
    expect(openMsf(new ArraySource(text))).toMatchObject({ ok: false, missing: { got: 'a PDB 2.0 of before 2002' } });
    expect(openMsf(new ArraySource(new Uint8Array(0))).ok).toBe(false);
  });
});
