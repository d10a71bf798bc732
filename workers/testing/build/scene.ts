/** A machine at the moment it stopped: what the triage builder and the kernel builder write, each in its own way. */
import { type KdbgPointer, kdbgBytes } from './kdbg.ts';
import { Binary, put } from './binary.ts';
import { ordinaryBlobs } from './blobs.ts';
import { type X64Registers, x64Context } from './context.ts';
import { type BugCheckParams, fileTime } from './dumpheader.ts';
import { type ObjectOffsets, WINDOWS_19041_X64 } from './layouts.ts';
import { type ProcessObject, type ThreadObject, prcbBytes, processBytes, threadBytes } from './objects.ts';
import { imageBytes } from './pe.ts';
import { type DrawnFrame, type LoadedPe, StackDrawing } from './stack.ts';
import { type BlobSpec, type BuiltTriage, type MemoryBlock, type TriageSpec, buildTriage } from './triage.ts';
import { type ExtraModule, type ModuleSpec, type UnloadedSpec, loadedModules, moduleNamed } from './windows.ts';

/** Where the kernel's variables stand, from its base. */
export const NT_DATA = {
  KdDebuggerDataBlock: 0xc00b20,
  PsActiveProcessHead: 0xc1e200,
  PsLoadedModuleList: 0xc2a390,
  KiBugcheckData: 0xc31480,
  MmUnloadedDrivers: 0xc2a308,
  MmLastUnloadedDriver: 0xc2a310,
  NtBuildLab: 0xc4c0a0,
  KiProcessorBlock: 0xcfdc80,
  MmPfnDatabase: 0xcfc500,
  KeTimeIncrement: 0xcfc468,
  PspCidTable: 0xcfc5c8,
  IdleThread: 0xd27600,
  IdleProcess: 0xd24a00,
} as const;

export const MM_PFN_DATABASE = 0xffffad0000000000n;
export const PTE_BASE = 0xfffff90000000000n;
export const KERNEL_DIRECTORY_TABLE_BASE = 0x1ad000n;

export interface Scene {
  /** Layouts of the kernel's objects, and with them the build. */
  readonly offsets: ObjectOffsets;
  readonly title: string;
  readonly bugCheck: number;
  readonly params: BugCheckParams;
  readonly modules: readonly ModuleSpec[];
  readonly unloaded: readonly UnloadedSpec[];
  readonly processors: number;
  readonly processor: number;
  readonly process: ProcessObject;
  readonly thread: ThreadObject;
  readonly stack: MemoryBlock & { readonly frames: readonly DrawnFrame[] };
  readonly registers: X64Registers;
  readonly trapFrame?: bigint;
  readonly cr2?: bigint;
  /** Memory besides images, stack and objects. */
  readonly memory: readonly MemoryBlock[];
  readonly blobs: readonly BlobSpec[];
  readonly systemTime: bigint;
  readonly upTime: bigint;
  /** Other processes, for dumps that hold them; the crashing one is added. */
  readonly others: readonly SceneProcess[];
  /** Further variables that KDBG names. */
  readonly kdbg?: Partial<Record<KdbgPointer, bigint>>;
  /** Registers of frozen processors by their number, where they were not idle. */
  readonly frozen?: ReadonlyMap<number, X64Registers>;
}

export interface SceneThread {
  readonly object: ThreadObject;
  /** The kernel stack from its lowest kept byte up to its base. */
  readonly stack: MemoryBlock;
  readonly frames: readonly DrawnFrame[];
}
export interface SceneProcess {
  readonly object: ProcessObject;
  readonly threads: readonly SceneThread[];
  /** Memory of its own user half. */
  readonly memory?: readonly MemoryBlock[];
}

export const PRCB_ADDRESS = (processor: number): bigint => 0xffff9a80_5a2c0180n + BigInt(processor) * 0xc0000n;
export const SYSTEM_PROCESS: ProcessObject = {
  address: 0xffffe0812ac8a080n,
  imageName: 'System',
  id: 4,
  parentId: 0,
  directoryTableBase: KERNEL_DIRECTORY_TABLE_BASE,
};

/** A machine with its modules, before anything happens on it. */
export interface Machine {
  readonly modules: readonly ModuleSpec[];
  readonly nt: LoadedPe;
  image(name: string): LoadedPe;
}

export function machine(extra: readonly ExtraModule[] = []): Machine {
  const modules = loadedModules(extra);
  const image = (name: string): LoadedPe => moduleNamed(modules, name);
  return { modules, nt: image('ntoskrnl.exe'), image };
}

