import { expect, test } from 'vitest';
import { kindOfDevice } from './notes.ts';

test.each([
  ['USB\\VID_413C&PID_2107\\5&11AB2C&0&3', 'USB\\VID_413C&PID_2107'],
  ['PCI\\VEN_10DE&DEV_1F08&SUBSYS_0\\4&1', 'PCI\\VEN_10DE&DEV_1F08&SUBSYS_0'],
  ['HDAUDIO\\FUNC_01&VEN_10EC&DEV_0255\\4&1', 'HDAUDIO\\FUNC_01&VEN_10EC&DEV_0255'],
  ['ACPI\\PNP0C0A\\1', 'ACPI\\PNP0C0A'],
  // An address of Bluetooth, a printer's name, a share.
  ['BTHENUM\\Dev_5C5B352A8CC6\\7&1', 'BTHENUM'],
  ['SWD\\Jane’s phone\\1', 'SWD'],
  ['', ''],
])('%s is told as %s', (path, told) => expect(kindOfDevice(path)).toBe(told));
