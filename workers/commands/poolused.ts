/**
 * `!poolused`: which tag holds how much of the kernel's pools. Flags and layout: learn.microsoft.com/windows-hardware/drivers/
 * debuggercmds/-poolused, columns as current WinDbg prints them. nt!PoolTrackTable, named by KDBG, points at the table of processor 0;
 * nt!ExPoolTagTables, a pointer a processor, is known from the kernel's symbols alone.
 */
import { type Va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, type MissingReason, thenFound, valueOf } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { sessionScope } from '../expr/sessionscope.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { type PoolUse, sumPoolTags, type TagSum, type TagUse } from '../types/kernel/pooltracker.ts';
import type { TypedMemory } from '../types/typedview.ts';
import { layoutNotes } from './devices.ts';
import { type CommandRun, line, note, type OutputNode } from './spec.ts';

/** A variable of the kernel by its symbol; undefined without symbols. */
export const kernelVariable = (session: Session, name: string): Va | undefined => {
  const at = sessionScope(session).symbol(`nt!${name}`);
  return at?.ok ? at.value : undefined;
};

interface Tables {
  readonly tables: readonly Va[];
  readonly rows: number;
  /** Why not every processor's table is among them. */
  readonly partial?: string;
  /** Pointers to tables that could not be read. */
  readonly gaps: readonly MissingReason[];
}

const MIN_ROWS = 64n;
const MAX_ROWS = 0x1_0001n;
/** The table has a power of two of rows, and in most builds one more for what found no room. */
const isTableSize = (rows: bigint): boolean => rows >= MIN_ROWS && rows <= MAX_ROWS && [rows, rows - 1n].some((power) => (power & (power - 1n)) === 0n);

/** By its symbol; without one it stands beside the pointer in six of eleven kernels looked at, and the value shows whether it does. */
function tableRows(session: Session, pointer: Va): Found<number> {
  const named = kernelVariable(session, 'PoolTrackTableSize');
  const width = session.memory.pointerSize;
  const places = named === undefined ? [vaAdd(pointer, -width), vaAdd(pointer, width)] : [named];
  for (const at of places) {
    const rows = session.memory.pointer(at);
    if (rows.ok && isTableSize(rows.value)) return found(Number(rows.value));
  }
  return missing({ why: 'no-symbols', module: 'nt', detail: 'they name PoolTrackTableSize, which does not stand beside PoolTrackTable in this build' });
}

function findTables(session: Session): Found<Tables> {
  const variable = session.target.kernelPointers['PoolTrackTable'];
  if (variable === undefined) return missing({ why: 'not-computed', detail: 'KDBG does not name PoolTrackTable' });
  return thenFound(session.memory.pointer(variable), (first) =>
    mapFound(tableRows(session, variable), (rows) => ({ rows, ...everyTable(session, kernelVariable(session, 'ExPoolTagTables'), first) })),
  );
}

/** Windows' limit. */
const MAX_PROCESSORS = 2048;
const ONLY_FIRST = 'only the table of processor 0 is summed: the others are known from the kernel’s symbols (nt!ExPoolTagTables) and the number of processors';

/** The table of processor 0, and those of the others as far as their pointers are here. */
function everyTable({ memory, target }: Session, list: Va | undefined, first: Va): Omit<Tables, 'rows'> {
  const count = list === undefined ? undefined : valueOf(target.os.processors);
  if (list === undefined || count === undefined) return { tables: [first], partial: ONLY_FIRST, gaps: [] };
  const others = Math.max(Math.min(count, MAX_PROCESSORS) - 1, 0);
  const pointers = Array.from({ length: others }, (_, index) => memory.pointer(vaAdd(list, (index + 1) * memory.pointerSize)));
  const named = pointers.flatMap((pointer) => (pointer.ok && pointer.value !== 0n ? [pointer.value] : []));
  const summed = named.length + 1;
  return {
    tables: [...new Set([first, ...named])],
    ...(summed < count ? { partial: `the tables of ${summed} of ${count} processors are summed: nt!ExPoolTagTables names no others here` } : {}),
    gaps: pointers.flatMap((pointer) => (pointer.ok ? [] : [pointer.missing])),
  };
}

interface PoolTags extends Pick<Tables, 'partial' | 'gaps'> {
  readonly kernel: TypedMemory;
  readonly sum: TagSum;
}

function* poolTags(session: Session): Job<Found<PoolTags>> {
  const kernel = kernelMemory(session);
  if (!kernel.ok) return kernel;
  const place = findTables(session);
  if (!place.ok) return place;
  const { tables, rows, ...known } = place.value;
  return mapFound(yield* sumPoolTags(kernel.value, tables, rows), (sum) => ({ kernel: kernel.value, sum, ...known }));
}

const held = ({ allocs, frees }: PoolUse): bigint => allocs - frees;
const inUse = ({ nonPaged, paged }: TagUse): boolean => [nonPaged, paged].some((pool) => held(pool) !== 0n || pool.bytes !== 0n);
const descending = (a: bigint, b: bigint): number => (a < b ? 1 : a > b ? -1 : 0);

const VERBOSE = 1;
const BY_NON_PAGED = 2;
const BY_PAGED = 4;

