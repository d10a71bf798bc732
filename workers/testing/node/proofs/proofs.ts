/** Every proof. */
import { ACCESS_PROOFS } from './access.ts';
import { PNP_PROOFS } from './pnp.ts';
import type { Proof } from './proof.ts';
import { USER_PROOFS } from './user.ts';
import { USER_END_PROOFS } from './userends.ts';
import { USER_WAIT_PROOFS } from './userwaits.ts';

export const PROOFS: readonly Proof[] = [...ACCESS_PROOFS, ...USER_PROOFS, ...USER_END_PROOFS, ...USER_WAIT_PROOFS, ...PNP_PROOFS];
