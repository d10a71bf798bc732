/** Names of the operating system of a user dump. */
import { type Found, found, notValid } from '../base/found.ts';
import type { MinidumpFile } from '../formats/minidump/file.ts';
import { STREAM } from '../formats/minidump/names.ts';
import type { SystemInfo } from '../formats/minidump/system.ts';
import type { OsInfo } from './target.ts';
import { readKeyValues } from './userkeyvalues.ts';
import { productTypeName, windowsName } from './windows.ts';

function nameOfWindows(system: SystemInfo): string {
  const known = windowsName(system.build, system.productType === 0 ? undefined : system.productType);
  const name = known.ok ? known.value : `Windows ${system.major}.${system.minor}.${system.build}`;
  const csd = system.csdVersion.ok ? system.csdVersion.value.trim() : '';
  // Crashpad writes the revision ("282") where Windows writes the service pack.
  return csd === '' || /^\d+$/.test(csd) || / SP\d$/.test(name) ? name : `${name} ${csd}`;
}

function unixName(file: MinidumpFile, system: SystemInfo): Found<string> {
  const csd = system.csdVersion.ok ? system.csdVersion.value.trim() : '';
  const version = [system.major, system.minor, system.build].join('.');
  const versioned = version === '0.0.0' ? system.platform : `${system.platform} ${version}`;
  if (system.platform === 'macOS' || system.platform === 'iOS') return found(csd === '' ? versioned : `${versioned} (${csd})`);
  const release = readKeyValues(file, STREAM.linuxLsbRelease, '=');
  const distribution = release.get('PRETTY_NAME') ?? release.get('DISTRIB_DESCRIPTION');
  // Breakpad writes uname into the service pack's place: "Linux 3.13.0-53-generic #89-Ubuntu SMP …".
  const kernel = version === '0.0.0' ? (/^Linux \S+/.exec(csd)?.[0] ?? (csd === '' ? '' : `${system.platform} ${csd}`)) : versioned;
  const name = [distribution, kernel].filter((part) => part !== undefined && part !== '').join(', ');
  return name === '' ? notValid('name of the system', 'nothing written', 'a version, a release or uname') : found(name);
}

export function describeOs(file: MinidumpFile, system: Found<SystemInfo>): OsInfo {
  if (!system.ok) {
    return { family: 'unknown', build: system, name: system, productType: system, processors: system };
  }
  const { value } = system;
  const windows = value.platform === 'Windows';
  const notWindows = notValid('platform', value.platform, 'Windows');
  return {
    family: value.platform,
    build: windows ? found(value.build) : notWindows,
    name: windows
      ? found(nameOfWindows(value))
      : value.platform === 'unknown'
        ? notValid('platform', `0x${value.platformId.toString(16)}`, 'a known number')
        : unixName(file, value),
    productType: windows ? productTypeName(value.productType) : notWindows,
    processors: value.processors > 0 ? found(value.processors) : notValid('NumberOfProcessors', '0', 'at least 1'),
  };
}
