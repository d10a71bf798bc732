/** Processes and threads of a full or bitmap dump, walked over the kernel's lists when they are asked for. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, type MissingReason, thenFound } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import { PagedSpace } from '../memory/pagedspace.ts';
import type { PageMemory } from '../memory/physical.ts';
import type { AddressSpace } from '../memory/space.ts';
import { walkList } from '../modules/loadedlist.ts';
import type { KernelLayout } from './kernellayout.ts';
import { parseProcess, parseThread } from './kernelobjects.ts';
import { type ProcessorsInput, readObject } from './kernelprocessors.ts';
import type { KernelWalks, ProcessInfo, ThreadInfo, WalkedList } from './target.ts';

/** More than any machine runs; a damaged list is left after this many. */
const MAX_PROCESSES = 16_384;
const MAX_THREADS = 65_536;
/** Objects read between two pauses. */
const SLICE = 64;

interface WalkPlan<T> {
  readonly what: string;
  readonly head: Va;
  readonly linkOffset: number;
  readonly limit: number;
  readonly read: (at: Va, index: number) => Found<T>;
}

function* walk<T>(memory: AddressSpace, plan: WalkPlan<T>): Job<Found<WalkedList<T>>> {
  const first = memory.pointer(plan.head);
  if (!first.ok) return first;
  const items: T[] = [];
  let ended: MissingReason | undefined;
  const links = walkList(memory, plan.head, plan.linkOffset, plan.limit);
  for (let next = links.next(); ; next = links.next()) {
    if (next.done) {
      ended ??= next.value;
      break;
    }
    const item = plan.read(next.value, items.length);
    if (item.ok) items.push(item.value);
    else ended ??= item.missing;
    if (items.length % SLICE === SLICE - 1) yield { progress: `Reading the ${plan.what}`, done: items.length, of: null };
  }
  return found(ended ? { items, ended } : { items });
}

function processPlan(input: ProcessorsInput, layout: KernelLayout, head: Va): WalkPlan<ProcessInfo> {
  return {
    what: 'processes',
    head,
    linkOffset: layout.process.ActiveProcessLinks,
    limit: MAX_PROCESSES,
    read: (at) => thenFound(readObject(input.memory, at, input.kdbgOffsets['SizeEProcess']), (data) => found(parseProcess(data, input.choice, found(at)))),
  };
}

function threadPlan(input: ProcessorsInput, layout: KernelLayout, process: Va): Found<WalkPlan<ThreadInfo>> {
  const { process: offsets, thread } = layout;
  if (offsets.ThreadListHead === undefined || !thread) return missing({ why: 'unknown-layout', type: '_ETHREAD', build: String(layout.fromBuild) });
  return found({
    what: 'threads',
    head: vaAdd(process, offsets.ThreadListHead),
    linkOffset: thread.ThreadListEntry,
    limit: MAX_THREADS,
    read: (at, index) =>
      thenFound(readObject(input.memory, at, input.kdbgOffsets['SizeEThread']), (data) =>
        thenFound(parseThread(data, input.choice, found(at)).thread, (known) => found({ ...known, index })),
      ),
  });
}

export function kernelWalks(input: ProcessorsInput, memory: PagedSpace, physical: PageMemory): KernelWalks {
  const { layout } = input.choice;
  return {
    *processes() {
      const plan = thenFound(layout, (known) => thenFound(input.header.psActiveProcessHead, (head) => found(processPlan(input, known, va(head)))));
      return plan.ok ? yield* walk(memory, plan.value) : plan;
    },
    *threads(process) {
      const plan = thenFound(layout, (known) => threadPlan(input, known, process));
      return plan.ok ? yield* walk(memory, plan.value) : plan;
    },
    space: (directoryTableBase) => new PagedSpace(physical, directoryTableBase, memory.mode),
  };
}
