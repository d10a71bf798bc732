/**
 * A scene as a full or bitmap dump: everything the kernel keeps about itself stands in physical memory, reached through
 * page tables. Layouts: vergiliusproject.com for 10.0.19041 x64 (_KLDR_DATA_TABLE_ENTRY, _KPCR, KUSER_SHARED_DATA),
 * wdbgexts.h for the KDBG block; _UNLOADED_DRIVERS as public kernel debuggers print it.
 */
import { Binary, type Layout, ascii, concat, put, recordBytes, utf16 } from './binary.ts';
import { x64Context } from './context.ts';
import { type BuiltKernelDump, type KernelDumpKind, buildKernelDump, pagesForSize, unicodeString } from './kerneldump.ts';
import { type ProcessObject, type ThreadObject, prcbBytes, processBytes, threadBytes } from './objects.ts';
import { AddressSpaceImage, PhysicalMemoryImage } from './physical.ts';
import { MM_PFN_DATABASE, NT_DATA, PRCB_ADDRESS, PTE_BASE, type Scene, type SceneProcess, SYSTEM_PROCESS, kernelVariables, sceneKdbg } from './scene.ts';
import type { MemoryBlock } from './triage.ts';

/** _KLDR_DATA_TABLE_ENTRY of 10.0.19041: TimeDateStamp stands at 0x9c, not where wdbgexts.h has it. */
const KLDR_19041 = {
  name: '_KLDR_DATA_TABLE_ENTRY',
  size: 0xa0,
  fields: {
    Flink: [0x0, 8],
    Blink: [0x8, 8],
    ExceptionTable: [0x10, 8],
    ExceptionTableSize: [0x18, 4],
    DllBase: [0x30, 8],
    EntryPoint: [0x38, 8],
    SizeOfImage: [0x40, 4],
    FullDllName: [0x48, 16],
    BaseDllName: [0x58, 16],
    Flags: [0x68, 4],
    LoadCount: [0x6c, 2],
    CheckSum: [0x78, 4],
    SizeOfImageNotRounded: [0x98, 4],
    TimeDateStamp: [0x9c, 4],
  },
} as const satisfies Layout<string>;

const KLDR_POOL = 0xffffe0812ac20000n;
const NAME_POOL = 0xffffb30c41a00000n;
const UNLOADED_POOL = 0xffffe0812ac00000n;
const SHARED_USER_DATA = 0xfffff78000000000n;

export interface KernelOptions {
  readonly kind?: KernelDumpKind;
  /** Size of the dump file; for bitmap-kernel dumps of a machine of `machineBytes`. */
  readonly sizeBytes?: number;
  readonly machineBytes?: number;
  readonly marks?: number;
  readonly blobs?: Uint8Array;
  /** Further bytes in the kernel's address space. */
  readonly writes?: readonly MemoryBlock[];
  /** Kernel addresses whose page is paged out: a valid entry is replaced. */
  readonly pagedOut?: readonly bigint[];
  /** Kernel addresses whose page is left out of a bitmap dump. */
  readonly leaveOut?: readonly bigint[];
}

export interface BuiltKernelScene {
  readonly dump: BuiltKernelDump;
  readonly memory: PhysicalMemoryImage;
  readonly kernel: AddressSpaceImage;
  /** Addresses of what was written, by name. */
  readonly addresses: Readonly<Record<string, bigint>>;
  /** What stands at these virtual addresses of the kernel, for comparison. */
  readonly expected: readonly MemoryBlock[];
}

class KernelWriter {
  readonly scene: Scene;
  readonly kernel: AddressSpaceImage;
  readonly expected: MemoryBlock[] = [];
  private readonly base: bigint;

  constructor(scene: Scene, memory: PhysicalMemoryImage) {
    this.scene = scene;
    this.base = scene.modules[0]?.base ?? 0n;
    this.kernel = new AddressSpaceImage(memory, Number(SYSTEM_PROCESS.directoryTableBase >> 12n)).selfMap(PTE_BASE);
  }

  nt(name: keyof typeof NT_DATA): bigint {
    return this.base + BigInt(NT_DATA[name]);
  }

  private put(address: bigint, bytes: Uint8Array): void {
    this.kernel.write(address, bytes);
    this.expected.push({ address, bytes });
  }

  writeImages(): void {
    for (const { base, image } of this.scene.modules) {
      for (const { rva, bytes } of image.segments) this.put(base + BigInt(rva), bytes);
    }
  }

