/**
 * The command of a piece of advice, where it is the same for every dump. Syntax: windowsserverdocs, windows-commands/chkdsk, sfc and
 * powercfg; DISM operating system package servicing (/RestoreHealth, /RevertPendingActions "on a Windows image that did not boot");
 * windows-driver-docs, devtest/verifier-command-line, devtest/pnputil-command-syntax and debugger/automatic-memory-dump
 * (CrashDumpEnabled 7, the default); windows-powershell-docs, storage/get-storagereliabilitycounter.
 */
import type { Text } from '../verdict.ts';
import type { ADVICE } from './advice.ts';

const LINE_OF: Partial<Readonly<Record<keyof typeof ADVICE, string>>> = {
  'd-mem-test': 'mdsched.exe',
  'd-disk-health': 'Get-PhysicalDisk | Get-StorageReliabilityCounter | Format-List *',
  'd-disk-scan': 'chkdsk C: /scan',
  'd-system': 'DISM /Online /Cleanup-Image /RestoreHealth',
  'd-winre-undo': 'dism /image:C:\\ /cleanup-image /revertpendingactions',
  'd-winre-check': 'chkdsk C: /f',
  'd-winre-files': 'sfc /scannow /offbootdir=C:\\ /offwindir=C:\\Windows',
  'd-hiber': 'powercfg /h off',
  'd-fast-startup': 'powercfg /h off',
  'd-verifier-on': 'verifier',
  'd-verifier-off': 'verifier /reset',
  'd-memory-dmp': 'Get-Item C:\\Windows\\MEMORY.DMP',
  'd-dump-kernel': 'Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\CrashControl CrashDumpEnabled 7',
  'd-recent': 'rstrui.exe',
  'd-driver-remove': 'devmgmt.msc',
  'd-program-remove': 'appwiz.cpl',
  'd-page-file': 'sysdm.cpl',
};
const lines: ReadonlyMap<string, string> = new Map(Object.entries(LINE_OF));

export const lineOf = ({ id }: Text): string | undefined => lines.get(id);

/** Names from a dump go into a command to copy: only what a file name of a driver may hold. */
export const safeName = (name: string): string => name.replace(/[^A-Za-z0-9_.-]/g, '');

/**
 * Service, place and version resource of a driver's file, wherever it lies (win32 docs, cimwin32prov/win32-systemdriver: PathName;
 * .NET, FileVersionInfo). A folder below FileRepository is named after the package's INF.
 */
export const whoseLine = (module: string): string =>
  `Get-CimInstance Win32_SystemDriver | Where-Object PathName -like '*\\${safeName(module)}' | ForEach-Object { $_ | Format-List DisplayName, PathName; (Get-Item ($_.PathName -replace '^\\\\\\?\\?\\\\')).VersionInfo | Format-List CompanyName, ProductName, FileVersion }`;

/** Of a longer list the sentence names these; the command holds them all. */
const NAMED = 4;

/** "a.sys, b.sys, c.sys, d.sys and 3 more", and how many. */
export function watchArgs(files: readonly string[]): { readonly names: string; readonly count: string } {
  const more = files.length > NAMED ? ` and ${String(files.length - NAMED)} more` : '';
  return { names: `${files.slice(0, NAMED).join(', ')}${more}`, count: String(files.length) };
}
