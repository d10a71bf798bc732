/**
 * What a user dump tells beyond the fields of Target, as named facts with their class for sharing (design §8):
 * public – the same for everybody with this system and writer; module – a file name of the process;
 * machine – tells one machine from another; person – names, paths, ids, texts of the program or of its user.
 */
import { type Found, mapFound, missing } from '../base/found.ts';
import { formatVa, hex } from '../base/hex.ts';
import type { MinidumpFile } from '../formats/minidump/file.ts';
import { dumpFlagNames, STREAM } from '../formats/minidump/names.ts';
import { readComments, readFunctionTables, readHandles, readSystemMemory, readTokenList, readVmCounters } from '../formats/minidump/process.ts';
import type { MiscInfo } from '../formats/minidump/system.ts';
import { readMemoryInfos } from '../formats/minidump/memory.ts';
import type { Fact } from './target.ts';
import { fact, type Privacy } from './userfact.ts';
import type { UserBasics } from './userfirst.ts';
import { clientFacts } from './userclientfacts.ts';
import { readKeyValues } from './userkeyvalues.ts';

const bytesText = (value: bigint): string => `${value} bytes`;
const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

function dumpFacts({ file }: UserBasics): Fact[] {
  return [
    fact('dump', 'flags', dumpFlagNames(file.header.flags).join(' '), 'public'),
    fact('dump', 'version', hex(file.header.version), 'public'),
    fact('dump', 'streams', `${file.streams.length} used, ${file.unusedEntries} unused`, 'public'),
  ];
}

function systemFacts({ system, file }: UserBasics): Fact[] {
  if (!system.ok) return [];
  const { value } = system;
  const model = readKeyValues(file, STREAM.linuxCpuInfo, ':').get('model name');
  return [
    fact('system', 'CPU level and revision', `${value.level}, ${hex(value.revision)}`, 'public'),
    ...(value.cpuVendor ? [fact('system', 'CPU vendor', value.cpuVendor, 'public')] : []),
    ...(model ? [fact('system', 'CPU model', model, 'machine')] : []),
    ...(value.suiteMask !== 0 ? [fact('system', 'suite mask', hex(value.suiteMask), 'public')] : []),
    fact(
      'system',
      value.platform === 'Windows' ? 'service pack' : 'system build',
      mapFound(value.csdVersion, (text) => text.trim() || '(none)'),
      'public',
    ),
  ];
}

/** [name, how to read it, class]; only what the writer gave is listed. */
const MISC_ROWS: readonly (readonly [string, (misc: MiscInfo) => Found<string>, Privacy])[] = [
  ['process created', ({ times }) => mapFound(times, (value) => isoTime(value.createTime)), 'machine'],
  ['user time', ({ times }) => mapFound(times, (value) => `${value.userTime} s`), 'public'],
  ['kernel time', ({ times }) => mapFound(times, (value) => `${value.kernelTime} s`), 'public'],
  [
    'processor MHz: maximum, current, limit',
    ({ power }) => mapFound(power, (value) => `${value.processorMaxMhz}, ${value.processorCurrentMhz}, ${value.processorMhzLimit}`),
    'machine',
  ],
  ['integrity level', ({ integrityLevel }) => mapFound(integrityLevel, hex), 'public'],
  ['execute flags', ({ executeFlags }) => mapFound(executeFlags, hex), 'public'],
  ['protected process', ({ protectedProcess }) => mapFound(protectedProcess, (value) => (value === 0 ? 'no' : hex(value))), 'public'],
  ['time zone', ({ timeZone }) => mapFound(timeZone, (zone) => `${zone.standard} / ${zone.daylight}, bias ${zone.biasMinutes} min`), 'person'],
  ['build', ({ buildString }) => buildString, 'public'],
  ['written by', ({ dbgBldStr }) => dbgBldStr, 'public'],
  ['XSTATE', ({ xstate }) => mapFound(xstate, (value) => `context of ${value.contextSize} bytes, features ${hex(value.enabledFeatures)}`), 'public'],
  ['process cookie', ({ processCookie }) => mapFound(processCookie, hex), 'person'],
];

