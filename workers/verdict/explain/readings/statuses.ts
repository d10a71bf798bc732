/** Exceptions and statuses that people meet: as the reason of a program's crash, and as the code behind a stop. */
import type { Readings } from '../reading.ts';

const BAD_BLOCKS = {
  causes: ['bad blocks on the drive', 'a failing drive'],
  look: [['!analyze -v', 'which file or page was to be read']],
  fix: ['disk'],
} as const;
const DRIVE_WENT_AWAY = {
  causes: ['the drive did not answer: cable, slot, power, controller', 'the firmware of the drive', 'a USB drive that was pulled out'],
  look: [['!analyze -v', 'which file or page was to be read']],
  fix: ['disk', 'driveFirmware'],
} as const;
const NOT_LOADED = {
  causes: ['a file of the program or a runtime it needs is missing or of the wrong kind (32 or 64 bit)', 'an update that was broken off'],
  look: [['lm', 'what was loaded, from which folders']],
  fix: ['system', 'program'],
} as const;

export const STATUS_READINGS: Readings = {
  0xc0000005: {
    causes: [
      'a pointer that was not checked or memory that was freed already',
      'a program that loads itself into others (overlay, antivirus, injector)',
      'faulty memory, where many programs crash in changing places',
    ],
    look: [
      ['.exr -1', 'reading (0), writing (1) or running (8), and the address'],
      ['k', 'who called whom'],
      ['u @rip', 'the instruction: which register held the bad pointer'],
    ],
    fix: ['program', 'foreign', 'memory'],
    trap: 'An address of -1 is mostly a value that is no valid address at all (not canonical), not the number -1.',
  },
  0xc0000006: {
    causes: ['the drive or network share with the program’s file stopped answering', 'a failing drive'],
    look: [['.exr -1', 'the third parameter is the status of the read']],
    fix: ['disk', 'driveFirmware'],
    trap: 'Do not take it for a fault of the program, because its file could not be read.',
  },
  0xc000009c: BAD_BLOCKS,
  0xc000016a: BAD_BLOCKS,
  0xc000009d: DRIVE_WENT_AWAY,
  0xc0000185: DRIVE_WENT_AWAY,
  0xc000000e: DRIVE_WENT_AWAY,
  0xc000009a: {
    causes: ['memory or kernel pool ran out: a leak, or too small a page file'],
    look: [['!vm', 'how memory was used']],
    fix: ['dump'],
  },
  0xc0000102: { causes: ['a file or the file system on the drive is damaged'], look: [['!analyze -v', 'where it was met']], fix: ['disk', 'repair'] },
  0xc0000032: { causes: ['the file system on the drive is damaged'], look: [['!analyze -v', 'where it was met']], fix: ['disk', 'repair'] },
  0xc000001d: {
    causes: ['a program made for a newer processor', 'code that was overwritten, or a jump to the wrong place', 'an unstable processor or memory'],
    look: [['u @rip', 'the instruction: is it one, and does the processor know it?']],
    fix: ['program', 'processor', 'memory'],
  },
  0xc0000094: {
    causes: ['the program divided by a number that was zero'],
    look: [
      ['u @rip', 'the division'],
      ['r', 'the registers'],
    ],
    fix: ['program'],
  },
  0xc0000096: { causes: ['a jump to the wrong place, or code that was overwritten'], look: [['u @rip', 'the instruction']], fix: ['program', 'memory'] },
  0xc00000fd: {
    causes: ['a function that calls itself without end', 'too large variables on the stack'],
    look: [['k', 'the functions that repeat']],
    fix: ['program'],
  },
  0xc0000374: {
    causes: ['the program freed memory twice or wrote past its block, some time before', 'a program that loads itself into others', 'faulty memory'],
    look: [['k', 'who noticed, which is seldom who did it']],
    fix: ['program', 'foreign', 'memory'],
    trap: 'Do not take the place where it was noticed for the place where it was done, because the heap is checked only later.',
  },
  0xc0000409: {
    causes: ['the program stopped itself: first parameter 7 is abort(), 2 an overrun buffer, 3 a damaged list'],
    look: [
      ['.exr -1', 'the first parameter is the kind of fast fail'],
      ['k', 'who asked for it'],
    ],
    fix: ['program', 'foreign'],
    trap: 'The name says “stack buffer overrun”; today it stands for every fast fail.',
  },
  0xc0000602: { causes: ['the program stopped itself after an error that it met'], look: [['k', 'who asked for it']], fix: ['program'] },
  0xc000027b: {
    causes: ['an error inside a Store app, stored and raised later; the real one is the stowed exception'],
    look: [['.exr -1', 'the parameters point to the stowed exceptions']],
    fix: ['program', 'system'],
  },
  0xc0000135: NOT_LOADED,
  0xc0000139: NOT_LOADED,
  0xc000007b: NOT_LOADED,
  0xc0000142: NOT_LOADED,
  0xc0000420: { causes: ['a check inside the program failed (assertion)'], look: [['k', 'where the check stands']], fix: ['program'] },
  0x80000003: {
    causes: ['a breakpoint: a check inside the program that failed, or a debugger’s leftovers', 'browsers and games use it to stop themselves'],
    look: [['k', 'who put it there']],
    fix: ['program'],
  },
  0xe06d7363: {
    causes: ['a C++ exception that nobody caught'],
    look: [
      ['.exr -1', 'the third parameter leads to the type that was thrown'],
      ['k', 'the function below the runtime threw it'],
    ],
    fix: ['program'],
  },
  0xe0434352: {
    causes: ['a .NET exception that nobody caught'],
    look: [['k', 'the frames of the program around the runtime']],
    fix: ['program'],
    trap: 'Do not blame the .NET runtime, because it only reports the program’s exception. The text of the exception stands in the event log (.NET Runtime, 1026).',
  },
  0xcfffffff: {
    causes: ['the program did not answer and was ended by Windows or by the person (hang)'],
    look: [['~*k', 'what each thread waits for']],
    fix: ['program', 'foreign'],
  },
};
