/** Damaged copies of a file, the same for the same seed. */
import { Random } from '../build/random.ts';

export interface Damaged {
  /** What was done, to be repeated: "seed 1 #17: u32 @0x2078 = 0xffffffff". */
  readonly label: string;
  readonly bytes: Uint8Array;
}

const EXTREMES: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fff0n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];
/** Headers and tables stand at the start; half of all damage goes there. */
const HEAD = 0x4000;

type Change = (bytes: Uint8Array, random: Random) => { readonly what: string; readonly bytes: Uint8Array };

function position(bytes: Uint8Array, random: Random): number {
  return random.below(random.below(2) === 0 ? Math.min(HEAD, bytes.length) : bytes.length);
}

function write(bytes: Uint8Array, at: number, width: number, value: bigint): void {
  for (let index = 0; index < width && at + index < bytes.length; index++) bytes[at + index] = Number((value >> BigInt(index * 8)) & 0xffn);
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

const flipBits: Change = (bytes, random) => {
  const count = 1 + random.below(8);
  const places: string[] = [];
  for (let done = 0; done < count; done++) {
    const at = position(bytes, random);
    const bit = random.below(8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    places.push(`${hex(at)}.${bit}`);
  }
  return { what: `flip ${places.join(' ')}`, bytes };
};

const extreme: Change = (bytes, random) => {
  const count = 1 + random.below(3);
  const places: string[] = [];
  for (let done = 0; done < count; done++) {
    const width = random.below(2) === 0 ? 4 : 8;
    const at = Math.floor(position(bytes, random) / 4) * 4;
    const value = BigInt.asUintN(width * 8, EXTREMES[random.below(EXTREMES.length)] ?? 0n);
    write(bytes, at, width, value);
    places.push(`u${width * 8} @${hex(at)} = ${hex(value)}`);
  }
  return { what: places.join(', '), bytes };
};

/** Values that are nearly right: the file's length and its neighbours, other fields' values. */
const plausible: Change = (bytes, random) => {
  const at = Math.floor(position(bytes, random) / 4) * 4;
  const value = BigInt(Math.max(0, [bytes.length, bytes.length - 1, bytes.length + 1, at, at + 4, at - 8, random.below(bytes.length)][random.below(7)] ?? 0));
  write(bytes, at, 4, value);
  return { what: `u32 @${hex(at)} = ${hex(value)}`, bytes };
};

const cut: Change = (bytes, random) => {
  const length = position(bytes, random);
  return { what: `cut at ${hex(length)}`, bytes: bytes.slice(0, length) };
};

const splice: Change = (bytes, random) => {
  const length = Math.min(1 + random.below(256), bytes.length);
  const [from, to] = [random.below(bytes.length - length + 1), Math.min(position(bytes, random), bytes.length - length)];
  bytes.copyWithin(to, from, from + length);
  return { what: `copy ${hex(length)} bytes from ${hex(from)} to ${hex(to)}`, bytes };
};

const wipe: Change = (bytes, random) => {
  const [at, length] = [position(bytes, random), 1 + random.below(512)];
  const value = random.below(2) * 0xff;
  bytes.fill(value, at, at + length);
  return { what: `fill ${hex(length)} bytes at ${hex(at)} with ${hex(value)}`, bytes };
};

const remove: Change = (bytes, random) => {
  const [at, length] = [position(bytes, random), 1 + random.below(64)];
  const shorter = new Uint8Array(bytes.length - Math.min(length, bytes.length - at));
  shorter.set(bytes.subarray(0, at));
  shorter.set(bytes.subarray(Math.min(at + length, bytes.length)), at);
  return { what: `remove ${hex(length)} bytes at ${hex(at)}`, bytes: shorter };
};

const CHANGES: readonly Change[] = [flipBits, extreme, extreme, extreme, plausible, plausible, cut, splice, wipe, remove];

/** `count` damaged copies. Each is made when it is asked for, so that a large file is in memory twice at most. */
export function* mutations(bytes: Uint8Array, seed: number, count: number): Generator<Damaged> {
  if (bytes.length === 0) return;
  for (let index = 0; index < count; index++) {
    // A generator of its own for each: number 700 can be made again without the 699 before it.
    const random = new Random(seed * 0x10001 + index);
    const change = CHANGES[random.below(CHANGES.length)] ?? flipBits;
    const { what, bytes: damaged } = change(bytes.slice(), random);
    yield { label: `seed ${seed} #${index}: ${what}`, bytes: damaged };
  }
}

/** The file cut at `places` lengths, evenly spread, and at the last byte. */
export function* cuts(bytes: Uint8Array, places: number): Generator<Damaged> {
  for (let index = 0; index < places; index++) {
    const length = index === places - 1 ? Math.max(0, bytes.length - 1) : Math.floor((bytes.length * index) / places);
    yield { label: `cut at ${hex(length)}`, bytes: bytes.subarray(0, length) };
  }
}
