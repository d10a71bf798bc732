import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';

/** Reads one family of codes and fills the finding. */
export type Rule = (c: Case, f: Finding) => void;
