/** `!poolused` and `!pool`: published layouts, and sums worked out by hand from the tables that the builder wrote. */
import { describe, expect, it } from 'vitest';
import { rva } from '../base/address.ts';
import { found, missing, notValid } from '../base/found.ts';
import type { SymbolTable } from '../symbols/provider.ts';
import { leakC4 } from '../testing/build/kernelstate.ts';
import { kernelOf } from '../testing/build/kernelscene.ts';
import { triageOf } from '../testing/build/scene.ts';
import { flatten } from '../testing/build/sparse.ts';
import { corpusHas } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { fakeSession, qword } from '../testing/node/fakesession.ts';
import { shownLines as shown } from '../testing/node/handmade.ts';
import { leakSession, powerSession, sessionOf } from '../testing/node/sessions.ts';
import type { Session } from '../target/target.ts';

/** The session with names for two of the kernel's variables. */
function named(session: Session, variables: Readonly<Record<string, bigint>>): Session {
  const nt = session.target.modules.byName('nt');
  const table: SymbolTable = {
    count: 2,
    origin: 'nt.pdb',
    kind: 'pdb',
    nearest: (at) => notValid('address', String(at), 'one behind a symbol'),
    byName: (name) => (variables[name] === undefined ? notValid('name', name, 'a symbol') : found(rva(Number(variables[name] - (nt?.base ?? 0n))))),
    match: () => [],
  };
  return { ...session, ...view(session), symbols: Object.assign(Object.create(session.symbols), { table: () => found(table) }) as Session['symbols'] };
}
/** Getters of a class do not survive a spread. */
const view = ({ target, memory, types, knowledge, decoder }: Session) => ({ target, memory, types, knowledge, decoder });

const scene = leakC4();
const PARTIAL = /^only the table of processor 0 is summed/;

