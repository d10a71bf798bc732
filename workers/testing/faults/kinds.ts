/** Every kind of fault of the scored set. */
import type { FaultKind } from './truth.ts';
import { ACCESS_KINDS } from './kinds/access.ts';
import { ARM_KINDS } from './kinds/arm.ts';
import { CALLER_KINDS } from './kinds/callers.ts';
import { DEVICE_KINDS } from './kinds/devices.ts';
import { GRAPHICS_KINDS } from './kinds/graphics.ts';
import { HARDWARE_KINDS } from './kinds/hardware.ts';
import { OTHER_KINDS } from './kinds/other.ts';
import { POOL_KINDS } from './kinds/pool.ts';
import { DECOY_KINDS, STORAGE_KINDS } from './kinds/storage.ts';
import { TWIN_KINDS } from './kinds/twins.ts';
import { USER_KINDS } from './kinds/user.ts';
import { USER_OWN_KINDS } from './kinds/userown.ts';
import { WATCH_KINDS } from './kinds/watch.ts';

export const KINDS: readonly FaultKind[] = [
  ...ACCESS_KINDS,
  ...POOL_KINDS,
  ...CALLER_KINDS,
  ...WATCH_KINDS,
  ...GRAPHICS_KINDS,
  ...HARDWARE_KINDS,
  ...STORAGE_KINDS,
  ...DECOY_KINDS,
  ...TWIN_KINDS,
  ...USER_KINDS,
  ...USER_OWN_KINDS,
  ...DEVICE_KINDS,
  ...OTHER_KINDS,
  ...ARM_KINDS,
];
