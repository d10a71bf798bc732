/**
 * Triage dumps ("minidumps" of the kernel): DUMP_HEADER64, TRIAGE_DUMP64 and what it points at, then the DumpBlob chain.
 * Two writers exist and order their parts differently: 'extracted' at the next boot, 'direct' at the crash.
 * Layout: rizin librz/bin/format/dmp/dmp_specs.h; order and paddings as measured on real files of both styles.
 */
import { Binary, Label, ascii, guidBytes, record, recordBytes, utf16 } from './binary.ts';
import { type HeaderSpec, dumpHeader64 } from './dumpheader.ts';
import { DUMP_DRIVER_ENTRY64, DUMP_MM_STORAGE64, TRIAGE_DUMP64 } from './layouts.ts';
import type { ModuleSpec, UnloadedSpec } from './windows.ts';

export interface MemoryBlock {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}
export interface BlobSpec {
  readonly guid: string;
  readonly data: Uint8Array;
}

export interface TriageSpec {
  readonly style: 'extracted' | 'direct';
  readonly header: HeaderSpec;
  readonly prcb: Uint8Array;
  readonly process: Uint8Array;
  readonly thread: Uint8Array;
  readonly stack: MemoryBlock;
  readonly kdbg: Uint8Array;
  readonly modules: readonly ModuleSpec[];
  readonly unloaded: readonly UnloadedSpec[];
  readonly blocks: readonly MemoryBlock[];
  readonly blobs: readonly BlobSpec[];
  /** DUMP_MM_STORAGE64 beyond Version and Size. */
  readonly mm?: Partial<Record<keyof typeof DUMP_MM_STORAGE64.fields, bigint | number>>;
  /** Name of the driver the writer blames: BrokenDriverOffset. */
  readonly brokenDriver?: string;
  readonly dataPage?: MemoryBlock;
  /** Bytes of other files that a 'direct' writer leaves behind the last blob. */
  readonly staleTail?: Uint8Array;
}

/** Places in the file, by name, for tests and for hex view fixtures. */
export interface BuiltTriage {
  readonly bytes: Uint8Array;
  readonly places: Readonly<Record<string, number>>;
}

const ORDER = {
  extracted: ['UnloadedDrivers', 'Prcb', 'Process', 'Thread', 'CallStack', 'DebuggerData', 'DriverList', 'StringPool', 'DataBlocks'],
  direct: ['Prcb', 'Process', 'Thread', 'CallStack', 'DebuggerData', 'UnloadedDrivers', 'DriverList', 'StringPool', 'DataBlocks'],
} as const;
type Part = (typeof ORDER)['extracted'][number];

/** DUMP_STRING: length in UTF-16 units, the units, a NUL; the next one on a multiple of 8. */
function writeString(out: Binary, text: string): void {
  out
    .u32(text.length)
    .append(utf16(`${text}\0`))
    .align(8);
}

function unloadedBytes(spec: TriageSpec): Uint8Array {
  const out = new Binary().u64(spec.unloaded.length);
  for (const { name, start, end } of spec.unloaded) {
    const units = utf16(name).subarray(0, 24);
    const field = new Uint8Array(24);
    field.set(units);
    // UNICODE_STRING64 as it stood in the kernel: the whole name's length, a buffer that is not in the dump
    const buffer = spec.style === 'direct' ? 0xffffe08100000000n + (start & 0xffff0n) : 0n;
    out
      .u16(name.length * 2)
      .u16(name.length * 2)
      .u32(0)
      .u64(buffer)
      .append(field)
      .u64(start)
      .u64(end);
  }
  // The direct writer keeps room for all 50 entries of MmUnloadedDrivers.
  return spec.style === 'direct' ? out.upTo(8 + 50 * 56).finish() : out.finish();
}

/** Paths and the kernel debugger's name differ by writer. */
const driverName = (spec: TriageSpec, module: ModuleSpec): string => (spec.style === 'extracted' ? module.path : module.name);

class TriageWriter {
  private readonly spec: TriageSpec;
  private readonly out = new Binary();
  private readonly labels = new Map<string, Label>();
  private readonly names: Label[];

  constructor(spec: TriageSpec) {
    this.spec = spec;
    this.names = spec.modules.map((module) => new Label(`name of ${module.name}`));
  }

  private label(name: string): Label {
    const known = this.labels.get(name) ?? new Label(name);
    this.labels.set(name, known);
    return known;
  }

  private writeDriverList(): void {
    const { modules, style } = this.spec;
    modules.forEach((module, index) => {
      const links =
        style === 'direct'
          ? {
              InLoadOrderFlink: 0xffffe08120000000n + BigInt(index + 1) * 0x1a0n,
              EntryPoint: module.base + BigInt(module.image.entryPoint),
              LoadCount: 1,
              Flags: 0x49104000,
            }
          : {};
      this.out.record(
        record(DUMP_DRIVER_ENTRY64, {
          ...{ DriverNameOffset: this.names[index] ?? 0, DllBase: module.base, SizeOfImage: module.size },
          ...{ CheckSum: module.checksum, TimeDateStamp: module.timestamp, ...links },
        }),
      );
    });
  }

  private writeStringPool(): void {
    const { spec, out } = this;
    spec.modules.forEach((module, index) => {
      const label = this.names[index];
      if (label) out.mark(label);
      writeString(out, driverName(spec, module));
    });
    if (spec.brokenDriver !== undefined) {
      out.mark(this.label('BrokenDriver'));
      writeString(out, spec.brokenDriver);
    }
    this.label('StringPoolSize').set(out.size - this.label('StringPool').number);
  }

