/** What an argument leads to, and what in the same file disagrees with it. [owner, helper, developer] */
export const DOUBTS = {
  'e-device-owner': [
    'The device that Windows names is run by {who}.',
    'Argument {index} = {device} is a device object of {who}.',
    'P{index} {device}: DEVICE_OBJECT → DRIVER_OBJECT {who}.',
  ],
  'a-no-device': [
    'What Windows names as the device is none any more, so which device it was is not known.',
    'Argument {index} = {device} leads to no device object.',
    'P{index} {device}: no DEVICE_OBJECT (Type 3) there.',
  ],
  'a-two-drivers': [
    'Two notes in this file name different drivers: {who} and {other}.',
    '{what} leads to {who}; the stack or another note leads to {other}.',
    '{what}: {who}; elsewhere: {other}.',
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
  'e-lock-thread': [
    'The thread that everything waited for is in the file.',
    'Thread {thread} holds the lock; its stack of {count} frames is in the dump.',
    'Lock owner {thread}: {count} frames.',
  ],
  'a-irp-done': [
    'The request that Windows names had been answered by all drivers; who was late cannot be seen.',
    'IRP {irp}: CurrentLocation is above StackCount, so no driver holds it any more.',
    'IRP {irp} completed (CurrentLocation > StackCount).',
  ],
  'a-no-tdr-context': [
    'Windows’ notes on the graphics reset are damaged, so what they name is in doubt.',
    'At argument 1 ({at}) stands {found} where the record of the reset begins with “vTDR”.',
    'TDR_RECOVERY_CONTEXT {at}: signature {found}.',
  ],
  'e-other-display': [
    'The computer has a second display driver ({names}), which takes part in the same work.',
    'Also loaded: {names}; the two hand work to each other.',
    'Hybrid graphics: {names}.',
  ],
  'e-irp-drivers': [
    'The same request had also gone through {names}.',
    'Stack locations of the IRP lead to {names} as well: one of them may have completed it first.',
    'IRP {irp}: IO_STACK_LOCATIONs of {names}.',
  ],
  'a-range-reused': [
    'Two drivers had been at that place: {who} and {other}. Which of them was meant is not told.',
    '{address} lies in the ranges of two unloaded drivers, {who} and {other}.',
    '{address}: unloaded {who} and {other} overlap.',
  ],
  'a-no-hold': ['Windows gives no time for which the button was held.', 'Argument 1, the time of the hold, is 0.', 'P1 = 0: no hold time.'],
  'a-noted-stop': [
    'Windows’ own memory notes this as a stop, not as a report of a computer that went on.',
    'The code is one of live reports, yet KiBugCheckData of the kernel ({at}) holds it and the registers stand in KeBugCheckEx.',
    'KiBugCheckData {at} holds the code: a real stop.',
  ],
  'a-in-bugcheck': [
    'At that moment Windows was about to stop by itself.',
    'The registers stand in {routine} of the kernel: a stop was on its way.',
    'RIP in {routine} of the kernel.',
  ],
  'e-stop-in-memory': [
    'The file’s first page names no stop, but Windows’ own memory does: {stop}.',
    'The header names no stop; KiBugCheckData of the kernel holds {stop} ({values}).',
    'KiBugCheckData: {stop} ({values}); header code 0.',
  ],
  'h-stop-in-memory': [
    'Windows had stopped with {stop} when this picture of its memory was taken.',
    'A picture of memory, taken after the stop {stop}; the header does not say so.',
    'Memory image of a machine stopped with {stop}.',
  ],
  'a-no-tester': [
    'The test tool’s own program was not the one that ran.',
    'The running process is not NotMyFault: another program may have called its driver.',
    'Process is not NotMyFault.',
  ],
  'h-used-up': [
    'Windows ran out of something that it needs to go on: memory, most often.',
    '{name}: {what}. A resource was used up; the disk did not report an error.',
    '{name}: {what}.',
  ],
} as const;
