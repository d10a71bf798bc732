/**
 * The name of the process as it is told: the kernel keeps 15 bytes of it (EPROCESS.ImageFileName, the end mark among them), so that of
 * "SearchIndexer.exe" only "SearchIndexer." is in a dump. What is cut says so.
 */
import { type Found, mapFound } from '../base/found.ts';
import type { Target } from '../target/target.ts';

const KEPT = 14;
const WHOLE = /\.(?:exe|com|scr|dll)$/i;

export const toldName = (name: string): string => (name.length < KEPT || WHOLE.test(name) ? name : `${name.replace(/\.(?:ex?|sc?|co?)?$/i, '')}…`);

/** Of a program's own dump the name is whole. */
export const processTold = ({ kind, process }: Target): Found<string> => (kind === 'user' ? process.name : mapFound(process.name, toldName));