  private writeDataBlocks(): void {
    const { spec, out } = this;
    const places = spec.blocks.map((_, index) => new Label(`block ${index}`));
    spec.blocks.forEach(({ address, bytes }, index) =>
      out
        .u64(address)
        .u32(places[index] ?? 0)
        .u32(bytes.length),
    );
    spec.blocks.forEach(({ bytes }, index) => {
      const place = places[index];
      if (place) out.mark(place);
      out.append(bytes);
    });
  }

  private writePart(part: Part): void {
    const { spec, out } = this;
    out.mark(this.label(part));
    const plain: Partial<Record<Part, Uint8Array>> = {
      ...{ Prcb: spec.prcb, Process: spec.process, Thread: spec.thread, CallStack: spec.stack.bytes, DebuggerData: spec.kdbg },
      UnloadedDrivers: unloadedBytes(spec),
    };
    const bytes = plain[part];
    if (bytes) out.append(bytes);
    else if (part === 'DriverList') this.writeDriverList();
    else if (part === 'StringPool') this.writeStringPool();
    else this.writeDataBlocks();
    // The string pool and the driver list follow each other without a gap; everything before begins on 8.
    if (part !== 'DataBlocks') out.align(8);
  }

  private triageBlock(): void {
    const { spec } = this;
    const offset = (part: Part): Label => this.label(part);
    this.out.record(
      record(TRIAGE_DUMP64, {
        ...{
          SizeOfDump: this.label('SizeOfDump'),
          ValidOffset: () => this.label('SizeOfDump').get() - 4n,
          ContextOffset: 0x348,
          ExceptionOffset: 0xf00,
          MmOffset: 0x2080,
        },
        ...{ UnloadedDriversOffset: offset('UnloadedDrivers'), PrcbOffset: offset('Prcb'), ProcessOffset: offset('Process'), ThreadOffset: offset('Thread') },
        ...{ CallStackOffset: offset('CallStack'), SizeOfCallStack: spec.stack.bytes.length, TopOfStack: spec.stack.address },
        ...{
          DriverListOffset: offset('DriverList'),
          DriverCount: spec.modules.length,
          StringPoolOffset: offset('StringPool'),
          StringPoolSize: this.label('StringPoolSize'),
        },
        ...{
          BrokenDriverOffset: spec.brokenDriver === undefined ? 0 : this.label('BrokenDriver'),
          TriageOptions: spec.style === 'extracted' ? 0xffffffff : 0x41,
        },
        ...{
          DataPageAddress: spec.dataPage?.address ?? 0n,
          DataPageOffset: spec.dataPage ? this.label('DataPage') : 0,
          DataPageSize: spec.dataPage?.bytes.length ?? 0,
        },
        ...{ DebuggerDataOffset: offset('DebuggerData'), DebuggerDataSize: spec.kdbg.length },
        ...{ DataBlocksOffset: offset('DataBlocks'), DataBlocksCount: spec.blocks.length },
      }),
    );
    this.out.append(recordBytes(DUMP_MM_STORAGE64, { Version: 1, Size: DUMP_MM_STORAGE64.size, ...spec.mm }));
  }

  private writeBlobs(): void {
    const { spec, out } = this;
    out.mark(this.label('Blobs'));
    // DUMP_BLOB_FILE_HEADER: "DumpBlob", HeaderSize, NtBuildNumber of a free build
    out
      .append(ascii('DumpBlob'))
      .u32(0x10)
      .u32(0xf0000000 + spec.header.build);
    for (const { guid, data } of spec.blobs) {
      const pad = spec.style === 'extracted' ? (8 - (data.length % 8)) % 8 : 0;
      out.u32(0x20).append(guidBytes(guid)).u32(data.length).u32(0).u32(pad).append(data).zeros(pad);
    }
    out.mark(this.label('BlobsEnd'));
  }

  build(): BuiltTriage {
    const { spec, out } = this;
    const direct = spec.style === 'direct';
    const kinds = direct
      ? { MiniDumpFields: 0xdff, SecondaryDataState: 0, Attributes: 8, BootId: 2, VersionUser: 0 }
      : { MiniDumpFields: 0xcff, WriterStatus: 0, Unused1: 0x50, KdSecondaryVersion: 0 };
    out.record(dumpHeader64({ ...spec.header, fields: { DumpType: 4, RequiredDumpSpace: this.label('FileSize'), ...kinds, ...spec.header.fields } }));
    this.triageBlock();
    for (const part of ORDER[spec.style]) this.writePart(part);
    if (spec.dataPage) out.mark(this.label('DataPage')).append(spec.dataPage.bytes);
    out.align(4);
    if (direct) out.upTo(Math.ceil((out.size + 4) / 0x200) * 0x200 - 4);
    out.append(ascii('TRGD')).mark(this.label('SizeOfDump'));
    if (spec.blobs.length > 0) this.writeBlobs();
    if (direct && spec.staleTail) out.append(spec.staleTail);
    this.label('FileSize').set(out.size);
    const bytes = out.finish();
    return { bytes, places: Object.fromEntries([...this.labels].map(([name, label]) => [name, label.number])) };
  }
}

export function buildTriage(spec: TriageSpec): BuiltTriage {
  return new TriageWriter(spec).build();
}
