/**
 * `!pte` and `!vtop`: page table entries of an address, through the kernel's own map of them and in physical memory. Entries: Intel SDM
 * vol. 3, 4.5; letters and layout: learn.microsoft.com/windows-hardware/drivers/debuggercmds/-pte and converting-virtual-addresses-to-
 * physical-addresses. x64 with four levels.
 */
import { type Pa, pa, type Va, va } from '../base/address.ts';
import { type Found, found, missing, type MissingReason, thenFound, valueOf } from '../base/found.ts';
import { hex, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { viewOf } from '../bytes/struct.ts';
import { PagedSpace } from '../memory/pagedspace.ts';
import type { PhysicalMemory } from '../memory/space.ts';
import type { Session } from '../target/target.ts';
import { addressOf } from './arguments.ts';
import { pointerSpan } from './devices.ts';
import { type CommandRun, line, note, type OutputNode, type Span, text } from './spec.ts';

const VALID = 1n;
const LARGE = 0x80n;
const ADDRESS = 0x000f_ffff_ffff_f000n;
/** Where the page tables are mapped before Windows 10 1607, which moves them at each start and tells KDBG where. */
const FIXED_PTE_BASE = 0xffff_f680_0000_0000n;
const MOVED_SINCE = 14393;
/** From nine bits an index of eight-byte entries. */
const TABLE_MASK = 0x7f_ffff_fff8n;

function pteBase({ target }: Session): Found<bigint> {
  const told = target.kernelPointers['PteBase'];
  if (told !== undefined) return found(told);
  return thenFound(target.os.build, (build) =>
    build < MOVED_SINCE
      ? found(FIXED_PTE_BASE)
      : missing({ why: 'not-computed', detail: 'KDBG does not tell PteBase, where this kernel maps its page tables' }),
  );
}

/** Addresses of the entries, the highest level first. */
function entryAddresses(base: bigint, at: Va): readonly Va[] {
  const above = (address: bigint): Va => va(base + ((address >> 9n) & TABLE_MASK));
  const pte = above(at);
  const pde = above(pte);
  const ppe = above(pde);
  return [above(ppe), ppe, pde, pte];
}

/** Letter where the bit is set; a second one where it is not. */
const BITS: readonly (readonly [bit: bigint, set: string, clear: string])[] = [
  [0x200n, 'C', '-'],
  [0x100n, 'G', '-'],
  [LARGE, 'L', '-'],
  [0x40n, 'D', '-'],
  [0x20n, 'A', '-'],
  [0x10n, 'N', '-'],
  [0x8n, 'T', '-'],
  [0x4n, 'U', 'K'],
  [0x2n, 'W', 'R'],
  [1n << 63n, '-', 'E'],
  [VALID, 'V', '-'],
];
const letters = (entry: bigint): string => BITS.map(([bit, set, clear]) => ((entry & bit) === 0n ? clear : set)).join('');

const COLUMN = 27;
const LEVELS = ['PXE', 'PPE', 'PDE', 'PTE'] as const;

function contentSpan(entry: Found<bigint>): Span {
  const width = COLUMN - 'contains '.length;
  return entry.ok
    ? text(hexDigits(entry.value, 16).toUpperCase().padEnd(width))
    : { span: 'missing', reason: entry.missing, text: '?'.repeat(16).padEnd(width) };
}

function meaningText(entry: Found<bigint>): string {
  if (!entry.ok) return ''.padEnd(COLUMN);
  if ((entry.value & VALID) === 0n) return 'not valid'.padEnd(COLUMN);
  return `pfn ${((entry.value & ADDRESS) >> 12n).toString(16).padEnd(10)}${letters(entry.value)}`.padEnd(COLUMN);
}

function pteNodes(session: Session, base: bigint, at: Va): OutputNode[] {
  const places = entryAddresses(base, at);
  const entries: Found<bigint>[] = [];
  let large: bigint | undefined;
  for (const [level, place] of places.entries()) {
    if (large !== undefined) break;
    const entry = session.memory.u64(place);
    entries.push(entry);
    if (level > 0 && level < 3 && entry.ok && (entry.value & (VALID | LARGE)) === (VALID | LARGE)) large = entry.value;
  }
  const where = session.memory.translate(at);
  return [
    line(' '.repeat(43), 'VA ', pointerSpan(found(at))),
    line(
      ...places.flatMap((place, level): (Span | string)[] => [
        `${LEVELS[level] ?? ''} at `,
        { span: 'address', at: place, text: hexDigits(place, 16).toUpperCase() },
        ' '.repeat(level === 3 ? 0 : 4),
      ]),
    ),
    line(...entries.flatMap((entry): (Span | string)[] => ['contains ', contentSpan(entry)])),
    line(`${entries.map(meaningText).join('')}${large === undefined ? '' : 'LARGE PAGE'}`.trimEnd()),
    ...(where.ok ? [] : [note(describeMissing(where.missing))]),
  ];
}

function needsFourLevels({ target }: Session): Reply<true> {
  if (target.arch !== 'x64') return refuse('BAD_ARGUMENT', `page tables are shown for x64; this dump is ${target.arch}`, { at: 0 });
  const five = target.memory instanceof PagedSpace && target.memory.mode.levels.length > 4;
  return five ? refuse('BAD_ARGUMENT', 'this kernel has page tables of five levels; those of four are shown', { at: 0 }) : reply(true);
}

export const pte: CommandRun = function* ({ session }, tail) {
  const arch = needsFourLevels(session);
  if (!arch.ok) return arch;
  const at = addressOf(session, tail);
  if (!at.ok) return at;
  const base = pteBase(session);
  return base.ok ? reply(pteNodes(session, base.value, at.value)) : refuse('BAD_ARGUMENT', describeMissing(base.missing), { at: 0 });
};

interface Step {
  readonly name: string;
  readonly shift: bigint;
}
const STEPS: readonly Step[] = [
  { name: 'PML4E', shift: 39n },
  { name: 'PDPE', shift: 30n },
  { name: 'PDE', shift: 21n },
  { name: 'PTE', shift: 12n },
];

function entryAt(physical: PhysicalMemory, at: Pa): Found<bigint> {
  const { bytes, got, missing: gap } = physical.read(at, 8);
  return got === 8 ? found(viewOf(bytes).getBigUint64(0, true)) : missing(gap ?? { why: 'not-in-dump', space: 'physical', at: BigInt(at) });
}

/** Only what the processor itself would follow; what Windows keeps in an entry that is not valid is `!pte`'s. */
function vtopNodes(session: Session, physical: PhysicalMemory, directory: bigint, at: Va): OutputNode[] {
  const wide = (value: bigint): string => hexDigits(value, 16);
  const nodes = [line('Amd64VtoP: Virt ', pointerSpan(found(at)), `, pagedir ${wide(directory & ADDRESS)}`)];
  let table = directory & ADDRESS;
  for (const { name, shift } of STEPS) {
    const place = table + ((at >> shift) & 0x1ffn) * 8n;
    nodes.push(line(`Amd64VtoP: ${name} ${wide(place)}`));
    const entry = entryAt(physical, pa(Number(place)));
    const failed: MissingReason | undefined = !entry.ok
      ? entry.missing
      : (entry.value & VALID) === 0n
        ? { why: 'not-valid', what: `the ${name}`, got: hex(entry.value), wanted: 'a valid entry' }
        : undefined;
    if (failed || !entry.ok)
      return [...nodes, line('Virtual address ', pointerSpan(found(at)), ' translation fails'), note(describeMissing(failed ?? { why: 'not-computed' }))];
    const isLarge = shift > 12n && shift < 39n && (entry.value & LARGE) !== 0n;
    table = entry.value & ADDRESS;
    if (!isLarge && shift > 12n) continue;
    const within = (1n << shift) - 1n;
    return [...nodes, ...mapped(session, at, (table & ~within) | (at & within), isLarge)];
  }
  return nodes;
}

function mapped(session: Session, at: Va, physical: bigint, large: boolean): OutputNode[] {
  const where = session.memory.translate(at);
  return [
    line(`Amd64VtoP: ${large ? 'Large page mapped' : 'Mapped'} phys ${hexDigits(physical, 16)}`),
    line('Virtual address ', pointerSpan(found(at)), ` translates to physical address ${physical.toString(16)}.`),
    note(where.ok ? `offset ${hex(where.value.fileOffset)} of the dump` : describeMissing(where.missing)),
  ];
}

export const vtop: CommandRun = function* ({ session }, tail) {
  const arch = needsFourLevels(session);
  if (!arch.ok) return arch;
  const { physical, process } = session.target;
  if (!physical) return refuse('BAD_ARGUMENT', 'a small dump holds no physical pages, and with them no page tables', { at: 0 });
  const [, first = '0', second = tail] = /^\s*(\S+)\s+(\S.*)$/.exec(tail) ?? [];
  const directory = addressOf(session, first);
  const at = addressOf(session, second);
  if (!directory.ok) return directory;
  if (!at.ok) return at;
  const own = valueOf(process.directoryTableBase ?? missing({ why: 'not-computed' }));
  const used = directory.value === 0n ? own : directory.value;
  if (used === undefined) return refuse('BAD_ARGUMENT', 'the dump does not tell the DirBase of the process: give one', { at: 0 });
  return reply(vtopNodes(session, physical, used, at.value));
};
