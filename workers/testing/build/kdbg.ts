/** The KDDEBUGGER_DATA64 block (wdbgexts.h): the pointers a debugger starts from. */
import type { ObjectOffsets } from './layouts.ts';
import { ascii, put } from './binary.ts';

/** 64-bit fields by their place in the block. */
const POINTERS = {
  KernBase: 0x18,
  BreakpointWithStatus: 0x20,
  KiCallUserMode: 0x38,
  PsLoadedModuleList: 0x48,
  PsActiveProcessHead: 0x50,
  PspCidTable: 0x58,
  ExpSystemResourcesList: 0x60,
  KeTimeIncrement: 0x78,
  KeBugCheckCallbackListHead: 0x80,
  KiBugcheckData: 0x88,
  ObpRootDirectoryObject: 0x98,
  ObpTypeObjectType: 0xa0,
  MmPfnDatabase: 0xc0,
  MmNumberOfPhysicalPages: 0xf8,
  MmMaximumNonPagedPoolInBytes: 0x100,
  MmPageSize: 0x138,
  MmTotalCommitLimit: 0x148,
  MmTotalCommittedPages: 0x150,
  MmAvailablePages: 0x1a8,
  PoolTrackTable: 0x1b8,
  MmHighestUserAddress: 0x1c8,
  MmSystemRangeStart: 0x1d0,
  MmUserProbeAddress: 0x1d8,
  NtBuildLab: 0x208,
  KiProcessorBlock: 0x218,
  MmUnloadedDrivers: 0x220,
  MmLastUnloadedDriver: 0x228,
  MmTriageActionTaken: 0x230,
  MmSpecialPoolTag: 0x238,
  KernelVerifier: 0x240,
  MmVerifierData: 0x248,
  CmNtCSDVersion: 0x268,
  MmPhysicalMemoryBlock: 0x270,
  PteBase: 0x360,
} as const;
export type KdbgPointer = keyof typeof POINTERS;

/** The 16-bit offsets and sizes of a build. */
function halfWords(offsets: ObjectOffsets): readonly (readonly [number, number])[] {
  const { eprocess, ethread, prcb, sizes } = offsets;
  return [
    [0x298, ethread.NextProcessor],
    [0x29a, ethread.Teb],
    [0x29c, ethread.KernelStack],
    [0x29e, ethread.InitialStack],
    [0x2a0, ethread.ApcProcess],
    [0x2a2, ethread.State],
    [0x2a8, sizes.eprocess],
    [0x2aa, eprocess.Peb],
    [0x2ac, eprocess.InheritedFromUniqueProcessId],
    [0x2ae, eprocess.DirectoryTableBase],
    [0x2b0, sizes.prcb],
    [0x2b2, prcb.DpcRoutineActive],
    [0x2b4, prcb.CurrentThread],
    [0x2b6, prcb.Mhz],
    [0x2b8, prcb.CpuType],
    [0x2ba, prcb.VendorString],
    [0x2bc, prcb.ProcessorState + (offsets.arch === 'x64' ? 0xf0 : 0x40)],
    [0x2be, prcb.Number],
    [0x2c0, sizes.ethread],
    [0x2e0, sizes.pcr],
    [0x2e2, 0x18],
    [0x2e4, 0x20],
    [0x2e6, offsets.pcrPrcb],
    [0x2f2, offsets.arch === 'x64' ? prcb.ProcessorState : 0x40],
    [0x2f4, offsets.arch === 'x64' ? 0x10 : 0],
    [0x2f6, offsets.arch === 'x64' ? 0x18 : 0],
    [0x2fa, offsets.arch === 'x64' ? 0x33 : 0],
    [0x2fc, offsets.arch === 'x64' ? 0x2b : 0],
    [0x302, offsets.arch === 'x64' ? 0x40 : 0],
    [0x304, offsets.arch === 'x64' ? 0x23 : 0],
    [0x306, offsets.arch === 'x64' ? 0x53 : 0],
    [0x338, prcb.Context],
    [0x350, prcb.IdleThread],
    [0x352, prcb.DpcRoutineActive + 2],
    [0x354, prcb.DpcStack],
    [0x35c, ethread.WaitReason],
  ];
}

/** The block; `address` is its own place, which its list entry points at (the only one in the list). */
export function kdbgBytes(offsets: ObjectOffsets, address: bigint, pointers: Partial<Record<KdbgPointer, bigint>>): Uint8Array {
  const bytes = new Uint8Array(offsets.kdbgSize);
  put(bytes, 0, 8, address);
  put(bytes, 8, 8, address);
  bytes.set(ascii('KDBG'), 0x10);
  put(bytes, 0x14, 4, offsets.kdbgSize);
  // PaeEnabled:1, KiBugCheckRecoveryActive:1, PagingLevels:4
  put(bytes, 0x36, 2, 1 | (4 << 2));
  for (const [name, value] of Object.entries(pointers) as [KdbgPointer, bigint][]) put(bytes, POINTERS[name], 8, value);
  for (const [at, value] of halfWords(offsets)) put(bytes, at, 2, value);
  put(bytes, 0x340, 4, offsets.ethread.StackLimit);
  put(bytes, 0x344, 4, offsets.ethread.StackBase);
  put(bytes, 0x34c, 4, offsets.ethread.IrpList);
  return bytes;
}