  writeModuleList(): void {
    const { modules } = this.scene;
    const head = this.nt('PsLoadedModuleList');
    const entryAt = (index: number): bigint => (index < 0 || index >= modules.length ? head : KLDR_POOL + BigInt(index) * 0x200n);
    let nameAt = NAME_POOL;
    const name = (text: string): Uint8Array => {
      const buffer = nameAt;
      const bytes = utf16(`${text}\0`);
      this.put(buffer, bytes);
      nameAt += BigInt((bytes.length + 31) & ~15);
      return unicodeString(text, buffer);
    };
    modules.forEach((module, index) => {
      const { base, image, size, checksum, timestamp } = module;
      const entry = recordBytes(KLDR_19041, {
        ...{ Flink: entryAt(index + 1), Blink: entryAt(index - 1), DllBase: base, SizeOfImage: size, CheckSum: checksum, TimeDateStamp: timestamp },
        ...{ ExceptionTable: base + BigInt(image.pdata.rva), ExceptionTableSize: image.pdata.size, EntryPoint: base + BigInt(image.entryPoint) },
        ...{ FullDllName: name(module.path), BaseDllName: name(module.name), Flags: 0x49104000, LoadCount: 1, SizeOfImageNotRounded: size },
      });
      this.put(entryAt(index), entry);
    });
    this.put(
      head,
      new Binary()
        .u64(entryAt(0))
        .u64(entryAt(modules.length - 1))
        .finish(),
    );
  }

  /** MmUnloadedDrivers points at 50 entries {UNICODE_STRING Name; StartAddress; EndAddress; CurrentTime}. */
  writeUnloaded(): void {
    const { unloaded, systemTime } = this.scene;
    const out = new Binary();
    let nameAt = UNLOADED_POOL + 0x1000n;
    // A ring that is filled forwards: the newest, first in the scene, stands last.
    for (const [age, { name, start, end }] of [...unloaded.entries()].reverse()) {
      this.put(nameAt, utf16(name));
      out
        .append(unicodeString(name, nameAt))
        .u64(start)
        .u64(end)
        .u64(systemTime - 600_000_000n * BigInt(age + 1));
      nameAt += 0x60n;
    }
    this.put(UNLOADED_POOL, out.upTo(50 * 0x28).finish());
    this.put(this.nt('MmUnloadedDrivers'), new Binary().u64(UNLOADED_POOL).u64(unloaded.length).finish());
  }

  /** A live dump is written without KeBugCheckEx, which alone fills KiBugcheckData. */
  writeVariables(live: boolean): void {
    const kdbg = sceneKdbg(this.scene);
    this.put(kdbg.address, kdbg.bytes);
    const noted = live ? { ...this.scene, bugCheck: 0, params: [0n, 0n, 0n, 0n] as const } : this.scene;
    for (const block of kernelVariables(noted)) this.put(block.address, block.bytes);
    this.put(this.nt('NtBuildLab'), ascii(`${this.scene.offsets.build}.1.amd64fre.vb_release.191206-1406\0`));
    // KUSER_SHARED_DATA: TickCountMultiplier 4, InterruptTime 8, SystemTime 0x14, NtSystemRoot 0x30, NtBuildNumber 0x260,
    // NtProductType 0x264, ProductTypeIsValid 0x268, NtMajorVersion 0x26c, NtMinorVersion 0x270, TickCount 0x320
    const shared = new Uint8Array(0x400);
    put(shared, 0x4, 4, 0xfa00000);
    put(shared, 0x8, 8, this.scene.upTime);
    put(shared, 0x10, 4, this.scene.upTime >> 32n);
    put(shared, 0x14, 8, this.scene.systemTime);
    put(shared, 0x1c, 4, this.scene.systemTime >> 32n);
    shared.set(utf16(String.raw`C:\Windows`), 0x30);
    for (const [at, value] of [
      [0x260, this.scene.offsets.build],
      [0x264, 1],
      [0x268, 1],
      [0x26c, 10],
      [0x270, 0],
    ] as const)
      put(shared, at, 4, value);
    put(shared, 0x320, 8, this.scene.upTime / 156250n);
    this.put(SHARED_USER_DATA, shared);
  }

