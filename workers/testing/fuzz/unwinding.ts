/** Unwind data of damaged images and PDBs: every entry that is looked at is parsed and undone over a made-up memory. */
import { va } from '../../base/address.ts';
import { type Found, found, missing } from '../../base/found.ts';
import { FrameTable } from '../../formats/pdb/framedata.ts';
import type { PdbFile } from '../../formats/pdb/pdb.ts';
import type { PeFile } from '../../formats/pe/file.ts';
import { findThumbFunction, undoThumb } from '../../unwind/arm/function.ts';
import { findArm64Function } from '../../unwind/arm64/function.ts';
import { undoRecord } from '../../unwind/arm64/undo.ts';
import { ImageCode } from '../../unwind/imagecode.ts';
import { undoFunction } from '../../unwind/x64/undo.ts';
import { runProgram } from '../../unwind/x86/program.ts';

const ENTRIES = 48;
/** Bytes into a function at which it is undone: in its prolog, in its body, beyond. */
const OFFSETS = [0, 4, 8, 0x40, 0x1000];
const SP = 0x1_0000n;

/** A memory in which most words can be read. */
const word = (at: bigint): Found<bigint> => (at % 40n === 0n ? missing({ why: 'not-in-dump', space: 'virtual', at: va(at) }) : found(at * 3n));
const bytes = (_at: bigint, length: number): Found<Uint8Array> => found(new Uint8Array(length).fill(0x5a));

type Undo = (image: ImageCode, at: number, offset: number) => void;
const UNDO: Readonly<Record<string, Undo>> = {
  x64: (image, at, offset) => {
    const entry = image.lookup(at);
    if (entry.ok && entry.value) undoFunction(image, entry.value, at + offset, { registers: { rsp: SP, rbp: SP }, read: word });
  },
  arm64: (image, at, offset) => {
    const one = findArm64Function(image, at);
    if (one.ok && one.value) undoRecord(one.value.record, offset, { registers: { sp: SP, fp: SP, lr: SP }, memory: { word, bytes } });
  },
  arm: (image, at, offset) => {
    const one = findThumbFunction(image, at);
    if (one.ok && one.value) undoThumb(one.value.record, offset, { registers: { sp: SP, r11: SP, lr: SP }, read: word });
  },
};

export function unwindImage(file: PeFile): void {
  const image = new ImageCode(file);
  const undo = UNDO[file.headers.arch ?? ''];
  if (!undo || !image.directory.ok) return;
  const { rva, entryBytes, count } = image.directory.value;
  for (let index = 0; index < Math.min(count, ENTRIES); index++) {
    const entry = image.code(rva + Math.floor((index * count) / ENTRIES) * entryBytes, 4);
    if (entry.length < 4) continue;
    const begin = new DataView(entry.buffer, entry.byteOffset, 4).getUint32(0, true);
    for (const offset of OFFSETS) undo(image, begin, offset);
  }
}

export function unwindPdb(pdb: PdbFile): void {
  const table = new FrameTable(pdb);
  const sizes = { '.cbParams': 8n, '.cbLocals': 16n, '.cbSavedRegs': 4n, '.raSearch': SP, '.raSearchStart': SP };
  for (let index = 0; index < Math.min(table.counts.frameData, ENTRIES); index++) {
    const data = table.frameDataAt(index);
    if (data.ok) table.over(data.value.start);
    if (data.ok && data.value.program.ok) runProgram(data.value.program.value, { registers: { eip: 1n, esp: SP, ebp: SP }, sizes, read: word });
  }
  for (let index = 0; index < Math.min(table.counts.fpoData, ENTRIES); index++) table.fpoDataAt(index);
}
