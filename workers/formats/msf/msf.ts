/**
 * MSF 7.0, the container of PDB files: numbered blocks, a directory of streams (llvm.org/docs/PDB/MsfFile.html; the list of the
 * directory's map blocks in the superblock: microsoft-pdb, PDB/msf/msf.cpp, BIGMSF_HDR). Only the blocks a question needs are read.
 */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { bytes, readExactly, readStruct, struct, u32, viewOf } from '../../bytes/struct.ts';
import type { StreamContainer } from './container.ts';

const MAGIC = 'Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0';
/** Containers that look alike to people and are none of ours. */
const OTHER_MAGICS: readonly (readonly [string, string])[] = [['Microsoft C/C++ program database 2.00', 'a PDB 2.0 of before 2002']];

const SUPERBLOCK = struct('MSF_SUPERBLOCK', 56, 'llvm.org/docs/PDB/MsfFile.html', {
  magic: bytes(0, 32),
  blockSize: u32(32),
  numBlocks: u32(40),
  numDirectoryBytes: u32(44),
});
/** Where the superblock lists the blocks that hold the directory's map. */
const MAP_BLOCKS_AT = 52;
const NIL_STREAM = 0xffff_ffff;
const CACHED_BLOCKS = 32;
const SIZES_STEP = 1024;

/** Finds the file's block for each block of a stream. */
type BlockNumbers = (first: number, count: number) => Found<Uint32Array>;

/** A stream: a source of its own, so that everything that reads a file reads a stream. */
class MsfStream implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #blocks: Blocks;
  readonly #numbers: BlockNumbers;

  constructor(stream: { name: string; size: number }, blocks: Blocks, numbers: BlockNumbers) {
    this.name = stream.name;
    this.size = stream.size;
    this.#blocks = blocks;
    this.#numbers = numbers;
  }

  /** Shorter where the stream ends or its blocks lie outside the file. */
  readBlock(offset: number, length: number): Uint8Array {
    const from = Math.max(0, offset);
    const to = Math.min(this.size, offset + length);
    if (!(to > from)) return new Uint8Array(0);
    const { blockSize } = this.#blocks;
    const first = Math.floor(from / blockSize);
    const count = Math.floor((to - 1) / blockSize) - first + 1;
    const numbers = this.#numbers(first, count);
    if (!numbers.ok) return new Uint8Array(0);
    if (count === 1) return this.#blocks.part(numbers.value[0] ?? 0, from - first * blockSize, to - from);
    return this.#gather(numbers.value, from - first * blockSize, to - from);
  }

  #gather(numbers: Uint32Array, skip: number, length: number): Uint8Array {
    const { blockSize } = this.#blocks;
    const out = new Uint8Array(length);
    let filled = 0;
    for (let index = 0; index < numbers.length;) {
      let run = 1;
      const start = numbers[index] ?? 0;
      while (index + run < numbers.length && numbers[index + run] === start + run) run++;
      const within = index === 0 ? skip : 0;
      const wanted = Math.min(run * blockSize - within, length - filled);
      const part = this.#blocks.run(start, within, wanted);
      out.set(part, filled);
      filled += part.length;
      if (part.length < wanted) return out.subarray(0, filled);
      index += run;
    }
    return out;
  }
}

/** Blocks of the file by number. Small reads keep the last blocks, since directories are read a few bytes at a time. */
class Blocks {
  readonly blockSize: number;
  readonly count: number;
  readonly #source: ByteSource;
  readonly #kept = new Map<number, Uint8Array>();

  constructor(source: ByteSource, blockSize: number, count: number) {
    this.#source = source;
    this.blockSize = blockSize;
    this.count = count;
  }

  run(block: number, skip: number, length: number): Uint8Array {
    const possible = Math.max(0, (this.count - block) * this.blockSize - skip);
    return this.#source.readBlock(block * this.blockSize + skip, Math.min(length, possible));
  }

  part(block: number, skip: number, length: number): Uint8Array {
    let bytes = this.#kept.get(block);
    if (!bytes) {
      bytes = this.run(block, 0, this.blockSize);
      this.#kept.set(block, bytes);
      const oldest = this.#kept.keys().next().value;
      if (this.#kept.size > CACHED_BLOCKS && oldest !== undefined) this.#kept.delete(oldest);
    }
    return bytes.subarray(skip, skip + length);
  }
}

class MsfFile implements StreamContainer {
  readonly blockSize: number;
  readonly streamCount: number;
  readonly declaredSize: number;
  readonly #blocks: Blocks;
  readonly #directory: ByteSource;
  readonly #sizes: number[] = [];
  /** For each stream the index of its first block number in the directory's list; one more than sizes. */
  readonly #firsts: number[] = [0];

