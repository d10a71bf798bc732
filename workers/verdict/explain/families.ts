/**
 * What holds for a family of stops, where nobody has written about the single code. Each reading is a method, not a finding:
 * the page says so.
 */
import type { BugCheckFamily } from '../../knowledge/knowledge.ts';
import type { Reading } from './reading.ts';

export interface Family {
  /** "Bad memory access". */
  readonly label: string;
  readonly reading: Reading;
}

export const FAMILIES: Readonly<Record<BugCheckFamily, Family>> = {
  access: {
    label: 'Bad memory access',
    reading: {
      causes: [
        'a driver that uses a pointer it did not check or memory it already freed',
        'damaged kernel data that another driver wrote',
        'faulty memory (RAM)',
      ],
      look: [
        ['!analyze -v', 'the instruction that faulted and the driver around it'],
        ['k', 'the callers: the first part that is not Windows’ own is a suspect, not a culprit'],
        ['ln {4}', 'which module the fourth argument points into, where it is an instruction'],
      ],
      fix: ['driver', 'verifier', 'memory'],
      trap: 'Do not blame Windows because the instruction stands in its code: it was mostly handed a bad pointer.',
    },
  },
  boot: {
    label: 'Start of Windows',
    reading: {
      causes: ['damaged or mixed system files, often after an update that was broken off', 'a failing drive', 'changed firmware settings'],
      look: [
        ['.bugcheck', 'the arguments: often a status of what failed'],
        ['!error {1}', 'the status in words, where the first argument is one'],
      ],
      fix: ['boot'],
    },
  },
  cluster: {
    label: 'Cluster and shared storage',
    reading: {
      causes: ['storage or network paths of the cluster that answered late', 'a driver of the storage path', 'an overloaded node'],
      look: [
        ['!analyze -v', 'what was waited for and for how long'],
        ['vertarget', 'the build, to compare with the updates for clusters'],
      ],
      fix: ['update', 'driver', 'collect'],
      trap: 'Most of these are reports: the node went on.',
    },
  },
  console: {
    label: 'Phones and consoles',
    reading: {
      causes: ['a part of a phone or game console stopped itself; on a PC these codes are not seen'],
      look: [['.bugcheck', 'the arguments']],
      fix: ['collect'],
    },
  },
  exception: {
    label: 'Exception that nobody handled',
    reading: {
      causes: ['a driver that broke a rule; the exception code says which', 'damaged data that another driver wrote', 'faulty memory or an unstable processor'],
      look: [
        ['!error {1}', 'the exception code in words, where the first argument is one'],
        ['!analyze -v', 'the instruction and its operands'],
        ['k', 'who called whom'],
      ],
      fix: ['driver', 'memory', 'dump'],
    },
  },
  filesystem: {
    label: 'File systems and their filters',
    reading: {
      causes: ['a damaged volume', 'a failing drive or cable', 'a filter of an antivirus, backup or encryption program', 'faulty memory'],
      look: [
        ['.exr {2}', 'the exception behind it, where the second argument is a record'],
        ['lm', 'the file system filters that are loaded'],
      ],
      fix: ['disk', 'foreign', 'memory'],
      trap: 'Do not blame the file system driver, because it only noticed; it is seldom at fault.',
    },
  },
  firmware: {
    label: 'Firmware and ACPI',
    reading: {
      causes: ['an old or faulty BIOS/UEFI', 'changed firmware settings', 'a virtual machine or a patched table that does not fit'],
      look: [
        ['.bugcheck', 'the arguments: some hold four letters of an ACPI name'],
        ['.formats {3}', 'those letters, in the line “Chars”'],
      ],
      fix: ['firmware', 'hypervisor'],
      trap: 'Do not update one driver after the other and leave the firmware as it is, because the error is mostly there.',
    },
  },
  graphics: {
    label: 'Graphics',
    reading: {
      causes: ['the graphics driver', 'unstable clocks, heat or power of the graphics card', 'a faulty card, riser or slot'],
      look: [
        ['ln {2}', 'the display driver, where the second argument points into one'],
        ['lm', 'its name and date'],
      ],
      fix: ['graphics', 'slot'],
      trap: 'dxgkrnl.sys, dxgmms2.sys and watchdog.sys only report what the driver or card did.',
    },
  },
  hardware: {
    label: 'Hardware report',
    reading: {
      causes: ['processor, memory or bus errors that the hardware itself reported', 'settings outside the specification', 'a device on the bus'],
      look: [
        ['!analyze -v', 'the error record in words'],
        ['.bugcheck', 'the kind of report in the first argument'],
      ],
      fix: ['processor', 'memory', 'slot'],
      trap: 'The stack says nothing here: the processor was interrupted wherever it happened to be.',
    },
  },
  internal: {
    label: 'Windows’ own checks',
    reading: {
      causes: ['damaged system files or data', 'a driver that interferes with the part named', 'a fault of Windows that an update has mended'],
      look: [
        ['!analyze -v', 'which part stopped and who called it'],
        ['vertarget', 'the build, to compare with today’s updates'],
      ],
      fix: ['update', 'system', 'collect'],
    },
  },
  io: {
    label: 'Requests to drivers',
    reading: {
      causes: ['a driver that handles requests, handles or devices against the rules'],
      look: [
        ['!analyze -v', 'the driver that was caught, and the others of the same device'],
        ['!irp {1}', 'the request and its drivers, where the first argument is one'],
      ],
      fix: ['driver', 'verifier'],
      trap: 'Do not blame the driver on the stack alone, because with requests another one in the same device stack may have done it.',
    },
  },
  manual: {
    label: 'Stopped on purpose',
    reading: {
      causes: ['a person or a program asked for the dump, mostly because the computer did not answer'],
      look: [
        ['k', 'what ran at that moment'],
        ['~', 'the threads'],
      ],
      fix: ['inspect'],
      trap: 'Nothing broke at this place: look for what hung before.',
    },
  },
  memory: {
    label: 'Memory manager',
    reading: {
      causes: [
        'faulty memory (RAM) or settings outside its specification',
        'a driver that locks, maps or frees memory wrongly',
        'a drive that gives back wrong data from the page file',
      ],
      look: [
        ['!analyze -v', 'what the first argument stands for'],
        ['k', 'whether a driver was locking or freeing memory'],
      ],
      fix: ['memory', 'driver', 'verifier'],
      trap: 'Do not replace the memory at once, because some first arguments mean a driver: read them first.',
    },
  },
  network: {
    label: 'Network',
    reading: {
      causes: ['the driver of the network card', 'a filter of an antivirus, firewall or VPN program', 'a fault of Windows that an update has mended'],
      look: [
        ['!analyze -v', 'the driver behind NDIS or TCP/IP'],
        ['lm', 'network filters: VPN, firewall, traffic shaping'],
      ],
      fix: ['driver', 'foreign', 'update'],
      trap: 'ndis.sys, netio.sys and tcpip.sys carry other drivers’ packets; look one frame further.',
    },
  },
  pool: {
    label: 'Kernel memory pool',
    reading: {
      causes: ['a driver that wrote past the end of its memory or used it after giving it back', 'faulty memory (RAM)'],
      look: [
        ['!pool {2}', 'the damaged block and its neighbours, where the second argument is a block'],
        ['dc {2}', 'the bytes: text or a pattern often gives the writer away'],
        ['k', 'who noticed, which is seldom who did it'],
      ],
      fix: ['verifier', 'driver', 'memory'],
      trap: 'Do not blame whoever was allocating or freeing memory at that moment, because the damage was done before.',
    },
  },
  power: {
    label: 'Sleep, resume and power',
    reading: {
      causes: ['a driver that does not finish a change of power', 'a device or its firmware that does not wake up', 'an old BIOS'],
      look: [
        ['!analyze -v', 'the device and the driver that holds the request'],
        ['!irp {4}', 'the drivers that the request went through, where the fourth argument is one'],
      ],
      fix: ['driver', 'fastStartup', 'firmware'],
      trap: 'Do not blame pci.sys, ACPI.sys or the kernel, because the holder is the driver below or above them.',
    },
  },
  process: {
    label: 'Processes and sessions',
    reading: {
      causes: [
        'a system process that crashed or was ended',
        'a drive that stopped answering, so that its pages could not be read',
        'programs that load themselves into others',
      ],
      look: [
        ['!analyze -v', 'which process, and who ended it'],
        ['!error {2}', 'the status, where the second argument is one'],
      ],
      fix: ['disk', 'system', 'foreign'],
    },
  },
  registry: {
    label: 'Registry',
    reading: {
      causes: ['a hive that is damaged on the disk', 'a failing drive or a full system volume', 'faulty memory'],
      look: [
        ['.bugcheck', 'the arguments: often a status and the place in the hive'],
        ['!error {4}', 'the status in words, where the fourth argument is one'],
      ],
      fix: ['repair', 'memory'],
      trap: 'Registry cleaners repair nothing here and can make it worse.',
    },
  },
  resources: {
    label: 'Used-up resources',
    reading: {
      causes: ['a driver that takes memory or table entries and does not give them back', 'too small or no page file', 'more load than memory'],
      look: [
        ['.bugcheck', 'what ran out, in the arguments'],
        ['!vm', 'how memory was used'],
      ],
      fix: ['driver', 'verifier', 'dump'],
    },
  },
  security: {
    label: 'Security and integrity',
    reading: {
      causes: ['code or data of the kernel that was changed: by a program that patches it, or by faulty memory', 'a driver that overran a buffer'],
      look: [
        ['!analyze -v', 'what was found changed'],
        ['lm', 'security programs, cheats and tools that hook the kernel'],
      ],
      fix: ['memory', 'foreign', 'system'],
      trap: 'The stack and the moment say little: the check may come long after the change.',
    },
  },
  storage: {
    label: 'Drives and paging',
    reading: {
      causes: [
        'a failing drive, cable or controller',
        'a storage driver or the firmware of the drive',
        'faulty memory, where the status is none that a drive gives',
      ],
      look: [
        ['!error {2}', 'the status, where the second argument is one: it decides between drive and memory'],
        ['!analyze -v', 'the status and what it means'],
      ],
      fix: ['disk', 'driveFirmware', 'memory'],
      trap: 'Do not blame the drive before you read the status, because only that says whether it was asked at all.',
    },
  },
  sync: {
    label: 'Locks and interrupt levels',
    reading: {
      causes: [
        'a driver that takes, gives back or waits for a lock against the rules',
        'a driver that returns at another interrupt level than it was called at',
      ],
      look: [
        ['k', 'the routine that did it or had just returned'],
        ['ln {1}', 'the routine, where the first argument is one'],
      ],
      fix: ['driver', 'verifier'],
    },
  },
  usb: {
    label: 'USB and Bluetooth',
    reading: {
      causes: ['the driver of a USB device', 'a device, hub, dock or cable', 'the controller’s driver or firmware'],
      look: [
        ['!analyze -v', 'what the first argument stands for'],
        ['lm', 'drivers of USB devices'],
      ],
      fix: ['usb', 'driver', 'firmware'],
    },
  },
  verifier: {
    label: 'A test caught a driver',
    reading: {
      causes: ['the driver named broke a rule of Windows; the test stopped it in the act'],
      look: [
        ['!analyze -v', 'the rule and the driver'],
        ['k', 'the call that broke it'],
      ],
      fix: ['driver', 'verifierOff'],
      trap: 'Do not take it for repaired when the test is off, because the driver goes on breaking the rule, unseen.',
    },
  },
  virtual: {
    label: 'Hypervisor and secure kernel',
    reading: {
      causes: ['an unstable processor or memory', 'old firmware', 'another program for virtual machines that does not get on with Windows’ own'],
      look: [
        ['vertarget', 'the build, to compare with today’s updates'],
        ['!analyze -v', 'what little such a dump holds'],
      ],
      fix: ['processor', 'firmware', 'hypervisor'],
      trap: 'The dump holds little of the hypervisor. Other stops of the same computer say more.',
    },
  },
  watchdog: {
    label: 'Watchdogs',
    reading: {
      causes: [
        'a driver that keeps a processor too long',
        'a processor that stopped for want of voltage or by its settings',
        'in a virtual machine: a busy host',
      ],
      look: [
        ['!analyze -v', 'who ran, and for how long'],
        ['k', 'what this processor did; with a silent one it is another’s'],
      ],
      fix: ['busyDrivers', 'processor', 'dump'],
      trap: 'Do not blame the part that noticed, because the one that blocked is on another processor or has just left.',
    },
  },
};
