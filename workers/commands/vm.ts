/**
 * `!vm`: how full the machine's memory was. Layout: learn.microsoft.com/windows-hardware/drivers/debuggercmds/-vm, current generation.
 * Counts are variables of the kernel that KDBG names (pages, but for pool maxima in bytes); newer kernels keep most of them elsewhere
 * and name none. Small dumps hold some in DUMP_MM_STORAGE.
 */
import { type Found, mapFound, missing, type MissingReason } from '../base/found.ts';
import { describeMissing } from '../base/missingwords.ts';
import { reply } from '../base/problem.ts';
import type { Session } from '../target/target.ts';
import { type CommandRun, line, note, type OutputNode } from './spec.ts';

const PAGE = 4096n;
const KB = 1024n;

interface Row {
  readonly label: string;
  /** KDBG's name, and the unit of what stands there. */
  readonly kdbg?: string;
  readonly bytes?: true;
  /** Name in DUMP_MM_STORAGE, pages. */
  readonly small?: string;
}

const ROWS: readonly Row[] = [
  { label: 'Physical Memory:', kdbg: 'MmNumberOfPhysicalPages' },
  { label: 'Available Pages:', kdbg: 'MmAvailablePages' },
  { label: 'ResAvail Pages:', kdbg: 'MmResidentAvailablePages' },
  { label: 'NonPagedPool Usage:', kdbg: 'MmAllocatedNonPagedPool', small: 'MmAllocatedNonPagedPool' },
  { label: 'NonPagedPool Maximum:', kdbg: 'MmMaximumNonPagedPoolInBytes', bytes: true, small: 'MmMaximumNonPagedPool' },
  { label: 'PagedPool Usage:', small: 'PagedPoolAllocated' },
  { label: 'PagedPool Maximum:', kdbg: 'MmSizeOfPagedPoolInBytes', bytes: true, small: 'PagedPoolMaximum' },
  { label: 'PagedPool Commit:', kdbg: 'MmPagedPoolCommit' },
  { label: 'Shared Commit:', kdbg: 'MmSharedCommit' },
  { label: 'Process Commit:', kdbg: 'MmProcessCommit' },
  { label: 'Driver Commit:', kdbg: 'MmDriverCommit' },
  { label: 'Committed pages:', kdbg: 'MmTotalCommittedPages', small: 'CommittedPages' },
  { label: 'Commit peak:', kdbg: 'MmPeakCommitment', small: 'CommittedPagesPeak' },
  { label: 'Commit limit:', kdbg: 'MmTotalCommitLimit' },
  { label: 'Commit limit, largest:', kdbg: 'MmTotalCommitLimitMaximum', small: 'CommitLimitMaximum' },
];

function byKdbg({ target, memory }: Session, { kdbg, bytes }: Row): Found<bigint> {
  const at = kdbg === undefined ? undefined : target.kernelPointers[kdbg];
  if (at === undefined) return missing({ why: 'not-computed', detail: 'KDBG names no' });
  return mapFound(memory.pointer(at), (value) => (bytes ? value / PAGE : value));
}

/** "1234 pages (4 MiB)" of a small dump's fact. */
function bySmallDump({ target }: Session, { small }: Row): bigint | undefined {
  const fact = target.facts.find(({ name, group }) => name === small && group === 'memory')?.value;
  const [, pages] = (fact?.ok && /^(\d+) pages/.exec(fact.value)) || [];
  return pages === undefined ? undefined : BigInt(pages);
}

/** Rows that are not told, by why. */
function gapNodes(gaps: readonly (readonly [label: string, reason: MissingReason])[]): OutputNode[] {
  const words = (reason: MissingReason): string => (reason.why === 'not-in-dump' ? 'this dump does not hold' : describeMissing(reason));
  const groups = new Map<string, string[]>();
  for (const [label, reason] of gaps) groups.set(words(reason), [...(groups.get(words(reason)) ?? []), label.replace(':', '')]);
  return [...groups].map(([why, labels]) => note(`${why}: ${labels.join(', ')}`));
}

export const vm: CommandRun = function* ({ session }) {
  const gaps: [string, MissingReason][] = [];
  const shown = ROWS.flatMap((row): OutputNode[] => {
    const told = byKdbg(session, row);
    const pages = told.ok ? told.value : bySmallDump(session, row);
    if (pages !== undefined) return [line(`${row.label.padEnd(24)}${String(pages).padStart(12)} (${String((pages * PAGE) / KB).padStart(11)} Kb)`)];
    if (!told.ok) gaps.push([row.label, told.missing]);
    return [];
  });
  return reply([...shown, ...gapNodes(gaps)]);
};
