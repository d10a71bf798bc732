import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_SIZE, BlockCache } from './blockcache.ts';
import { ArraySource, type ByteSource } from './source.ts';

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

describe('BlockCache', () => {
  it('gives the same bytes as the source at any offset and length', () => {
    const data = pattern(BLOCK_SIZE * 3 + 1234);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: data.length + 10 }), fc.integer({ min: 0, max: BLOCK_SIZE * 2 })), { maxLength: 30 }),
        (reads) => {
          const cache = new BlockCache(new ArraySource(data), 2);
          for (const [offset, length] of reads) {
            expect(Buffer.compare(cache.readBlock(offset, length), data.subarray(offset, offset + length))).toBe(0);
          }
        },
      ),
      { seed: 20261122, numRuns: 60 },
    );
  });

  it('asks the source once for a block that is read again and counts what it read', () => {
    const cache = new BlockCache(new ArraySource(pattern(BLOCK_SIZE * 4)));
    cache.readBlock(10, 4);
    cache.readBlock(20, 100);
    expect(cache.counters).toEqual({ bytesRead: BLOCK_SIZE, reads: 1 });
  });

  it('reads 256 KiB ahead on a sequential run', () => {
    const cache = new BlockCache(new ArraySource(pattern(BLOCK_SIZE * 8)));
    for (let block = 0; block < 5; block++) cache.readBlock(block * BLOCK_SIZE, 16);
    expect(cache.counters).toEqual({ bytesRead: BLOCK_SIZE * 5, reads: 2 });
  });

  it('holds no more blocks than it was told', () => {
    const source: ByteSource = { name: 'endless', size: 2 ** 40, readBlock: (_offset, length) => new Uint8Array(length) };
    const cache = new BlockCache(source, 8);
    for (let read = 0; read < 100; read++) cache.readBlock(read * 10 * BLOCK_SIZE, 8);
    expect(cache.heldBlocks).toBe(8);
  });
});
