/** Memory of a user dump: both lists and the thread stacks that neither names. */
import { va } from '../base/address.ts';
import type { ByteSource } from '../bytes/source.ts';
import { readMemory64List, readMemoryList } from '../formats/minidump/memory.ts';
import type { RawThread } from '../formats/minidump/threads.ts';
import { SparseSpace, type SparseRange } from '../memory/sparsespace.ts';
import { narrow, type UserBasics } from './userfirst.ts';

export interface UserMemory {
  readonly space: SparseSpace;
  readonly listed: number;
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

export function memoryOf(basics: UserBasics, threads: readonly RawThread[], source: ByteSource): UserMemory {
  const { file, arch } = basics;
  const ranges: SparseRange[] = [];
  const oddities: string[] = [];
  for (const [name, list] of [
    ['MemoryListStream', readMemoryList(file)],
    ['Memory64ListStream', readMemory64List(file)],
  ] as const) {
    if (!list.ok) continue;
    for (const { start, size, fileOffset } of list.value.entries) ranges.push({ start: va(narrow(start, arch)), size, fileOffset, origin: name });
    if (list.value.entries.length < list.value.count) oddities.push(`${name} counts ${list.value.count} ranges; ${list.value.entries.length} could be read`);
    if (list.value.outside > 0) oddities.push(`the file ends before ${list.value.outside} of the ranges in ${name}`);
  }
  const listed = ranges.length;
  ranges.push(...stacksNotListed(threads, ranges, basics));
  return { space: new SparseSpace(source, ranges, arch === 'x64' || arch === 'arm64' ? 8 : 4), listed, oddities };
}