  /** A PRCB within its PCR for each processor; all but the crashing one idle. */
  writeProcessors(): void {
    const { scene } = this;
    for (let number = 0; number < scene.processors; number++) {
      const address = PRCB_ADDRESS(number);
      const crashing = number === scene.processor;
      const idleThread = this.nt('IdleThread');
      const idle = { rip: this.base + 0x209200n, rsp: 0xffffd20f3a000f00n + BigInt(number) * 0x10000n };
      const registers = crashing ? scene.registers : (scene.frozen?.get(number) ?? idle);
      const prcb = prcbBytes(scene.offsets, {
        ...{ address, number, idleThread, currentThread: crashing ? scene.thread.address : idleThread, context: x64Context(registers) },
        directoryTableBase: crashing ? scene.process.directoryTableBase : SYSTEM_PROCESS.directoryTableBase,
        ...(crashing && scene.cr2 !== undefined ? { cr2: scene.cr2 } : {}),
      });
      // KPCR: Self at 0x18, CurrentPrcb at 0x20, Irql at 0x50
      const pcr = new Uint8Array(scene.offsets.pcrPrcb);
      put(pcr, 0x18, 8, address - 0x180n);
      put(pcr, 0x20, 8, address);
      put(pcr, 0x50, 1, crashing ? 0xf : 2);
      this.put(address - 0x180n, concat(pcr, prcb));
    }
  }

  /** The process list with every process's threads, all links closed. */
  writeProcesses(processes: readonly SceneProcess[], space: (process: ProcessObject) => AddressSpaceImage): void {
    const at = this.scene.offsets;
    const head = this.nt('PsActiveProcessHead');
    const linkOf = (index: number): bigint => {
      const found = processes[index];
      return found ? found.object.address + BigInt(at.eprocess.ActiveProcessLinks) : head;
    };
    processes.forEach(({ object, threads, memory }, index) => {
      const ring = threads.map((thread) => thread.object.address);
      const list = (headAt: number, linkAt: number): { flink: bigint; blink: bigint } => {
        const self = object.address + BigInt(headAt);
        return { flink: ring[0] === undefined ? self : ring[0] + BigInt(linkAt), blink: (ring.at(-1) ?? self - BigInt(linkAt)) + BigInt(linkAt) };
      };
      const links = { flink: linkOf(index + 1), blink: linkOf(index - 1) };
      const threadList = list(at.eprocess.EThreadListHead, at.ethread.ThreadListEntry);
      const kernelThreadList = list(at.eprocess.ThreadListHead, at.ethread.KThreadListEntry);
      this.put(object.address, processBytes(at, { ...object, links, threadList, kernelThreadList, activeThreads: threads.length }));
      threads.forEach(({ object: thread, stack }, place) => {
        const link = (headAt: number, linkAt: number): { flink: bigint; blink: bigint } => {
          const self = object.address + BigInt(headAt);
          const to = (other: bigint | undefined): bigint => (other === undefined ? self : other + BigInt(linkAt));
          return { flink: to(ring[place + 1]), blink: to(place === 0 ? undefined : ring[place - 1]) };
        };
        const both = {
          links: link(at.eprocess.EThreadListHead, at.ethread.ThreadListEntry),
          kernelLinks: link(at.eprocess.ThreadListHead, at.ethread.KThreadListEntry),
        };
        this.put(thread.address, threadBytes(at, { ...thread, ...both }));
        this.put(stack.address, stack.bytes);
      });
      const own = space(object);
      for (const block of memory ?? []) own.write(block.address, block.bytes);
    });
    this.put(
      head,
      new Binary()
        .u64(linkOf(0))
        .u64(linkOf(processes.length - 1))
        .finish(),
    );
  }

  /** The idle thread and process live in the kernel's data and in no list. */
  writeIdle(): void {
    const process: ProcessObject = {
      address: this.nt('IdleProcess'),
      imageName: 'Idle',
      id: 0,
      parentId: 0,
      directoryTableBase: SYSTEM_PROCESS.directoryTableBase,
    };
    const thread: ThreadObject = {
      ...{ address: this.nt('IdleThread'), process: process.address, processId: 0, id: 0, state: 2, priority: 0 },
      ...{ stackBase: 0xffffd20f3a001000n, stackLimit: 0xffffd20f39ffb000n, kernelStack: 0xffffd20f3a000f00n },
    };
    this.put(process.address, processBytes(this.scene.offsets, process));
    this.put(thread.address, threadBytes(this.scene.offsets, thread));
  }
}

/** The crashing process joins the others; it exists once. */
function allProcesses(scene: Scene): SceneProcess[] {
  const crashing = { object: scene.thread, stack: scene.stack, frames: scene.stack.frames };
  const has = scene.others.some((each) => each.object.address === scene.process.address);
  const others = scene.others.map((each) => (each.object.address === scene.process.address ? { ...each, threads: [...each.threads, crashing] } : each));
  const all = has ? others : [...others, { object: scene.process, threads: [crashing] }];
  const system = all.some((each) => each.object.id === 4) ? [] : [{ object: SYSTEM_PROCESS, threads: [] }];
  return [...system, ...all];
}