  constructor(blocks: Blocks, directory: ByteSource, streamCount: number) {
    this.#blocks = blocks;
    this.#directory = directory;
    this.blockSize = blocks.blockSize;
    this.declaredSize = blocks.blockSize * blocks.count;
    this.streamCount = streamCount;
  }

  stream(index: number): Found<ByteSource> {
    if (!(index >= 0 && index < this.streamCount)) return missing({ why: 'stream-absent', stream: `MSF stream ${index}` });
    const known = this.#knowSizes(index);
    if (!known.ok) return known;
    const size = this.#sizes[index] ?? 0;
    const firstNumber = this.#firsts[index] ?? 0;
    const listAt = 4 + 4 * this.streamCount;
    return found(
      new MsfStream({ name: `stream ${index}`, size }, this.#blocks, (first, count) => readNumbers(this.#directory, listAt + 4 * (firstNumber + first), count)),
    );
  }

  /** Reads the sizes up to `index`, a step at a time: an identity check needs the first four only. */
  #knowSizes(index: number): Found<true> {
    while (this.#sizes.length <= index) {
      const from = this.#sizes.length;
      const count = Math.min(SIZES_STEP, this.streamCount - from);
      const sizes = readNumbers(this.#directory, 4 + 4 * from, count);
      if (!sizes.ok) return sizes;
      for (const raw of sizes.value) {
        const size = raw === NIL_STREAM ? 0 : raw;
        const blocks = Math.ceil(size / this.blockSize);
        if (blocks > this.#blocks.count) return notValid(`size of MSF stream ${this.#sizes.length}`, `${size} bytes`, `at most ${this.declaredSize}`);
        this.#firsts.push((this.#firsts[this.#sizes.length] ?? 0) + blocks);
        this.#sizes.push(size);
      }
    }
    return found(true);
  }
}

function readNumbers(source: ByteSource, at: number, count: number): Found<Uint32Array> {
  const data = readExactly(source, at, count * 4);
  if (!data.ok) return data;
  const view = viewOf(data.value);
  const numbers = new Uint32Array(count);
  for (let index = 0; index < count; index++) numbers[index] = view.getUint32(index * 4, true);
  return found(numbers);
}

const latin1 = (data: Uint8Array): string => String.fromCharCode(...data);

function checkMagic(source: ByteSource): Found<true> {
  const start = latin1(source.readBlock(0, MAGIC.length));
  if (start === MAGIC) return found(true);
  const other = OTHER_MAGICS.find(([magic]) => start.startsWith(magic.slice(0, MAGIC.length)));
  return notValid('PDB signature', other?.[1] ?? `${Math.min(source.size, MAGIC.length)} other bytes`, 'Microsoft C/C++ MSF 7.00');
}

/** Opens the container. May throw SourceError. */
export function openMsf(source: ByteSource): Found<MsfFile> {
  const magic = checkMagic(source);
  if (!magic.ok) return magic;
  const superblock = readStruct(SUPERBLOCK, source, 0);
  if (!superblock.ok) return superblock;
  const { blockSize, numBlocks, numDirectoryBytes } = superblock.value;
  if (blockSize < 512 || blockSize > 65_536 || (blockSize & (blockSize - 1)) !== 0) {
    return notValid('MSF block size', `${blockSize}`, 'a power of two from 512 to 65536');
  }
  const directoryBlocks = Math.ceil(numDirectoryBytes / blockSize);
  if (numDirectoryBytes < 4 || directoryBlocks > numBlocks || numDirectoryBytes > source.size) {
    return notValid('MSF directory', `${numDirectoryBytes} bytes`, `4 to ${source.size} bytes`);
  }
  const blocks = new Blocks(source, blockSize, numBlocks);
  const mapBlocks = Math.ceil((directoryBlocks * 4) / blockSize);
  if (MAP_BLOCKS_AT + mapBlocks * 4 > blockSize) return notValid('MSF directory', `${mapBlocks} map blocks`, 'a list that fits the first block');
  const map = new MsfStream({ name: 'directory map', size: directoryBlocks * 4 }, blocks, (first, count) =>
    readNumbers(source, MAP_BLOCKS_AT + first * 4, count),
  );
  const directory = new MsfStream({ name: 'directory', size: numDirectoryBytes }, blocks, (first, count) => readNumbers(map, first * 4, count));
  const count = readNumbers(directory, 0, 1);
  if (!count.ok) return count;
  const streamCount = count.value[0] ?? 0;
  if (4 + 4 * streamCount > numDirectoryBytes) return notValid('MSF stream count', `${streamCount}`, `at most ${(numDirectoryBytes - 4) / 4}`);
  return found(new MsfFile(blocks, directory, streamCount));
}
