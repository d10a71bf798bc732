/** Tables whose row's layout is a PDB's, which may give any size and any place: a reason, never a loop or a throw. */
import { describe, expect, it } from 'vitest';
import { va } from '../../base/address.ts';
import { found, type Found, missing } from '../../base/found.ts';
import { driveSync } from '../../base/job.ts';
import { kernelMemory } from '../../target/kernelmemory.ts';
import { fakeSession, qword } from '../../testing/node/fakesession.ts';
import type { NamedType, StructType, TypeTable } from '../type.ts';
import { TypedMemory } from '../typedview.ts';
import { findBigBlock } from './bigpool.ts';
import { sumPoolTags } from './pooltracker.ts';
import { verifiedBlocks } from './verifieddriver.ts';

const TABLE = 0xffffe000_00001000n;
const COUNTS = ['NonPagedAllocs', 'NonPagedFrees', 'NonPagedBytes', 'PagedAllocs', 'PagedFrees', 'PagedBytes'];
const ENTRY = ['VirtualAddress', 'CallingAddress', 'NumberOfBytes', 'Tag'];

/** Every field at one offset, in a struct of a size that need not fit. */
function structOf(name: string, size: number, offset: number, names: readonly string[]): StructType {
  const type = () => found({ kind: 'base', name: 'unsigned __int64', form: 'uint', sizeBytes: 8 } as const);
  return {
    ...{ kind: 'struct', tag: 'struct', name, sizeBytes: size },
    fields: () => found(names.map((field) => ({ name: field, offset, role: 'member', type }) as const)),
  };
}

/** The kernel's types, one of them changed; a table that serves as a pool page too, with a null link in front. */
function memoryWith(changed: StructType): TypedMemory {
  const kernel = kernelMemory(
    fakeSession({ memory: { [`${TABLE}`]: `${qword(0n)}${'41'.repeat(0x1ff8)}`, [`${TABLE - 0x1000n}`]: `${qword(0n)}${qword(TABLE)}` } }),
  );
  if (!kernel.ok) throw new Error('no kernel types');
  const { types, space } = kernel.value;
  const find = (name: string): Found<NamedType> => (name === changed.name ? found(changed) : types.find(name));
  const table: TypeTable = { origin: 'made', find, names: () => types.names(), globals: (...asked) => types.globals(...asked) };
  return new TypedMemory(table, space);
}

const DAMAGED = [
  [0, 0],
  [3, 0],
  [16, 12],
  [16, 0x1_0000],
  [0x7fff_ffff, 0],
] as const;

describe.each(DAMAGED)('a row of %i bytes with its fields at %i', (size, offset) => {
  it('sums no pool tags', () =>
    expect(driveSync(sumPoolTags(memoryWith(structOf('_POOL_TRACKER_TABLE', size, offset, ['Key', ...COUNTS])), [va(TABLE)], 64))).toMatchObject({
      ok: false,
      missing: { why: 'not-valid' },
    }));

  it('finds no large block', () =>
    expect(
      driveSync(findBigBlock(memoryWith(structOf('_POOL_TRACKER_BIG_PAGES', size, offset, ['Va', 'Key', 'NumberOfBytes'])), va(TABLE), 64, va(TABLE))),
    ).toBeUndefined());

  it('lists no block of a verified driver', () => {
    const kernel = memoryWith(structOf('_VI_POOL_ENTRY_INUSE', size, offset, ENTRY));
    const driver = kernel.viewAs(structOf('_VF_TARGET_VERIFIED_DRIVER_DATA', 16, 0, ['PoolPageHeaders']), va(TABLE - 0x1000n));
    expect(verifiedBlocks(driver)).toMatchObject({ blocks: [], ended: { why: 'not-valid', what: expect.stringContaining('_VI_POOL_ENTRY_INUSE') as string } });
  });
});

it('one page of a verified driver holds no more blocks than are shown', () => {
  // Sixteen bytes a row, all of them at its start: 255 rows a page, each a block.
  const entry = structOf('_VI_POOL_ENTRY_INUSE', 16, 0, ENTRY);
  const pages = Array.from({ length: 12 }, (_, index) => TABLE + BigInt(index) * 0x1000n);
  const row = `${qword(0xffffe000_00005000n)}${qword(0n)}`;
  const memory = Object.fromEntries(pages.map((at, index) => [`${at}`, `${qword(pages[index + 1] ?? 0n)}${qword(0n)}${row.repeat(255)}`]));
  const kernel = kernelMemory(fakeSession({ memory: { ...memory, [`${TABLE - 0x1000n}`]: `${qword(0n)}${qword(TABLE)}` } }));
  if (!kernel.ok) throw new Error('no kernel types');
  const { space, types } = kernel.value;
  const find = (name: string): Found<NamedType> => (name === entry.name ? found(entry) : missing({ why: 'not-computed' }));
  const changed = new TypedMemory({ origin: 'made', find, names: () => types.names(), globals: (...asked) => types.globals(...asked) }, space);
  const driver = changed.viewAs(structOf('_VF_TARGET_VERIFIED_DRIVER_DATA', 16, 0, ['PoolPageHeaders']), va(TABLE - 0x1000n));
  const { blocks, ended } = verifiedBlocks(driver);
  expect(blocks.length).toBe(2048);
  expect(ended).toEqual({ why: 'not-computed', detail: 'only the first 2048 are shown' });
});
