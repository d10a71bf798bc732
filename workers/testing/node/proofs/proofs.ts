/** Every proof. */
import { ACCESS_PROOFS } from './access.ts';
import { DEVICE_PROOFS } from './devices.ts';
import { EXCEPTION_PROOFS } from './exception.ts';
import { GRAPHICS_PROOFS } from './graphics.ts';
import { HARDWARE_PROOFS } from './hardware.ts';
import { MEMORY_PROOFS } from './memory.ts';
import { PNP_PROOFS } from './pnp.ts';
import { POOL_PROOFS } from './pool.ts';
import { POWER_PROOFS } from './power.ts';
import { PROCESS_PROOFS } from './process.ts';
import type { Proof } from './proof.ts';
import { SIGN_CODE_PROOFS } from './signscode.ts';
import { SIGN_MACHINE_PROOFS } from './signsmachine.ts';
import { SIGN_MEMORY_PROOFS } from './signsmemory.ts';
import { SIGN_NOTE_PROOFS } from './signsnotes.ts';
import { SIGN_RECORD_PROOFS } from './signsrecords.ts';
import { STORAGE_PROOFS } from './storage.ts';
import { USER_PROOFS } from './user.ts';
import { USER_END_PROOFS } from './userends.ts';
import { USER_WAIT_PROOFS } from './userwaits.ts';
import { VERIFIER_PROOFS } from './verifier.ts';

export const PROOFS: readonly Proof[] = [
  ...[ACCESS_PROOFS, EXCEPTION_PROOFS, POOL_PROOFS, MEMORY_PROOFS, PNP_PROOFS, VERIFIER_PROOFS, STORAGE_PROOFS, HARDWARE_PROOFS].flat(),
  ...[POWER_PROOFS, GRAPHICS_PROOFS, DEVICE_PROOFS, PROCESS_PROOFS].flat(),
  ...[USER_PROOFS, USER_END_PROOFS, USER_WAIT_PROOFS, SIGN_CODE_PROOFS, SIGN_MEMORY_PROOFS, SIGN_MACHINE_PROOFS, SIGN_NOTE_PROOFS, SIGN_RECORD_PROOFS].flat(),
];
