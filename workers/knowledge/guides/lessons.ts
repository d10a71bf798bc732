/** Short lessons: how a stop comes to be, what each kind of dump can show, what a dump gives away, and an old statistic in its time. */
import type { Guide, KnownDump, Section } from './guide.ts';

const forDump = (dump: KnownDump | null): readonly Section[] =>
  dump
    ? [
        {
          kind: 'text',
          title: 'The open dump',
          lines: [`${dump.fileName}: ${dump.kindWords.toLowerCase()}.`, ...(dump.headline === null ? [] : [dump.headline])],
        },
      ]
    : [];

const HOW: Guide = {
  id: 'how-a-stop-happens',
  group: 'lessons',
  title: 'How a blue screen comes about',
  lead: 'Windows stops on purpose: it has found a state from which going on could destroy data.',
  fields: [],
  build: (_values, dump) => [
    {
      kind: 'steps',
      title: 'What happens',
      lines: [
        'Code of the kernel or a driver finds something that must not be, or the processor raises a trap. It calls KeBugCheckEx with a code and four arguments.',
        'All other processors are stopped. Drivers that asked for it add what they know (secondary data: graphics, storage, network).',
        'The screen shows the name of the stop, and at times a file (“What failed”).',
        'The memory is written through a path of its own into the page file, since the normal one cannot be trusted any more.',
        'At the next start Windows copies it to MEMORY.DMP or C:\\Windows\\Minidump and notes event 1001; Kernel-Power notes event 41.',
      ],
    },
    {
      kind: 'text',
      title: 'Three that must be told apart',
      lines: [
        'Detector: who noticed, and called KeBugCheckEx. Mostly Windows itself.',
        'Victim: whose code or data broke. It may have been handed damaged data.',
        'Culprit: who wrote, held or blocked. Only evidence names it; standing on the stack is none.',
      ],
    },
    ...forDump(dump),
  ],
  sources: ['windows-driver-docs, debugger/bug-checks--blue-screens-'],
};

const KINDS: Guide = {
  id: 'kinds-of-dumps',
  group: 'lessons',
  title: 'What each kind of dump can show',
  lead: 'The same stop leaves more or less, by what Windows was set to write.',
  fields: [],
  build: (_values, dump) => [
    {
      kind: 'table',
      title: 'Kinds',
      columns: ['Kind', 'Where', 'Holds', 'Enough for'],
      rows: [
        [
          'Small',
          'C:\\Windows\\Minidump',
          'stop, registers, stack, drivers, and blocks that Windows adds for some codes',
          '124, 9F, 116, 1A with one bit; who stood at the instruction',
        ],
        ['Kernel, automatic', 'C:\\Windows\\MEMORY.DMP', 'all memory of the kernel', 'nearly everything about drivers: pool, locks, requests, all processors'],
        ['Active', 'C:\\Windows\\MEMORY.DMP', 'kernel and most of the programs', 'the same, and programs that ended (EF, F4)'],
        ['Complete', 'C:\\Windows\\MEMORY.DMP', 'all of memory', 'everything; large, and private'],
        ['Live', 'C:\\Windows\\LiveKernelReports', 'a part of the kernel, while Windows runs on', 'reports of graphics, USB and network; nothing crashed'],
        ['Program', '%LOCALAPPDATA%\\CrashDumps', 'threads and modules, or all memory of one program', 'crashes and hangs of that program'],
      ],
    },
    { kind: 'text', lines: ['What to set for the next stop: guide “A better dump at the next stop”.'] },
    ...forDump(dump),
  ],
  sources: ['windows-driver-docs, debugger/varieties-of-kernel-mode-dump-files and task-manager-live-dump'],
};

const PRIVACY: Guide = {
  id: 'what-a-dump-gives-away',
  group: 'lessons',
  title: 'What a dump gives away',
  lead: 'A dump is a piece of memory. What was in memory can be in it.',
  fields: [],
  build: (_values, dump) => [
    {
      kind: 'table',
      title: 'By kind',
      columns: ['Kind', 'Can hold'],
      rows: [
        ['Small', 'names of drivers and of the running program, the name of the computer, serial numbers of the board, pieces of the stack'],
        ['Kernel, automatic, live', 'also: names of files that were open, the registry, network addresses, keys of encrypted drives'],
        ['Active, complete', 'also: documents, mails, passwords of the programs that ran'],
        ['Program', 'what that program had open; its command line and environment, with the user’s name'],
      ],
    },
    {
      kind: 'text',
      title: 'Before you hand one on',
      lines: [
        'This page sends nothing of a dump. “Share” shows beforehand what the link will hold.',
        'Small dumps are what forums ask for. Send larger ones only to people you trust, through a place where you can delete them.',
        'In the console, da and du show text at an address: look at what stands in the memory of your dump.',
      ],
    },
    ...forDump(dump),
  ],
  sources: ['formats of dumps as read by this program'],
};

const STATISTIC: Guide = {
  id: 'an-old-statistic',
  group: 'lessons',
  title: 'An old statistic, in its time',
  lead: '“70 % of blue screens are drivers” is quoted to this day. It is of April 2004.',
  fields: [],
  build: () => [
    {
      kind: 'table',
      title: 'Causes of Windows XP stops reported to Microsoft, until April 2004',
      columns: ['Cause', 'Share'],
      rows: [
        ['Drivers of other makers', '70 %'],
        ['Not known: memory too damaged to tell', '15 %'],
        ['Hardware', '10 %'],
        ['Code of Microsoft', '5 %'],
      ],
    },
    {
      kind: 'text',
      title: 'What it is good for today',
      lines: [
        'It is of Windows XP, before signed drivers were required, before graphics drivers could be restarted, before hardware reported its own errors.',
        'It says nothing about one computer. A verdict of this page never uses it: it goes by what the dump holds.',
        'What has lasted: drivers run inside the kernel, so their faults become Windows’ stops; and a good part cannot be told from one dump.',
      ],
    },
  ],
  sources: ['a Microsoft developer’s lecture notes on crash dump analysis, published 2006-12-11, figures until April 2004'],
};

export const LESSONS: readonly Guide[] = [HOW, KINDS, PRIVACY, STATISTIC];