export function ordinaryUnloaded(modules: readonly ModuleSpec[]): UnloadedSpec[] {
  const last = modules.at(-1);
  const from = (last ? last.base + BigInt(last.size) : 0n) + 0x1000000n;
  return ['dump_storport.sys', 'dump_stornvme.sys', 'dump_dumpfve.sys', 'WdBoot.sys', 'hwpolicy.sys', 'dam.sys'].map((name, index) => {
    const start = from + BigInt(index) * 0x50000n;
    return { name, start, end: start + 0x1c000n + BigInt(index) * 0x3000n };
  });
}

const STACK_ROOM = 0x6000n;

export interface SceneSpec {
  /** 10.0.19041 by default. */
  readonly offsets?: ObjectOffsets;
  readonly title: string;
  readonly machine: Machine;
  readonly drawing: StackDrawing;
  readonly bugCheck: number;
  readonly params: BugCheckParams;
  readonly process?: ProcessObject;
  readonly thread?: Partial<ThreadObject>;
  readonly trapFrame?: bigint;
  readonly cr2?: bigint;
  readonly memory?: readonly MemoryBlock[];
  readonly blobs?: readonly BlobSpec[];
  readonly unloaded?: readonly UnloadedSpec[];
  readonly processor?: number;
  readonly upTime?: bigint;
  readonly others?: readonly SceneProcess[];
  readonly kdbg?: Partial<Record<KdbgPointer, bigint>>;
}

export const CRASH_TIME = fileTime('2024-03-05T18:42:11.250Z');

/** A kernel stack for a thread; its high end is the thread's StackBase. */
export function kernelStack(high = 0xffffd20f3b2e8000n): StackDrawing {
  return new StackDrawing(high, Number(STACK_ROOM));
}

/** Ends the drawing in KeBugCheckEx at its first instruction, with its arguments where the calling convention puts them. */
export function bugCheckHere(drawing: StackDrawing, bugCheck: number, params: BugCheckParams): StackDrawing {
  drawing.set({ rcx: BigInt(bugCheck), rdx: params[0], r8: params[1], r9: params[2] });
  // The caller's fifth argument stands above the return address and the four homes.
  return drawing.poke(drawing.rsp + 0x28n, params[3]);
}

export function scene(spec: SceneSpec): Scene {
  const { drawing, machine: on } = spec;
  const drawn = drawing.finish();
  const innermost = drawn.frames[0];
  const process = spec.process ?? SYSTEM_PROCESS;
  const processor = spec.processor ?? 2;
  const thread: ThreadObject = {
    ...{ address: 0xffffe0812e0d7040n, process: process.address, processId: process.id, id: 0x1a4, state: 2, priority: 8, processor },
    ...{ stackBase: drawing.high, stackLimit: drawing.high - STACK_ROOM, kernelStack: drawing.high - 0x800n },
    ...spec.thread,
  };
  return {
    offsets: spec.offsets ?? WINDOWS_19041_X64,
    ...{ title: spec.title, bugCheck: spec.bugCheck, params: spec.params, modules: on.modules, unloaded: spec.unloaded ?? ordinaryUnloaded(on.modules) },
    ...{ processors: 8, processor, process, thread, stack: drawn, registers: drawing.context(innermost?.ip ?? 0n) },
    ...(spec.trapFrame === undefined ? {} : { trapFrame: spec.trapFrame }),
    ...(spec.cr2 === undefined ? {} : { cr2: spec.cr2 }),
    ...{
      memory: spec.memory ?? [],
      blobs: spec.blobs ?? ordinaryBlobs(CRASH_TIME - 36_000_000_000n),
      systemTime: CRASH_TIME,
      upTime: spec.upTime ?? 51_873_406_250n,
      others: spec.others ?? [],
      kdbg: spec.kdbg ?? {},
    },
  };
}

export function sceneKdbg(of: Scene): { readonly address: bigint; readonly bytes: Uint8Array } {
  const base = of.modules[0]?.base ?? 0n;
  const nt = (name: keyof typeof NT_DATA): bigint => base + BigInt(NT_DATA[name]);
  const address = nt('KdDebuggerDataBlock');
  const bytes = kdbgBytes(of.offsets, address, {
    ...{ KernBase: base, PsLoadedModuleList: nt('PsLoadedModuleList'), PsActiveProcessHead: nt('PsActiveProcessHead'), PspCidTable: nt('PspCidTable') },
    ...{ KiBugcheckData: nt('KiBugcheckData'), KeTimeIncrement: nt('KeTimeIncrement'), MmPfnDatabase: nt('MmPfnDatabase'), MmPageSize: 0x1000n },
    ...{ NtBuildLab: nt('NtBuildLab'), KiProcessorBlock: nt('KiProcessorBlock') },
    ...{ MmUnloadedDrivers: nt('MmUnloadedDrivers'), MmLastUnloadedDriver: nt('MmLastUnloadedDriver'), PteBase: PTE_BASE },
    ...of.kdbg,
  });
  return { address, bytes };
}

