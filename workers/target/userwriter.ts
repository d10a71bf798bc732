/** Which program wrote a user dump. Its habits decide how far a field can be trusted (formats: "Peculiarities"). */
import { type Found, found, notValid } from '../base/found.ts';
import { findStream, type MinidumpFile } from '../formats/minidump/file.ts';
import { STREAM } from '../formats/minidump/names.ts';
import type { MiscInfo, SystemInfo } from '../formats/minidump/system.ts';

/** DbgBldStr of MISC_INFO_4: "dbgcore.amd64,10.0.19041.789", "crashpad.amd64,0.8.0,win". */
const BUILD_STRINGS: readonly (readonly [prefix: string, writer: string])[] = [
  ['crashpad.', 'Crashpad'],
  ['dbgcore.', 'Windows (dbgcore.dll)'],
  ['dbghelp.', 'Windows (dbghelp.dll)'],
  ['dbgeng.', 'Windows debugger (dbgeng.dll)'],
];
const MOZILLA = [STREAM.mozLinuxLimits, STREAM.mozSoftErrors, STREAM.mozMacosBootargs, STREAM.mozMacosCrashInfo];
const LINUX = [STREAM.linuxCpuInfo, STREAM.linuxProcStatus, STREAM.linuxMaps, STREAM.linuxAuxv, STREAM.linuxDsoDebug];

/** Who else had a hand in it: Breakpad and Unreal call MiniDumpWriteDump and add a stream of their own. */
function withClient(file: MinidumpFile, writer: string): string {
  if (findStream(file, STREAM.unreal)) return `${writer}, for Unreal Engine`;
  return findStream(file, STREAM.breakpadInfo) ? `${writer}, for Breakpad` : writer;
}

export function findWriter(file: MinidumpFile, misc: Found<MiscInfo>, system: Found<SystemInfo>): Found<string> {
  const build = misc.ok && misc.value.dbgBldStr.ok ? misc.value.dbgBldStr.value : '';
  const row = BUILD_STRINGS.find(([prefix]) => build.startsWith(prefix));
  if (row) return found(withClient(file, `${row[1]} ${build.split(',')[1] ?? ''}`.trim()));
  const has = (types: readonly number[]): boolean => types.some((type) => findStream(file, type) !== undefined);
  if (has([STREAM.wineModuleList])) return found('Wine');
  if (has(MOZILLA)) return found('minidump-writer (Mozilla)');
  if (has([STREAM.crashpadInfo])) return found('Crashpad');
  // dbghelp.dll puts its own version into the upper half of the header's version.
  const implementation = file.header.version >>> 16;
  if (implementation !== 0) return found(withClient(file, 'Windows (dbghelp.dll)'));
  if (has([STREAM.breakpadInfo]) || has(LINUX)) return found('Breakpad');
  if (build !== '') return found(build);
  return notValid(
    'writer of the dump',
    system.ok ? `a plain file of ${system.value.platform}` : 'a plain file',
    'a build string or a stream of a known writer',
  );
}
