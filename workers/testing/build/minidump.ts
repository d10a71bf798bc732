/**
 * User minidumps: header, directory, streams. Layout: minidumpapiset.h of the Windows SDK
 * (learn.microsoft.com/windows/win32/api/minidumpapiset), stream by stream as documented there.
 */
import { Binary, Label, ascii, concat, guidBytes, put, utf16 } from './binary.ts';
import type { SparsePlan } from './sparse.ts';

export type MinidumpArch = 'x64' | 'x86' | 'arm64';
const ARCHITECTURE: Readonly<Record<MinidumpArch, number>> = { x86: 0, x64: 9, arm64: 12 };

export interface MinidumpModule {
  readonly base: bigint;
  readonly size: number;
  readonly name: string;
  readonly timestamp: number;
  readonly checksum?: number;
  readonly pdb?: { readonly file: string; readonly guid: string; readonly age: number };
  /** File version, four parts. */
  readonly version?: readonly [number, number, number, number];
}
export interface MinidumpThread {
  readonly id: number;
  readonly suspendCount?: number;
  readonly teb?: bigint;
  readonly stack: { readonly address: bigint; readonly bytes: Uint8Array };
  readonly context: Uint8Array;
  readonly name?: string;
}
export interface MinidumpException {
  readonly threadId: number;
  readonly code: number;
  readonly flags?: number;
  readonly address: bigint;
  readonly parameters?: readonly bigint[];
  readonly context: Uint8Array;
}
export interface MinidumpSpec {
  readonly arch: MinidumpArch;
  /** Seconds since 1970. */
  readonly time: number;
  readonly flags?: bigint;
  readonly build?: number;
  readonly processors?: number;
  readonly processId: number;
  readonly createTime?: number;
  readonly threads: readonly MinidumpThread[];
  readonly exception?: MinidumpException;
  readonly modules: readonly MinidumpModule[];
  readonly unloaded?: readonly { readonly base: bigint; readonly size: number; readonly name: string; readonly timestamp: number }[];
  /** Memory beside the stacks. */
  readonly memory?: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
  /** Memory64List with the data at the end of the file, as a full-memory dump has it. */
  readonly fullMemory?: boolean;
  /** MemoryInfoList rows. */
  readonly regions?: readonly { readonly base: bigint; readonly size: bigint; readonly state: number; readonly protect: number; readonly type: number }[];
  readonly handles?: readonly { readonly handle: bigint; readonly type: string; readonly name: string }[];
  readonly comment?: string;
  /** Streams of any other type, as bytes. */
  readonly extra?: readonly { readonly type: number; readonly bytes: Uint8Array }[];
  /** Holes of a large full-memory dump: ranges whose bytes are all zero. */
  readonly emptyRanges?: readonly { readonly address: bigint; readonly size: number }[];
}

const STREAM = {
  threads: 3,
  modules: 4,
  memory: 5,
  exception: 6,
  system: 7,
  memory64: 9,
  commentA: 10,
  handles: 12,
  unloaded: 14,
  misc: 15,
  memoryInfo: 16,
  names: 24,
} as const;

class MinidumpWriter {
  private readonly spec: MinidumpSpec;
  private readonly out = new Binary();
  private readonly directory: { readonly type: number; readonly at: Label; readonly size: Label }[] = [];
  /** Written after the streams that refer to them. */
  private readonly late: (() => void)[] = [];
  private readonly stacks: Label[];

  constructor(spec: MinidumpSpec) {
    this.spec = spec;
    this.stacks = spec.threads.map((thread) => new Label(`stack of ${thread.id}`));
  }

  private stream(type: number, write: () => void): void {
    const entry = { type, at: new Label(`stream ${type}`), size: new Label(`size of stream ${type}`) };
    this.directory.push(entry);
    this.out.align(8).mark(entry.at);
    write();
    entry.size.set(this.out.size - entry.at.number);
  }

  /** Bytes that stand somewhere after the streams; gives where. */
  private later(name: string, bytes: Uint8Array): Label {
    const label = new Label(name);
    this.late.push(() => this.out.align(4).mark(label).append(bytes));
    return label;
  }

  /** MINIDUMP_STRING: length in bytes, UTF-16, NUL. */
  private text(value: string): Label {
    return this.later(`"${value}"`, concat(new Binary().u32(value.length * 2).finish(), utf16(`${value}\0`)));
  }

