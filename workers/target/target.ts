/**
 * The opened dump, whatever its kind: what every later rung works on.
 * It stands below expressions, verdict and commands, so that all of them read one model.
 */
import type { Va } from '../base/address.ts';
import type { Found, MissingReason } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import type { ByteSource, ReadCounters } from '../bytes/source.ts';
import type { Arch, Decoder } from '../code/decoder.ts';
import type { AddressSpace, PhysicalMemory } from '../memory/space.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import type { ModuleList } from '../modules/module.ts';
import type { SymbolProvider } from '../symbols/provider.ts';
import type { ModuleTypes } from '../types/moduletypes.ts';
import type { DynamicTable, Registers, Stack } from '../unwind/frame.ts';

/** cli.md: the closed list of kinds. */
export type DumpKind =
  'kernel-triage' | 'kernel-full' | 'kernel-summary' | 'kernel-bitmap-full' | 'kernel-bitmap' | 'kernel-other' | 'user' | 'log' | 'unknown';

export interface OsInfo {
  readonly family: 'Windows' | 'Linux' | 'macOS' | 'iOS' | 'Android' | 'unknown';
  readonly build: Found<number>;
  readonly name: Found<string>;
  readonly productType: Found<string>;
  readonly processors: Found<number>;
}

export interface BugCheck {
  /** As it stands in the header, 0x1000007e included. */
  readonly code: number;
  readonly params: readonly [bigint, bigint, bigint, bigint];
}

export interface ExceptionInfo {
  readonly code: number;
  readonly flags: number;
  readonly address: Va;
  readonly parameters: readonly bigint[];
  readonly nested: Va;
  /** Which thread raised it (user dumps). */
  readonly threadId?: number;
}

/** 'frame': recovered by walking the stack to it. */
export type ContextSource = 'exception' | 'header' | 'trap-frame' | 'thread' | 'context-record' | 'frame';
export interface Context {
  readonly source: ContextSource;
  readonly registers: Registers;
  /** Registers that this source does not hold (a trap frame has no non-volatile ones). */
  readonly unknown: readonly string[];
  /** Where a trap frame or context record was read. */
  readonly at?: Va;
  /** ETHREAD of a thread of the kernel that .thread chose. */
  readonly thread?: Va;
  /** The stack that it stands on, where that is known and the thread is not in the list. */
  readonly stackRange?: { readonly low: Va; readonly high: Va };
}

export interface ThreadInfo {
  /** TID; for kernel dumps the thread's id where its layout is known. */
  readonly id: number;
  /** Index in WinDbg's list, "0", "1" …. */
  readonly index: number;
  readonly name: Found<string>;
  readonly teb: Found<Va>;
  /** ETHREAD address in a kernel dump. */
  readonly object?: Va;
  readonly suspendCount: Found<number>;
  readonly context: Found<Context>;
  readonly stackRange: Found<{ readonly low: Va; readonly high: Va }>;
  /** Kernel dumps: KTHREAD.KernelStack, where a thread that waits left off. */
  readonly kernelStack?: Found<Va>;
}

export interface StreamInfo {
  readonly type: number;
  readonly name: string;
  readonly size: number;
  readonly fileOffset: number;
  /** True where its content is read into the model. */
  readonly decoded: boolean;
  /** What was read of it, a line. */
  readonly gist?: string;
}

export interface BlobInfo {
  readonly guid: string;
  readonly name: string;
  readonly size: number;
  readonly fileOffset: number;
  /** Serial numbers, paths or event text stand in it: never part of a share. */
  readonly private: boolean;
}

export interface ProcessInfo {
  readonly name: Found<string>;
  readonly id: Found<number>;
  readonly object?: Va;
  readonly peb?: Found<Va>;
  readonly commandLine?: Found<string>;
  readonly parentId?: Found<number>;
  readonly directoryTableBase?: Found<bigint>;
}

/** What a walk over a list of the kernel found, and why it ended early; `ended` is absent when it came back to the head. */
export interface WalkedList<T> {
  readonly items: readonly T[];
  readonly ended?: MissingReason;
}

