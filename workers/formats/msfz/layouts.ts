/** Layouts of MSFZ: github.com/microsoft/pdb-rs, msfz/src/msfz.md. */
import { bytes, struct, u32, u64 } from '../../bytes/struct.ts';

const MSFZ = 'github.com/microsoft/pdb-rs, msfz/src/msfz.md';

export const MSFZ_MAGIC = 'Microsoft MSFZ Container\r\n\x1aALD\0\0';

export const MSFZ_HEADER = struct('MsfzFileHeader', 80, MSFZ, {
  signature: bytes(0, 32),
  version: u64(32),
  streamDirOffset: u64(40),
  chunkTableOffset: u64(48),
  numStreams: u32(56),
  streamDirCompression: u32(60),
  streamDirSizeCompressed: u32(64),
  streamDirSizeUncompressed: u32(68),
  numChunks: u32(72),
  chunkTableSize: u32(76),
});

export const MSFZ_CHUNK = struct('ChunkEntry', 20, MSFZ, { fileOffset: u64(0), compression: u32(8), compressedSize: u32(12), uncompressedSize: u32(16) });
