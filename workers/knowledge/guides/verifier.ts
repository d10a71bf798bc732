/**
 * Driver Verifier for the drivers of this computer, in waves. Syntax, options and standard settings: windows-driver-docs,
 * devtest/verifier-command-line (2021-06-28; Windows 11 part of 2025), devtest/driver-verifier-options.
 */
import type { Guide, KnownDump, Section, Values } from './guide.ts';
import { commands } from './registry.ts';
import { standardLine, waves } from './waves.ts';

interface Option {
  readonly ruleClass: number;
  readonly flag: number | null;
  readonly name: string;
  readonly does: string;
  readonly owner: boolean;
}
/** What each option does, and whether the owner's set has it. Rule class 34 has no flag. */
export const OPTIONS: readonly Option[] = [
  {
    ruleClass: 1,
    flag: 0x1,
    name: 'Special pool',
    does: 'each block of memory stands at the edge of a page of its own, so that a driver that writes past it is caught at once',
    owner: true,
  },
  {
    ruleClass: 2,
    flag: 0x2,
    name: 'Force IRQL checking',
    does: 'pageable memory is made invalid at raised level, so that a driver that touches it is caught',
    owner: true,
  },
  { ruleClass: 4, flag: 0x8, name: 'Pool tracking', does: 'a driver that is unloaded must have given back all its memory', owner: true },
  {
    ruleClass: 5,
    flag: 0x10,
    name: 'I/O verification',
    does: 'requests (IRPs) are watched from their making to their end; “enhanced I/O verification” has been part of it since Windows 7',
    owner: true,
  },
  {
    ruleClass: 6,
    flag: 0x20,
    name: 'Deadlock detection',
    does: 'the order in which locks are taken is watched; an order that can lock up stops Windows',
    owner: true,
  },
  { ruleClass: 8, flag: 0x80, name: 'DMA checking', does: 'buffers and registers of direct memory access are watched', owner: true },
  { ruleClass: 9, flag: 0x100, name: 'Security checks', does: 'handles and addresses of programs used from the kernel are caught', owner: true },
  {
    ruleClass: 12,
    flag: 0x800,
    name: 'Miscellaneous checks',
    does: 'memory that is freed while timers, locks or work items still stand in it is caught',
    owner: true,
  },
  { ruleClass: 18, flag: 0x20000, name: 'DDI compliance checking', does: 'calls into Windows are compared with its rules', owner: true },
  { ruleClass: 34, flag: null, name: 'WDF verification', does: 'drivers of the framework (WDF) are watched by it', owner: true },
  {
    ruleClass: 3,
    flag: 0x4,
    name: 'Low resources simulation',
    does: 'requests for memory fail at random, from seven minutes after the start: for makers of drivers only; it breaks sound drivers too',
    owner: false,
  },
  { ruleClass: 10, flag: 0x200, name: 'Force pending I/O requests', does: 'requests are made to wait at random: for makers of drivers', owner: false },
  { ruleClass: 11, flag: 0x400, name: 'IRP logging', does: 'keeps the last requests of each driver, to be read in a dump', owner: false },
  {
    ruleClass: 14,
    flag: 0x2000,
    name: 'Invariant MDL checking for stack',
    does: 'buffers that must not change on their way are watched: for makers of drivers',
    owner: false,
  },
  { ruleClass: 15, flag: 0x4000, name: 'Invariant MDL checking for driver', does: 'the same, driver by driver: for makers of drivers', owner: false },
];

/** Options of older Windows that a person may look for in vain. */
const RETIRED: readonly (readonly [string, string])[] = [
  ['Enhanced I/O verification', 'since Windows 7 it is on wherever I/O verification is'],
  ['Disk integrity verification', 'existed in Windows Server 2003 only; look at the drive’s own health report instead'],
  ['SCSI verification', 'became Storport verification; it is set in the registry of the storage driver, and is for its maker'],
  ['Power framework delay fuzzing, systematic low resources, synchronization delay fuzzing', 'gone from the list since Windows 10 build 19042'],
];

const OWNER_CLASSES = OPTIONS.filter((option) => option.owner);
/** Sum of the flags of the owner's set: 0x1 + 0x2 + 0x8 + 0x10 + 0x20 + 0x80 + 0x100 + 0x800 + 0x20000. */
export const OWNER_FLAGS = OWNER_CLASSES.reduce((sum, { flag }) => sum + (flag ?? 0), 0);

/** `verifier /standard` is the owner's set by name; the numbers are for Windows before 10 1709 and for chosen options. */
export function verifierLine(values: Values, files: readonly string[]): string {
  const named = files.length > 0 ? files : ['DRIVER1.sys', 'DRIVER2.sys'];
  const list = named.join(' ');
  const extra = OPTIONS.filter((option) => !option.owner && values[`rule${String(option.ruleClass)}`] === 'on');
  if (extra.length === 0) return values['windows'] === 'old' ? `verifier /flags 0x${OWNER_FLAGS.toString(16)} /driver ${list}` : standardLine(named);
  const chosen = [...OWNER_CLASSES, ...extra].sort((a, b) => a.ruleClass - b.ruleClass);
  if (values['windows'] === 'old') return `verifier /flags 0x${chosen.reduce((sum, { flag }) => sum + (flag ?? 0), 0).toString(16)} /driver ${list}`;
  return `verifier /ruleclasses ${chosen.map(({ ruleClass }) => ruleClass).join(' ')} /driver ${list}`;
}