describe('!poolused', () => {
  const built = leakSession();
  it('sorts by non-paged bytes (columns of a published `!poolused 2`)', () => {
    const text = shown(built, '!poolused 2');
    expect(text.slice(0, 8)).toEqual([
      ' Sorting by NonPaged Pool Consumed',
      '',
      '               NonPaged                  Paged',
      ' Tag     Allocs         Used     Allocs         Used',
      '',
      // 400 taken, 30 given back
      " ExNc       370      1000000          0            0\tUNKNOWN pooltag 'ExNc', please update pooltag.txt",
      ' CM31         0            0        800      3000000\tinternal Configuration manager allocations , Binary: nt!cm',
      // what another processor took was given back here
      ' Irp        -50        -5000          0            0\tio, IRP packets',
    ]);
    expect(text.slice(8, 10)).toEqual(['', ' TOTAL      320       995000        800      3000000']);
    expect(text.at(-1)).toMatch(PARTIAL);
  });

  it('by paged bytes, by tag, one tag, with what was given back', () => {
    const tags = (line: string): string[] => shown(built, line).flatMap((row) => /^ (\S{3,4}) .*\t/.exec(row)?.[1] ?? []);
    expect(tags('!poolused 4')[0]).toBe('CM31');
    expect(tags('!poolused')).toEqual(['CM31', 'ExNc', 'Irp']);
    expect(tags('!poolused 0 E*')).toEqual(['ExNc']);
    expect(shown(built, '!poolused 1 Irp')).toContain(
      ' Irp         10         60        -50        -5000          0          0          0            0\tio, IRP packets',
    );
    expect(shown(built, '!poolused 8')[0]).toMatch(/^BAD_ARGUMENT: flags are/);
    expect(shown(built, '!poolused 2 toolong')[0]).toMatch(/^BAD_ARGUMENT/);
  });

  it('sums the tables of all processors where symbols name them', () => {
    const text = shown(named(built, { ExPoolTagTables: scene.poolTagTables }), '!poolused 2');
    // -50 + 100 blocks, -5000 + 25000 bytes; paged 2 - 1
    expect(text).toContain(' Irp         50        20000          1           64\tio, IRP packets');
    expect(text.some((row) => PARTIAL.test(row))).toBe(false);
    expect(text.at(-1)).toMatch(/^ TOTAL/);
  });

  it('says which tables it lacks, and how many', () => {
    // The pointers of processors 0 and 1, of 2 to 7 a null; then a list that the dump does not hold; then no number of processors.
    const holes = {
      ...scene,
      memory: scene.memory.map((block) =>
        block.address === scene.poolTagTables ? { ...block, bytes: block.bytes.map((byte, at) => (at < 16 ? byte : 0)) } : block,
      ),
    };
    const listed = named(sessionOf(triageOf(holes).bytes, 'holes.dmp'), { ExPoolTagTables: scene.poolTagTables });
    expect(shown(listed, '!poolused 2').at(-1)).toMatch(/^the tables of 2 of 8 processors are summed/);
    const absent = shown(named(built, { ExPoolTagTables: (built.target.modules.byName('nt')?.base ?? 0n) + 0xd0_0000n }), '!poolused 2');
    expect(absent.filter((row) => /^a table is not summed: /.test(row)).length).toBe(7);
    expect(absent.some((row) => /^the tables of 1 of 8 processors are summed/.test(row))).toBe(true);
    const os = { ...built.target.os, processors: missing({ why: 'not-computed' }) };
    const uncounted = named({ ...view(built), symbols: built.symbols, target: { ...built.target, os } } as Session, { ExPoolTagTables: scene.poolTagTables });
    expect(shown(uncounted, '!poolused 2').at(-1)).toMatch(PARTIAL);
  });

  it('says why where the table is not there: other kernels, small dumps, a size that is none, a table that ends early', () => {
    expect(shown(powerSession(), '!poolused')).toEqual(['BAD_ARGUMENT: KDBG does not name PoolTrackTable']);
    const wrong = named(built, { PoolTrackTableSize: scene.poolTagTables });
    expect(shown(wrong, '!poolused')[0]).toMatch(/PoolTrackTableSize/);
    const cut = flatten(kernelOf(scene, { kind: 'bitmap-kernel', pagedOut: [0xffffe08170001000n] }).dump);
    expect(shown(sessionOf(cut, 'cut.dmp'), '!poolused').at(-1)).toMatch(/^a table ends early: .* was paged out/);
    const small = triageOf({ ...scene, memory: [] }).bytes;
    expect(shown(sessionOf(small, 'small.dmp'), '!poolused')[0]).toMatch(/not in this dump/);
  });
});

