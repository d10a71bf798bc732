/**
 * Who waits for whom: a thread that stands in a system call and has on its stack a critical section that another thread owns.
 * RTL_CRITICAL_SECTION (vergiliusproject.com; x64 and x86): DebugInfo, LockCount (bit 0 clear while locked, waiters in the bits above
 * 1, counted down), RecursionCount, OwningThread. RTL_CRITICAL_SECTION_DEBUG points back at its section in its second pointer.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { viewOf } from '../bytes/struct.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Target, ThreadInfo } from '../target/target.ts';
import { ipOf, spOf } from './fault.ts';

export interface LockWait {
  readonly waiter: ThreadInfo;
  readonly owner: ThreadInfo;
  readonly section: Va;
  readonly waiters: number;
}

const MAX_THREADS = 512;
const STACK_BYTES = 0x300;
/** The modules in which a thread that waits stands. */
const SYSTEM_CALLS = /^(ntdll|win32u|wow64(cpu|win)?)$/i;

interface Section {
  readonly ownerId: number;
  readonly waiters: number;
}

/** The section at `at`, if one lies there, is locked and is waited for. */
function lockedSection(memory: AddressSpace, at: Va): Section | undefined {
  const size = memory.pointerSize;
  const debug = memory.pointer(at);
  const count = memory.u32(vaAdd(at, size));
  const recursion = memory.u32(vaAdd(at, size + 4));
  const owner = memory.pointer(vaAdd(at, size + 8));
  if (!debug.ok || !count.ok || !recursion.ok || !owner.ok || owner.value === 0n || recursion.value === 0 || recursion.value > 0xffff) return undefined;
  const waiters = (-1 - (count.value | 0)) >> 2;
  const locked = (count.value & 1) === 0;
  return locked && waiters > 0 && waiters < MAX_THREADS && isOwn(memory, debug.value, at) ? { ownerId: Number(owner.value), waiters } : undefined;
}

/** Without debug information the pointer is -1. */
function isOwn(memory: AddressSpace, debug: Va, section: Va): boolean {
  if (debug === (memory.pointerSize === 8 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn)) return true;
  const back = memory.pointer(vaAdd(debug, memory.pointerSize));
  return back.ok && back.value === section;
}

function candidates(target: Target, thread: ThreadInfo): readonly bigint[] {
  const context = thread.context.ok ? thread.context.value : undefined;
  const ip = context && ipOf(context.registers, target.arch);
  const sp = context && spOf(context.registers, target.arch);
  const place = ip === undefined ? undefined : target.modules.find(ip);
  if (!context || sp === undefined || !place || !SYSTEM_CALLS.test(place.module.name)) return [];
  const { bytes, got } = target.memory.read(sp, STACK_BYTES);
  const view = viewOf(bytes);
  const size = target.memory.pointerSize;
  const words = Array.from({ length: Math.floor(got / size) }, (_, index) =>
    size === 8 ? view.getBigUint64(index * 8, true) : BigInt(view.getUint32(index * 4, true)),
  );
  return [...new Set([...Object.values(context.registers), ...words])].filter((value) => value > 0xffffn && value % BigInt(size) === 0n);
}

export function findLockWaits(target: Target): readonly LockWait[] {
  const threads = target.threads.slice(0, MAX_THREADS);
  const byId = new Map(threads.map((thread) => [thread.id, thread]));
  return threads.flatMap((waiter): LockWait[] => {
    for (const value of candidates(target, waiter)) {
      const section = lockedSection(target.memory, va(value));
      const owner = section && byId.get(section.ownerId);
      if (section && owner && owner !== waiter) return [{ waiter, owner, section: va(value), waiters: section.waiters }];
    }
    return [];
  });
}

/** The waits that form a circle, in order; empty where none does. */
export function findCircle(waits: readonly LockWait[]): readonly LockWait[] {
  const of = new Map(waits.map((wait) => [wait.waiter, wait]));
  for (const start of waits) {
    const path: LockWait[] = [];
    for (let at: LockWait | undefined = start; at && !path.includes(at); at = of.get(at.owner)) path.push(at);
    const last = path.at(-1);
    const from = last ? path.findIndex((wait) => wait.waiter === last.owner) : -1;
    if (from >= 0) return path.slice(from);
  }
  return [];
}

/** Where the waits lead: the owner that most threads wait for and that waits for none of these locks itself. */
export function findBlocker(waits: readonly LockWait[]): ThreadInfo | undefined {
  const counts = new Map<ThreadInfo, number>();
  for (const { owner } of waits) if (!waits.some((wait) => wait.waiter === owner)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return [...counts.entries()].sort((a, b) => b[1] - a[1])[0]?.[0];
}
