/** Why there is no dump: the conditions in the order in which they fail. CrashControl as in `dumpsettings.ts`; events as Windows writes them. */
import type { Guide } from './guide.ts';
import { type Lines, changeSections, commands, throughPowershell } from './registry.ts';

const CRASH_CONTROL = 'SYSTEM\\CurrentControlSet\\Control\\CrashControl';

const REASONS: readonly (readonly [condition: string, how: string])[] = [
  ['It was no stop at all: power lost, reset button, overheating', 'event 41 with BugcheckCode 0; nothing was recorded because nothing could be'],
  ['Dumps are switched off', 'CrashDumpEnabled is 0'],
  [
    'No page file on the boot volume, or one that is too small',
    'Win32_PageFileUsage lists none on C:, or less than the type needs; or set a file of its own (DedicatedDumpFile)',
  ],
  ['No room for MEMORY.DMP', 'Windows deletes it when less than 25 GB are free, unless AlwaysKeepMemoryDump is 1'],
  ['The drive was what failed', 'codes 7A, 7B, F4, EF and 154 with a drive that went away: there was nothing to write to'],
  ['A storage driver that cannot write dumps (some RAID and Optane modes)', 'volmgr events 45, 46, 49 and 161; update the storage driver and the BIOS'],
  ['The computer was switched off before the dump was written', 'wait until the percentage on the blue screen has ended'],
  ['A cleaning program removed it', 'C:\\Windows\\Minidump and MEMORY.DMP are among what they delete'],
  ['The dump is there, but for administrators only', 'copy it to the Desktop from a command prompt as administrator'],
  ['It was a program, not Windows', 'programs leave a dump only where that was switched on: guide “Let Windows keep a dump”'],
];

const PAGE_FILE = throughPowershell('Get-CimInstance Win32_PageFileUsage | Format-List Name, AllocatedBaseSize');
/** AutomaticManagedPagefile of Win32_ComputerSystem can be written (win32 docs, cimwin32prov/win32-computersystem). */
const managePageFile = (byWindows: boolean): Lines =>
  throughPowershell(`Get-CimInstance Win32_ComputerSystem | Set-CimInstance -Property @{ AutomaticManagedPagefile = $${String(byWindows)} }`);

export const NO_DUMP: Guide = {
  id: 'no-dump',
  group: 'next-dump',
  title: 'It crashed and there is no dump',
  lead: 'At a stop Windows writes its memory into the page file, and at the next start from there into the dump file. Each of these steps can fail; the event log says which.',
  fields: [],
  build: () => [
    commands(
      'query',
      '1. What Windows recorded',
      {
        cmd: [
          'wevtutil qe System /q:"*[System[(EventID=1001 or EventID=41 or EventID=6008)]]" /c:10 /rd:true /f:text',
          'wevtutil qe System /q:"*[System[Provider[@Name=\'volmgr\']]]" /c:10 /rd:true /f:text',
        ],
        powershell: [
          "Get-WinEvent -FilterHashtable @{LogName='System'; Id=1001,41,6008} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
          "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='volmgr'} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
          "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-WHEA-Logger'} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
        ],
      },
      '1001 (BugCheck) names the stop and where its dump was saved; 41 (Kernel-Power) holds the code in decimal. Paste either on “No dump?” and read what it means.',
    ),
    commands('query', '2. What is there', {
      cmd: [
        'dir C:\\Windows\\MEMORY.DMP C:\\Windows\\Minidump C:\\Windows\\LiveKernelReports /s',
        `reg query "HKLM\\${CRASH_CONTROL}"`,
        ...PAGE_FILE.cmd,
        'fsutil volume diskfree C:',
      ],
      powershell: [
        'Get-ChildItem C:\\Windows\\MEMORY.DMP, C:\\Windows\\Minidump, C:\\Windows\\LiveKernelReports -Recurse -ErrorAction SilentlyContinue',
        `Get-ItemProperty 'HKLM:\\${CRASH_CONTROL}'`,
        ...PAGE_FILE.powershell,
        'Get-PSDrive C | Format-List Free',
      ],
    }),
    { kind: 'table', title: '3. What keeps a dump from being written', columns: ['What', 'How to see it, what to do'], rows: REASONS },
    {
      kind: 'text',
      title: '4. Put it right',
      lines: ['These values make Windows write an automatic dump, keep it, and note the stop in the event log. The page file: let Windows manage it.'],
    },
    ...changeSections({
      set: [
        { key: CRASH_CONTROL, name: 'CrashDumpEnabled', type: 'REG_DWORD', data: '7' },
        { key: CRASH_CONTROL, name: 'AlwaysKeepMemoryDump', type: 'REG_DWORD', data: '1' },
        { key: CRASH_CONTROL, name: 'LogEvent', type: 'REG_DWORD', data: '1' },
      ],
      before: [
        { key: CRASH_CONTROL, name: 'CrashDumpEnabled', type: 'REG_DWORD', data: '7' },
        { key: CRASH_CONTROL, name: 'LogEvent', type: 'REG_DWORD', data: '1' },
      ],
      says: 'Counts from the next restart.',
      undoSays: 'Windows’ defaults.',
    }),
    commands('change', 'Let Windows manage the page file', managePageFile(true)),
    commands('undo', 'Page file by hand again', managePageFile(false)),
    { kind: 'text', title: 'Try it', lines: ['NotMyFault of Sysinternals stops Windows on purpose; after the restart the dump must be there.'] },
  ],
  sources: [
    'windows-driver-docs, debugger/enabling-a-kernel-mode-dump-file and automatic-memory-dump',
    'support article 254649, overview of memory dump file options',
  ],
};