/** Code on both sides of every frame's address: what a checker of return addresses and a disassembler need. */
function codeBlocks(of: Scene): MemoryBlock[] {
  return of.stack.frames.flatMap(({ module, ip }): MemoryBlock[] => {
    const at = of.modules.find((each) => each.name === module);
    if (!at) return [];
    const rva = Math.max(0, Number(ip - at.base) - 0x40);
    return [{ address: at.base + BigInt(rva), bytes: imageBytes(at.image, rva, 0x80) }];
  });
}

/** KiBugcheckData: code and parameters as the kernel keeps them; KiProcessorBlock: one pointer a processor. */
export function kernelVariables(of: Scene): MemoryBlock[] {
  const base = of.modules[0]?.base ?? 0n;
  const words = (at: number, values: readonly bigint[]): MemoryBlock => {
    const out = new Binary();
    for (const value of values) out.u64(value);
    return { address: base + BigInt(at), bytes: out.finish() };
  };
  return [
    words(NT_DATA.KiBugcheckData, [BigInt(of.bugCheck), ...of.params]),
    words(
      NT_DATA.KiProcessorBlock,
      Array.from({ length: of.processors }, (_, index) => PRCB_ADDRESS(index)),
    ),
    words(NT_DATA.MmPfnDatabase, [MM_PFN_DATABASE]),
    words(NT_DATA.KeTimeIncrement, [156250n]),
  ];
}

export interface TriageOptions {
  readonly style?: 'extracted' | 'direct';
  readonly change?: (spec: TriageSpec) => TriageSpec;
}

export function scenePrcb(of: Scene): Uint8Array {
  const { processor, thread, process } = of;
  const address = PRCB_ADDRESS(processor);
  const idleThread = (of.modules[0]?.base ?? 0n) + BigInt(NT_DATA.IdleThread);
  const context = x64Context(of.registers);
  return prcbBytes(of.offsets, {
    ...{ address, number: processor, currentThread: thread.address, idleThread, directoryTableBase: process.directoryTableBase, context },
    ...(of.cr2 === undefined ? {} : { cr2: of.cr2 }),
  });
}

export function triageOf(of: Scene, options: TriageOptions = {}): BuiltTriage {
  const style = options.style ?? 'extracted';
  const base = of.modules[0]?.base ?? 0n;
  const kdbg = sceneKdbg(of);
  const prcb = scenePrcb(of);
  const spec: TriageSpec = {
    style,
    header: {
      ...{ build: of.offsets.build, machine: 0x8664, bugCheck: of.bugCheck, params: of.params, processors: of.processors, context: x64Context(of.registers) },
      exception: { code: 0x80000003, address: of.registers.rip ?? 0n },
      ...{ systemTime: of.systemTime, upTime: of.upTime },
      ...(style === 'direct'
        ? {
            runs: [
              { basePage: 1, pageCount: 0x9e },
              { basePage: 0x100, pageCount: 0x7ff00 },
            ],
          }
        : {}),
      fields: {
        ...{ DirectoryTableBase: of.process.directoryTableBase, PfnDataBase: MM_PFN_DATABASE, KdDebuggerDataBlock: kdbg.address },
        ...{ PsLoadedModuleList: base + BigInt(NT_DATA.PsLoadedModuleList), PsActiveProcessHead: base + BigInt(NT_DATA.PsActiveProcessHead) },
        ...{ ProductType: 1, SuiteMask: 0x110 },
      },
    },
    prcb,
    process: processBytes(of.offsets, of.process),
    thread: threadBytes(of.offsets, of.thread),
    stack: { address: of.stack.address, bytes: of.stack.bytes },
    kdbg: kdbg.bytes,
    modules: of.modules,
    unloaded: of.unloaded,
    blocks: [...kernelVariables(of), { address: PRCB_ADDRESS(of.processor), bytes: prcb.subarray(0, 0x800) }, ...codeBlocks(of), ...of.memory],
    blobs: of.blobs,
  };
  return buildTriage(options.change ? options.change(spec) : spec);
}

/** A block of 64-bit words. */
export function words(address: bigint, values: readonly bigint[]): MemoryBlock {
  const bytes = new Uint8Array(values.length * 8);
  values.forEach((value, index) => put(bytes, index * 8, 8, value));
  return { address, bytes };
}
