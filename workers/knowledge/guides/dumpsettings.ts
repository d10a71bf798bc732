/**
 * Which dump Windows writes at the next stop, and the room it needs. Values: windows-driver-docs, debugger/varieties-of-kernel-mode-dump-files,
 * automatic-memory-dump (2017-11-28); support article 254649, "Overview of memory dump file options" (page file: memory + 257 MB).
 */
import { type Guide, type KnownDump, type Section, type Values, numberOf } from './guide.ts';
import { type RegistryValue, changeSections, commands, throughPowershell } from './registry.ts';

const KEY = 'SYSTEM\\CurrentControlSet\\Control\\CrashControl';
const dword = (name: string, data: number): RegistryValue => ({ key: KEY, name, type: 'REG_DWORD', data: String(data) });

interface DumpType {
  readonly id: string;
  readonly label: string;
  readonly enabled: number;
  /** FilterPages: leave out pages that seldom matter. */
  readonly filtered: boolean;
  readonly shows: string;
}
export const DUMP_TYPES: readonly DumpType[] = [
  { id: 'automatic', label: 'Automatic (best for most)', enabled: 7, filtered: false, shows: 'all memory of the kernel; Windows sees to the page file itself' },
  { id: 'kernel', label: 'Kernel', enabled: 2, filtered: false, shows: 'all memory of the kernel' },
  {
    id: 'active',
    label: 'Active',
    enabled: 1,
    filtered: true,
    shows: 'kernel and programs, without pages that seldom matter; good for computers with virtual machines',
  },
  { id: 'complete', label: 'Complete', enabled: 1, filtered: false, shows: 'all of memory, programs too: large, and it holds whatever was open' },
  { id: 'small', label: 'Small', enabled: 3, filtered: false, shows: 'the stop, the stack and the list of drivers; no more' },
];

/** The page file in MB that a dump of the type needs; null where Windows sets it. */
export function pageFileMb(type: string, memoryGb: number): { readonly mb: number; readonly sure: boolean } | null {
  if (type === 'automatic') return null;
  if (type === 'small') return { mb: 2, sure: true };
  if (type === 'complete') return { mb: memoryGb * 1024 + 257, sure: true };
  // A kernel dump is typically a third of memory; no more can be said before the stop.
  return { mb: Math.max(1024, Math.ceil((memoryGb * 1024) / 3)), sure: false };
}

function pageFileText(type: string, memoryGb: number): string {
  const need = pageFileMb(type, memoryGb);
  if (need === null)
    return 'Leave the page file to Windows (“system managed”): it is large enough for a kernel dump most of the time, and after a dump that did not fit Windows makes it as large as memory for four weeks.';
  const size = `${need.mb.toLocaleString('en')} MB`;
  return need.sure
    ? `The page file on the boot volume must hold ${size} for ${String(memoryGb)} GB of memory.`
    : `A kernel dump has no fixed size; with ${String(memoryGb)} GB of memory allow ${size} (a third), better as much as memory.`;
}

const BEFORE: readonly RegistryValue[] = [dword('CrashDumpEnabled', 7), dword('AutoReboot', 1)];

function settings(values: Values, memoryGb: number): readonly RegistryValue[] {
  const type = DUMP_TYPES.find(({ id }) => id === values['type']) ?? DUMP_TYPES[0];
  if (!type) return [];
  const dedicated = values['dedicated'] === 'on' ? dedicatedFile(values, type.id, memoryGb) : [];
  return [
    dword('CrashDumpEnabled', type.enabled),
    ...(type.enabled === 1 ? [dword('FilterPages', type.filtered ? 1 : 0)] : []),
    dword('AutoReboot', values['stay'] === 'on' ? 0 : 1),
    dword('AlwaysKeepMemoryDump', values['keep'] === 'on' ? 1 : 0),
    ...dedicated,
  ];
}

