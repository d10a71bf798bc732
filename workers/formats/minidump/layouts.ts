/**
 * Structures of user minidumps. Public sources: minidumpapiset.h as documented on
 * https://learn.microsoft.com/windows/win32/api/minidumpapiset/, Breakpad's extensions in
 * google_breakpad/common/minidump_format.h, Crashpad's in https://crashpad.chromium.org/doxygen/structcrashpad_1_1MinidumpCrashpadInfo.html,
 * Mozilla's in https://docs.rs/minidump-common/latest/minidump_common/format/.
 */
import { bytes, guid, i32, struct, u16, u32, u64, u8 } from '../../bytes/struct.ts';

const SDK = 'minidumpapiset.h';

export const HEADER = struct('MINIDUMP_HEADER', 32, SDK, {
  signature: u32(0),
  version: u32(4),
  numberOfStreams: u32(8),
  streamDirectoryRva: u32(12),
  checkSum: u32(16),
  timeDateStamp: u32(20),
  flags: u64(24),
});
export const DIRECTORY = struct('MINIDUMP_DIRECTORY', 12, SDK, { streamType: u32(0), dataSize: u32(4), rva: u32(8) });

export const SYSTEM_INFO = struct('MINIDUMP_SYSTEM_INFO', 56, SDK, {
  processorArchitecture: u16(0),
  processorLevel: u16(2),
  processorRevision: u16(4),
  numberOfProcessors: u8(6),
  productType: u8(7),
  majorVersion: u32(8),
  minorVersion: u32(12),
  buildNumber: u32(16),
  platformId: u32(20),
  csdVersionRva: u32(24),
  suiteMask: u16(28),
  cpu: bytes(32, 24),
});

export const THREAD = struct('MINIDUMP_THREAD', 48, SDK, {
  threadId: u32(0),
  suspendCount: u32(4),
  priorityClass: u32(8),
  priority: u32(12),
  teb: u64(16),
  stackStart: u64(24),
  stackSize: u32(32),
  stackRva: u32(36),
  contextSize: u32(40),
  contextRva: u32(44),
});
/** MINIDUMP_THREAD_EX is MINIDUMP_THREAD followed by the backing store of IA-64. */
export const THREAD_EX_SIZE = 64;

export const EXCEPTION_STREAM = struct('MINIDUMP_EXCEPTION_STREAM', 168, SDK, {
  threadId: u32(0),
  exceptionCode: u32(8),
  exceptionFlags: u32(12),
  exceptionRecord: u64(16),
  exceptionAddress: u64(24),
  numberParameters: u32(32),
  exceptionInformation: bytes(40, 120),
  contextSize: u32(160),
  contextRva: u32(164),
});

export const MODULE = struct('MINIDUMP_MODULE', 108, SDK, {
  baseOfImage: u64(0),
  sizeOfImage: u32(8),
  checkSum: u32(12),
  timeDateStamp: u32(16),
  moduleNameRva: u32(20),
  versionSignature: u32(24),
  fileVersionMS: u32(32),
  fileVersionLS: u32(36),
  productVersionMS: u32(40),
  productVersionLS: u32(44),
  fileFlags: u32(52),
  fileType: u32(60),
  cvSize: u32(76),
  cvRva: u32(80),
  miscSize: u32(84),
  miscRva: u32(88),
});
/** VS_FIXEDFILEINFO.dwSignature. */
export const VS_FFI_SIGNATURE = 0xfeef04bd;

export const UNLOADED_MODULE = struct('MINIDUMP_UNLOADED_MODULE', 24, SDK, {
  baseOfImage: u64(0),
  sizeOfImage: u32(8),
  checkSum: u32(12),
  timeDateStamp: u32(16),
  moduleNameRva: u32(20),
});

