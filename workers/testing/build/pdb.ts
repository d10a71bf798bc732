/** Writes a small PDB: one object file with symbols, its contributions, sections. Offsets by llvm.org/docs/PDB and cvinfo.h, counted by hand. */

const BLOCK = 512;
const u16 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const text = (value: string): number[] => [...new TextEncoder().encode(value), 0];
const padded = (bytes: readonly number[], to = 4): number[] => [...bytes, ...Array.from({ length: (to - (bytes.length % to)) % to }, () => 0)];

/** A symbol record: length, kind, fields, padding. */
function record(kind: number, fields: readonly number[]): number[] {
  const body = padded([...u16(kind), ...fields, ...Array.from({ length: 2 }, () => 0)]);
  const size = body.length + ((4 - ((body.length + 2) % 4)) % 4);
  return [...u16(size), ...body, ...Array.from({ length: size - body.length }, () => 0)];
}

interface CodePlace {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** S_GPROC32 with `end` as the place of its S_END in the module's stream. */
const procedure = (name: string, { segment, offset, length }: CodePlace, end: number): number[] =>
  record(0x1110, [...u32(0), ...u32(end), ...u32(0), ...u32(length), ...u32(0), ...u32(length), ...u32(0), ...u32(offset), ...u16(segment), 0, ...text(name)]);

/** S_SEPCODE: code of a procedure that was put elsewhere. */
const separatedCode = ({ segment, offset, length }: CodePlace, parent: { readonly segment: number; readonly offset: number }, end: number): number[] =>
  record(0x1132, [...u32(0), ...u32(end), ...u32(length), ...u32(0), ...u32(offset), ...u32(parent.offset), ...u16(segment), ...u16(parent.segment)]);

const endOfScope = (): number[] => record(6, []);

interface PdbPlan {
  readonly sections: readonly { readonly rva: number; readonly size: number }[];
  /** What follows the signature in the module's stream. */
  readonly symbols: readonly number[];
  readonly contributions: readonly CodePlace[];
}

function dbiStream({ symbols, contributions }: PdbPlan): number[] {
  const names = padded([...text('a.obj'), ...text('a.obj')]);
  const module = [
    ...Array.from({ length: 34 }, () => 0),
    ...u16(6),
    ...u32(4 + symbols.length),
    ...u32(0),
    ...u32(0),
    ...Array.from({ length: 16 }, () => 0),
    ...names,
  ];
  const entries = contributions.flatMap(({ segment, offset, length }) => [
    ...u16(segment),
    0,
    0,
    ...u32(offset),
    ...u32(length),
    ...u32(0),
    ...u16(0),
    0,
    0,
    ...u32(0),
    ...u32(0),
  ]);
  const parts = [...u32(0xeffe_0000 + 19_970_605), ...entries];
  const debug = [0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 5, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff].flatMap(u16);
  const sizes = [module.length, parts.length, 0, 0, 0, 0, debug.length, 0].flatMap(u32);
  const head = [...u32(0xffff_ffff), ...u32(19_990_903), ...u32(1), ...u16(0xffff), 0, 0, ...u16(0xffff), 0, 0, ...u16(7), 0, 0];
  return [...head, ...sizes, ...u16(0), ...u16(0x8664), ...u32(0), ...module, ...parts, ...debug];
}

function buildPdb(plan: PdbPlan): Uint8Array {
  const info = [...u32(20_000_404), ...u32(1), ...u32(1), ...Array.from({ length: 16 }, (_, index) => index), ...[0, 0, 0, 0, 0].flatMap(u32)];
  const sections = plan.sections.flatMap(({ rva, size }) => [...text('.code').concat([0, 0]), ...[size, rva, size, 0, 0, 0, 0, 0].flatMap(u32)]);
  const streams = [[], info, [], dbiStream(plan), [], sections, [...u32(4), ...plan.symbols], []];
  const blocks = streams.map((stream) => Math.ceil(stream.length / BLOCK));
  let next = 5;
  const numbers = blocks.flatMap((count) => Array.from({ length: count }, () => next++));
  const directory = [...u32(streams.length), ...streams.flatMap((stream) => u32(stream.length)), ...numbers.flatMap(u32)];
  const magic = [...new TextEncoder().encode('Microsoft C/C++ MSF 7.00\r\n\x1aDS'), 0, 0, 0];
  const head = [...magic, ...[BLOCK, 1, next, directory.length, 0, 3].flatMap(u32)];
  const file = [padded(head, BLOCK), ...[1, 2].map(() => Array.from({ length: BLOCK }, () => 0)), padded(u32(4), BLOCK), padded(directory, BLOCK)];
  return Uint8Array.from([...file.flat(), ...streams.flatMap((stream) => padded(stream, BLOCK))]);
}

/** Two sections: "Hot" and "Next" in the first, the rare part of "Hot" in the second, and code that no symbol names between and behind them. */
export function smallPdb(): Uint8Array {
  const hot = procedure('Hot', { segment: 1, offset: 0x10, length: 0x40 }, 4 + 0x30);
  const next = procedure('Next', { segment: 1, offset: 0x80, length: 0x20 }, 4 + hot.length + 4 + 0x30);
  const cold = separatedCode({ segment: 2, offset: 0x100, length: 0x30 }, { segment: 1, offset: 0x10 }, 0);
  return buildPdb({
    sections: [
      { rva: 0x1000, size: 0x200 },
      { rva: 0x5000, size: 0x200 },
    ],
    symbols: [...hot, ...endOfScope(), ...next, ...endOfScope(), ...cold, ...endOfScope()],
    contributions: [
      { segment: 1, offset: 0, length: 0xa0 },
      { segment: 2, offset: 0x100, length: 0x30 },
    ],
  });
}
