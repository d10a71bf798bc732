/**
 * Dumps of programs, and Windows' error reports. LocalDumps: win32 docs, wer/collecting-user-mode-dumps (2018-05-31);
 * error reporting: wer/wer-settings.
 */
import { type Guide, type Values, numberOf, safeFile } from './guide.ts';
import { type RegistryValue, changeSections, commands } from './registry.ts';

const WER = 'SOFTWARE\\Microsoft\\Windows\\Windows Error Reporting';

const FIELDS: Guide['fields'] = [
  { kind: 'text', id: 'exe', label: 'Program (empty: all programs)', initial: '', placeholder: 'game.exe' },
  {
    kind: 'choice',
    id: 'type',
    label: 'What to keep',
    options: [
      ['2', 'Everything (full dump, large)'],
      ['1', 'Stacks and modules (small)'],
    ],
    initial: '2',
  },
  { kind: 'number', id: 'count', label: 'How many to keep', initial: 10, min: 1, max: 1000 },
  { kind: 'text', id: 'folder', label: 'Folder', initial: '%LOCALAPPDATA%\\CrashDumps', placeholder: '%LOCALAPPDATA%\\CrashDumps' },
];

/** A folder that may stand in a command; the default where it may not. */
const safeFolder = (text: string | undefined): string =>
  /^(?:[A-Za-z]:|%[A-Za-z]+%)[\w \\.()-]*$/.test(text ?? '') ? (text ?? '') : '%LOCALAPPDATA%\\CrashDumps';

export function localDumpValues(values: Values): readonly RegistryValue[] {
  const exe = safeFile(values['exe'] ?? '');
  const key = `${WER}\\LocalDumps${exe === undefined ? '' : `\\${exe}`}`;
  return [
    { key, name: 'DumpFolder', type: 'REG_EXPAND_SZ', data: safeFolder(values['folder']) },
    { key, name: 'DumpCount', type: 'REG_DWORD', data: String(numberOf({ fields: FIELDS }, values, 'count')) },
    { key, name: 'DumpType', type: 'REG_DWORD', data: values['type'] === '1' ? '1' : '2' },
  ];
}

export const LOCAL_DUMPS: Guide = {
  id: 'local-dumps',
  group: 'programs',
  title: 'Let Windows keep a dump when a program crashes',
  lead: 'Windows can write a dump of every crashed program, or of one, before it closes it. It is off by default.',
  fields: FIELDS,
  build: (values, dump) => {
    const set = localDumpValues(values);
    const exe = dump?.program ? dump.executable : null;
    return [
      ...(exe === null ? [] : [{ kind: 'text' as const, title: 'For the open dump', lines: [`It is of ${exe}: put that name in to get more dumps of it.`] }]),
      ...changeSections({
        set,
        before: [],
        wholeKey: true,
        says: 'Counts at once, for programs that start afterwards too.',
        undoSays: 'The key itself switches dumps on, so it goes with all that stands in it. Dumps that were written stay.',
      }),
      commands(
        'verify',
        'After a crash: look for the file',
        { cmd: ['dir "%LOCALAPPDATA%\\CrashDumps"'], powershell: ['Get-ChildItem "$env:LOCALAPPDATA\\CrashDumps"'] },
        'Services write below C:\\Windows\\System32\\config\\systemprofile or C:\\Windows\\ServiceProfiles.',
      ),
      {
        kind: 'text',
        title: 'Good to know',
        lines: [
          'Programs that report crashes themselves (browsers, many games, .NET) may write no file here.',
          'A program that hangs: Task Manager, right-click it, “Create dump file”. For a 32-bit program use C:\\Windows\\SysWOW64\\taskmgr.exe.',
          'A full dump holds what the program had open: passwords and documents too. Think before you send it.',
          'An entry in AeDebug (automatic debugging) keeps this from working.',
        ],
      },
    ];
  },
  sources: ['win32 docs, wer/collecting-user-mode-dumps (2018-05-31)'],
};

const REPORTING_FIELDS: Guide['fields'] = [
  {
    kind: 'choice',
    id: 'wish',
    label: 'Error reports',
    options: [
      ['on', 'on, with a window'],
      ['quiet', 'on, without a window'],
      ['off', 'off'],
    ],
    initial: 'on',
  },
];
export const ERROR_REPORTING: Guide = {
  id: 'error-reporting',
  group: 'programs',
  title: 'Error reporting: what Windows sends, and how to see it',
  lead: 'After a crash Windows makes a report: names, versions and often a small dump. You can see what it holds and choose whether it is sent.',
  fields: REPORTING_FIELDS,
  build: (values) => [
    {
      kind: 'steps',
      title: 'With the mouse',
      lines: [
        'Settings, Privacy & security, Diagnostics & feedback: how much is sent.',
        'View reports: press Windows, type “reliability”, open “View reliability history”; each red cross opens its report.',
      ],
    },
    ...changeSections({
      set: [
        { key: WER, name: 'Disabled', type: 'REG_DWORD', data: values['wish'] === 'off' ? '1' : '0' },
        { key: WER, name: 'DontShowUI', type: 'REG_DWORD', data: values['wish'] === 'on' ? '0' : '1' },
      ],
      before: [],
      says: 'Local dumps (the guide before this) work all the same. A policy of a company can override it.',
      undoSays: 'Windows’ defaults.',
    }),
    commands('query', 'Reports that are kept on this computer', {
      cmd: ['dir /s /b "C:\\ProgramData\\Microsoft\\Windows\\WER\\ReportArchive"', 'dir /s /b "C:\\ProgramData\\Microsoft\\Windows\\WER\\ReportQueue"'],
      powershell: ['Get-WindowsErrorReporting', 'Get-ChildItem "C:\\ProgramData\\Microsoft\\Windows\\WER" -Recurse -Filter *.wer | Sort-Object LastWriteTime'],
    }),
    {
      kind: 'text',
      title: 'What is in such a report',
      lines: [
        'Always: the name of the program or the stop code, versions, the place of the fault, the list of loaded modules or drivers.',
        'Often: a small dump. It holds pieces of the stack, and with them at times names, paths and bits of what was open.',
        'Open the .dmp of a report here before you send it: the page reads it on this computer alone.',
      ],
    },
  ],
  sources: ['win32 docs, wer/wer-settings'],
};