export function kernelOf(scene: Scene, options: KernelOptions = {}): BuiltKernelScene {
  const { kind = 'bitmap-kernel', sizeBytes, machineBytes } = options;
  const whole = kind === 'full' || kind === 'bitmap-full';
  const pages = whole ? pagesForSize(kind, sizeBytes ?? 0x1000000) : Math.floor((machineBytes ?? Math.max(0x1_0000_0000, (sizeBytes ?? 0) * 9)) / 0x1000);
  const memory = new PhysicalMemoryImage(pages);
  // Top-level tables are at given places: keep them before pages are handed out.
  for (const { object } of allProcesses(scene)) memory.page(Number(object.directoryTableBase >> 12n));
  const writer = new KernelWriter(scene, memory);
  writer.writeImages();
  writer.writeModuleList();
  writer.writeUnloaded();
  writer.writeVariables(kind === 'live');
  writer.writeProcessors();
  writer.writeIdle();
  for (const block of [...scene.memory.filter((each) => !inSelfMap(each)), ...(options.writes ?? [])]) {
    writer.kernel.write(block.address, block.bytes);
    writer.expected.push(block);
  }
  writeSpaces(writer, memory, scene);
  const leaveOut = (options.leaveOut ?? []).map((address) => pageOf(writer.kernel, memory, address));
  for (const address of options.pagedOut ?? []) writer.kernel.markInvalid(address, { pageFileOffset: 0x1234 });
  const dump = buildKernelDump({
    ...{ kind, memory, leaveOut, marks: options.marks ?? 0 },
    ...(whole || sizeBytes === undefined ? {} : { sizeBytes }),
    ...(options.blobs ? { blobs: options.blobs } : {}),
    header: {
      ...{
        build: scene.offsets.build,
        machine: 0x8664,
        bugCheck: scene.bugCheck,
        params: scene.params,
        processors: scene.processors,
        context: x64Context(scene.registers),
      },
      exception: { code: 0x80000003, address: scene.registers.rip ?? 0n },
      ...{ systemTime: scene.systemTime, upTime: scene.upTime },
      fields: {
        ...{ DirectoryTableBase: scene.process.directoryTableBase, PfnDataBase: MM_PFN_DATABASE, KdDebuggerDataBlock: writer.nt('KdDebuggerDataBlock') },
        ...{ PsLoadedModuleList: writer.nt('PsLoadedModuleList'), PsActiveProcessHead: writer.nt('PsActiveProcessHead'), ProductType: 1, SuiteMask: 0x110 },
      },
    },
  });
  const addresses = Object.fromEntries((Object.keys(NT_DATA) as (keyof typeof NT_DATA)[]).map((name) => [name, writer.nt(name)]));
  return { dump, memory, kernel: writer.kernel, addresses, expected: writer.expected };
}

function writeSpaces(writer: KernelWriter, memory: PhysicalMemoryImage, scene: Scene): void {
  const spaces = new Map([[SYSTEM_PROCESS.directoryTableBase, writer.kernel]]);
  const waiting: AddressSpaceImage[] = [];
  writer.writeProcesses(allProcesses(scene), (process) => {
    const known = spaces.get(process.directoryTableBase);
    if (known) return known;
    const fresh = new AddressSpaceImage(memory, Number(process.directoryTableBase >> 12n));
    spaces.set(process.directoryTableBase, fresh);
    waiting.push(fresh);
    return fresh;
  });
  // Kernel entries are copied last, when all of them exist; each space sees its own tables through the self-map.
  for (const space of waiting) space.shareKernelHalf(writer.kernel).selfMap(PTE_BASE);
  // A page table entry is written where the crashing process sees it.
  const own = spaces.get(scene.process.directoryTableBase) ?? writer.kernel;
  for (const block of scene.memory.filter(inSelfMap)) own.write(block.address, block.bytes);
}

/** Addresses of the 512 GiB in which page tables appear. */
const inSelfMap = (block: MemoryBlock): boolean => block.address >> 39n === PTE_BASE >> 39n;

/** The frame that `address` is mapped to. */
function pageOf(space: AddressSpaceImage, memory: PhysicalMemoryImage, address: bigint): number {
  const bytes = space.touch(address);
  for (const [pfn, page] of memory.pages) if (page === bytes) return pfn;
  return 0;
}
