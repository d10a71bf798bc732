/** What an argument leads to, and what in the same file disagrees with it. [owner, helper, developer] */
export const DOUBTS = {
  'e-device-owner': [
    'The device that Windows names is run by {who}.',
    'Argument {index} = {device} is a device object of {who}.',
    'P{index} {device}: DEVICE_OBJECT → DRIVER_OBJECT {who}.',
  ],
  'a-no-device': [
    'The device that Windows names is not in this file, so which device it was is not known.',
    'Argument {index} = {device} leads to no device object in this dump.',
    'P{index} {device}: no DEVICE_OBJECT (Type 3) there.',
  ],
  'a-two-drivers': [
    'Two notes in this file name different drivers: {who} and {other}.',
    '{what} names {who}; the stack names {other}.',
    '{what}: {who}; stack: {other}.',
  ],
  'r-driver-device': ['{who}, which runs that device', '{who}: the driver of the device.', '{who} (its driver)'],
  'a-guest': [
    'Windows ran as a guest of {vm}: the program that runs it stands between Windows and the hardware.',
    'Guest of {vm}: what the hardware seems to do is done by the host.',
    '{vm} guest: virtual hardware, host not excluded.',
  ],
  'e-code-breakpoint': [
    'At the place that changed stands a breakpoint: a debugger or a tool put it there.',
    'Code at {at} is a breakpoint (CC) where the image has other code.',
    '{at}: int3, not in the image.',
  ],
  'r-debugger': ['A debugger or a tool that set a breakpoint', 'A debugger, or a tool that patches code, set a breakpoint.', 'Breakpoint in core code'],
  'a-mca-not-valid': [
    'The report itself says that what it holds is not valid.',
    'MCi_STATUS {status}: VAL (bit 63) is clear, so the rest of it need not mean anything.',
    'MCi_STATUS {status}: VAL=0.',
  ],
  'e-hypervisors': [
    'A program that runs virtual machines is loaded: {names}. It works at the same level as what failed.',
    'Third-party hypervisor drivers loaded: {names}.',
    'Hypervisor drivers: {names}.',
  ],
  'e-hung-ran': [
    'What that processor was doing is in the file: it ran {who}.',
    'Processor {cpu} was frozen at {place}, interrupts {masked}.',
    'CPU {cpu}: {place}, interrupts {masked}.',
  ],
  'e-hung-unsaved': [
    'That processor did not even answer when Windows froze all of them.',
    'The registers of processor {cpu} were not saved: it did not take the freeze.',
    'CPU {cpu}: context not saved.',
  ],
  'a-in-driver': [
    'That processor was in {who} with interrupts switched off, so it could not answer.',
    '{who} ran on processor {cpu} with interrupts off: then a sound processor misses its clock as well.',
    'CPU {cpu} in {who}, IF=0.',
  ],
  'h-used-up': [
    'Windows ran out of something that it needs to go on: memory, most often.',
    '{name}: {what}. A resource was used up; the disk did not report an error.',
    '{name}: {what}.',
  ],
} as const;