function miscFacts({ misc }: UserBasics): Fact[] {
  if (!misc.ok) return [];
  return MISC_ROWS.flatMap(([name, read, privacy]) => {
    const value = read(misc.value);
    return value.ok ? [fact('process', name, value, privacy)] : [];
  });
}

function countBy<T>(items: readonly T[], key: (item: T) => string): string {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

/** A stream's facts where it is there; its reason where it is there and cannot be read; nothing where it is absent. */
function ofStream<T>(group: string, name: string, value: Found<T>, make: (value: T) => readonly Fact[]): readonly Fact[] {
  if (value.ok) return make(value.value);
  return value.missing.why === 'stream-absent' ? [] : [fact(group, name, missing(value.missing), 'public')];
}

const MEMORY_STATES = new Map([
  [0x1000, 'committed'],
  [0x2000, 'reserved'],
  [0x10000, 'free'],
]);

function memoryFacts(file: MinidumpFile): Fact[] {
  return [
    ...ofStream('memory', 'working set', readVmCounters(file), ({ first, second }) => [
      fact('memory', 'page faults', `${first.pageFaultCount}`, 'public'),
      fact('memory', 'working set', `${bytesText(first.workingSetSize)}, peak ${bytesText(first.peakWorkingSetSize)}`, 'public'),
      fact('memory', 'commit', `${bytesText(first.pagefileUsage)}, peak ${bytesText(first.peakPagefileUsage)}`, 'public'),
      ...(second.ok
        ? [fact('memory', 'virtual size', `${bytesText(second.value.virtualSize)}, peak ${bytesText(second.value.peakVirtualSize)}`, 'public')]
        : []),
      fact('memory', 'private', bytesText(second.ok ? second.value.privateUsage : first.privateUsage), 'public'),
    ]),
    ...ofStream('memory', 'physical pages', readSystemMemory(file), (info) => [
      fact('memory', 'physical pages', `${info.numberOfPhysicalPages} of ${info.pageSize} bytes`, 'machine'),
      fact('memory', 'available pages', `${info.availablePages}`, 'machine'),
      fact('memory', 'committed pages', `${info.committedPages} of ${info.commitLimit}, peak ${info.peakCommitment}`, 'machine'),
    ]),
    ...ofStream('memory', 'regions', readMemoryInfos(file), ({ entries, count }) => [
      fact('memory', 'regions', `${count}: ${countBy(entries, ({ state }) => MEMORY_STATES.get(state) ?? hex(state))}`, 'public'),
      fact('memory', 'committed', bytesText(entries.reduce((total, { state, regionSize }) => (state === 0x1000 ? total + regionSize : total), 0n)), 'public'),
    ]),
  ];
}

function processFacts({ file, arch }: UserBasics): Fact[] {
  const pointerSize = arch === 'x64' || arch === 'arm64' ? 8 : 4;
  return [
    ...ofStream('handles', 'handles', readHandles(file), ({ entries, count }) => [
      fact('handles', 'count', `${count}`, 'public'),
      fact(
        'handles',
        'types',
        countBy(entries, ({ typeName }) => (typeName.ok && typeName.value !== '' ? typeName.value : '(no type)')),
        'public',
      ),
    ]),
    ...ofStream('function tables', 'dynamic tables', readFunctionTables(file), ({ head, ranges }) => [
      fact('function tables', 'dynamic tables', `${head.numberOfDescriptors}, native descriptors of ${head.sizeOfNativeDescriptor} bytes`, 'public'),
      ...ranges
        .slice(0, 16)
        .map(({ minimum, maximum, entries }) =>
          fact('function tables', 'range', `${formatVa(minimum, pointerSize)} to ${formatVa(maximum, pointerSize)}, ${entries} functions`, 'public'),
        ),
    ]),
    ...ofStream('token', 'tokens', readTokenList(file), (list) => [
      fact('token', 'tokens', `${list.tokenListEntries} in ${list.tokenListSize} bytes`, 'public'),
    ]),
    ...readComments(file).map(({ stream, text }) => fact('comment', stream, text, 'person')),
  ];
}

export function factsOf(basics: UserBasics): Fact[] {
  return [
    ...dumpFacts(basics),
    ...systemFacts(basics),
    ...miscFacts(basics),
    ...memoryFacts(basics.file),
    ...processFacts(basics),
    ...clientFacts(basics.file),
  ];
}
