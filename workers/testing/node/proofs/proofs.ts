/** Every proof. */
import { ACCESS_PROOFS } from './access.ts';
import { DEVICE_PROOFS } from './devices.ts';
import { GRAPHICS_PROOFS } from './graphics.ts';
import { HARDWARE_PROOFS } from './hardware.ts';
import { POWER_PROOFS } from './power.ts';
import type { Proof } from './proof.ts';
import { PROCESS_PROOFS } from './process.ts';
import { STORAGE_PROOFS } from './storage.ts';
import { USER_PROOFS } from './user.ts';
import { USER_END_PROOFS } from './userends.ts';
import { USER_WAIT_PROOFS } from './userwaits.ts';
import { VERIFIER_PROOFS } from './verifier.ts';

export const PROOFS: readonly Proof[] = [
  ...ACCESS_PROOFS,
  ...VERIFIER_PROOFS,
  ...STORAGE_PROOFS,
  ...HARDWARE_PROOFS,
  ...POWER_PROOFS,
  ...GRAPHICS_PROOFS,
  ...DEVICE_PROOFS,
  ...PROCESS_PROOFS,
  ...USER_PROOFS,
  ...USER_END_PROOFS,
  ...USER_WAIT_PROOFS,
];
