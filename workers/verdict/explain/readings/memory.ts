/** Memory access, exceptions, pool, memory manager and locks. */
import type { Readings } from '../reading.ts';

const SPECIAL_POOL = {
  causes: ['the driver at the instruction used memory that it had freed or never had: the test is near to proof'],
  look: [
    ['!analyze -v', 'the instruction and its driver'],
    ['ln {3}', 'the routine that did it, where the third argument is an instruction'],
    ['!pool {1}', 'the block and who owned it'],
  ],
  fix: ['driver', 'verifierOff'],
  trap: 'Do not take it for repaired when Driver Verifier is off, because then only the test is gone.',
} as const;
const UNHANDLED = {
  causes: [
    'a driver that used a bad pointer (c0000005 is the most frequent code)',
    'a page that could not be read from the drive (c0000006)',
    'faulty memory or an unstable processor',
  ],
  fix: ['driver', 'memory', 'dump'],
  trap: 'Do not blame the process that was running, because it only happened to be there.',
} as const;

export const MEMORY_READINGS: Readings = {
  0x0a: {
    causes: [
      'a driver that used a bad or freed pointer at a raised level',
      'damaged kernel data, written by another driver before',
      'faulty memory (RAM), above all where place and code change from stop to stop',
    ],
    look: [
      ['ln {4}', 'the module of the instruction'],
      ['!pte {1}', 'whether the address has memory behind it'],
      ['k', 'the first driver above Windows’ own code'],
    ],
    fix: ['driver', 'verifier', 'memory'],
    trap: 'Do not blame Windows because the instruction is in nt: a driver mostly handed it the bad pointer.',
  },
  0xd1: {
    causes: [
      'the driver at the instruction used a bad pointer: mostly network, filter, VPN and storage drivers',
      'a callback into a driver that was unloaded',
      'data damaged by another driver',
    ],
    look: [
      ['ln {4}', 'the driver at the instruction'],
      ['ub {4}', 'where the pointer came from'],
      ['lm', 'at its end the unloaded drivers: does the first argument lie in one?'],
    ],
    fix: ['driver', 'verifier', 'memory'],
    trap: 'Do not stop at ndis, tcpip, Wdf01000, storport or dxgmms2, because they carry work for a driver behind them: look one frame further. The level is mostly right; the memory is wrong.',
  },
  0x50: {
    causes: ['a driver or an antivirus filter that used a freed or invalid address', 'a damaged volume', 'faulty memory (RAM)'],
    look: [
      ['ln {3}', 'the instruction that touched it'],
      ['!pte {1}', 'the page tables of the address'],
      ['!analyze -v', 'reading, writing or running, by the second argument'],
    ],
    fix: ['driver', 'verifier', 'memory', 'disk'],
    trap: 'The second argument changed its meaning: since Windows 10 1507 a write is 2 on x64, not 1.',
  },
  0xcc: SPECIAL_POOL,
  0xcd: SPECIAL_POOL,
  0xd5: SPECIAL_POOL,
  0xd6: SPECIAL_POOL,
  0xbe: {
    causes: [
      'a program that changes code in memory: anti-cheat, cheat, old antivirus',
      'a driver that writes through a wrong pointer',
      'a flipped bit in a page table (RAM)',
    ],
    look: [
      ['ln {1}', 'what was to be overwritten'],
      ['.formats {2}', 'the page table entry, bit by bit: bit 1 is “may be written”'],
    ],
    fix: ['driver', 'foreign', 'memory'],
  },
  0xfc: {
    causes: ['a broken function pointer or return address', 'a driver that left a callback behind when it was unloaded', 'a flipped bit in a page table (RAM)'],
    look: [
      ['ln {1}', 'where it jumped to'],
      ['k', 'the caller, which held the bad pointer'],
    ],
    fix: ['driver', 'verifier', 'memory'],
  },
  0x1e: {
    ...UNHANDLED,
    look: [
      ['!error {1}', 'the exception in words'],
      ['ln {2}', 'the instruction'],
      ['!analyze -v', 'address and kind of access'],
    ],
  },
  0x3b: {
    ...UNHANDLED,
    look: [
      ['.cxr {3}', 'the registers at the fault'],
      ['k', 'the stack from there'],
      ['!error {1}', 'the exception in words'],
    ],
  },
  0x7e: {
    ...UNHANDLED,
    look: [
      ['.exr {3}', 'the exception record'],
      ['.cxr {4}', 'the registers at the fault'],
      ['k', 'the stack from there'],
    ],
  },
  0x8e: {
    ...UNHANDLED,
    look: [
      ['.trap {3}', 'the registers at the fault'],
      ['ln {2}', 'the instruction'],
      ['!error {1}', 'the exception in words'],
    ],
  },
  0x7f: {
    causes: [
      'trap 8: the kernel’s stack was used up by long chains of filter drivers (antivirus, encryption, file filters)',
      'other traps: a damaged pointer, or a processor or memory outside its specification',
    ],
    look: [
      ['k', 'with trap 8: how much stack each module takes'],
      ['.trap {2}', 'the registers, where the second argument is a frame'],
    ],
    fix: ['foreign', 'driver', 'processor', 'memory'],
    trap: 'The first argument is the trap number of the processor, not a Windows code.',
  },
  0x139: {
    causes: [
      '3: a linked list was damaged, mostly by a driver that freed or inserted an entry twice',
      '2: a buffer on the stack was overrun',
      'faulty memory (RAM)',
    ],
    look: [
      ['.trap {2}', 'the registers at the check'],
      ['.exr {3}', 'the exception record'],
      ['k', 'whose list or buffer it was'],
    ],
    fix: ['driver', 'verifier', 'memory'],
    trap: 'Do not blame the checker, because it only found what was damaged before.',
  },
  0x19: {
    causes: ['a driver that wrote past its block or used it after freeing it', 'faulty memory (RAM)'],
    look: [
      ['!pool {2}', 'the block and its neighbours: the owner of the one before is a suspect'],
      ['dc {2}', 'what was written over the header'],
      ['k', 'who noticed'],
    ],
    fix: ['verifier', 'driver', 'memory'],
    trap: 'Do not blame whoever frees memory at that moment, because the damage was done before.',
  },
  0xc2: {
    causes: [
      'the caller freed memory twice, freed what it does not own, or used a wrong level: the caller is guilty more often than with other pool stops',
      'a damaged block, written by another driver',
    ],
    look: [
      ['k', 'the caller of the pool routine'],
      ['!analyze -v', 'the first argument: 7 is a second free, and names the tag'],
      ['!pool {4}', 'the block, where the fourth argument is one'],
    ],
    fix: ['driver', 'verifier', 'memory'],
  },
  0xc5: {
    causes: ['a driver that damaged the lists of the pool some time before', 'faulty memory (RAM)'],
    look: [
      ['k', 'who asked for memory: a victim'],
      ['!analyze -v', 'the address and level'],
    ],
    fix: ['verifier', 'driver', 'memory'],
    trap: 'Do not blame the driver that asked for memory, because the lists were damaged before.',
  },
  0x13a: {
    causes: [
      'a driver that overran or freed its heap block twice',
      'in the session heap: graphics or window drivers',
      'faulty memory (RAM), where the place changes',
    ],
    look: [
      ['!analyze -v', 'the first argument: kind of damage'],
      ['dc {3}', 'the block'],
    ],
    fix: ['driver', 'verifier', 'memory'],
  },
  0x1a: {
    causes: [
      '41792 and other page table faults: mostly faulty memory (RAM); exactly one bit set in the third argument proves it',
      '1233 to 1240 and 15000: a driver misused a memory descriptor list',
      '3f: a page came back from the page file with wrong content: drive or memory',
    ],
    look: [
      ['!analyze -v', 'what the first argument stands for'],
      ['.formats {3}', 'the entry, bit by bit'],
      ['k', 'a driver, where the first argument means one'],
    ],
    fix: ['memory', 'driver', 'disk'],
    trap: 'Do not replace the memory for the descriptor-list kinds, because a driver misused the list; do not blame drivers for a flipped bit, because memory flips it.',
  },
  0x4e: {
    causes: ['7, 9a, 99: a driver unlocked memory twice or freed it during I/O', 'others: faulty memory (RAM)'],
    look: [
      ['!analyze -v', 'what the first argument stands for'],
      ['k', 'the driver that unlocked memory'],
    ],
    fix: ['driver', 'verifier', 'memory'],
  },
  0x12b: {
    causes: [
      'faulty memory (RAM): with arguments 3 and 4 zero, one bit was set in a page of zeros',
      'a drive or firmware that gave back wrong data after sleep',
    ],
    look: [['.bugcheck', 'the page frame in argument 2: the same region in several dumps means one module or slot']],
    fix: ['memory', 'processor', 'driveFirmware'],
    trap: 'Do not blame drivers on the stack, because they have nothing to do with it.',
  },
  0x154: {
    causes: ['c0000006: the drive disappeared for a moment or fails', 'other codes: faulty memory (RAM)'],
    look: [
      ['dps {2} L2', 'the addresses of the exception record (.exr) and of its registers (.cxr)'],
      ['!analyze -v', 'its status in words'],
    ],
    fix: ['disk', 'driveFirmware', 'memory'],
    trap: 'Do not blame the antivirus program, because it only was the one that read.',
  },
  0x1c7: {
    causes: ['faulty memory (RAM)', 'a drive that gave back wrong data from the page file'],
    look: [['!analyze -v', 'which structure was found damaged']],
    fix: ['memory', 'disk'],
  },
  0xda: {
    causes: ['a driver that mapped or freed a memory descriptor list twice'],
    look: [
      ['!analyze -v', 'what the first argument stands for'],
      ['k', 'the driver that freed or mapped'],
    ],
    fix: ['driver', 'verifier'],
  },
  0x18: {
    causes: ['a driver that gave an object back more often than it took it: by the object’s type mostly a file filter or a device driver'],
    look: [
      ['!object {2}', 'the object and its type'],
      ['k', 'who gave it back last'],
    ],
    fix: ['driver', 'verifier'],
  },
  0x76: {
    causes: ['a driver that locked memory of a program for I/O and did not unlock it'],
    look: [['!analyze -v', 'how many pages; Windows can be told to note who locks them (TrackLockedPages)']],
    fix: ['driver', 'verifier'],
  },
  0xcb: {
    causes: ['a driver that locked memory of a program for I/O and did not unlock it: the tracker names the address that did'],
    look: [['ln {1}', 'the routine that locked the pages']],
    fix: ['driver'],
  },
  0xf7: {
    causes: [
      'a function wrote past the end of its own buffer on the stack',
      'a stack damaged by a wrong pointer',
      'faulty memory (RAM), where the two cookies differ in one bit',
    ],
    look: [
      ['k', 'the function below the check: it owns the buffer'],
      ['.formats {1}', 'the cookie that was found'],
    ],
    fix: ['driver', 'verifier', 'memory'],
  },
  0x1c6: {
    causes: ['the caller of the lock routine: file systems, file filters, antivirus'],
    look: [
      ['k', 'the caller'],
      ['!analyze -v', 'the rule that was broken'],
    ],
    fix: ['driver', 'verifier'],
  },
  0x34: {
    causes: ['too little memory for the file cache', 'a file filter, or a damaged volume', 'faulty memory'],
    look: [['k', 'who was reading or writing files']],
    fix: ['memory', 'foreign', 'disk'],
  },
};
