/** Names of streams, processors, platforms and flags of user minidumps. */

const STREAMS: readonly (readonly [number, string])[] = [
  [0, 'UnusedStream'],
  [1, 'ReservedStream0'],
  [2, 'ReservedStream1'],
  [3, 'ThreadListStream'],
  [4, 'ModuleListStream'],
  [5, 'MemoryListStream'],
  [6, 'ExceptionStream'],
  [7, 'SystemInfoStream'],
  [8, 'ThreadExListStream'],
  [9, 'Memory64ListStream'],
  [10, 'CommentStreamA'],
  [11, 'CommentStreamW'],
  [12, 'HandleDataStream'],
  [13, 'FunctionTableStream'],
  [14, 'UnloadedModuleListStream'],
  [15, 'MiscInfoStream'],
  [16, 'MemoryInfoListStream'],
  [17, 'ThreadInfoListStream'],
  [18, 'HandleOperationListStream'],
  [19, 'TokenStream'],
  [20, 'JavaScriptDataStream'],
  [21, 'SystemMemoryInfoStream'],
  [22, 'ProcessVmCountersStream'],
  [23, 'IptTraceStream'],
  [24, 'ThreadNamesStream'],
  [0x8000, 'ceStreamNull'],
  [0x8001, 'ceStreamSystemInfo'],
  [0x8002, 'ceStreamException'],
  [0x8003, 'ceStreamModuleList'],
  [0x8004, 'ceStreamProcessList'],
  [0x8005, 'ceStreamThreadList'],
  [0x8006, 'ceStreamThreadContextList'],
  [0x8007, 'ceStreamThreadCallStackList'],
  [0x8008, 'ceStreamMemoryVirtualList'],
  [0x8009, 'ceStreamMemoryPhysicalList'],
  [0x800a, 'ceStreamBucketParameters'],
  [0x800b, 'ceStreamProcessModuleMap'],
  [0x800c, 'ceStreamDiagnosisList'],
  [0xfff0, 'WineModuleList'],
  [0xffff, 'LastReservedStream'],
  [0x10000, 'UnrealCrashContext'],
  [0x43500001, 'CrashpadInfo'],
  [0x4350ffff, 'CrashpadLastReserved'],
  [0x47670001, 'BreakpadInfo'],
  [0x47670002, 'BreakpadAssertionInfo'],
  [0x47670003, 'LinuxCpuInfo'],
  [0x47670004, 'LinuxProcStatus'],
  [0x47670005, 'LinuxLsbRelease'],
  [0x47670006, 'LinuxCmdLine'],
  [0x47670007, 'LinuxEnviron'],
  [0x47670008, 'LinuxAuxv'],
  [0x47670009, 'LinuxMaps'],
  [0x4767000a, 'LinuxDsoDebug'],
  [0x4d7a0001, 'MozMacosCrashInfo'],
  [0x4d7a0002, 'MozMacosBootargs'],
  [0x4d7a0003, 'MozLinuxLimits'],
  [0x4d7a0004, 'MozSoftErrors'],
];

export const STREAM = {
  unused: 0,
  threadList: 3,
  moduleList: 4,
  memoryList: 5,
  exception: 6,
  systemInfo: 7,
  threadExList: 8,
  memory64List: 9,
  commentA: 10,
  commentW: 11,
  handleData: 12,
  functionTable: 13,
  unloadedModuleList: 14,
  miscInfo: 15,
  memoryInfoList: 16,
  threadInfoList: 17,
  token: 19,
  systemMemoryInfo: 21,
  processVmCounters: 22,
  threadNames: 24,
  wineModuleList: 0xfff0,
  unreal: 0x10000,
  crashpadInfo: 0x43500001,
  breakpadInfo: 0x47670001,
  breakpadAssertion: 0x47670002,
  linuxCpuInfo: 0x47670003,
  linuxProcStatus: 0x47670004,
  linuxLsbRelease: 0x47670005,
  linuxCmdLine: 0x47670006,
  linuxEnviron: 0x47670007,
  linuxAuxv: 0x47670008,
  linuxMaps: 0x47670009,
  linuxDsoDebug: 0x4767000a,
  mozMacosCrashInfo: 0x4d7a0001,
  mozMacosBootargs: 0x4d7a0002,
  mozLinuxLimits: 0x4d7a0003,
  mozSoftErrors: 0x4d7a0004,
} as const;