/** Full and bitmap dumps: lists of the kernel that are walked when they are asked for. */
export interface KernelWalks {
  processes(): Job<Found<WalkedList<ProcessInfo>>>;
  /** Threads of one process, by its EPROCESS address. */
  threads(process: Va): Job<Found<WalkedList<ThreadInfo>>>;
  /** Virtual memory of another process; the kernel half is the same in all. */
  space(directoryTableBase: bigint): AddressSpace;
}

/** A named fact that fits no field above: DUMP_MM_STORAGE, KDBG fields, MiscInfo times, annotations. */
export interface Fact {
  readonly group: string;
  readonly name: string;
  readonly value: Found<string>;
  /** Class for sharing (design §8). */
  readonly privacy: 'public' | 'module' | 'machine' | 'person';
}

export interface Target {
  readonly source: ByteSource;
  readonly counters: ReadCounters;
  readonly kind: DumpKind;
  readonly live: Found<boolean>;
  /** DumpType of a kernel header; MINIDUMP_TYPE flags of a user dump. */
  readonly dumpType: Found<number>;
  readonly writer: Found<string>;
  readonly arch: Arch;
  readonly os: OsInfo;
  /** Milliseconds since 1970, UTC. */
  readonly crashTime: Found<number>;
  readonly uptimeSeconds: Found<number>;
  readonly bugCheck: BugCheck | null;
  readonly exception: ExceptionInfo | null;
  /** The registers that the crash is about. */
  readonly context: Found<Context>;
  /** Kernel dumps: the registers in the header, whatever `context` chose. */
  readonly headerContext: Found<Context>;
  readonly memory: AddressSpace;
  readonly physical?: PhysicalMemory;
  readonly modules: ModuleList;
  readonly threads: readonly ThreadInfo[];
  /** Index in `threads` of the one that crashed. */
  readonly crashThread: Found<number>;
  readonly process: ProcessInfo;
  readonly processor: Found<number>;
  readonly streams: readonly StreamInfo[];
  readonly blobs: readonly BlobInfo[];
  readonly facts: readonly Fact[];
  /** Things of the file that are odd but did not stop the reading. */
  readonly oddities: readonly string[];
  /** Kernel dumps: KernBase, PsLoadedModuleList … from the header and KDBG, by their names in wdbgexts.h. */
  readonly kernelPointers: Readonly<Record<string, Va>>;
  /** Kernel dumps: offsets and sizes inside kernel objects that KDBG tells, by their names in wdbgexts.h (OffsetKThreadTeb …). */
  readonly kernelOffsets?: Readonly<Record<string, number>>;
  readonly kernelWalks?: KernelWalks;
  /** Application dumps: unwind data of code made at run time. */
  readonly dynamicTables?: readonly DynamicTable[];
}

/** What the header alone tells: read before anything slow starts (budget: 2 MiB). */
export type FirstTarget = Pick<
  Target,
  'source' | 'kind' | 'live' | 'dumpType' | 'writer' | 'arch' | 'os' | 'crashTime' | 'uptimeSeconds' | 'bugCheck' | 'exception'
>;

/** A target with what is at hand to read it: symbols, images, a decoder. */
export interface Session {
  readonly target: Target;
  readonly symbols: SymbolProvider;
  readonly decoder: Decoder;
  readonly knowledge: Knowledge;
  /** Types of modules: from their PDBs, for the kernel also from the layouts kept for its build. */
  readonly types: ModuleTypes;
  /** Memory of the target, with code and constants filled from images at hand. */
  readonly memory: AddressSpace;
  /** The scope's context: set by .cxr, .trap, .ecxr, .thread, .frame /c, ~Ns. Starts as the crash's. */
  scope: Context | undefined;
  /** Number of the frame of the scope's stack whose locals are meant (.frame); setting the scope makes it 0 again. */
  scopeFrame: number;
  /** The crash's stack, kept after the first walk until symbols or images change. */
  crashStack(): Job<Stack>;
  walk(context: Context, limit: number, stackRange?: { readonly low: Va; readonly high: Va }): Job<Stack>;
}
