/** Power, watchdogs, graphics, USB, network, processes, integrity, and stops made on purpose. */
import type { Readings } from '../reading.ts';

const LIVE_GRAPHICS = {
  causes: ['the graphics card or its driver was too slow once; it was reset and the computer went on'],
  look: [['ln {2}', 'the display driver']],
  fix: ['nothing', 'graphics'],
  trap: 'Do not take it for a blue screen, because the computer went on. A single one needs nothing; many in a day are a fault of the card or its driver.',
} as const;
const ON_PURPOSE = {
  look: [
    ['~', 'the threads and processors'],
    ['k', 'what ran'],
  ],
  fix: ['inspect'],
  trap: 'Nothing broke here: look for what hung before.',
} as const;

export const SYSTEM_READINGS: Readings = {
  0x9f: {
    causes: [
      '3: a driver kept a power request: graphics, Wi-Fi, USB, Thunderbolt, storage, touchpad',
      '4: a driver held plug and play up',
      'a device or firmware that does not wake up',
    ],
    look: [
      ['!irp {4}', 'with 3: the driver at the current place of the request is the holder'],
      ['!devstack {2}', 'with 3: the drivers of the device'],
      ['!thread {3}', 'with 4: what the thread waits for'],
    ],
    fix: ['driver', 'fastStartup', 'firmware'],
    trap: 'Do not blame pci.sys, ACPI.sys or ntoskrnl.exe, because the stack shows only the timer that noticed.',
  },
  0xa0: {
    causes: ['the storage driver in hibernation', 'a damaged hibernation file', 'a driver that did not finish a change of power'],
    look: [['!analyze -v', 'what the first argument stands for']],
    fix: ['hibernation', 'driver', 'firmware'],
  },
  0x133: {
    causes: [
      '0: one routine of a driver took too long: storage, Wi-Fi, LAN, graphics',
      '1: many together did',
      'the firmware of an SSD',
      'antivirus and anti-cheat programs',
    ],
    look: [
      ['k', 'with 0: the routine that ran'],
      ['!dpcwatchdog', 'with 1: samples of what took the time'],
      ['!analyze -v', 'which of the two it is'],
    ],
    fix: ['busyDrivers', 'driveFirmware', 'dump'],
    trap: 'Do not take a single stack for proof where the first argument is 1, because many routines together took the time.',
  },
  0x1d5: {
    causes: ['the driver of the device named did not finish starting, stopping or removing it'],
    look: [['!thread {3}', 'what it waits for']],
    fix: ['driver', 'firmware'],
  },
  0xea: {
    causes: ['the display driver waits for its hardware for ever'],
    look: [['k', 'the driver in its loop']],
    fix: ['graphics'],
  },
  0x116: {
    causes: ['unstable clocks, heat or power of the graphics card', 'the graphics driver', 'a faulty card, riser or slot'],
    look: [
      ['ln {2}', 'the display driver'],
      ['!error {3}', 'the status of the reset'],
    ],
    fix: ['graphics', 'slot'],
    trap: 'Do not blame dxgkrnl.sys or the game, because they only waited for the card. Do not raise TdrDelay, because that only hides it.',
  },
  0x117: LIVE_GRAPHICS,
  0x141: LIVE_GRAPHICS,
  0x119: {
    causes: ['the graphics driver', 'the graphics card: clocks, heat, power', 'faulty memory'],
    look: [
      ['!analyze -v', 'what the first argument stands for'],
      ['!error {2}', 'with 2: the status of the driver'],
    ],
    fix: ['graphics', 'memory'],
  },
  0x10e: {
    causes: ['the graphics driver', 'no memory left: a small page file or none', 'the graphics card'],
    look: [
      ['!analyze -v', 'what the first argument stands for'],
      ['!vm', 'memory and page file'],
    ],
    fix: ['graphics', 'memory'],
  },
  0x113: {
    causes: ['two graphics cards in a laptop that change over wrongly', 'the graphics drivers of both makers', 'an old BIOS'],
    look: [['.bugcheck', 'an internal number in the first argument']],
    fix: ['graphics', 'firmware'],
  },
  0x1e4: {
    causes: ['the graphics driver of the time', 'a fault of Windows that an update has mended', 'faulty memory'],
    look: [['!analyze -v', 'what the first argument stands for']],
    fix: ['graphics', 'update', 'memory'],
  },
  0xfe: {
    causes: [
      '2, 4: the driver of a USB device sent a request twice',
      '5: the controller’s data is wrong: faulty memory or controller',
      'others: device, hub or cable',
    ],
    look: [['!analyze -v', 'what the first argument stands for']],
    fix: ['usb', 'driver', 'firmware'],
  },
  0x144: {
    causes: ['1 to 3, 800 to 807: the driver of a USB device', '1001, 1002: the controller reported an error', '3000 and up: reports of hubs, without a crash'],
    look: [['!analyze -v', 'what the first argument stands for']],
    fix: ['usb', 'driver', 'firmware'],
  },
  0x15e: {
    causes: ['the driver of the network card', 'a network filter: VPN, firewall'],
    look: [['!analyze -v', 'what the first argument stands for']],
    fix: ['driver', 'foreign'],
  },
  0x1d4: {
    causes: ['the firmware of the USB-C controller was late; a report, no crash'],
    look: [['!analyze -v', 'the command that was not answered']],
    fix: ['nothing', 'firmware'],
  },
  0xef: {
    causes: [
      'a system process crashed: damaged files, faulty memory, or a program loaded into it',
      'the drive disappeared, so that its pages could not be read',
      'another program ended it',
    ],
    look: [
      ['!process {1} 0', 'which process it was'],
      ['!analyze -v', 'who ended it, and with which status'],
    ],
    fix: ['disk', 'driveFirmware', 'system', 'foreign'],
    trap: 'Do not take svchost.exe for malware, because it is a part of Windows. Do not expect sfc to mend everything, because it repairs only files of Windows.',
  },
  0xf4: {
    causes: ['the drive disappeared', 'a system process crashed or was ended'],
    look: [['!analyze -v', 'which process, and why']],
    fix: ['disk', 'system', 'foreign'],
  },
  0xc000021a: {
    causes: ['files of Windows that do not fit together, often after an update that was broken off', 'a logon add-on', 'a failing drive'],
    look: [['!error {2}', 'the status with which it ended']],
    fix: ['repairFiles'],
  },
  0x5a: {
    causes: ['a service that Windows needs at its start is damaged or has no valid signature'],
    look: [['!analyze -v', 'which one, where the dump says it']],
    fix: ['repairFiles'],
  },
  0x109: {
    causes: [
      'faulty memory (RAM): one bit changed',
      'programs that change the kernel: cheats, old antivirus, rootkits, hypervisor tools',
      'a breakpoint set without a debugger attached',
    ],
    look: [
      ['!analyze -v', 'what was found changed, by the fourth argument'],
      ['u {3}', 'the code, where a code page was changed'],
    ],
    fix: ['memory', 'foreign', 'system'],
    trap: 'Do not blame the stack or the driver that was loaded last, because both say nothing here.',
  },
  0x18b: {
    causes: ['an unstable processor or memory', 'old firmware', 'a recent update'],
    look: [['vertarget', 'the build']],
    fix: ['processor', 'memory', 'firmware'],
    trap: 'There is little in such a dump; look at the other stops of this computer.',
  },
  0x20001: {
    causes: ['an unstable processor', 'other programs for virtual machines', 'old firmware'],
    look: [['lm', 'drivers of other hypervisors']],
    fix: ['processor', 'hypervisor', 'firmware'],
  },
  0xe2: { ...ON_PURPOSE, causes: ['someone held the right Ctrl key and pressed Scroll Lock twice'] },
  0xdeaddead: { ...ON_PURPOSE, causes: ['a test program or a debugger stopped Windows on purpose'] },
  0x1c8: { ...ON_PURPOSE, causes: ['someone held the power button because the computer did not answer'] },
  0x161: { ...ON_PURPOSE, causes: ['Task Manager or a tool wrote a dump of the running system; nothing crashed'] },
};
