/**
 * A cabinet with one file, stored without compression, for tests. Layout: Microsoft Cabinet Format,
 * learn.microsoft.com/previous-versions/bb417343(v=msdn.10): CFHEADER, CFFOLDER, CFFILE, CFDATA.
 */
const BLOCK = 0x8000;

export function storedCabinet(name: string, bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK);
  const nameBytes = Buffer.from(`${name}\0`, 'latin1');
  const filesAt = 36 + 8;
  const dataAt = filesAt + 16 + nameBytes.length;
  const cabinet = Buffer.alloc(dataAt + blocks * 8 + bytes.length);
  cabinet.write('MSCF', 0, 'latin1');
  cabinet.writeUInt32LE(cabinet.length, 8);
  cabinet.writeUInt32LE(filesAt, 16);
  cabinet.writeUInt16LE(0x0103, 24); // version 1.3
  cabinet.writeUInt16LE(1, 26); // folders
  cabinet.writeUInt16LE(1, 28); // files
  cabinet.writeUInt32LE(dataAt, 36);
  cabinet.writeUInt16LE(blocks, 40);
  cabinet.writeUInt32LE(bytes.length, filesAt);
  cabinet.writeUInt16LE(0x20, filesAt + 14);
  nameBytes.copy(cabinet, filesAt + 16);
  let to = dataAt;
  for (let from = 0; from < bytes.length; from += BLOCK) {
    const part = bytes.subarray(from, from + BLOCK);
    cabinet.writeUInt16LE(part.length, to + 4); // a checksum of 0 is none
    cabinet.writeUInt16LE(part.length, to + 6);
    cabinet.set(part, to + 8);
    to += 8 + part.length;
  }
  return cabinet;
}
