import type { Readings } from '../reading.ts';
import { DEVICE_READINGS } from './devices.ts';
import { MEMORY_READINGS } from './memory.ts';
import { SYSTEM_READINGS } from './system.ts';

/** By bug check code without the mark of small dumps. */
export const READINGS: Readings = { ...MEMORY_READINGS, ...DEVICE_READINGS, ...SYSTEM_READINGS };