/** A drive letter as a person types it: "d", "D:". */
const driveOf = (text: string | undefined): string => `${/^\s*([a-z])/i.exec(text ?? '')?.[1]?.toUpperCase() ?? 'D'}:`;
function dedicatedFile(values: Values, type: string, memoryGb: number): readonly RegistryValue[] {
  const mb = pageFileMb(type, memoryGb)?.mb ?? memoryGb * 1024 + 257;
  return [{ key: KEY, name: 'DedicatedDumpFile', type: 'REG_SZ', data: `${driveOf(values['drive'])}\\DedicatedDumpFile.sys` }, dword('DumpFileSize', mb)];
}

function reason(dump: KnownDump | null): readonly Section[] {
  if (!dump || dump.program) return [];
  return [{ kind: 'text', title: 'Why, for the open dump', lines: [`${dump.fileName} is a ${dump.kindWords.toLowerCase()}. ${dump.headline ?? ''}`.trim()] }];
}

const FIELDS: Guide['fields'] = [
  { kind: 'choice', id: 'type', label: 'Dump type', options: DUMP_TYPES.map(({ id, label }) => [id, label] as const), initial: 'automatic' },
  { kind: 'number', id: 'memory', label: 'Memory (GB)', initial: 16, min: 1, max: 4096 },
  { kind: 'check', id: 'stay', label: 'Stay on the blue screen instead of restarting', initial: false },
  { kind: 'check', id: 'keep', label: 'Keep MEMORY.DMP even when the drive is nearly full', initial: true },
  { kind: 'check', id: 'dedicated', label: 'Write to a file of its own on another drive (no page file needed)', initial: false },
  { kind: 'text', id: 'drive', label: 'That drive', initial: 'D:', placeholder: 'D:' },
];

const PAGE_FILE = throughPowershell('Get-CimInstance Win32_PageFileUsage | Format-List Name, AllocatedBaseSize, CurrentUsage');
const MEMORY = throughPowershell('[math]::Round((Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory / 1GB)');

export const DUMP_SETTINGS: Guide = {
  id: 'dump-settings',
  group: 'next-dump',
  title: 'A better dump at the next stop',
  lead: 'Windows writes what it is set to. For most questions the automatic dump is enough: it holds the whole kernel.',
  fields: FIELDS,
  build: (values, dump) => {
    const memoryGb = numberOf({ fields: FIELDS }, values, 'memory');
    return [
      ...reason(dump),
      {
        kind: 'steps',
        title: 'With the mouse',
        lines: [
          'Press Windows+R, type sysdm.cpl, press Enter.',
          'Advanced, Startup and Recovery, Settings.',
          'Under “Write debugging information” choose the type.',
          'Virtual memory stands under Advanced, Performance, Settings, Advanced, Change.',
        ],
      },
      {
        kind: 'text',
        title: 'Room for it',
        lines: [pageFileText(values['type'] ?? '', memoryGb), `The drive with C:\\Windows needs as much free space again for MEMORY.DMP.`],
      },
      ...changeSections({
        set: settings(values, memoryGb),
        before: BEFORE,
        says: 'Counts from the next restart.',
        undoSays: 'Puts Windows’ defaults back: automatic dump, restart by itself.',
      }),
      commands('verify', 'Check the page file and the free space', {
        cmd: [...PAGE_FILE.cmd, 'fsutil volume diskfree C:', ...MEMORY.cmd],
        powershell: [...PAGE_FILE.powershell, 'Get-PSDrive C | Format-List Used, Free', ...MEMORY.powershell],
      }),
      {
        kind: 'table',
        title: 'The types',
        columns: ['Type', 'CrashDumpEnabled', 'FilterPages', 'What it shows'],
        rows: DUMP_TYPES.map((type) => [type.label, String(type.enabled), type.filtered ? '1' : '0', type.shows]),
      },
      {
        kind: 'text',
        title: 'Without a stop',
        lines: [
          'Windows 11 (from 22621.1992) writes a dump of the running system: Task Manager, Details, right-click System, “Create live kernel memory dump file”.',
        ],
      },
    ];
  },
  sources: [
    'windows-driver-docs, debugger/automatic-memory-dump and varieties-of-kernel-mode-dump-files',
    'support article 254649, overview of memory dump file options',
  ],
};