/** The first of them that the flags hold; by tag without one. */
const ORDERS: readonly { readonly flag: number; readonly title: string; readonly compare: (a: TagUse, b: TagUse) => number }[] = [
  { flag: BY_NON_PAGED, title: 'NonPaged Pool Consumed', compare: (a, b) => descending(a.nonPaged.bytes, b.nonPaged.bytes) },
  { flag: BY_PAGED, title: 'Paged Pool Consumed', compare: (a, b) => descending(a.paged.bytes, b.paged.bytes) },
  { flag: 0, title: 'Tag', compare: (a, b) => (a.tag < b.tag ? -1 : 1) },
];

export function tagWords(knowledge: Knowledge, tag: string): string {
  const known = knowledge.poolTag(tag);
  if (!known) return `UNKNOWN pooltag '${tag}', please update pooltag.txt`;
  return known.component ? `${known.description} , Binary: ${known.component}` : known.description;
}

/** Right-aligned, with a blank in front however long the number is. */
const cell = (value: bigint, width: number): string => ` ${String(value).padStart(width - 1)}`;

const columns = (verbose: boolean, pools: readonly PoolUse[], first: number): string =>
  pools
    .map((pool, index) => {
      const counts = [...(verbose ? [pool.allocs, pool.frees] : []), held(pool)];
      return `${counts.map((count, at) => cell(count, index + at === 0 ? first : 11)).join('')}${cell(pool.bytes, 13)}`;
    })
    .join('');

const heading = (verbose: boolean): readonly string[] =>
  verbose
    ? ['               NonPaged                                         Paged', ` Tag ${'    Allocs      Frees       Diff         Used '.repeat(2).trimEnd()}`]
    : ['               NonPaged                  Paged', ' Tag     Allocs         Used     Allocs         Used'];

const total = (pools: readonly PoolUse[]): PoolUse =>
  pools.reduce((sum, pool) => ({ allocs: sum.allocs + pool.allocs, frees: sum.frees + pool.frees, bytes: sum.bytes + pool.bytes }), {
    allocs: 0n,
    frees: 0n,
    bytes: 0n,
  });

interface Asked {
  readonly flags: number;
  readonly pattern: RegExp;
}

function tableNodes(session: Session, tags: readonly TagUse[], { flags, pattern }: Asked): OutputNode[] {
  const verbose = (flags & VERBOSE) !== 0;
  const order = ORDERS.find(({ flag }) => flag === 0 || (flags & flag) !== 0);
  const shown = tags.filter((tag) => inUse(tag) && pattern.test(tag.tag)).sort(order?.compare);
  const sums = [total(shown.map(({ nonPaged }) => nonPaged)), total(shown.map(({ paged }) => paged))];
  return [
    line(` Sorting by ${order?.title ?? ''}`),
    line(''),
    ...heading(verbose).map((text) => line(text)),
    line(''),
    ...shown.map(({ tag, nonPaged, paged }) => line(` ${tag}${columns(verbose, [nonPaged, paged], 10)}\t${tagWords(session.knowledge, tag)}`)),
    line(''),
    line(` TOTAL${columns(verbose, sums, 9)}`),
  ];
}

/** One for each processor says no more than the first few. */
const MAX_GAPS = 8;
const LEFT_OUT = '. What other processors took and gave back is left out, so that a number may even be below zero';

/** "2", "4 Nt*", "0 Irp": flags in hex, then a tag with * and ?. */
function parseAsked(tail: string): Reply<Asked> {
  const [, digits = '0', tag] = /^\s*(?:0x)?([0-9a-f]*)(?:\s+(\S.{0,3}?))?\s*$/i.exec(tail) ?? [];
  if (tail.trim() !== '' && !/^\s*(0x)?[0-9a-f]+(\s+\S.{0,3}?)?\s*$/i.test(tail))
    return refuse('BAD_ARGUMENT', 'flags and a tag of four characters are wanted', { at: 0 });
  const flags = Number.parseInt(digits || '0', 16);
  if ((flags & ~(VERBOSE | BY_NON_PAGED | BY_PAGED)) !== 0)
    return refuse(
      'BAD_ARGUMENT',
      'flags are 1 (counts of both), 2 (by non-paged bytes) and 4 (by paged bytes); session pool (8) is in no table that KDBG names',
      { at: 0 },
    );
  const source = (tag ?? '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return reply({ flags, pattern: new RegExp(`^${source} *$`) });
}

export const poolUsed: CommandRun = function* ({ session }, tail) {
  const asked = parseAsked(tail);
  if (!asked.ok) return asked;
  const pools = yield* poolTags(session);
  if (!pools.ok) return refuse('BAD_ARGUMENT', describeMissing(pools.missing), { at: 0 });
  const { kernel, sum, partial, gaps } = pools.value;
  return reply([
    ...layoutNotes(kernel),
    ...tableNodes(session, sum.tags, asked.value),
    ...(partial === undefined ? [] : [note(`${partial}${LEFT_OUT}`)]),
    ...gaps.slice(0, MAX_GAPS).map((gap) => note(`a table is not summed: ${describeMissing(gap)}`)),
    ...sum.gaps.map((gap) => note(`a table ends early: ${describeMissing(gap)}`)),
  ]);
};
