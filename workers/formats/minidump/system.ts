/** SystemInfoStream and MiscInfoStream. */
import { type Found, found, notValid } from '../../base/found.ts';
import { type Fields, readStructAt, type RecordOf, type Struct, viewOf } from '../../bytes/struct.ts';
import { type MinidumpFile, readStream } from './file.ts';
import { MISC_INFO, MISC_INFO_2, MISC_INFO_3, MISC_INFO_4, MISC_INFO_5, SYSTEM_INFO } from './layouts.ts';
import { archOf, type MinidumpArch, type PlatformName, platformOf, processorName, STREAM } from './names.ts';
import { fixedUtf16, readMinidumpString } from './text.ts';

export interface SystemInfo {
  readonly arch: MinidumpArch | undefined;
  readonly processor: string;
  readonly processorArchitecture: number;
  readonly level: number;
  readonly revision: number;
  readonly processors: number;
  readonly productType: number;
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly platformId: number;
  readonly platform: PlatformName;
  readonly suiteMask: number;
  /** Service pack on Windows; the kernel's name on Linux, the build on macOS. */
  readonly csdVersion: Found<string>;
  readonly cpu: Uint8Array;
  /** x86 only: "GenuineIntel". */
  readonly cpuVendor: string | undefined;
}

function vendorOf(cpu: Uint8Array): string | undefined {
  const text = String.fromCharCode(...cpu.subarray(0, 12));
  return /^[ -~]{12}$/.test(text) ? text : undefined;
}

export function readSystemInfo(file: MinidumpFile): Found<SystemInfo> {
  const stream = readStream(file, STREAM.systemInfo, 4096);
  if (!stream.ok) return stream;
  const raw = readStructAt(SYSTEM_INFO, stream.value.bytes, 0);
  if (!raw.ok) return raw;
  const { value } = raw;
  return found({
    arch: archOf(value.processorArchitecture),
    processor: processorName(value.processorArchitecture),
    processorArchitecture: value.processorArchitecture,
    level: value.processorLevel,
    revision: value.processorRevision,
    processors: value.numberOfProcessors,
    productType: value.productType,
    major: value.majorVersion,
    minor: value.minorVersion,
    build: value.buildNumber,
    platformId: value.platformId,
    platform: platformOf(value.platformId),
    suiteMask: value.suiteMask,
    csdVersion: readMinidumpString(file.source, value.csdVersionRva),
    cpu: value.cpu,
    cpuVendor: vendorOf(value.cpu),
  });
}

/** MINIDUMP_MISC1_… to MISC5_… of Flags1. */
const MISC_FLAG = {
  processId: 0x1,
  processTimes: 0x2,
  processorPower: 0x4,
  integrity: 0x10,
  executeFlags: 0x20,
  timeZone: 0x40,
  protectedProcess: 0x80,
  buildString: 0x100,
  processCookie: 0x200,
};

export interface MiscInfo {
  readonly sizeOfInfo: number;
  readonly streamSize: number;
  readonly flags: number;
  readonly processId: Found<number>;
  readonly times: Found<{ readonly createTime: number; readonly userTime: number; readonly kernelTime: number }>;
  readonly power: Found<RecordOf<typeof MISC_INFO_2.fields>>;
  readonly integrityLevel: Found<number>;
  readonly executeFlags: Found<number>;
  readonly protectedProcess: Found<number>;
  readonly timeZone: Found<{ readonly id: number; readonly biasMinutes: number; readonly standard: string; readonly daylight: string }>;
  readonly buildString: Found<string>;
  readonly dbgBldStr: Found<string>;
  readonly xstate: Found<{ readonly sizeOfInfo: number; readonly contextSize: number; readonly enabledFeatures: bigint }>;
  readonly processCookie: Found<number>;
}

/** A part of MINIDUMP_MISC_INFO that is there only from a size on and, where a flag is given, with that flag. */
function part<F extends Fields, T>(misc: { bytes: Uint8Array; flags: number }, layout: Struct<F>, flag: number, pick: (raw: RecordOf<F>) => T): Found<T> {
  if (flag !== 0 && (misc.flags & flag) === 0) return notValid('MISC_INFO Flags1', `0x${misc.flags.toString(16)}`, `bit 0x${flag.toString(16)} set`);
  const raw = readStructAt(layout, misc.bytes, 0);
  return raw.ok ? found(pick(raw.value)) : notValid('size of MISC_INFO', `${misc.bytes.length}`, `${layout.size} (${layout.name})`);
}

export function readMiscInfo(file: MinidumpFile): Found<MiscInfo> {
  const stream = readStream(file, STREAM.miscInfo, 4096);
  if (!stream.ok) return stream;
  const { bytes } = stream.value;
  if (bytes.length < MISC_INFO.size) return notValid('size of MISC_INFO', `${bytes.length}`, `at least ${MISC_INFO.size}`);
  const sizeOfInfo = viewOf(bytes).getUint32(0, true);
  const flags = viewOf(bytes).getUint32(4, true);
  // A size that makes no sense (0 in some generated files) leaves the stream's own size to go by.
  const misc = { bytes: sizeOfInfo >= MISC_INFO.size && sizeOfInfo < bytes.length ? bytes.subarray(0, sizeOfInfo) : bytes, flags };
  return found({
    sizeOfInfo,
    streamSize: bytes.length,
    flags,
    processId: part(misc, MISC_INFO, MISC_FLAG.processId, (raw) => raw.processId),
    times: part(misc, MISC_INFO, MISC_FLAG.processTimes, (raw) => ({
      createTime: raw.processCreateTime,
      userTime: raw.processUserTime,
      kernelTime: raw.processKernelTime,
    })),
    power: part(misc, MISC_INFO_2, MISC_FLAG.processorPower, (raw) => raw),
    integrityLevel: part(misc, MISC_INFO_3, MISC_FLAG.integrity, (raw) => raw.processIntegrityLevel),
    executeFlags: part(misc, MISC_INFO_3, MISC_FLAG.executeFlags, (raw) => raw.processExecuteFlags),
    protectedProcess: part(misc, MISC_INFO_3, MISC_FLAG.protectedProcess, (raw) => raw.protectedProcess),
    timeZone: part(misc, MISC_INFO_3, MISC_FLAG.timeZone, (raw) => ({
      id: raw.timeZoneId,
      biasMinutes: raw.timeZoneBias,
      standard: fixedUtf16(raw.standardName),
      daylight: fixedUtf16(raw.daylightName),
    })),
    buildString: part(misc, MISC_INFO_4, MISC_FLAG.buildString, (raw) => fixedUtf16(raw.buildString)),
    dbgBldStr: part(misc, MISC_INFO_4, MISC_FLAG.buildString, (raw) => fixedUtf16(raw.dbgBldStr)),
    xstate: part(misc, MISC_INFO_5, 0, (raw) => ({
      sizeOfInfo: raw.xstateSizeOfInfo,
      contextSize: raw.xstateContextSize,
      enabledFeatures: raw.xstateEnabledFeatures,
    })),
    processCookie: part(misc, MISC_INFO_5, MISC_FLAG.processCookie, (raw) => raw.processCookie),
  });
}
