/** Requests, storage, file systems, registry, start, firmware and hardware reports. */
import type { Readings } from '../reading.ts';

export const DEVICE_READINGS: Readings = {
  0x44: {
    causes: ['two drivers of the same device finished one request; the one on the stack is the second, the first left no trace'],
    look: [
      ['!irp {1}', 'every driver the request went through'],
      ['k', 'the second one'],
    ],
    fix: ['driver', 'verifier'],
    trap: 'Do not blame the driver on the stack alone, because the first one may have been wrong to finish the request.',
  },
  0xce: {
    causes: ['a driver was unloaded while its timers, work items or callbacks were still in use: the list of unloaded drivers names it'],
    look: [
      ['lm', 'at its end the unloaded driver around the first argument: that name is the proof'],
      ['k', 'who called into it'],
    ],
    fix: ['driver'],
  },
  0xca: {
    causes: ['a bus driver that reports a device twice or with a wrong identity', 'a device in a dock or hub that shares its serial number with another'],
    look: [
      ['!devnode {2}', 'the device, where the second argument is one'],
      ['!analyze -v', 'what the first argument stands for'],
    ],
    fix: ['driver', 'usb', 'firmware'],
  },
  0x10d: {
    causes: ['the driver that the framework names broke one of its rules; the framework only reports it'],
    look: [
      ['!analyze -v', 'the rule in the first argument, and the driver'],
      ['!wdflogdump', 'the last messages of the framework for that driver'],
    ],
    fix: ['driver', 'verifier'],
    trap: 'Do not blame Wdf01000.sys, because it only reports what the driver did.',
  },
  0x7a: {
    causes: [
      'c000009c, c000016a: bad blocks on the drive',
      'c000009d, c0000185, c000000e: the drive went away: cable, slot, power, controller',
      'c0000005 and other codes that no drive gives: faulty memory',
    ],
    look: [
      ['!error {2}', 'the status: it decides'],
      ['!analyze -v', 'the same, in words'],
    ],
    fix: ['disk', 'driveFirmware', 'memory'],
    trap: 'Do not blame the drive for every status, because with c0000005 it was never asked.',
  },
  0x77: {
    causes: ['first argument 0 or 1: the stack page came back damaged: faulty memory', 'else a status: bad blocks, cable, slot or controller'],
    look: [
      ['dq {4} L1', 'with 0, 1, 2: what stands where the stack should have its signature'],
      ['!error {2}', 'else: the status of the read'],
    ],
    fix: ['disk', 'memory'],
  },
  0x7b: {
    causes: ['the storage mode in the firmware setup was changed (AHCI, RAID, VMD)', 'an update or a driver that was removed', 'a drive that died'],
    look: [['.bugcheck', 'the first argument names the volume or device']],
    fix: ['boot'],
    trap: 'A dump of this is rare: there was no drive to write it to.',
  },
  0xed: {
    causes: ['a damaged file system on the boot volume', 'a failing drive or cable'],
    look: [['!error {2}', 'the status of the mount']],
    fix: ['boot'],
  },
  0x24: {
    causes: ['c0000102, c0000032: the volume is damaged', 'c0000006, c0000185: the drive did not answer', 'c0000005: a file filter or faulty memory'],
    look: [
      ['.exr {2}', 'the exception behind it'],
      ['.cxr {3}', 'the registers at the fault'],
      ['k', 'filters above the file system'],
    ],
    fix: ['disk', 'foreign', 'memory'],
    trap: 'Do not blame ntfs.sys, because it only noticed the damage.',
  },
  0x51: {
    causes: ['a hive damaged on the disk', 'a failing drive', 'faulty memory'],
    look: [['!analyze -v', 'the hive and the place in it']],
    fix: ['disk', 'repair', 'memory'],
    trap: 'Do not use a registry cleaner, because it cannot repair a damaged hive.',
  },
  0x74: {
    causes: ['the SYSTEM hive is damaged or cannot be read'],
    look: [['!error {4}', 'the status']],
    fix: ['repair'],
    trap: 'Do not use a registry cleaner, because it cannot repair a damaged hive.',
  },
  0x6b: {
    causes: ['damaged system files, often after an update that was broken off', 'a failing drive'],
    look: [['!error {1}', 'the status']],
    fix: ['repairFiles'],
  },
  0xc0000221: {
    causes: ['the file named in the message is damaged on the disk', 'faulty memory'],
    look: [['.bugcheck', 'the first argument points to the file’s name']],
    fix: ['repairFiles', 'memory'],
  },
  0x124: {
    causes: [
      '0: the processor reported an error in itself, its caches or the memory',
      '4: a device on PCI Express: graphics card, NVMe drive, riser',
      'settings outside the specification; too little voltage',
    ],
    look: [
      ['!analyze -v', 'the error record in words: bank, kind, device'],
      ['!errrec {2}', 'the record itself'],
    ],
    fix: ['processor', 'memory', 'slot'],
    trap: 'Do not replace the memory for every one of these, because cache and bus errors are mostly the processor’s. Do not read the stack, because it only shows who noticed.',
  },
  0x9c: {
    causes: ['the processor reported an error in itself, its caches or the memory'],
    look: [['.bugcheck', 'the status word in arguments 3 and 4']],
    fix: ['processor', 'memory'],
  },
  0x101: {
    causes: [
      'a processor core that is unstable: voltage, clock, microcode',
      'in a virtual machine: a host that gave the core no time',
      'a driver that switched interrupts off for too long',
    ],
    look: [
      ['~', 'the processors; the silent one is in argument 4'],
      ['!analyze -v', 'what a dump of this size shows of it'],
    ],
    fix: ['processor', 'dump'],
    trap: 'Do not blame the driver that waited for the silent core, because it only noticed.',
  },
  0x1ca: {
    causes: ['in a virtual machine: the host paused it', 'an unstable processor', 'firmware that held the computer up'],
    look: [['.time', 'how long the system had run']],
    fix: ['processor', 'firmware'],
  },
  0x80: {
    causes: ['memory parity or bus errors', 'a button or a management card that raises it on purpose'],
    look: [['.bugcheck', 'the arguments, which only the maker of the computer explains']],
    fix: ['memory', 'slot', 'firmware'],
  },
  0x5c: {
    causes: ['firmware tables that do not fit', 'in a virtual machine: processor features that the host leaves out'],
    look: [['.bugcheck', 'small internal numbers']],
    fix: ['firmware'],
  },
  0xa5: {
    causes: ['a BIOS whose ACPI tables are faulty or old', 'patched tables, or a virtual machine that copies them'],
    look: [
      ['!analyze -v', 'what the first argument stands for'],
      ['.formats {3}', 'four letters of a name, in the line “Chars”'],
    ],
    fix: ['firmware'],
    trap: 'Do not start with driver updates, because the error is mostly in the tables of the BIOS.',
  },
  0xe6: {
    causes: ['a driver or device that reached memory it may not use', 'without Driver Verifier: a Thunderbolt or PCIe device, or firmware that left it active'],
    look: [['!analyze -v', 'the rule and the device']],
    fix: ['driver', 'firmware', 'slot'],
  },
  0xc4: {
    causes: ['the driver named broke a rule; the first argument says which'],
    look: [
      ['!analyze -v', 'rule and driver'],
      ['!verifier', 'what is being checked'],
      ['k', 'the call that broke the rule'],
    ],
    fix: ['driver', 'verifierOff'],
    trap: 'It may be an old and harmless fault, not the one that is looked for. Deal with it and go on testing.',
  },
  0xc9: {
    causes: ['a driver that handled a request (IRP) against the rules'],
    look: [
      ['!analyze -v', 'rule and driver'],
      ['!irp {3}', 'the request, where the third argument is one'],
    ],
    fix: ['driver', 'verifierOff'],
  },
  0xc1: {
    causes: ['a driver that wrote outside its block: the test is near to proof'],
    look: [
      ['dc {1}', 'the bytes around the block'],
      ['k', 'who freed or wrote'],
    ],
    fix: ['driver', 'verifierOff'],
  },
};
