/** What kind of address a value is, and whether one wrong bit made it. */
import { isCanonical, va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { lettersOf } from '../base/letters.ts';
import type { Module, ModuleList, UnloadedModule } from '../modules/module.ts';

export type AddressKind = 'null' | 'near-null' | 'minus-one' | 'user' | 'module' | 'unloaded' | 'stack' | 'kernel' | 'non-canonical' | 'pattern';

export interface AddressClass {
  readonly kind: AddressKind;
  readonly words: string;
  /** The same for someone who does not debug. */
  readonly plain: string;
  readonly module?: Module;
  readonly offset?: bigint;
  readonly unloaded?: UnloadedModule;
  /** A single bit that, put back, makes the value a proper address; `value` is the value then. */
  readonly flippedBit?: number;
  readonly value?: bigint;
}

export interface AddressWorld {
  readonly modules: ModuleList;
  readonly pointerSize: 4 | 8;
  readonly stack?: { readonly low: bigint; readonly high: bigint };
  /** Of a dump of one program: the kernel's half is out of its reach. */
  readonly user?: boolean;
}
/** All but the plain words, which follow from the rest. */
type Classed = Omit<AddressClass, 'plain'>;

/** What is said to someone who does not debug: where the address leads, without numbers. Files keep their names. */
const PLAIN: Readonly<Record<Exclude<AddressKind, 'pattern'>, (one: Classed) => string>> = {
  null: () => 'no address at all, a null pointer',
  'near-null': () => 'close to address 0, which stands for “nothing”',
  'minus-one': () => 'most likely one that cannot exist, so the processor gave none',
  user: () => 'in the memory of programs',
  module: (one) => `inside ${one.module?.imageName ?? 'a module'}`,
  unloaded: (one) => `inside ${one.unloaded?.name ?? 'a driver'}, which was no longer loaded`,
  stack: () => 'on the stack of this thread',
  kernel: () => 'in the memory of the kernel, in no driver’s file',
  'non-canonical': (one) => (one.flippedBit === undefined ? 'one that cannot exist' : 'one that cannot exist: a single bit of it is wrong'),
};
const plainOf = (one: Classed, world: AddressWorld): string => {
  if (one.kind === 'pattern') return one.words;
  if (one.kind === 'minus-one' && world.pointerSize === 4) return 'the very last one, where nothing can be';
  if (world.user && one.kind === 'kernel') return 'in the memory of the system, where a program may not reach';
  if (world.user && one.kind === 'user') return 'an ordinary address';
  return PLAIN[one.kind](one);
};

/** Values that debug heaps and runtimes write into memory that nobody should read. */
const PATTERNS: readonly (readonly [number, string])[] = [
  [0xdeadbeef, 'the fill pattern 0xdeadbeef'],
  [0xbaadf00d, 'the fill pattern of fresh heap memory'],
  [0xfeeefeee, 'the fill pattern of freed heap memory'],
  [0xdddddddd, 'the fill pattern of freed memory'],
  [0xcdcdcdcd, 'the fill pattern of fresh memory'],
  [0xabababab, 'the guard pattern behind a heap block'],
  [0xcccccccc, 'the fill pattern of fresh stack memory'],
];

const LOW = 0x1_0000n;

/** Number of set bits. */
export function bitCount(value: bigint): number {
  let count = 0;
  for (let rest = value; rest !== 0n; rest &= rest - 1n) count++;
  return count;
}

/** The index of the only set bit, or undefined where there are none or several. */
export function onlyBit(value: bigint): number | undefined {
  return value !== 0n && (value & (value - 1n)) === 0n ? value.toString(2).length - 1 : undefined;
}

/** A non-canonical value with exactly one of the bits 47 to 63 unlike the others. */
export function flippedCanonicalBit(value: bigint): number | undefined {
  if (isCanonical(va(value))) return undefined;
  const top = value >> 47n;
  const bit = onlyBit(top) ?? onlyBit(~top & 0x1ffffn);
  return bit === undefined ? undefined : bit + 47;
}

/** Letters with two zero bytes over them; a small offset may have been added, so the lowest byte need not be one. */
function shortText(value: bigint): string | undefined {
  return value >> 48n === 0n ? lettersOf(value >> 8n, 5) : undefined;
}

function patternOf(value: bigint, pointerSize: 4 | 8): string | undefined {
  const low = Number(value & 0xffff_ffffn);
  const high = Number(value >> 32n);
  const doubled = pointerSize === 4 || high === low || high === 0;
  const known = doubled ? PATTERNS.find(([pattern]) => Math.abs(low - pattern) < 0x1000)?.[1] : undefined;
  if (known !== undefined) return known;
  // Text was taken for an address.
  const text = lettersOf(value, pointerSize) ?? (pointerSize === 8 ? shortText(value) : undefined);
  return text === undefined ? undefined : `text: the characters "${text}"`;
}

function smallKind(value: bigint, pointerSize: 4 | 8): Classed | undefined {
  const all = pointerSize === 8 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  if (value === 0n) return { kind: 'null', words: 'a null pointer' };
  if (value < LOW) return { kind: 'near-null', words: `a null pointer plus ${hex(value)}`, offset: value };
  if (value === all) return { kind: 'minus-one', words: 'all bits set: the processor gave no address' };
  if (value > all - LOW) return { kind: 'near-null', words: `just below address 0: a null pointer minus ${hex(all + 1n - value)}`, offset: value };
  return undefined;
}

function moduleKind(value: bigint, world: AddressWorld): Classed | undefined {
  const place = world.modules.find(va(value));
  if (place) {
    return { kind: 'module', words: `inside ${place.module.imageName}+${hex(place.rva)}`, module: place.module, offset: BigInt(place.rva) };
  }
  const unloaded = world.modules.findUnloaded(va(value));
  if (unloaded) {
    return {
      kind: 'unloaded',
      words: `inside ${unloaded.name}, which had been unloaded (+${hex(value - unloaded.start)})`,
      unloaded,
      offset: value - unloaded.start,
    };
  }
  const { stack } = world;
  if (stack && value >= stack.low && value < stack.high) return { kind: 'stack', words: `on this thread's stack (${hex(stack.high - value)} below its end)` };
  return undefined;
}

/** With five-level paging 57 bits count, but hardly a client runs it: a value one bit off the 48-bit form is told as such. */
function nonCanonical(value: bigint): Classed {
  const flippedBit = flippedCanonicalBit(value);
  if (flippedBit !== undefined) return { kind: 'non-canonical', words: `not a possible address: bit ${String(flippedBit)} is wrong`, flippedBit, value };
  const words = isCanonical(va(value), 57) ? 'not a possible address with 48-bit paging (not canonical)' : 'not a possible address (not canonical)';
  return { kind: 'non-canonical', words };
}

/** The half of the address space that is the kernel's (32-bit Windows: from 2 GB on). */
function halfOf(value: bigint, world: AddressWorld): Classed {
  const kernel = world.pointerSize === 4 ? value >= 0x8000_0000n : value >> 63n === 1n;
  if (!kernel) return { kind: 'user', words: 'a user-mode address' };
  if (world.user) return { kind: 'kernel', words: 'an address of the kernel, out of reach of a program' };
  return { kind: 'kernel', words: `kernel memory of no module${world.pointerSize === 4 ? '' : ' (pool, stack or mapped)'}` };
}

function classOf(value: bigint, world: AddressWorld): Classed {
  const small = smallKind(value, world.pointerSize) ?? moduleKind(value, world);
  if (small) return small;
  const pattern = patternOf(value, world.pointerSize);
  if (pattern !== undefined) return { kind: 'pattern', words: pattern };
  return world.pointerSize === 4 || isCanonical(va(value)) ? halfOf(value, world) : nonCanonical(value);
}

export function classifyAddress(value: bigint, world: AddressWorld): AddressClass {
  const one = classOf(value, world);
  return { ...one, plain: plainOf(one, world) };
}

/** x64 levels (wdm.h): 0 PASSIVE, 1 APC, 2 DISPATCH, 3 to 12 devices, 13 CLOCK, 14 IPI, 15 HIGH. */
const IRQL_X64: readonly string[] = ['PASSIVE_LEVEL', 'APC_LEVEL', 'DISPATCH_LEVEL'];
const IRQL_HIGH_X64: Readonly<Record<string, string>> = { '13': 'CLOCK_LEVEL', '14': 'IPI_LEVEL', '15': 'HIGH_LEVEL', '255': 'interrupts were off' };

export function irqlName(value: bigint): string {
  const low = IRQL_X64[Number(value & 0xffn)];
  if (value < 3n && low !== undefined) return low;
  return IRQL_HIGH_X64[value.toString()] ?? (value < 16n ? `device interrupt level ${value.toString()}` : `not an IRQL (${hex(value)})`);
}
