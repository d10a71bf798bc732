/** Names of the operating system of a user dump. */
import { type Found, found, notValid } from '../base/found.ts';
import type { MinidumpFile } from '../formats/minidump/file.ts';
import { STREAM } from '../formats/minidump/names.ts';
import type { SystemInfo } from '../formats/minidump/system.ts';
import type { OsInfo } from './target.ts';
import { readKeyValues } from './userkeyvalues.ts';

const PRODUCT_TYPES = new Map([
  [1, 'workstation'],
  [2, 'domain-controller'],
  [3, 'server'],
]);

/**
 * First build of each Windows, newest first: [version, first build, workstation, server].
 * https://learn.microsoft.com/windows/win32/sysinfo/operating-system-version
 */
const WINDOWS: readonly (readonly [version: string, build: number, workstation: string, server: string])[] = [
  ['10.0', 26100, 'Windows 11', 'Windows Server 2025'],
  ['10.0', 22000, 'Windows 11', 'Windows Server'],
  ['10.0', 20348, 'Windows 10', 'Windows Server 2022'],
  ['10.0', 17763, 'Windows 10', 'Windows Server 2019'],
  ['10.0', 10240, 'Windows 10', 'Windows Server 2016'],
  ['6.3', 0, 'Windows 8.1', 'Windows Server 2012 R2'],
  ['6.2', 0, 'Windows 8', 'Windows Server 2012'],
  ['6.1', 0, 'Windows 7', 'Windows Server 2008 R2'],
  ['6.0', 0, 'Windows Vista', 'Windows Server 2008'],
  ['5.2', 0, 'Windows XP x64', 'Windows Server 2003'],
  ['5.1', 0, 'Windows XP', 'Windows XP'],
  ['5.0', 0, 'Windows 2000', 'Windows 2000 Server'],
];

function windowsName(system: SystemInfo): string {
  const version = `${system.major}.${system.minor}`;
  const row = WINDOWS.find(([of, from]) => of === version && system.build >= from);
  const csd = system.csdVersion.ok ? system.csdVersion.value.trim() : '';
  // Crashpad writes the revision ("282") where Windows writes the service pack.
  const revision = /^\d+$/.test(csd) ? `.${csd}` : '';
  const words = [row ? row[system.productType === 1 ? 2 : 3] : 'Windows', `${version}.${system.build}${revision}`];
  if (csd !== '' && revision === '') words.push(csd);
  return words.join(' ');
}

function unixName(file: MinidumpFile, system: SystemInfo): Found<string> {
  const csd = system.csdVersion.ok ? system.csdVersion.value.trim() : '';
  const version = [system.major, system.minor, system.build].join('.');
  const versioned = version === '0.0.0' ? system.platform : `${system.platform} ${version}`;
  if (system.platform === 'macOS' || system.platform === 'iOS') return found(csd === '' ? versioned : `${versioned} (${csd})`);
  const release = readKeyValues(file, STREAM.linuxLsbRelease, '=');
  const distribution = release.get('PRETTY_NAME') ?? release.get('DISTRIB_DESCRIPTION');
  // Breakpad writes uname into the service pack's place: "Linux 3.13.0-53-generic #89-Ubuntu SMP …".
  const kernel = version === '0.0.0' ? (/^Linux \S+/.exec(csd)?.[0] ?? csd) : versioned;
  const name = [distribution, kernel].filter((part) => part !== undefined && part !== '').join(', ');
  return name === '' ? notValid('name of the system', 'nothing written', 'a version, a release or uname') : found(name);
}

export function describeOs(file: MinidumpFile, system: Found<SystemInfo>): OsInfo {
  if (!system.ok) {
    return { family: 'unknown', build: system, name: system, productType: system, processors: system };
  }
  const { value } = system;
  const windows = value.platform === 'Windows';
  const product = PRODUCT_TYPES.get(value.productType);
  const notWindows = notValid('platform', value.platform, 'Windows');
  return {
    family: value.platform,
    build: windows ? found(value.build) : notWindows,
    name: windows
      ? found(windowsName(value))
      : value.platform === 'unknown'
        ? notValid('platform', `0x${value.platformId.toString(16)}`, 'a known number')
        : unixName(file, value),
    productType: !windows ? notWindows : product ? found(product) : notValid('ProductType', `${value.productType}`, '1 to 3'),
    processors: value.processors > 0 ? found(value.processors) : notValid('NumberOfProcessors', '0', 'at least 1'),
  };
}