describe('!pool', () => {
  const built = leakSession();
  it('marks the block asked for among those of its page (layout: the documentation of !pool)', () => {
    expect(shown(built, '!pool ffffe08170000050')).toEqual([
      'Pool page ffffe08170000050 region is Nonpaged pool',
      ' ffffe08170000000 size:   40 previous size:    0  (Allocated)  MmDT',
      '*ffffe08170000040 size:  200 previous size:   40  (Allocated) *ExNc',
      "\t\tPooltag ExNc : UNKNOWN pooltag 'ExNc', please update pooltag.txt",
      ' ffffe08170000240 size:   40 previous size:  200  (Allocated)  Irp ',
      ' ffffe08170000280 size:  d80 previous size:   40  (Free)       Free',
    ]);
    expect(shown(built, '!pool ffffe08170000250 2')).toEqual([
      'Pool page ffffe08170000250 region is Nonpaged pool',
      '*ffffe08170000240 size:   40 previous size:  200  (Allocated) *Irp ',
      '\t\tPooltag Irp  : io, IRP packets',
    ]);
  });

  const header = (previous: number, size: number, type: number, tag: string): string =>
    [previous / 16, 0, size / 16, type, ...tag].map((part) => (typeof part === 'string' ? part.charCodeAt(0) : part).toString(16).padStart(2, '0')).join('');

  it('finds blocks by their tags where headers do not chain, and says so', () => {
    const memory = { '0xffffe08170000000': `${qword(1n)}${qword(2n)}${header(0, 0x40, 3, 'Proc')}${'00'.repeat(0xfe8)}` };
    const text = shown(fakeSession({ modules: ['ntoskrnl.exe'], memory }), '!pool ffffe08170000030');
    expect(text.slice(0, 2)).toEqual([
      'Pool page ffffe08170000030 region is Paged pool',
      '*ffffe08170000010 size:   40 previous size:    0  (Allocated) *Proc',
    ]);
    expect(text.at(-1)).toMatch(/^the headers do not chain/);
  });

  it('accuses no header where the dump ends before the page does', () => {
    const memory = { '0xffffe08170000000': `${header(0, 0x40, 2, 'MmDT')}${'00'.repeat(0x38)}${header(0x40, 0x20, 2, 'Irp ')}${'00'.repeat(0x18)}` };
    const text = shown(fakeSession({ modules: ['ntoskrnl.exe'], memory }), '!pool ffffe08170000048');
    expect(text.at(-1)).toMatch(/^the page is not listed to its end: the memory at .* is not in this dump$/);
  });

  it('shows where a chain breaks', () => {
    const memory = {
      '0xffffe08170000000': `${header(0, 0x40, 2, 'MmDT')}${'00'.repeat(0x38)}${header(0x40, 0x20, 2, 'Irp ')}${'00'.repeat(0x18)}${'41'.repeat(0xfa0)}`,
    };
    const text = shown(fakeSession({ modules: ['ntoskrnl.exe'], memory }), '!pool ffffe08170000048');
    expect(text.filter((row) => / size: /.test(row)).length).toBe(2);
    expect(text.at(-1)).toBe('behind the last block the next header does not agree with it: it is damaged, or no pool');
  });

  it('finds a block of several pages where symbols name their table', () => {
    // PoolBigPageTable points at four rows of 24 bytes (19041): Va, Key, NumberOfBytes at 0x10; bit 0 of Va marks a free one.
    const tag = (text: string): bigint => BigInt([...text].reduceRight((sum, char) => sum * 256 + char.charCodeAt(0), 0));
    const row = (at: bigint, name: string, bytes: bigint): string => `${qword(at)}${qword(tag(name))}${qword(bytes)}`;
    const rows = [
      row(0xffffe08150000001n, 'Gone', 0x9000n),
      row(0n, '', 0n),
      row(0xffffe08160000000n, 'File', 0x1000n),
      row(0xffffe08140000000n, 'Cont', 0x3000n),
    ];
    const memory = { '0xfffff80010001000': `${qword(0xffffe08130000000n)}${qword(4n)}`, '0xffffe08130000000': rows.join('') };
    const session = named(fakeSession({ modules: ['ntoskrnl.exe'], memory }), {
      PoolBigPageTable: 0xfffff80010001000n,
      PoolBigPageTableSize: 0xfffff80010001008n,
    });
    expect(shown(session, '!pool ffffe08140002fff').slice(1, 2)).toEqual(['*ffffe08140000000 : large page allocation, tag is Cont, size is 0x3000 bytes']);
    expect(shown(session, '!pool ffffe08140003000')[1]).toMatch(/could not be read/);
    expect(shown(session, '!pool ffffe08150000000')[1]).toMatch(/could not be read/);
  });

  it('refuses nothing, and invents nothing, where the page is not there', () => {
    expect(shown(leakSession(), '!pool ffffc48068d7d000').slice(0, 2)).toEqual([
      'Pool page ffffc48068d7d000 region is Unknown',
      'Address ffffc48068d7d000 could not be read. It may be a freed, invalid or paged out page',
    ]);
  });

  it.skipIf(!corpusHas('kernel/rts-7a.dmp'))('finds the process object of a real small dump', () => {
    // EPROCESS of the process that was running, by the dump's own PRCB; a process has the tag Proc.
    const session = corpusSession('kernel/rts-7a.dmp');
    const text = shown(session, `!pool ${session.target.process.object?.toString(16)}`);
    expect(text.some((row) => /^\*.*\*Proc$/.test(row))).toBe(true);
  });
});
