/**
 * `!pool`: the blocks of the page that an address lies in. Layout: learn.microsoft.com/windows-hardware/drivers/debuggercmds/-pool and the
 * public texts that pool.test.ts cites.
 */
import { type Va, va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { reply } from '../base/problem.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { findBigBlock } from '../types/kernel/bigpool.ts';
import { findPoolBlock, type ListedBlock, listPoolPage, type PoolPage } from '../verdict/poolblock.ts';
import { addressOf } from './arguments.ts';
import { pointerSpan } from './devices.ts';
import { kernelVariable, tagWords } from './poolused.ts';
import { type CommandRun, line, note, type OutputNode } from './spec.ts';

const PAGE_MASK = ~0xfffn;

const covers = ({ at, sizeBytes }: ListedBlock, address: bigint): boolean => address >= at && address < at + BigInt(sizeBytes);

function blockNodes(session: Session, block: ListedBlock, isAsked: boolean): OutputNode[] {
  const size = (bytes: number): string => bytes.toString(16).padStart(4);
  const state = block.allocated ? '(Allocated)' : '(Free)';
  const row = line(
    isAsked ? '*' : ' ',
    pointerSpan({ ok: true, value: block.at }),
    ` size: ${size(block.sizeBytes)} previous size: ${size(block.previousBytes)}  ${state.padEnd(11)} ${isAsked ? '*' : ' '}${block.tag}`,
  );
  return isAsked ? [row, line(`\t\tPooltag ${block.tag} : ${tagWords(session.knowledge, block.tag)}`)] : [row];
}

const BY_TAG = 'the headers do not chain from the page’s start, as in the heap that pool is since 10.0.17763: blocks are found by their tags alone';
const LARGE = 'blocks of a page and more have no header: nt!PoolBigPageTable, which symbols name, lists them';
const BROKEN = 'behind the last block the next header does not agree with it: it is damaged, or no pool';

/** What can be said against a list of blocks. */
function doubts({ blocks, chained, gap }: PoolPage): OutputNode[] {
  const cut = gap ? [note(`the page is not listed to its end: ${describeMissing(gap)}`)] : [];
  if (!chained) return blocks.length === 0 ? cut : [note(BY_TAG), ...cut];
  if (gap) return cut;
  const end = blocks.at(-1);
  return end !== undefined && (end.at + BigInt(end.sizeBytes)) % 0x1000n === 0n ? [] : [note(BROKEN)];
}

/** Where the page's start is not in the dump, the nearest header in front of the address may be. */
function poolNodes(session: Session, address: Va, only: boolean): OutputNode[] {
  const known = (tag: string): boolean => session.knowledge.poolTag(tag) !== undefined;
  const read = listPoolPage(session.memory, va(address & PAGE_MASK), known);
  const page: PoolPage = read.ok ? read.value : { blocks: [], chained: false };
  const listed = page.blocks.find((block) => covers(block, address));
  const near = listed ? undefined : findPoolBlock(session.memory, address, known);
  const blocks = near ? [...page.blocks.filter(({ at }) => at < near.at), near] : page.blocks;
  const asked = listed ?? near;
  const region = asked ? (asked.paged ? 'Paged pool' : 'Nonpaged pool') : 'Unknown';
  const at = pointerSpan({ ok: true, value: address });
  return [
    line('Pool page ', at, ` region is ${region}`),
    ...blocks.filter((block) => !only || block === asked).flatMap((block) => blockNodes(session, block, block === asked)),
    ...doubts({ ...page, blocks, chained: page.chained && !near }),
    ...(asked || !read.ok ? [] : [line(at, ' is not valid pool. No header in front of it has a known tag and covers it'), note(LARGE)]),
    ...(asked || read.ok
      ? []
      : [line('Address ', at, ' could not be read. It may be a freed, invalid or paged out page'), note(describeMissing(read.missing))]),
  ];
}

/** A table of more rows than this is none. */
const MAX_ROWS = 0x40_0000n;

/** A block of a page and more, where symbols name the table of them. */
function* findLarge(session: Session, address: Va): Job<readonly OutputNode[]> {
  const kernel = kernelMemory(session);
  const variable = kernelVariable(session, 'PoolBigPageTable');
  const count = kernelVariable(session, 'PoolBigPageTableSize');
  if (!kernel.ok || variable === undefined || count === undefined) return [];
  const table = session.memory.pointer(variable);
  const rows = session.memory.pointer(count);
  if (!table.ok || !rows.ok || rows.value > MAX_ROWS) return [];
  const block = yield* findBigBlock(kernel.value, table.value, Number(rows.value), address);
  if (!block) return [];
  return [
    line('Pool page ', pointerSpan({ ok: true, value: address }), ' region is Unknown'),
    line('*', pointerSpan({ ok: true, value: block.at }), ` : large page allocation, tag is ${block.tag}, size is ${hex(block.bytes)} bytes`),
    line(`\t\tPooltag ${block.tag} : ${tagWords(session.knowledge, block.tag)}`),
  ];
}

export const pool: CommandRun = function* ({ session }, tail) {
  const [, place = tail, flags = '0'] = /^(.*\S)\s+([0-9a-f])\s*$/i.exec(tail) ?? [];
  const at = addressOf(session, place);
  if (!at.ok) return at;
  const only = (Number.parseInt(flags, 16) & 2) !== 0;
  const large = yield* findLarge(session, at.value);
  return reply(large.length > 0 ? large : poolNodes(session, at.value, only));
};
