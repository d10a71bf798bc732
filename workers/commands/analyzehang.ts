/** `!analyze -hang`: who waits for whom: locks of an application, whatever exception the dump may hold, or resources of the kernel. */
import { hexDigits } from '../base/hex.ts';
import { valueOf } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session, ThreadInfo } from '../target/target.ts';
import { judge, judgeHang } from '../verdict/judge.ts';
import type { Resource } from '../types/kernel/resource.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { findBlocker, findCircle, findLockWaits, type LockWait } from '../verdict/waits.ts';
import { BLANK, labelSpan, two } from './analyzelabel.ts';
import { resourceNodes, scanResources } from './locks.ts';
import { plainAddress } from './names.ts';
import { type OutputNode, line, note } from './spec.ts';

interface Hang {
  readonly nodes: readonly OutputNode[];
  readonly verdict: Verdict;
}

export function* hangNodes(session: Session): Job<Hang> {
  if (session.target.kind !== 'user') return { nodes: yield* kernelWaits(session), verdict: yield* judge(session) };
  const verdict = yield* judgeHang(session);
  const waits = findLockWaits(session.target);
  const chain = chainOf(waits);
  const nodes = chain.length > 0 ? chainNodes(session, chain) : [note('No thread of this dump is seen waiting for a lock that another one holds.'), BLANK];
  return { nodes, verdict };
}

const waitersOf = (resource: Resource): number => (valueOf(resource.sharedWaiters) ?? 0) + (valueOf(resource.exclusiveWaiters) ?? 0);

/** Resources of the kernel that somebody waits for, the most waited for first, and the thread that holds that one. */
function* kernelWaits(session: Session): Job<readonly OutputNode[]> {
  const kernel = kernelMemory(session);
  if (!kernel.ok) return [note(`Locks of the kernel cannot be read here: ${describeMissing(kernel.missing)}`), BLANK];
  const waited: Resource[] = [];
  const scan = yield* scanResources(session, kernel.value, (resource) => {
    if (resource.ok && waitersOf(resource.value) > 0) waited.push(resource.value);
  });
  if (!scan.ok) return [note(`Locks of the kernel cannot be listed here: ${describeMissing(scan.missing)}`), BLANK];
  waited.sort((a, b) => waitersOf(b) - waitersOf(a));
  const owner = waited[0]?.owners[0]?.thread;
  const { total, ended } = scan.value;
  const seen = ended && total === 0 ? [] : [`None of ${total} resources of the kernel is waited for.`];
  const cut = ended ? [`The list of the kernel’s resources ends early: ${describeMissing(ended)}`] : [];
  const notes = [...(waited.length === 0 ? seen : []), ...cut];
  return [
    ...notes.flatMap((words) => [note(words), BLANK]),
    ...waited.flatMap((resource) => [...resourceNodes(session, resource), BLANK]),
    ...(owner === undefined ? [] : two('BLOCKING_THREAD', plainAddress(session, owner))),
  ];
}

/** The circle, else the longest way from a thread that waits to the one that holds everything up. */
function chainOf(waits: readonly LockWait[]): readonly LockWait[] {
  const circle = findCircle(waits);
  if (circle.length > 0) return circle;
  const blocker = findBlocker(waits);
  const of = new Map(waits.map((wait) => [wait.waiter, wait]));
  const ways = waits.map((start) => {
    const way: LockWait[] = [];
    for (let at: LockWait | undefined = start; at && !way.includes(at); at = of.get(at.owner)) way.push(at);
    return way;
  });
  return ways.filter((way) => way.at(-1)?.owner === blocker).sort((a, b) => b.length - a.length)[0] ?? [];
}

const WIDTH = 26;

function chainNodes(session: Session, chain: readonly LockWait[]): readonly OutputNode[] {
  const process = session.target.process.id.ok ? session.target.process.id.value.toString(16) : '0';
  const row = (thread: ThreadInfo, words: string): OutputNode =>
    line(`  ${String(thread.index).padStart(3)}   ${`${process}.${thread.id.toString(16)}`.padEnd(9)} ${words}`);
  const last = chain.at(-1)?.owner;
  const blocker = last && !chain.some((wait) => wait.waiter === last) ? last : undefined;
  const typed = [...chain.map((wait) => wait.waiter), ...(blocker ? [blocker] : [])].map((thread) => `~${thread.index}s;k`).join(';;');
  return [
    line(labelSpan('DERIVED_WAIT_CHAIN', '  ')),
    BLANK,
    line('Dl Eid Cid     WaitType'),
    line(`-- --- ------- ${'-'.repeat(WIDTH)}`),
    ...chain.map((wait) => row(wait.waiter, `${'Critical Section'.padEnd(WIDTH - 8)} -->`)),
    ...(blocker ? [row(blocker, 'Unknown')] : []),
    BLANK,
    ...two('WAIT_CHAIN_COMMAND', typed),
    ...(blocker ? two('BLOCKING_THREAD', hexDigits(blocker.id, 8)) : []),
  ];
}
