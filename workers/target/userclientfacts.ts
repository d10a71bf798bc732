/** Facts from the streams of Breakpad, Crashpad, Unreal, Mozilla, Linux and macOS writers. Texts of a program are `person`. */
import { mapFound } from '../base/found.ts';
import type { MinidumpFile } from '../formats/minidump/file.ts';
import { STREAM } from '../formats/minidump/names.ts';
import {
  type Annotation,
  BREAKPAD_VALID,
  readAssertion,
  readBreakpadInfo,
  readCrashpadInfo,
  readMacBootargs,
  readMacCrashInfo,
  readTextStream,
  readUnrealContext,
} from '../formats/minidump/vendor.ts';
import type { Fact } from './target.ts';
import { fact, type Privacy } from './userfact.ts';
import { readKeyValues } from './userkeyvalues.ts';

const NO_ID = /^[0-]+$/;

function breakpadFacts(file: MinidumpFile): Fact[] {
  const info = readBreakpadInfo(file);
  const facts: Fact[] = [];
  if (info.ok) {
    const { validity, dumpThreadId, requestingThreadId } = info.value;
    if (validity & BREAKPAD_VALID.dumpThread) facts.push(fact('Breakpad', 'thread that wrote the dump', `${dumpThreadId}`, 'public'));
    if (validity & BREAKPAD_VALID.requestingThread) facts.push(fact('Breakpad', 'thread that asked for the dump', `${requestingThreadId}`, 'public'));
  }
  const assertion = readAssertion(file);
  if (assertion.ok) {
    const { expression, function: where, file: path, line, type } = assertion.value;
    facts.push(fact('Breakpad', 'assertion', `${type}: ${expression} in ${where}, ${path}:${line}`, 'person'));
  }
  return facts;
}

const annotationFacts = (group: string, annotations: readonly Annotation[]): Fact[] =>
  annotations.map(({ name, value }) =>
    fact(
      group,
      name,
      mapFound(value, (text) => text.replace(/\0+$/, '')),
      'person',
    ),
  );

function crashpadFacts(file: MinidumpFile): Fact[] {
  const info = readCrashpadInfo(file);
  if (!info.ok) return [];
  const { reportId, clientId, annotations, modules, addressMask } = info.value;
  return [
    ...(NO_ID.test(reportId) ? [] : [fact('Crashpad', 'report id', reportId, 'person')]),
    ...(NO_ID.test(clientId) ? [] : [fact('Crashpad', 'client id', clientId, 'person')]),
    ...(addressMask.ok && addressMask.value !== 0n ? [fact('Crashpad', 'address mask', `0x${addressMask.value.toString(16)}`, 'public')] : []),
    ...annotationFacts('Crashpad annotation', annotations),
    ...modules.flatMap(({ moduleIndex, list, annotations: own }) => [
      ...list.map((text) => fact(`Crashpad annotation of module ${moduleIndex}`, 'list', text, 'person')),
      ...annotationFacts(`Crashpad annotation of module ${moduleIndex}`, own),
    ]),
  ];
}

/** Lines of /proc/self/status worth showing, with their class. */
const PROC_STATUS: readonly (readonly [string, Privacy])[] = [
  ['Name', 'person'],
  ['State', 'public'],
  ['Threads', 'public'],
  ['VmPeak', 'public'],
  ['VmRSS', 'public'],
  ['PPid', 'machine'],
  ['TracerPid', 'machine'],
];

function linuxFacts(file: MinidumpFile): Fact[] {
  const release = readKeyValues(file, STREAM.linuxLsbRelease, '=');
  const status = readKeyValues(file, STREAM.linuxProcStatus, ':');
  const maps = readTextStream(file, STREAM.linuxMaps);
  const environ = readTextStream(file, STREAM.linuxEnviron);
  const commandLine = readTextStream(file, STREAM.linuxCmdLine);
  const distribution = release.get('PRETTY_NAME') ?? release.get('DISTRIB_DESCRIPTION');
  return [
    ...(distribution ? [fact('Linux', 'distribution', distribution, 'public')] : []),
    ...PROC_STATUS.flatMap(([key, privacy]) => {
      const value = status.get(key);
      return value ? [fact('Linux', key, value, privacy)] : [];
    }),
    ...(maps.ok ? [fact('Linux', 'mappings', `${maps.value.split('\n').filter((line) => line.includes('-')).length}`, 'public')] : []),
    ...(environ.ok
      ? [fact('Linux', 'environment', `${environ.value.split('\0').filter((one) => one.includes('=')).length} variables, not shown`, 'public')]
      : []),
    ...(commandLine.ok ? [fact('Linux', 'command line', commandLine.value.split('\0').join(' ').trim(), 'person')] : []),
  ];
}

/** Tags of FGenericCrashContext that are the same for everybody with the game, or tell of the machine; any other is `person`. */
const UNREAL_PUBLIC = new Set([
  'CrashVersion',
  'IsInternalBuild',
  'IsPerforceBuild',
  'IsSourceDistribution',
  'IsEnsure',
  'IsAssert',
  'CrashType',
  'BuildConfiguration',
  'EngineMode',
  'EngineVersion',
  'PlatformName',
  'PlatformNameIni',
  'SecondsSinceStart',
  'bIsUE4Release',
  'Misc.Is64bitOperatingSystem',
  'Misc.IsStuck',
  'MemoryStats.bIsOOM',
]);
const UNREAL_MACHINE = /^(Misc\.(NumberOfCores|CPU|PrimaryGPUBrand|OSVersion|AnticheatProvider)|MemoryStats\.|PlatformFullName|NumMinidumpFramesToIgnore)/;
const MAX_XML = 262_144;
const MAX_VALUE = 2_000;

function unrealFacts(file: MinidumpFile): Fact[] {
  const xml = readUnrealContext(file);
  if (!xml.ok) return [];
  const facts: Fact[] = [];
  for (const [, name = '', value = ''] of xml.value.slice(0, MAX_XML).matchAll(/<([\w.]{1,80})>([^<]*)<\/\1>/g)) {
    const text = value.trim();
    if (text === '') continue;
    const privacy = UNREAL_PUBLIC.has(name) ? 'public' : UNREAL_MACHINE.test(name) ? 'machine' : 'person';
    facts.push(fact('Unreal', name, text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)} …` : text, privacy));
  }
  return facts;
}

function mozillaFacts(file: MinidumpFile): Fact[] {
  const errors = readTextStream(file, STREAM.mozSoftErrors);
  const limits = readTextStream(file, STREAM.mozLinuxLimits);
  const bootargs = readMacBootargs(file);
  const crashInfo = readMacCrashInfo(file);
  return [
    ...(errors.ok ? [fact('Mozilla', 'errors while writing', errors.value, 'person')] : []),
    ...(limits.ok ? [fact('Mozilla', 'limits', limits.value, 'machine')] : []),
    ...(bootargs.ok ? [fact('macOS', 'boot arguments', bootargs.value, 'machine')] : []),
    ...(crashInfo.ok
      ? crashInfo.value
          .flat()
          .filter((text) => text !== '')
          .map((text) => fact('macOS', 'crash info', text, 'person'))
      : []),
  ];
}

export function clientFacts(file: MinidumpFile): Fact[] {
  return [...breakpadFacts(file), ...crashpadFacts(file), ...linuxFacts(file), ...unrealFacts(file), ...mozillaFacts(file)];
}
