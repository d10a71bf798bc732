/** Takes a file out of a cabinet: uncompressed, MSZIP ([MS-MCI]) or LZX. Quantum is not supported: symbol servers do not use it. */
import { inflateSync } from 'fflate';
import type { Job } from '../../base/job.ts';
import { refuse, type Reply, reply } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, viewOf } from '../../bytes/struct.ts';
import type { Cab, CabEntry, CabFolder } from './cab.ts';
import { CFDATA } from './layouts.ts';
import { LzxDecoder } from './lzx.ts';

/** Largest file that is taken out by default. */
const MAX_OUTPUT = 1024 * 1024 * 1024;
const FRAMES_A_STEP = 16;
const MSZIP_SIGNATURE = 0x4b43; // CK
const MSZIP_WINDOW = 32_768;

interface Block {
  readonly at: number;
  readonly sizeBytes: number;
  readonly unpackedBytes: number;
  readonly checksum: number;
}

/** The file's bytes. Folders are unpacked only as far as the file reaches. May throw SourceError. */
export function* extractEntry(cab: Cab, entry: CabEntry, maxBytes: number = MAX_OUTPUT): Job<Reply<Uint8Array>> {
  const { folder } = entry;
  if (!folder) return refuse('BAD_CAB', `${entry.name} stands partly in another cabinet of a set`);
  const end = entry.offset + entry.sizeBytes;
  if (end > maxBytes) return refuse('TOO_LARGE', `${entry.name} would have ${entry.sizeBytes} bytes, allowed are ${maxBytes}`);
  if (entry.sizeBytes === 0) return reply(new Uint8Array(0));
  const blocks = readBlocks(cab, folder, end);
  if (!blocks.ok) return blocks;
  const unpacked = yield* unpack(cab.source, folder, blocks.value);
  return unpacked.ok ? reply(unpacked.value.slice(entry.offset, end)) : unpacked;
}

/** The data blocks up to `end` of the folder's bytes. */
function readBlocks(cab: Cab, folder: CabFolder, end: number): Reply<Block[]> {
  const blocks: Block[] = [];
  let at = folder.dataAt;
  let total = 0;
  for (let index = 0; index < folder.blocks && total < end; index++) {
    const header = readStruct(CFDATA, cab.source, at);
    if (!header.ok) return refuse('BAD_CAB', `block ${index} of ${folder.blocks} ends early`);
    const { csum, cbData, cbUncomp } = header.value;
    const dataAt = at + CFDATA.size + cab.dataReserve;
    blocks.push({ at: dataAt, sizeBytes: cbData, unpackedBytes: cbUncomp, checksum: csum });
    total += cbUncomp;
    at = dataAt + cbData;
    if (at > cab.source.size) return refuse('BAD_CAB', `block ${index} of ${folder.blocks} ends early`);
  }
  return total >= end ? reply(blocks) : refuse('BAD_CAB', `the folder holds ${total} bytes, the file ends at ${end}`);
}

/** Unpacks one block behind the last; a text says what is wrong. */
type Unpacker = (data: Uint8Array, size: number, at: number) => string | undefined;

function* unpack(source: ByteSource, folder: CabFolder, blocks: readonly Block[]): Job<Reply<Uint8Array>> {
  const out = allocate(blocks.reduce((sum, block) => sum + block.unpackedBytes, 0));
  if (!out) return refuse('TOO_LARGE', 'there is not enough memory to unpack the cabinet');
  const lzx = folder.method === 'LZX' ? new LzxDecoder(out, folder.windowBits) : undefined;
  const unpacker = lzx ? (data: Uint8Array, size: number) => lzx.decodeFrame(data, size) : unpackerOf(folder, out);
  if (!unpacker) return refuse('BAD_CAB', `compression ${folder.method} is not supported`);
  let at = 0;
  for (const [index, block] of blocks.entries()) {
    if (index % FRAMES_A_STEP === 0) yield { progress: 'unpacking', done: at, of: out.length };
    const data = readExactly(source, block.at, block.sizeBytes);
    if (!data.ok) return refuse('BAD_CAB', `block ${index} ends early`);
    if (block.checksum !== 0 && block.checksum !== checksumOf(data.value, block)) return refuse('BAD_CAB', `block ${index} does not match its checksum`);
    const wrong = unpacker(data.value, block.unpackedBytes, at);
    if (wrong !== undefined) return refuse('BAD_CAB', `block ${index}: ${wrong}`);
    at += block.unpackedBytes;
  }
  lzx?.translate();
  return reply(out);
}

/** A large array may be refused by the platform; that is an answer, not a fault. */
function allocate(size: number): Uint8Array | undefined {
  try {
    return new Uint8Array(size);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function unpackerOf(folder: CabFolder, out: Uint8Array): Unpacker | undefined {
  if (folder.method === 'none') return (data, size, at) => copyPlain(data, size, out.subarray(at));
  if (folder.method === 'MSZIP') return (data, size, at) => inflateBlock(data, size, { out, at });
  return undefined;
}

function copyPlain(data: Uint8Array, size: number, out: Uint8Array): string | undefined {
  if (data.length !== size) return `${data.length} bytes instead of ${size}`;
  out.set(data);
  return undefined;
}

/** Each block is a deflate stream of its own that may reach back over the 32 KiB before it. */
function inflateBlock(data: Uint8Array, size: number, to: { out: Uint8Array; at: number }): string | undefined {
  if (data.length < 2 || viewOf(data).getUint16(0, true) !== MSZIP_SIGNATURE) return 'the signature CK is missing';
  const dictionary = to.out.subarray(Math.max(0, to.at - MSZIP_WINDOW), to.at);
  try {
    // One byte of room more than allowed shows a block that is too long.
    const unpacked = inflateSync(data.subarray(2), { out: new Uint8Array(size + 1), dictionary });
    if (unpacked.length !== size) return `${unpacked.length} bytes instead of ${size}`;
    to.out.set(unpacked, to.at);
    return undefined;
  } catch (error) {
    return `deflate: ${error instanceof Error ? error.message : 'broken'}`;
  }
}

/** [MS-CAB] section 3.1: exclusive or of the little-endian words, the last bytes from high to low, then of both sizes. */
function checksumOf(data: Uint8Array, block: Block): number {
  const view = viewOf(data);
  const words = data.length >>> 2;
  let sum = 0;
  for (let word = 0; word < words; word++) sum ^= view.getUint32(word * 4, true);
  let rest = 0;
  for (let at = words * 4; at < data.length; at++) rest = (rest << 8) | (data[at] ?? 0);
  return (sum ^ rest ^ (block.sizeBytes | (block.unpackedBytes << 16))) >>> 0;
}