const both = (lines: readonly string[]): { readonly cmd: readonly string[]; readonly powershell: readonly string[] } => ({ cmd: lines, powershell: lines });

const RECOVERY: Section = {
  kind: 'warning',
  title: 'Read this first: the way back',
  lines: [
    'The test stops Windows as soon as a driver breaks a rule. That can be at every start. Print this part or open it on a phone.',
    '1. Switch the computer off and on; at the second or third failed start Windows offers its recovery environment.',
    '2. Troubleshoot, Advanced options, Startup Settings, Restart, then 4 or F4: safe mode. In a command prompt as administrator: verifier /reset, then restart.',
    '3. If safe mode does not start either: Troubleshoot, Advanced options, Command Prompt. There the drive of Windows may have another letter: dir C:\\Windows, dir D:\\Windows and so on show which; put it in for C: below.',
    '4. reg load HKLM\\OFF C:\\Windows\\System32\\config\\SYSTEM loads its settings, and reg query HKLM\\OFF\\Select /v Current says which set it starts with: 0x1 is ControlSet001, 0x2 ControlSet002; put that in below.',
    '5. reg delete "HKLM\\OFF\\ControlSet001\\Control\\Session Manager\\Memory Management" /v VerifyDrivers /f, the same with /v VerifyDriverLevel, then reg unload HKLM\\OFF and restart.',
    'With BitLocker the recovery environment asks for the recovery key: have it at hand before you begin (manage-bde -protectors -get C:, or your Microsoft account).',
    'Make a restore point. Set the dump type to “automatic”, so that the stop leaves a file.',
  ],
};

function waveSections(values: Values, dump: KnownDump | null): readonly Section[] {
  const list = dump && !dump.program ? waves(dump.drivers, dump.suspects) : [];
  if (list.length === 0)
    return [
      commands(
        'change',
        'Switch it on',
        both([verifierLine(values, []), 'shutdown /r /t 0']),
        'Put the names of the drivers in. With a kernel dump open, this page puts them in itself, in waves.',
      ),
      commands(
        'query',
        'Which drivers are not Microsoft’s',
        {
          cmd: ['driverquery /si', 'sigverif'],
          powershell: [
            "Get-CimInstance Win32_SystemDriver | Where-Object State -eq 'Running' | ForEach-Object { Get-AuthenticodeSignature $_.PathName } | Where-Object { $_.SignerCertificate.Subject -notmatch 'Microsoft' } | Format-Table Status, Path",
          ],
        },
        'The first lists the signer of each driver, sigverif those without a signature.',
      ),
    ];
  return list.map((wave) =>
    commands(
      'change',
      wave.name,
      both([verifierLine(values, wave.files), 'shutdown /r /t 0']),
      `${wave.files.length === 1 ? '1 driver' : `${String(wave.files.length)} drivers`}: ${wave.why}.`,
    ),
  );
}

export const VERIFIER: Guide = {
  id: 'verifier',
  group: 'drivers',
  title: 'Driver Verifier: let Windows catch the driver',
  lead: 'Windows can watch chosen drivers and stop at the first broken rule. The stop then names the driver that did it, not one that suffered.',
  fields: [
    {
      kind: 'choice',
      id: 'windows',
      label: 'Windows',
      options: [
        ['new', '10 (1709) or later, 11'],
        ['old', '7, 8.1 or early 10'],
      ],
      initial: 'new',
    },
    ...OPTIONS.filter((option) => !option.owner).map((option) => ({
      kind: 'check' as const,
      id: `rule${String(option.ruleClass)}`,
      label: option.name,
      initial: false,
      note: option.does,
    })),
  ],
  build: (values, dump) => [
    RECOVERY,
    commands('query', 'Is it on already?', both(['verifier /querysettings'])),
    ...waveSections(values, dump),
    commands(
      'verify',
      'After the restart: check that it runs',
      both(['verifier /query']),
      'It lists the drivers that are watched. Use the computer as always, for a day or two a wave.',
    ),
    {
      kind: 'text',
      title: 'Then',
      lines: [
        'It stopped: open the new dump here. Codes C4, C9, C1, CC, CD, D5, D6 and E6 name the driver that broke a rule.',
        'It did not stop in two days: switch it off and take the next wave.',
        'Without drivers of others left, it is more likely the hardware. Verifying all drivers of Windows at once makes it slow and proves little.',
      ],
    },
    commands('undo', 'Switch it off', both(['verifier /reset', 'shutdown /r /t 0'])),
    commands(
      'recover',
      'A safety line, where your Windows knows it',
      both(['verifier /bootmode resetonbootfail']),
      'Switches the test off by itself when a start fails. Older Windows calls it disableafterfail.',
    ),
    {
      kind: 'table',
      title: 'What each option does',
      columns: ['Option', 'Class', 'Flag', 'In the owner’s set', 'What it does'],
      rows: OPTIONS.map((option) => [
        option.name,
        String(option.ruleClass),
        option.flag === null ? '–' : `0x${option.flag.toString(16)}`,
        option.owner ? 'yes' : 'no',
        option.does,
      ]),
    },
    { kind: 'table', title: 'Options that are gone', columns: ['Option', 'What became of it'], rows: RETIRED },
  ],
  sources: ['windows-driver-docs, devtest/verifier-command-line (2025) and devtest/driver-verifier-options'],
};