  private systemInfo(): void {
    const { arch, build = 19041, processors = 8 } = this.spec;
    const out = this.out
      .u16(ARCHITECTURE[arch])
      .u16(arch === 'arm64' ? 8 : 6)
      .u16(0x9e0a)
      .u8(processors)
      .u8(1);
    out.u32(10).u32(0).u32(build).u32(2).u32(this.text('')).u16(0x100).u16(0);
    if (arch === 'x86') out.append(ascii('GenuineIntel')).u32(0x906ea).u32(0xbfebfbff).u32(0x2c100800);
    else
      out
        .u64(0x3fn)
        .u64(0n)
        .upTo(out.size + 8);
  }

  private threadList(): void {
    const { spec, out } = this;
    out.u32(spec.threads.length);
    spec.threads.forEach((thread, index) => {
      out
        .u32(thread.id)
        .u32(thread.suspendCount ?? 0)
        .u32(0x20)
        .u32(0)
        .u64(thread.teb ?? 0n);
      out
        .u64(thread.stack.address)
        .u32(thread.stack.bytes.length)
        .u32(this.stacks[index] ?? 0);
      out.u32(thread.context.length).u32(this.later(`context of ${thread.id}`, thread.context));
    });
  }

  private moduleList(): void {
    const { out } = this;
    out.u32(this.spec.modules.length);
    for (const each of this.spec.modules) {
      out
        .u64(each.base)
        .u32(each.size)
        .u32(each.checksum ?? 0)
        .u32(each.timestamp)
        .u32(this.text(each.name));
      // VS_FIXEDFILEINFO
      const [a, b, c, d] = each.version ?? [0, 0, 0, 0];
      const version = new Uint8Array(52);
      if (each.version)
        [0xfeef04bd, 0x10000, (a << 16) | b, (c << 16) | d, (a << 16) | b, (c << 16) | d, 0x3f, 0, 0x40004, 2].forEach((value, index) =>
          put(version, index * 4, 4, value),
        );
      out.append(version);
      const cv = each.pdb ? concat(ascii('RSDS'), guidBytes(each.pdb.guid), new Binary().u32(each.pdb.age).finish(), ascii(`${each.pdb.file}\0`)) : undefined;
      out.u32(cv?.length ?? 0).u32(cv ? this.later(`CodeView of ${each.name}`, cv) : 0);
      out.zeros(24);
    }
  }

  private exceptionStream(exception: MinidumpException): void {
    const parameters = new Uint8Array(120);
    exception.parameters?.forEach((value, index) => put(parameters, index * 8, 8, value));
    this.out
      .u32(exception.threadId)
      .u32(0)
      .u32(exception.code)
      .u32(exception.flags ?? 0)
      .u64(0n)
      .u64(exception.address);
    this.out
      .u32(exception.parameters?.length ?? 0)
      .u32(0)
      .append(parameters);
    this.out.u32(exception.context.length).u32(this.later('exception context', exception.context));
  }

  private memoryList(): void {
    const { spec, out, stacks } = this;
    const extra = spec.memory ?? [];
    out.u32(spec.threads.length + extra.length);
    spec.threads.forEach(({ stack }, index) => {
      const place = stacks[index];
      if (!place) return;
      this.late.push(() => out.align(8).mark(place).append(stack.bytes));
      out.u64(stack.address).u32(stack.bytes.length).u32(place);
    });
    extra.forEach(({ address, bytes }, index) =>
      out
        .u64(address)
        .u32(bytes.length)
        .u32(this.later(`memory ${index}`, bytes)),
    );
  }

  private miscInfo(): void {
    // MINIDUMP_MISC_INFO_2: process id and times, processor speeds
    const { processId, createTime = this.spec.time - 120 } = this.spec;
    this.out.u32(44).u32(0x7).u32(processId).u32(createTime).u32(12).u32(3).u32(3600).u32(3600).u32(3600).u32(2).u32(1);
  }

