/** Every proof. */
import { ACCESS_PROOFS } from './access.ts';
import { EXCEPTION_PROOFS } from './exception.ts';
import { POOL_PROOFS } from './pool.ts';
import type { Proof } from './proof.ts';

export const PROOFS: readonly Proof[] = [...ACCESS_PROOFS, ...EXCEPTION_PROOFS, ...POOL_PROOFS];
