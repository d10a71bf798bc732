/**
 * Where fields stand in kernel dumps and in kernel objects, for writing. Offsets are written down here once more, from
 * public sources, and not taken from the readers:
 * - DUMP_HEADER64, TRIAGE_DUMP64, bitmap header: rizin librz/bin/format/dmp/dmp_specs.h, 0vercl0k/kdmp-parser kdmp-parser-structs.h
 * - KDDEBUGGER_DATA64, KLDR_DATA_TABLE_ENTRY64: wdbgexts.h of the Windows SDK
 * - CONTEXT: winnt.h
 * - kernel objects of build 19041 x64 (10.0.19041.928): vergiliusproject.com/kernels/x64/windows-10
 */
import type { Layout } from './binary.ts';

export const DUMP_HEADER64 = {
  name: 'DUMP_HEADER64',
  size: 0x2000,
  fields: {
    Signature: [0x0, 4],
    ValidDump: [0x4, 4],
    MajorVersion: [0x8, 4],
    MinorVersion: [0xc, 4],
    DirectoryTableBase: [0x10, 8],
    PfnDataBase: [0x18, 8],
    PsLoadedModuleList: [0x20, 8],
    PsActiveProcessHead: [0x28, 8],
    MachineImageType: [0x30, 4],
    NumberProcessors: [0x34, 4],
    BugCheckCode: [0x38, 4],
    BugCheckParameter1: [0x40, 8],
    BugCheckParameter2: [0x48, 8],
    BugCheckParameter3: [0x50, 8],
    BugCheckParameter4: [0x58, 8],
    VersionUser: [0x60, 32],
    KdDebuggerDataBlock: [0x80, 8],
    PhysicalMemoryBlock: [0x88, 700],
    ContextRecord: [0x348, 3000],
    Exception: [0xf00, 0x98],
    DumpType: [0xf98, 4],
    RequiredDumpSpace: [0xfa0, 8],
    SystemTime: [0xfa8, 8],
    Comment: [0xfb0, 128],
    SystemUpTime: [0x1030, 8],
    MiniDumpFields: [0x1038, 4],
    SecondaryDataState: [0x103c, 4],
    ProductType: [0x1040, 4],
    SuiteMask: [0x1044, 4],
    WriterStatus: [0x1048, 4],
    Unused1: [0x104c, 1],
    KdSecondaryVersion: [0x104d, 1],
    Attributes: [0x1050, 4],
    BootId: [0x1054, 4],
  },
} as const satisfies Layout<string>;
export type DumpHeaderField = keyof typeof DUMP_HEADER64.fields;

export const TRIAGE_DUMP64 = {
  name: 'TRIAGE_DUMP64',
  size: 0x80,
  fields: {
    ServicePackBuild: [0x0, 4],
    SizeOfDump: [0x4, 4],
    ValidOffset: [0x8, 4],
    ContextOffset: [0xc, 4],
    ExceptionOffset: [0x10, 4],
    MmOffset: [0x14, 4],
    UnloadedDriversOffset: [0x18, 4],
    PrcbOffset: [0x1c, 4],
    ProcessOffset: [0x20, 4],
    ThreadOffset: [0x24, 4],
    CallStackOffset: [0x28, 4],
    SizeOfCallStack: [0x2c, 4],
    DriverListOffset: [0x30, 4],
    DriverCount: [0x34, 4],
    StringPoolOffset: [0x38, 4],
    StringPoolSize: [0x3c, 4],
    BrokenDriverOffset: [0x40, 4],
    TriageOptions: [0x44, 4],
    TopOfStack: [0x48, 8],
    DataPageAddress: [0x60, 8],
    DataPageOffset: [0x68, 4],
    DataPageSize: [0x6c, 4],
    DebuggerDataOffset: [0x70, 4],
    DebuggerDataSize: [0x74, 4],
    DataBlocksOffset: [0x78, 4],
    DataBlocksCount: [0x7c, 4],
  },
} as const satisfies Layout<string>;

