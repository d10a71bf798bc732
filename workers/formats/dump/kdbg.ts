/** KDDEBUGGER_DATA64 ("KDBG"), wdbgexts.h: where the kernel keeps its lists, and offsets inside its objects. */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { type Field, type Fields, struct, u16, u32, u64, viewOf } from '../../bytes/struct.ts';

const P = (names: string, from: number): Record<string, Field<bigint>> =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, u64(from + index * 8)]));
const W = (names: string, from: number): Record<string, Field<number>> =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, u16(from + index * 2)]));
const D = (names: string, from: number): Record<string, Field<number>> =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, u32(from + index * 4)]));

/** Pointers and addresses, by their names in wdbgexts.h. */
const POINTERS = {
  ...P('KernBase BreakpointWithStatus SavedContext', 24),
  ...P(
    'KiCallUserMode KeUserCallbackDispatcher PsLoadedModuleList PsActiveProcessHead PspCidTable ExpSystemResourcesList ExpPagedPoolDescriptor ' +
      'ExpNumberOfPagedPools KeTimeIncrement KeBugCheckCallbackListHead KiBugcheckData IopErrorLogListHead ObpRootDirectoryObject ObpTypeObjectType ' +
      'MmSystemCacheStart MmSystemCacheEnd MmSystemCacheWs MmPfnDatabase MmSystemPtesStart MmSystemPtesEnd MmSubsectionBase MmNumberOfPagingFiles ' +
      'MmLowestPhysicalPage MmHighestPhysicalPage MmNumberOfPhysicalPages MmMaximumNonPagedPoolInBytes MmNonPagedSystemStart MmNonPagedPoolStart ' +
      'MmNonPagedPoolEnd MmPagedPoolStart MmPagedPoolEnd MmPagedPoolInformation MmPageSize MmSizeOfPagedPoolInBytes MmTotalCommitLimit ' +
      'MmTotalCommittedPages MmSharedCommit MmDriverCommit MmProcessCommit MmPagedPoolCommit MmExtendedCommit MmZeroedPageListHead MmFreePageListHead ' +
      'MmStandbyPageListHead MmModifiedPageListHead MmModifiedNoWritePageListHead MmAvailablePages MmResidentAvailablePages PoolTrackTable ' +
      'NonPagedPoolDescriptor MmHighestUserAddress MmSystemRangeStart MmUserProbeAddress KdPrintCircularBuffer KdPrintCircularBufferEnd ' +
      'KdPrintWritePointer KdPrintRolloverCount MmLoadedUserImageList NtBuildLab KiNormalSystemCall KiProcessorBlock MmUnloadedDrivers ' +
      'MmLastUnloadedDriver MmTriageActionTaken MmSpecialPoolTag KernelVerifier MmVerifierData MmAllocatedNonPagedPool MmPeakCommitment ' +
      'MmTotalCommitLimitMaximum CmNtCSDVersion MmPhysicalMemoryBlock MmSessionBase MmSessionSize MmSystemParentTablePage MmVirtualTranslationBase',
    56,
  ),
  ...P('KdPrintCircularBufferPtr KdPrintBufferSize KeLoaderBlock', 712),
  ...P('IopNumTriageDumpDataBlocks IopTriageDumpDataBlocks VfCrashDataBlock MmBadPagesDetected MmZeroedPageSingleBitErrorsDetected EtwpDebuggerData', 776),
  ...P('PteBase RetpolineStubFunctionTable', 864),
  ...P('PointerAuthMask', 912),
};

