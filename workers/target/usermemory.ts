/** Memory of a user dump: both lists and the thread stacks that neither names. */
import { va } from '../base/address.ts';
import type { Job } from '../base/job.ts';
import type { ByteSource } from '../bytes/source.ts';
import { readMemory64List, readMemoryList } from '../formats/minidump/memory.ts';
import type { RawThread } from '../formats/minidump/threads.ts';
import { SparseSpace, type SparseRange } from '../memory/sparsespace.ts';
import { narrow, type UserBasics } from './userfirst.ts';

const LISTS = [
  ['MemoryListStream', readMemoryList],
  ['Memory64ListStream', readMemory64List],
] as const;

export interface UserMemory {
  readonly space: SparseSpace;
  readonly oddities: readonly string[];
}

/** Crashpad and old writers give a stack in the thread alone; others repeat it in the memory list. */
function stacksNotListed(threads: readonly RawThread[], listed: readonly SparseRange[], basics: UserBasics): SparseRange[] {
  const known = new Set(listed.map((range) => range.fileOffset));
  return threads
    .filter((thread) => thread.stackSize > 0 && thread.stackRva > 0 && thread.stackRva + thread.stackSize <= basics.file.source.size)
    .map((thread) => ({ start: va(narrow(thread.stackStart, basics.arch)), size: thread.stackSize, fileOffset: thread.stackRva, origin: 'stack' }))
    .filter((range) => !known.has(range.fileOffset));
}

/** Gives way after each list and before sorting: a full dump may list hundreds of thousands of ranges. */
export function* memoryOf(basics: UserBasics, threads: readonly RawThread[], source: ByteSource): Job<UserMemory> {
  const { file, arch } = basics;
  const ranges: SparseRange[] = [];
  const oddities: string[] = [];
  for (const [name, read] of LISTS) {
    const list = read(file);
    yield { progress: 'Reading the memory list', done: 1, of: 5 };
    if (!list.ok) continue;
    for (const { start, size, fileOffset } of list.value.entries) ranges.push({ start: va(narrow(start, arch)), size, fileOffset, origin: name });
    if (list.value.entries.length < list.value.count) oddities.push(`${name} counts ${list.value.count} ranges; ${list.value.entries.length} could be read`);
    if (list.value.outside > 0) oddities.push(`the file ends before ${list.value.outside} of the ranges in ${name}`);
  }
  yield { progress: 'Sorting the memory ranges', done: 1, of: 5 };
  ranges.push(...stacksNotListed(threads, ranges, basics));
  return { space: new SparseSpace(source, ranges, arch === 'x64' || arch === 'arm64' ? 8 : 4), oddities };
}