export const DUMP_MM_STORAGE64 = {
  name: 'DUMP_MM_STORAGE64',
  size: 0x50,
  fields: {
    Version: [0x0, 4],
    Size: [0x4, 4],
    MmSpecialPoolTag: [0x8, 4],
    MiTriageActionTaken: [0xc, 4],
    MmVerifyDriverLevel: [0x10, 4],
    KernelVerifier: [0x14, 4],
    MmMaximumNonPagedPool: [0x18, 8],
    MmAllocatedNonPagedPool: [0x20, 8],
    PagedPoolMaximum: [0x28, 8],
    PagedPoolAllocated: [0x30, 8],
    CommittedPages: [0x38, 8],
    CommittedPagesPeak: [0x40, 8],
    CommitLimitMaximum: [0x48, 8],
  },
} as const satisfies Layout<string>;

/** A row of the triage dump's driver list: name offset, then KLDR_DATA_TABLE_ENTRY64 as in wdbgexts.h. */
export const DUMP_DRIVER_ENTRY64 = {
  name: 'DUMP_DRIVER_ENTRY64',
  size: 0x90,
  fields: {
    DriverNameOffset: [0x0, 4],
    InLoadOrderFlink: [0x8, 8],
    InLoadOrderBlink: [0x10, 8],
    DllBase: [0x38, 8],
    EntryPoint: [0x40, 8],
    SizeOfImage: [0x48, 4],
    FullDllName: [0x50, 16],
    BaseDllName: [0x60, 16],
    Flags: [0x70, 4],
    LoadCount: [0x74, 2],
    CheckSum: [0x80, 4],
    TimeDateStamp: [0x88, 4],
  },
} as const satisfies Layout<string>;

export const EXCEPTION_RECORD64 = {
  name: 'EXCEPTION_RECORD64',
  size: 0x98,
  fields: {
    ExceptionCode: [0x0, 4],
    ExceptionFlags: [0x4, 4],
    ExceptionRecord: [0x8, 8],
    ExceptionAddress: [0x10, 8],
    NumberParameters: [0x18, 4],
    ExceptionInformation: [0x20, 120],
  },
} as const satisfies Layout<string>;

export const KTRAP_FRAME = {
  name: 'KTRAP_FRAME',
  size: 0x190,
  fields: {
    P5: [0x20, 8],
    PreviousMode: [0x28, 1],
    PreviousIrql: [0x29, 1],
    FaultIndicator: [0x2a, 1],
    ExceptionActive: [0x2b, 1],
    MxCsr: [0x2c, 4],
    Rax: [0x30, 8],
    Rcx: [0x38, 8],
    Rdx: [0x40, 8],
    R8: [0x48, 8],
    R9: [0x50, 8],
    R10: [0x58, 8],
    R11: [0x60, 8],
    GsBase: [0x68, 8],
    FaultAddress: [0xd0, 8],
    TrapFrame: [0x138, 8],
    Rbx: [0x140, 8],
    Rdi: [0x148, 8],
    Rsi: [0x150, 8],
    Rbp: [0x158, 8],
    ErrorCode: [0x160, 8],
    Rip: [0x168, 8],
    SegCs: [0x170, 2],
    EFlags: [0x178, 4],
    Rsp: [0x180, 8],
    SegSs: [0x188, 2],
  },
} as const satisfies Layout<string>;

/** Offsets of a build that differ from others; named as the KDBG block names them. */
export interface ObjectOffsets {
  readonly build: number;
  readonly arch: 'x64' | 'arm64';
  readonly kdbgSize: number;
  readonly sizes: { readonly eprocess: number; readonly ethread: number; readonly prcb: number; readonly pcr: number };
  readonly eprocess: Readonly<
    Record<
      | 'DirectoryTableBase'
      | 'ThreadListHead'
      | 'UniqueProcessId'
      | 'ActiveProcessLinks'
      | 'CreateTime'
      | 'InheritedFromUniqueProcessId'
      | 'Peb'
      | 'ImageFileName'
      | 'EThreadListHead'
      | 'ActiveThreads'
      | 'ExitStatus',
      number
    >
  >;
  readonly ethread: Readonly<
    Record<
      | 'InitialStack'
      | 'StackLimit'
      | 'StackBase'
      | 'KernelStack'
      | 'Running'
      | 'TrapFrame'
      | 'ApcProcess'
      | 'Priority'
      | 'Teb'
      | 'State'
      | 'NextProcessor'
      | 'Process'
      | 'BasePriority'
      | 'WaitReason'
      | 'KThreadListEntry'
      | 'CreateTime'
      | 'StartAddress'
      | 'ClientId'
      | 'IrpList'
      | 'Win32StartAddress'
      | 'ThreadListEntry',
      number
    >
  >;
  readonly prcb: Readonly<
    Record<
      'CurrentThread' | 'IdleThread' | 'Number' | 'CpuType' | 'Mhz' | 'VendorString' | 'ProcessorState' | 'Context' | 'DpcRoutineActive' | 'DpcStack',
      number
    >
  >;
  readonly pcrPrcb: number;
}