/** Offsets and sizes inside kernel objects. */
const OFFSETS = {
  ...W(
    'OffsetKThreadNextProcessor OffsetKThreadTeb OffsetKThreadKernelStack OffsetKThreadInitialStack OffsetKThreadApcProcess OffsetKThreadState ' +
      'OffsetKThreadBStore OffsetKThreadBStoreLimit SizeEProcess OffsetEprocessPeb OffsetEprocessParentCID OffsetEprocessDirectoryTableBase SizePrcb ' +
      'OffsetPrcbDpcRoutine OffsetPrcbCurrentThread OffsetPrcbMhz OffsetPrcbCpuType OffsetPrcbVendorString OffsetPrcbProcStateContext OffsetPrcbNumber ' +
      'SizeEThread',
    664,
  ),
  ...W(
    'SizePcr OffsetPcrSelfPcr OffsetPcrCurrentPrcb OffsetPcrContainedPrcb OffsetPcrInitialBStore OffsetPcrBStoreLimit OffsetPcrInitialStack ' +
      'OffsetPcrStackLimit OffsetPrcbPcrPage OffsetPrcbProcStateSpecialReg GdtR0Code GdtR0Data GdtR0Pcr GdtR3Code GdtR3Data GdtR3Teb GdtLdt GdtTss ' +
      'Gdt64R3CmCode Gdt64R3CmTeb',
    736,
  ),
  ...W('OffsetPrcbContext OffsetPrcbMaxBreakpoints OffsetPrcbMaxWatchpoints', 824),
  ...D('OffsetKThreadStackLimit OffsetKThreadStackBase OffsetKThreadQueueListEntry OffsetEThreadIrpList', 832),
  ...W(
    'OffsetPrcbIdleThread OffsetPrcbNormalDpcState OffsetPrcbDpcStack OffsetPrcbIsrStack SizeKDPC_STACK_FRAME OffsetKPriQueueThreadListHead ' +
      'OffsetKThreadWaitReason',
    848,
  ),
};

const HEADER = { OwnerTag: u32(16), Size: u32(20) };
export const KDDEBUGGER_DATA64 = struct('KDDEBUGGER_DATA64', 928, 'wdbgexts.h KDDEBUGGER_DATA64 (Windows SDK)', { ...HEADER, ...POINTERS, ...OFFSETS });
export const KDBG_TAG = 0x4742444b;
/** The largest block known today is 0x3a0 bytes; a page bounds what a damaged size can ask for. */
export const KDBG_MAX_SIZE = 0x1000;
export const KDBG_MIN_SIZE = 0x68;

export interface KernelDebuggerData {
  readonly size: number;
  /** Addresses by their names in wdbgexts.h; only those that `size` covers. */
  readonly pointers: Readonly<Record<string, bigint>>;
  /** Offsets and sizes inside kernel objects, by their names; 0 and 0xffff mean "not on this processor" and are left out. */
  readonly offsets: Readonly<Record<string, number>>;
}

export function parseKdbg(data: Uint8Array): Found<KernelDebuggerData> {
  if (data.length < KDBG_MIN_SIZE) return missing({ why: 'outside-file', at: 0, length: KDBG_MIN_SIZE, fileSize: data.length });
  const view = viewOf(data);
  const tag = HEADER.OwnerTag.read(view, HEADER.OwnerTag.offset);
  if (tag !== KDBG_TAG) return notValid('KDBG tag', hex(tag), hex(KDBG_TAG));
  const size = HEADER.Size.read(view, HEADER.Size.offset);
  if (size < KDBG_MIN_SIZE || size > KDBG_MAX_SIZE) return notValid('KDBG size', hex(size), `${hex(KDBG_MIN_SIZE)} to ${hex(KDBG_MAX_SIZE)}`);
  const end = Math.min(size, data.length);
  const take = <T>(fields: Fields, keep: (value: T) => boolean): Record<string, T> => {
    const record: Record<string, T> = {};
    for (const [name, part] of Object.entries(fields)) {
      if (part.offset + part.size > end) continue;
      const value = part.read(view, part.offset) as T;
      if (keep(value)) record[name] = value;
    }
    return record;
  };
  return found({
    size,
    pointers: take<bigint>(POINTERS, (value) => value !== 0n),
    offsets: take<number>(OFFSETS, (value) => value !== 0 && value !== 0xffff),
  });
}
