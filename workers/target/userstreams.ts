/** The list of streams as the file has it: what each is called, whether it is read, and a line of what stands in it. */
import type { Found } from '../base/found.ts';
import type { MinidumpFile, MinidumpStream } from '../formats/minidump/file.ts';
import { readMemoryInfos } from '../formats/minidump/memory.ts';
import { STREAM } from '../formats/minidump/names.ts';
import { readFunctionTables, readHandles, readLeadingCount, readTokenList } from '../formats/minidump/process.ts';
import { readThreadInfos } from '../formats/minidump/threads.ts';
import { readTextStream } from '../formats/minidump/vendor.ts';
import type { StreamInfo } from './target.ts';

const counted = (what: string, count: Found<number>): string | undefined => (count.ok ? `${count.value} ${what}` : undefined);
const listed = (what: string, list: Found<{ readonly count: number }>): string | undefined => (list.ok ? `${list.value.count} ${what}` : undefined);
const lines = (text: Found<string>): string | undefined => (text.ok ? `${text.value.split('\n').length} lines` : undefined);

/** Streams whose content is read into the model or the facts, each with its line. */
const READ: ReadonlyMap<number, (file: MinidumpFile) => string | undefined> = new Map<number, (file: MinidumpFile) => string | undefined>([
  [STREAM.threadList, (file) => counted('threads', readLeadingCount(file, STREAM.threadList))],
  [STREAM.threadExList, (file) => counted('threads', readLeadingCount(file, STREAM.threadExList))],
  [STREAM.moduleList, (file) => counted('modules', readLeadingCount(file, STREAM.moduleList))],
  [STREAM.memoryList, (file) => counted('ranges', readLeadingCount(file, STREAM.memoryList))],
  [STREAM.memory64List, (file) => counted('ranges', readLeadingCount(file, STREAM.memory64List))],
  [STREAM.exception, () => undefined],
  [STREAM.systemInfo, () => undefined],
  [STREAM.commentA, () => 'text'],
  [STREAM.commentW, () => 'text'],
  [STREAM.handleData, (file) => listed('handles', readHandles(file))],
  [
    STREAM.functionTable,
    (file) => {
      const tables = readFunctionTables(file);
      return tables.ok ? `${tables.value.head.numberOfDescriptors} dynamic function tables` : undefined;
    },
  ],
  [STREAM.unloadedModuleList, () => undefined],
  [STREAM.miscInfo, () => undefined],
  [STREAM.memoryInfoList, (file) => listed('regions', readMemoryInfos(file))],
  [STREAM.threadInfoList, (file) => listed('threads', readThreadInfos(file))],
  [
    STREAM.token,
    (file) => {
      const tokens = readTokenList(file);
      return tokens.ok ? `${tokens.value.tokenListEntries} tokens` : undefined;
    },
  ],
  [STREAM.systemMemoryInfo, () => undefined],
  [STREAM.processVmCounters, () => undefined],
  [STREAM.threadNames, (file) => counted('names', readLeadingCount(file, STREAM.threadNames))],
  [STREAM.unreal, () => 'Unreal CrashContext'],
  [STREAM.crashpadInfo, () => undefined],
  [STREAM.breakpadInfo, () => undefined],
  [STREAM.breakpadAssertion, () => undefined],
  [STREAM.linuxCpuInfo, (file) => lines(readTextStream(file, STREAM.linuxCpuInfo))],
  [STREAM.linuxProcStatus, (file) => lines(readTextStream(file, STREAM.linuxProcStatus))],
  [STREAM.linuxLsbRelease, (file) => lines(readTextStream(file, STREAM.linuxLsbRelease))],
  [STREAM.linuxCmdLine, () => undefined],
  [STREAM.linuxEnviron, () => 'counted, not shown'],
  [STREAM.linuxMaps, (file) => lines(readTextStream(file, STREAM.linuxMaps))],
  [STREAM.mozMacosCrashInfo, () => undefined],
  [STREAM.mozMacosBootargs, () => undefined],
  [STREAM.mozLinuxLimits, (file) => lines(readTextStream(file, STREAM.mozLinuxLimits))],
  [STREAM.mozSoftErrors, () => 'JSON'],
]);
/** Read by no field, and why. */
const NOT_READ: ReadonlyMap<number, string> = new Map([[STREAM.wineModuleList, 'Wine’s copy of the module list']]);

function infoOf(file: MinidumpFile, stream: MinidumpStream): StreamInfo {
  const read = READ.get(stream.type);
  const first = file.streams.find((one) => one.type === stream.type) === stream;
  const decoded = read !== undefined && first && stream.rva < file.source.size;
  const gist = decoded ? read(file) : NOT_READ.get(stream.type);
  return { type: stream.type, name: stream.name, size: stream.size, fileOffset: stream.rva, decoded, ...(gist === undefined ? {} : { gist }) };
}

export function streamsOf(file: MinidumpFile): StreamInfo[] {
  return file.streams.map((stream) => infoOf(file, stream));
}