/** Windows 10 2004 to 22H2 x64 (kernel 10.0.19041); KPRCB places as that build's KDBG block gives them. */
export const WINDOWS_19041_X64: ObjectOffsets = {
  build: 19041,
  arch: 'x64',
  kdbgSize: 0x380,
  sizes: { eprocess: 0xa40, ethread: 0x898, prcb: 0xaf00, pcr: 0xb080 },
  eprocess: {
    DirectoryTableBase: 0x28,
    ThreadListHead: 0x30,
    UniqueProcessId: 0x440,
    ActiveProcessLinks: 0x448,
    CreateTime: 0x468,
    InheritedFromUniqueProcessId: 0x540,
    Peb: 0x550,
    ImageFileName: 0x5a8,
    EThreadListHead: 0x5e0,
    ActiveThreads: 0x5f0,
    ExitStatus: 0x7d4,
  },
  ethread: {
    InitialStack: 0x28,
    StackLimit: 0x30,
    StackBase: 0x38,
    KernelStack: 0x58,
    Running: 0x71,
    TrapFrame: 0x90,
    ApcProcess: 0xb8,
    Priority: 0xc3,
    Teb: 0xf0,
    State: 0x184,
    NextProcessor: 0x218,
    Process: 0x220,
    BasePriority: 0x233,
    WaitReason: 0x283,
    KThreadListEntry: 0x2f8,
    CreateTime: 0x430,
    StartAddress: 0x450,
    ClientId: 0x478,
    IrpList: 0x4b0,
    Win32StartAddress: 0x4d0,
    ThreadListEntry: 0x4e8,
  },
  prcb: {
    CurrentThread: 0x8,
    IdleThread: 0x18,
    Number: 0x24,
    CpuType: 0x40,
    Mhz: 0x44,
    VendorString: 0x8590,
    ProcessorState: 0x100,
    Context: 0x85c0,
    DpcRoutineActive: 0x312a,
    DpcStack: 0x3110,
  },
  pcrPrcb: 0x180,
};

/** Windows 11 22H2 and 23H2 x64 (10.0.22621.382, 10.0.22631.2428); of the KPRCB no more than 19041 has is public, the KDBG block states it. */
export const WINDOWS_22621_X64: ObjectOffsets = {
  ...WINDOWS_19041_X64,
  build: 22621,
  sizes: { ...WINDOWS_19041_X64.sizes, eprocess: 0xb80, ethread: 0x900 },
  ethread: {
    ...WINDOWS_19041_X64.ethread,
    ...{ CreateTime: 0x480, StartAddress: 0x4a0, ClientId: 0x4c8, IrpList: 0x500, Win32StartAddress: 0x520, ThreadListEntry: 0x538 },
  },
};

/**
 * Windows 11 24H2 x64 (10.0.26100): github.com/Rickebo/ntoskrnlib, Generated/Win11 (_EPROCESS, _KTHREAD, _ETHREAD). The links within
 * KTHREAD and the KPRCB are not told there and stand as before; the KDBG block states those of the KPRCB.
 */