/** Header of the lists that carry their own entry size: unloaded modules, thread infos. */
export const SIZED_LIST32 = struct('size of header, size of entry, number of entries', 12, SDK, {
  sizeOfHeader: u32(0),
  sizeOfEntry: u32(4),
  numberOfEntries: u32(8),
});
export const MEMORY_INFO_LIST = struct('MINIDUMP_MEMORY_INFO_LIST', 16, SDK, { sizeOfHeader: u32(0), sizeOfEntry: u32(4), numberOfEntries: u64(8) });
export const MEMORY_INFO = struct('MINIDUMP_MEMORY_INFO', 48, SDK, {
  baseAddress: u64(0),
  allocationBase: u64(8),
  allocationProtect: u32(16),
  regionSize: u64(24),
  state: u32(32),
  protect: u32(36),
  type: u32(40),
});
export const MEMORY_DESCRIPTOR = struct('MINIDUMP_MEMORY_DESCRIPTOR', 16, SDK, { start: u64(0), dataSize: u32(8), rva: u32(12) });
export const MEMORY64_LIST = struct('MINIDUMP_MEMORY64_LIST', 16, SDK, { numberOfMemoryRanges: u64(0), baseRva: u64(8) });

export const THREAD_INFO = struct('MINIDUMP_THREAD_INFO', 64, SDK, {
  threadId: u32(0),
  dumpFlags: u32(4),
  dumpError: u32(8),
  exitStatus: u32(12),
  createTime: u64(16),
  exitTime: u64(24),
  kernelTime: u64(32),
  userTime: u64(40),
  startAddress: u64(48),
  affinity: u64(56),
});
export const THREAD_NAME = struct('MINIDUMP_THREAD_NAME', 12, SDK, { threadId: u32(0), rvaOfThreadName: u64(4) });

export const HANDLE_DATA = struct('MINIDUMP_HANDLE_DATA_STREAM', 16, SDK, { sizeOfHeader: u32(0), sizeOfDescriptor: u32(4), numberOfDescriptors: u32(8) });
export const HANDLE_DESCRIPTOR = struct('MINIDUMP_HANDLE_DESCRIPTOR', 32, SDK, {
  handle: u64(0),
  typeNameRva: u32(8),
  objectNameRva: u32(12),
  attributes: u32(16),
  grantedAccess: u32(20),
  handleCount: u32(24),
  pointerCount: u32(28),
});

export const FUNCTION_TABLE = struct('MINIDUMP_FUNCTION_TABLE_STREAM', 24, SDK, {
  sizeOfHeader: u32(0),
  sizeOfDescriptor: u32(4),
  sizeOfNativeDescriptor: u32(8),
  sizeOfFunctionEntry: u32(12),
  numberOfDescriptors: u32(16),
  sizeOfAlignPad: u32(20),
});
export const FUNCTION_TABLE_DESCRIPTOR = struct('MINIDUMP_FUNCTION_TABLE_DESCRIPTOR', 32, SDK, {
  minimumAddress: u64(0),
  maximumAddress: u64(8),
  baseAddress: u64(16),
  entryCount: u32(24),
  sizeOfAlignPad: u32(28),
});

export const TOKEN_LIST = struct('MINIDUMP_TOKEN_INFO_LIST', 16, SDK, {
  tokenListSize: u32(0),
  tokenListEntries: u32(4),
  listHeaderSize: u32(8),
  elementHeaderSize: u32(12),
});

const MISC_FIELDS = { sizeOfInfo: u32(0), flags1: u32(4), processId: u32(8), processCreateTime: u32(12), processUserTime: u32(16), processKernelTime: u32(20) };
export const MISC_INFO = struct('MINIDUMP_MISC_INFO', 24, SDK, MISC_FIELDS);
export const MISC_INFO_2 = struct('MINIDUMP_MISC_INFO_2', 44, SDK, {
  processorMaxMhz: u32(24),
  processorCurrentMhz: u32(28),
  processorMhzLimit: u32(32),
  processorMaxIdleState: u32(36),
  processorCurrentIdleState: u32(40),
});
export const MISC_INFO_3 = struct('MINIDUMP_MISC_INFO_3', 232, SDK, {
  processIntegrityLevel: u32(44),
  processExecuteFlags: u32(48),
  protectedProcess: u32(52),
  timeZoneId: u32(56),
  timeZoneBias: i32(60),
  standardName: bytes(64, 64),
  daylightName: bytes(148, 64),
});
export const MISC_INFO_4 = struct('MINIDUMP_MISC_INFO_4', 832, SDK, { buildString: bytes(232, 520), dbgBldStr: bytes(752, 80) });
export const MISC_INFO_5 = struct('MINIDUMP_MISC_INFO_5', 1364, SDK, {
  xstateSizeOfInfo: u32(832),
  xstateContextSize: u32(836),
  xstateEnabledFeatures: u64(840),
  processCookie: u32(1360),
});

