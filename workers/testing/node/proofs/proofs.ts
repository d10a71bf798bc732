/** Every proof. */
import { ACCESS_PROOFS } from './access.ts';
import { EXCEPTION_PROOFS } from './exception.ts';
import { MEMORY_PROOFS } from './memory.ts';
import { PNP_PROOFS } from './pnp.ts';
import { POOL_PROOFS } from './pool.ts';
import type { Proof } from './proof.ts';
import { USER_PROOFS } from './user.ts';
import { USER_END_PROOFS } from './userends.ts';
import { USER_WAIT_PROOFS } from './userwaits.ts';

export const PROOFS: readonly Proof[] = [
  ...[...ACCESS_PROOFS, ...EXCEPTION_PROOFS, ...POOL_PROOFS, ...MEMORY_PROOFS],
  ...[...USER_PROOFS, ...USER_END_PROOFS, ...USER_WAIT_PROOFS],
  ...PNP_PROOFS,
];
