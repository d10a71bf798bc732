/** Drivers by file name: Microsoft's roles, third-party makers, names that lists of vulnerable drivers hold. */
import type { DriverEntry, DriverRole } from './knowledge.ts';
import { rowsOf, type TableFile, type TableRow } from './table.ts';

const ROLES: readonly DriverRole[] = [
  'kernel',
  'hal',
  'class',
  'framework',
  'bus',
  'file-system',
  'filter',
  'graphics-port',
  'network-stack',
  'storage-stack',
  'security',
  'device',
  'tool',
  'other',
];
const roleOf = (text: string | undefined): DriverRole => ROLES.find((role) => role === text) ?? 'other';

/** Names that dumps use for the same file. */
const ALIASES: Readonly<Record<string, string>> = {
  nt: 'ntoskrnl.exe',
  ntoskrnl: 'ntoskrnl.exe',
  ntkrnlmp: 'ntkrnlmp.exe',
  hal: 'hal.dll',
  fltmgr: 'fltmgr.sys',
};

/** Names with a number or letters that change from computer to computer or version to version. */
const SERIES: readonly (readonly [RegExp, string])[] = [
  [/^mpksl[0-9a-f]{6,8}\.sys$/, 'mpksldrv.sys'],
  [/^rzdev_[0-9a-f]{4}\.sys$/, 'rzdev.sys'],
  [/^cpuz\d{3}(?:_x64)?\.sys$/, 'cpuz_x64.sys'],
  [/^hwinfo(?:64a?|_x64)_\d{3}\.sys$/, 'hwinfo64a_x64.sys'],
  [/^googledrivefs\d{3,6}\.sys$/, 'googledrivefs.sys'],
];

/** "dump_stornvme.sys" is the crash-time copy of stornvme.sys, "hiber_stornvme.sys" that of hibernation. */
function keysOf(imageName: string): string[] {
  const name = imageName.toLowerCase().replace(/^.*[\\/]/, '');
  const keys = [ALIASES[name] ?? name];
  if (!/\.[a-z]{3}$/.test(name)) keys.push(`${name}.sys`);
  const copy = /^(?:dump|hiber)_(.+)$/.exec(name)?.[1];
  if (copy !== undefined) keys.push(copy);
  const series = SERIES.find(([pattern]) => pattern.test(name))?.[1];
  return series === undefined ? keys : [...keys, series];
}

export function driverTable(files: {
  readonly thirdParty: TableFile;
  readonly microsoft: TableFile;
  readonly vulnerable: TableFile;
  readonly updatePlaces: TableFile;
}): (imageName: string) => DriverEntry | undefined {
  const vulnerable = new Map<string, TableRow>();
  for (const row of rowsOf(files.vulnerable)) vulnerable.set(row['file'] ?? '', row);
  const places = rowsOf(files.updatePlaces);
  const placeOf = (vendor: string): string | undefined =>
    places.find((place) => (vendor.toLowerCase() + ' ').startsWith(`${(place['vendor'] ?? '').toLowerCase()} `))?.['address'];
  const entries = new Map<string, DriverEntry>();
  const put = (row: TableRow, microsoft: boolean): void => {
    const file = (row['file'] ?? '').toLowerCase();
    if (entries.has(file)) return;
    const update = microsoft ? undefined : placeOf(row['vendor'] ?? '');
    entries.set(file, {
      file,
      vendor: microsoft ? 'Microsoft' : (row['vendor'] ?? ''),
      product: row['product'] ?? '',
      kind: row['kind'] ?? '',
      microsoft,
      role: roleOf(row['role']),
      believed: row['believed'] === '1',
      // Lists name old builds of Windows' own drivers too; those Windows Update has long replaced.
      vulnerable: !microsoft && vulnerable.has(file),
      ...(update === undefined ? {} : { update }),
    });
  };
  for (const row of rowsOf(files.microsoft)) put(row, true);
  for (const row of rowsOf(files.thirdParty)) put(row, false);
  for (const row of vulnerable.values()) put({ ...row, kind: row['category'] ?? '', role: 'other', believed: '' }, false);
  return (imageName) => {
    for (const key of keysOf(imageName)) {
      const entry = entries.get(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  };
}
