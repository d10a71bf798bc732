/**
 * Pool blocks of a page and more, which have no header: nt!PoolBigPageTable, a hash table of POOL_TRACKER_BIG_PAGES (public type tables of
 * the kernel). Bit 0 of Va marks a row that is free.
 */
import { type Va, va, vaAdd } from '../../base/address.ts';
import { type Found, mapFound, thenFound } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { fourLettersShown, withoutProtection } from '../../base/letters.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';
import { rowOf, rowUint } from './row.ts';

export interface BigBlock {
  readonly at: Va;
  readonly bytes: bigint;
  readonly tag: string;
}

const ROWS_A_READ = 4096;

function readRow(row: TypedView): Found<BigBlock> {
  return thenFound(row.uint('Va'), (at) =>
    thenFound(row.uint('NumberOfBytes'), (bytes) =>
      mapFound(row.number('Key'), (key) => ({ at: va(at), bytes, tag: fourLettersShown(withoutProtection(key)) })),
    ),
  );
}

/** The block that holds an address; `rows` as the kernel tells them, checked by the caller. Rows that the dump does not hold are passed over. */
export function* findBigBlock(kernel: TypedMemory, table: Va, rows: number, address: Va): Job<BigBlock | undefined> {
  const layout = rowOf(kernel, '_POOL_TRACKER_BIG_PAGES', ['Va']);
  if (!layout.ok) return undefined;
  const { type, size, fields } = layout.value;
  for (let first = 0; first < rows; first += ROWS_A_READ) {
    const piece = kernel.space.read(vaAdd(table, first * size), Math.min(ROWS_A_READ, rows - first) * size);
    const view = new DataView(piece.bytes.buffer, piece.bytes.byteOffset, piece.got);
    for (let at = 0; at + size <= piece.got; at += size) {
      const start = rowUint(view, at, fields.Va);
      // A free row has bit 0 set; blocks start at pages.
      if (start === 0n || (start & 0xfffn) !== 0n || start > address) continue;
      const block = readRow(kernel.viewAs(type, vaAdd(table, first * size + at)));
      if (block.ok && address < block.value.at + block.value.bytes) return block.value;
    }
    yield { progress: 'Searching large pool blocks', done: first, of: rows };
  }
  return undefined;
}
