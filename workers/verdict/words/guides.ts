/** Advice that a guide of the page carries out step by step, by its id in `knowledge/guides`. */
import type { Text } from '../verdict.ts';
import type { ADVICE } from './advice.ts';

const GUIDE_OF: Partial<Readonly<Record<keyof typeof ADVICE, string>>> = {
  'd-verifier-on': 'verifier',
  'd-verifier-these': 'verifier',
  'd-verifier-off': 'verifier',
  's-verifier': 'verifier',
  'd-memory-dmp': 'no-dump',
  'd-dump-kernel': 'dump-settings',
  'd-pool-leak': 'pool-leak',
  'd-hang-again': 'local-dumps',
  'd-collect': 'dump-settings',
  's-kernel-dump': 'dump-settings',
  's-full-dump': 'dump-settings',
  's-full-user': 'local-dumps',
};
const guides: ReadonlyMap<string, string> = new Map(Object.entries(GUIDE_OF));

export const guideOf = ({ id }: Text): string | undefined => guides.get(id);
