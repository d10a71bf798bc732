/**
 * How functions of x86 images lay out their frames: FRAMEDATA (the stream "new FPO") and FPO_DATA (the stream "FPO").
 * FRAMEDATA: microsoft-pdb, include/cvinfo.h (tagFRAMEDATA); llvm/DebugInfo/CodeView/CodeView.h. FPO_DATA: winnt.h, and
 * learn.microsoft.com/windows/win32/api/winnt/ns-winnt-fpo_data. Both lie sorted by address and are read entry by entry.
 */
import { type Found, found, missing } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { type Fields, readStruct, type RecordOf, struct, type Struct, u16, u32 } from '../../bytes/struct.ts';
import { PdbTexts, readTexts } from './names.ts';
import { type PdbFile, readDebugStream } from './pdb.ts';

const FRAMEDATA = struct('FRAMEDATA', 32, 'microsoft-pdb, include/cvinfo.h', {
  start: u32(0),
  codeBytes: u32(4),
  localBytes: u32(8),
  paramBytes: u32(12),
  stackMax: u32(16),
  program: u32(20),
  prologBytes: u16(24),
  savedRegisterBytes: u16(26),
  flags: u32(28),
});
const FPO_DATA = struct('FPO_DATA', 16, 'winnt.h', {
  start: u32(0),
  codeBytes: u32(4),
  locals: u32(8),
  params: u16(12),
  bits: u16(14),
});
const DWORD = 4;

export interface FrameLayout {
  /** RVA of the first byte. */
  readonly start: number;
  readonly codeBytes: number;
  readonly localBytes: number;
  /** Bytes of parameters on the stack. */
  readonly paramBytes: number;
  readonly prologBytes: number;
  readonly savedRegisterBytes: number;
}
export interface FrameData extends FrameLayout {
  /** What finds the caller's registers, in reverse Polish notation. */
  readonly program: Found<string>;
  readonly hasSeh: boolean;
  readonly hasEh: boolean;
  readonly isFunctionStart: boolean;
}
/** By FPO_DATA.cbFrame. */
const FRAME_KINDS = ['fpo', 'trap', 'tss', 'non-fpo'] as const;
export interface FpoData extends FrameLayout {
  readonly kind: (typeof FRAME_KINDS)[number];
  /** EBP was pushed and used for other things. */
  readonly usesEbp: boolean;
  readonly hasSeh: boolean;
}

/** A piece of code may lie inside another's; no function nests deeper. */
const MAX_NESTING = 64;

/** A stream of records sorted by their start. */
class SortedRecords<F extends Fields & { readonly start: Fields[string]; readonly codeBytes: Fields[string] }> {
  readonly count: number;
  readonly #stream: ByteSource;
  readonly #layout: Struct<F>;

  constructor(stream: ByteSource, layout: Struct<F>) {
    this.#stream = stream;
    this.#layout = layout;
    this.count = Math.floor(stream.size / layout.size);
  }

  at(index: number): Found<RecordOf<F>> {
    return readStruct(this.#layout, this.#stream, index * this.#layout.size);
  }

  /** The innermost record over `rva`. */
  over(rva: number): Found<RecordOf<F> | undefined> {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.at(middle);
      if (!record.ok) return record;
      if (Number(record.value.start) <= rva) low = middle + 1;
      else high = middle;
    }
    for (let index = low - 1; index >= 0 && index >= low - MAX_NESTING; index--) {
      const record = this.at(index);
      if (!record.ok || rva - Number(record.value.start) < Number(record.value.codeBytes)) return record;
    }
    return found(undefined);
  }
}

function frameDataOf(record: RecordOf<typeof FRAMEDATA.fields>, texts: Found<PdbTexts>): FrameData {
  const { start, codeBytes, localBytes, paramBytes, prologBytes, savedRegisterBytes, flags } = record;
  return {
    ...{ start, codeBytes, localBytes, paramBytes, prologBytes, savedRegisterBytes },
    program: texts.ok ? texts.value.at(record.program) : texts,
    hasSeh: (flags & 1) !== 0,
    hasEh: (flags & 2) !== 0,
    isFunctionStart: (flags & 4) !== 0,
  };
}

function fpoDataOf({ start, codeBytes, locals, params, bits }: RecordOf<typeof FPO_DATA.fields>): FpoData {
  return {
    ...{ start, codeBytes, localBytes: locals * DWORD, paramBytes: params * DWORD, prologBytes: bits & 0xff },
    savedRegisterBytes: ((bits >> 8) & 7) * DWORD,
    hasSeh: (bits & 0x800) !== 0,
    usesEbp: (bits & 0x1000) !== 0,
    kind: FRAME_KINDS[bits >> 14] ?? 'fpo',
  };
}

/** Addresses are those of the image as first linked, where the PDB holds OMAP tables. */
export class FrameTable {
  readonly #frameData: SortedRecords<typeof FRAMEDATA.fields> | undefined;
  readonly #fpoData: SortedRecords<typeof FPO_DATA.fields> | undefined;
  readonly #texts: Found<PdbTexts>;

  constructor(pdb: PdbFile) {
    const newFpo = readDebugStream(pdb, 'newFpo');
    const fpo = readDebugStream(pdb, 'fpo');
    this.#frameData = newFpo.ok ? new SortedRecords(newFpo.value, FRAMEDATA) : undefined;
    this.#fpoData = fpo.ok ? new SortedRecords(fpo.value, FPO_DATA) : undefined;
    this.#texts = readTexts(pdb);
  }

  get counts(): { readonly frameData: number; readonly fpoData: number } {
    return { frameData: this.#frameData?.count ?? 0, fpoData: this.#fpoData?.count ?? 0 };
  }

  /** By number, as the stream has them. */
  frameDataAt(index: number): Found<FrameData> {
    const record = this.#frameData?.at(index) ?? missing({ why: 'stream-absent', stream: 'new FPO' });
    return record.ok ? found(frameDataOf(record.value, this.#texts)) : record;
  }
  fpoDataAt(index: number): Found<FpoData> {
    const record = this.#fpoData?.at(index) ?? missing({ why: 'stream-absent', stream: 'FPO' });
    return record.ok ? found(fpoDataOf(record.value)) : record;
  }

  /** What the PDB says of the frame at an RVA; found(undefined) where it says nothing. */
  over(rva: number): Found<FrameData | FpoData | undefined> {
    const data = this.#frameData?.over(rva) ?? found(undefined);
    if (!data.ok) return data;
    if (data.value) return found(frameDataOf(data.value, this.#texts));
    const fpo = this.#fpoData?.over(rva) ?? found(undefined);
    return fpo.ok ? found(fpo.value && fpoDataOf(fpo.value)) : fpo;
  }
}