export const WINDOWS_26100_X64: ObjectOffsets = {
  ...WINDOWS_19041_X64,
  build: 26100,
  sizes: { ...WINDOWS_19041_X64.sizes, eprocess: 0x840, ethread: 0x940 },
  eprocess: {
    ...WINDOWS_19041_X64.eprocess,
    ...{ UniqueProcessId: 0x1d0, ActiveProcessLinks: 0x1d8, CreateTime: 0x1f8, InheritedFromUniqueProcessId: 0x2d0, Peb: 0x2e0 },
    ...{ ImageFileName: 0x338, EThreadListHead: 0x370, ActiveThreads: 0x380, ExitStatus: 0x554 },
  },
  ethread: {
    ...WINDOWS_19041_X64.ethread,
    ...{ CreateTime: 0x4c0, StartAddress: 0x4e0, ClientId: 0x508, IrpList: 0x540, Win32StartAddress: 0x560, ThreadListEntry: 0x578 },
  },
};

/** Windows 10 1903 and 1909 x64 (10.0.18362.418). */
export const WINDOWS_18362_X64: ObjectOffsets = {
  ...WINDOWS_19041_X64,
  build: 18362,
  sizes: { ...WINDOWS_19041_X64.sizes, eprocess: 0x880, ethread: 0x820 },
  eprocess: {
    ...WINDOWS_19041_X64.eprocess,
    ...{ UniqueProcessId: 0x2e8, ActiveProcessLinks: 0x2f0, CreateTime: 0x310, InheritedFromUniqueProcessId: 0x3e8, Peb: 0x3f8 },
    ...{ ImageFileName: 0x450, EThreadListHead: 0x488, ActiveThreads: 0x498, ExitStatus: 0x654 },
  },
  ethread: {
    ...WINDOWS_19041_X64.ethread,
    ...{ CreateTime: 0x600, StartAddress: 0x620, ClientId: 0x648, IrpList: 0x680, Win32StartAddress: 0x6a0, ThreadListEntry: 0x6b8 },
  },
  prcb: { ...WINDOWS_19041_X64.prcb, VendorString: 0x6290, Context: 0x62c0, DpcRoutineActive: 0x2e6a, DpcStack: 0x2e50 },
};

/**
 * Windows 11 21H2 ARM64 (10.0.22000): what the KDBG block of that build states (wdbgexts.h names), UniqueProcessId and ImageFileName as
 * rizin's test expectations for its ARM64 dump have them. Places not stated there follow the x64 order and are used by no reader.
 */
export const WINDOWS_22000_ARM64: ObjectOffsets = {
  build: 22000,
  arch: 'arm64',
  kdbgSize: 0x380,
  sizes: { eprocess: 0xc80, ethread: 0x910, prcb: 0x9680, pcr: 0xa000 },
  eprocess: {
    DirectoryTableBase: 0x28,
    ThreadListHead: 0x30,
    UniqueProcessId: 0x3f8,
    ActiveProcessLinks: 0x400,
    CreateTime: 0x420,
    InheritedFromUniqueProcessId: 0x4f8,
    Peb: 0x508,
    ImageFileName: 0x560,
    EThreadListHead: 0x598,
    ActiveThreads: 0x5a8,
    ExitStatus: 0x78c,
  },
  ethread: {
    InitialStack: 0x28,
    StackLimit: 0x30,
    StackBase: 0x38,
    KernelStack: 0x58,
    Running: 0x71,
    TrapFrame: 0x88,
    ApcProcess: 0xb0,
    Priority: 0xbb,
    Teb: 0xe8,
    State: 0x17c,
    NextProcessor: 0x238,
    Process: 0x240,
    BasePriority: 0x253,
    WaitReason: 0x2a3,
    KThreadListEntry: 0x318,
    CreateTime: 0x4a0,
    StartAddress: 0x4c0,
    ClientId: 0x4e8,
    IrpList: 0x520,
    Win32StartAddress: 0x540,
    ThreadListEntry: 0x558,
  },
  prcb: {
    CurrentThread: 0x8,
    IdleThread: 0x18,
    Number: 0x24,
    CpuType: 0x6f0,
    Mhz: 0x6f4,
    VendorString: 0x890,
    ProcessorState: 0x320,
    Context: 0x8a0,
    DpcRoutineActive: 0xb1a,
    DpcStack: 0xaf8,
  },
  pcrPrcb: 0x980,
};