  private memory64(): { readonly plan: { readonly bytes: Uint8Array | undefined; readonly size: number }[]; readonly base: Label } {
    const { spec, out } = this;
    const rows: { address: bigint; bytes: Uint8Array | undefined; size: number }[] = [];
    for (const { address, bytes } of [...spec.threads.map((thread) => thread.stack), ...(spec.memory ?? [])]) rows.push({ address, bytes, size: bytes.length });
    for (const { address, size } of spec.emptyRanges ?? []) rows.push({ address, bytes: undefined, size });
    rows.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
    const base = new Label('Memory64 base');
    this.stream(STREAM.memory64, () => {
      out.u64(rows.length).u64(base);
      for (const row of rows) out.u64(row.address).u64(row.size);
    });
    return { plan: rows, base };
  }

  /** In a full-memory dump a thread's stack is a range among the others; 0 where a 32-bit offset cannot say so. */
  private placeStacks(rows: readonly { readonly bytes: Uint8Array | undefined; readonly size: number }[], base: number): void {
    let offset = base;
    for (const row of rows) {
      const index = this.spec.threads.findIndex((thread) => thread.stack.bytes === row.bytes);
      this.stacks[index]?.set(offset < 0x1_0000_0000 ? offset : 0);
      offset += row.size;
    }
  }

  private optionalStreams(): void {
    const { spec, out } = this;
    const { unloaded, regions, handles, comment } = spec;
    if (unloaded) {
      this.stream(STREAM.unloaded, () => {
        out.u32(12).u32(24).u32(unloaded.length);
        for (const each of unloaded) out.u64(each.base).u32(each.size).u32(0).u32(each.timestamp).u32(this.text(each.name));
      });
    }
    if (regions) {
      this.stream(STREAM.memoryInfo, () => {
        out.u32(16).u32(48).u64(regions.length);
        for (const each of regions)
          out.u64(each.base).u64(each.base).u32(each.protect).u32(0).u64(each.size).u32(each.state).u32(each.protect).u32(each.type).u32(0);
      });
    }
    if (handles) {
      this.stream(STREAM.handles, () => {
        out.u32(16).u32(32).u32(handles.length).u32(0);
        for (const each of handles)
          out
            .u64(each.handle)
            .u32(this.text(each.type))
            .u32(each.name ? this.text(each.name) : 0)
            .u32(0)
            .u32(0x1f0003)
            .u32(1)
            .u32(2);
      });
    }
    if (comment !== undefined) this.stream(STREAM.commentA, () => out.append(ascii(`${comment}\0`)));
    const named = spec.threads.filter((thread) => thread.name !== undefined);
    if (named.length > 0) {
      this.stream(STREAM.names, () => {
        out.u32(named.length);
        for (const thread of named) out.u32(thread.id).u64(this.text(thread.name ?? ''));
      });
    }
    for (const each of spec.extra ?? []) this.stream(each.type, () => out.append(each.bytes));
  }

  build(): SparsePlan {
    const { spec, out } = this;
    const directoryAt = new Label('directory');
    const count = new Label('number of streams');
    out
      .append(ascii('MDMP'))
      .u32(0xa793)
      .u32(count)
      .u32(directoryAt)
      .u32(0)
      .u32(spec.time)
      .u64(spec.flags ?? (spec.fullMemory ? 0x2n : 0n));
    this.stream(STREAM.threads, () => this.threadList());
    this.stream(STREAM.modules, () => this.moduleList());
    const { exception } = spec;
    if (exception) this.stream(STREAM.exception, () => this.exceptionStream(exception));
    this.stream(STREAM.system, () => this.systemInfo());
    this.stream(STREAM.misc, () => this.miscInfo());
    this.optionalStreams();
    const full = spec.fullMemory ? this.memory64() : undefined;
    if (!full) this.stream(STREAM.memory, () => this.memoryList());
    for (const write of this.late) write();
    out.align(4).mark(directoryAt);
    for (const { type, at, size } of this.directory) out.u32(type).u32(size).u32(at);
    count.set(this.directory.length);
    if (!full) {
      const bytes = out.finish();
      return { size: bytes.length, parts: [{ offset: 0, bytes }] };
    }
    out.align(0x1000);
    full.base.set(out.size);
    this.placeStacks(full.plan, out.size);
    const head = out.finish();
    const parts: { offset: number; bytes: Uint8Array }[] = [{ offset: 0, bytes: head }];
    let offset = head.length;
    for (const { bytes, size } of full.plan) {
      if (bytes) parts.push({ offset, bytes });
      offset += size;
    }
    return { size: offset, parts };
  }
}

export function buildMinidump(spec: MinidumpSpec): SparsePlan {
  return new MinidumpWriter(spec).build();
}