/** The revision-1 layout lacks the two VirtualSize fields, so PrivateUsage stands elsewhere. */
export const VM_COUNTERS_1 = struct('MINIDUMP_PROCESS_VM_COUNTERS_1', 80, SDK, {
  revision: u16(0),
  pageFaultCount: u32(4),
  peakWorkingSetSize: u64(8),
  workingSetSize: u64(16),
  quotaPeakPagedPoolUsage: u64(24),
  quotaPagedPoolUsage: u64(32),
  quotaPeakNonPagedPoolUsage: u64(40),
  quotaNonPagedPoolUsage: u64(48),
  pagefileUsage: u64(56),
  peakPagefileUsage: u64(64),
  privateUsage: u64(72),
});
export const VM_COUNTERS_2 = struct('MINIDUMP_PROCESS_VM_COUNTERS_2', 152, SDK, {
  flags: u16(2),
  peakVirtualSize: u64(72),
  virtualSize: u64(80),
  privateUsage: u64(88),
  privateWorkingSetSize: u64(96),
  sharedCommitUsage: u64(104),
});

export const SYSTEM_MEMORY = struct('MINIDUMP_SYSTEM_MEMORY_INFO_1', 148, SDK, {
  revision: u16(0),
  flags: u16(2),
  timerResolution: u32(4),
  pageSize: u32(8),
  numberOfPhysicalPages: u32(12),
  lowestPhysicalPageNumber: u32(16),
  highestPhysicalPageNumber: u32(20),
  allocationGranularity: u32(24),
  numberOfProcessors: u32(52),
  availablePages: u64(116),
  committedPages: u64(124),
  commitLimit: u64(132),
  peakCommitment: u64(140),
});

const BREAKPAD = 'Breakpad minidump_format.h';
export const BREAKPAD_INFO = struct('MDRawBreakpadInfo', 12, BREAKPAD, { validity: u32(0), dumpThreadId: u32(4), requestingThreadId: u32(8) });
export const ASSERTION_INFO = struct('MDRawAssertionInfo', 776, BREAKPAD, {
  expression: bytes(0, 256),
  function: bytes(256, 256),
  file: bytes(512, 256),
  line: u32(768),
  type: u32(772),
});

const CRASHPAD = 'Crashpad minidump_extensions.h';
export const CRASHPAD_INFO = struct('MinidumpCrashpadInfo', 52, CRASHPAD, {
  version: u32(0),
  reportId: guid(4),
  clientId: guid(20),
  simpleAnnotationsSize: u32(36),
  simpleAnnotationsRva: u32(40),
  moduleListSize: u32(44),
  moduleListRva: u32(48),
});
/** Added later at the end; a file of 52 bytes has neither. */
export const CRASHPAD_ADDRESS_MASK = struct('MinidumpCrashpadInfo.address_mask', 64, CRASHPAD, { addressMask: u64(56) });
export const CRASHPAD_MODULE_LINK = struct('MinidumpModuleCrashpadInfoLink', 12, CRASHPAD, { moduleIndex: u32(0), size: u32(4), rva: u32(8) });
export const CRASHPAD_MODULE = struct('MinidumpModuleCrashpadInfo', 28, CRASHPAD, {
  version: u32(0),
  listSize: u32(4),
  listRva: u32(8),
  simpleSize: u32(12),
  simpleRva: u32(16),
  objectsSize: u32(20),
  objectsRva: u32(24),
});
export const CRASHPAD_ANNOTATION = struct('MinidumpAnnotation', 12, CRASHPAD, { nameRva: u32(0), type: u16(4), valueRva: u32(8) });
export const KEY_VALUE = struct('MinidumpSimpleStringDictionaryEntry', 8, CRASHPAD, { keyRva: u32(0), valueRva: u32(4) });

const MOZILLA = 'minidump-common format.rs';
/** The 64-bit RVA follows the stream type without padding. */
export const MAC_BOOTARGS = struct('MINIDUMP_MAC_BOOTARGS', 12, MOZILLA, { streamType: u32(0), bootargsRva: u64(4) });
export const MAC_CRASH_INFO = struct('MINIDUMP_MAC_CRASH_INFO', 172, MOZILLA, {
  streamType: u32(0),
  recordCount: u32(4),
  recordStartSize: u32(8),
  records: bytes(12, 160),
});