const streamNames = new Map(STREAMS);

/** The stream's name in its writer's header, or "Stream 0x…" for one that no public header knows. */
export function streamName(type: number): string {
  return streamNames.get(type) ?? `Stream 0x${type.toString(16)}`;
}

export type MinidumpArch = 'x64' | 'x86' | 'arm64' | 'arm';

/** PROCESSOR_ARCHITECTURE_*; 0x8003 is Breakpad's number for ARM64 from before Windows had one. 10 is x86 under WOW64. */
const ARCHES = new Map<number, MinidumpArch>([
  [0, 'x86'],
  [5, 'arm'],
  [9, 'x64'],
  [10, 'x86'],
  [12, 'arm64'],
  [0x8003, 'arm64'],
]);
const OTHER_PROCESSORS = new Map<number, string>([
  [1, 'MIPS'],
  [2, 'Alpha'],
  [3, 'PowerPC'],
  [4, 'SHx'],
  [6, 'IA-64'],
  [7, 'Alpha64'],
  [8, 'MSIL'],
  [0x8001, 'SPARC'],
  [0x8002, 'PowerPC64'],
  [0x8004, 'MIPS64'],
]);
export function archOf(processorArchitecture: number): MinidumpArch | undefined {
  return ARCHES.get(processorArchitecture);
}
export function processorName(processorArchitecture: number): string {
  return ARCHES.get(processorArchitecture) ?? OTHER_PROCESSORS.get(processorArchitecture) ?? `processor number 0x${processorArchitecture.toString(16)}`;
}

export type PlatformName = 'Windows' | 'Linux' | 'macOS' | 'iOS' | 'Android' | 'unknown';
const PLATFORMS = new Map<number, PlatformName>([
  [1, 'Windows'],
  [2, 'Windows'],
  [3, 'Windows'],
  [0x8101, 'macOS'],
  [0x8102, 'iOS'],
  [0x8201, 'Linux'],
  [0x8203, 'Android'],
]);
export function platformOf(platformId: number): PlatformName {
  return PLATFORMS.get(platformId) ?? 'unknown';
}

const DUMP_FLAGS: readonly string[] = [
  'MiniDumpWithDataSegs',
  'MiniDumpWithFullMemory',
  'MiniDumpWithHandleData',
  'MiniDumpFilterMemory',
  'MiniDumpScanMemory',
  'MiniDumpWithUnloadedModules',
  'MiniDumpWithIndirectlyReferencedMemory',
  'MiniDumpFilterModulePaths',
  'MiniDumpWithProcessThreadData',
  'MiniDumpWithPrivateReadWriteMemory',
  'MiniDumpWithoutOptionalData',
  'MiniDumpWithFullMemoryInfo',
  'MiniDumpWithThreadInfo',
  'MiniDumpWithCodeSegs',
  'MiniDumpWithoutAuxiliaryState',
  'MiniDumpWithFullAuxiliaryState',
  'MiniDumpWithPrivateWriteCopyMemory',
  'MiniDumpIgnoreInaccessibleMemory',
  'MiniDumpWithTokenInformation',
  'MiniDumpWithModuleHeaders',
  'MiniDumpFilterTriage',
  'MiniDumpWithAvxXStateContext',
  'MiniDumpWithIptTrace',
  'MiniDumpScanInaccessiblePartialPages',
  'MiniDumpFilterWriteCombinedMemory',
];
/** MINIDUMP_TYPE flags by name; "MiniDumpNormal" for none. Bits without a name are given as one number. */
export function dumpFlagNames(flags: bigint): string[] {
  const names = DUMP_FLAGS.filter((_, bit) => (flags >> BigInt(bit)) & 1n);
  const rest = (flags >> BigInt(DUMP_FLAGS.length)) << BigInt(DUMP_FLAGS.length);
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.length > 0 ? names : ['MiniDumpNormal'];
}
