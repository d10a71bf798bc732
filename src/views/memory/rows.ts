/** Rows of the hex view: pure, so that units, gaps and page borders are tested without a browser. */
export type Unit = 1 | 2 | 4 | 8;
type Byte = number | null;

export interface HexRow {
  readonly at: bigint;
  /** One text a unit; gaps are "··" a byte. */
  readonly units: readonly { readonly text: string; readonly offset: number; readonly gap: boolean }[];
  readonly text: string;
  /** True where a page begins in this row and it is not the first shown. */
  readonly pageStart: boolean;
}

const GAP = '··';

function unitText(bytes: readonly Byte[], big: boolean): { text: string; gap: boolean } {
  const ordered = big ? bytes : [...bytes].reverse();
  return { text: ordered.map((byte) => (byte === null ? GAP : byte.toString(16).padStart(2, '0'))).join(''), gap: bytes.some((byte) => byte === null) };
}

const charOf = (byte: Byte): string => (byte === null ? '·' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

export function hexRows(at: bigint, bytes: readonly Byte[], view: { readonly perRow: number; readonly unit: Unit; readonly big: boolean }): readonly HexRow[] {
  const rows: HexRow[] = [];
  for (let from = 0; from < bytes.length; from += view.perRow) {
    const slice = bytes.slice(from, from + view.perRow);
    const units = [];
    for (let offset = 0; offset < slice.length; offset += view.unit)
      units.push({ ...unitText(slice.slice(offset, offset + view.unit), view.big), offset: from + offset });
    const address = at + BigInt(from);
    rows.push({ at: address, units, text: slice.map(charOf).join(''), pageStart: from > 0 && (address & 0xfffn) < BigInt(view.perRow) });
  }
  return rows;
}

/** Bytes from a place as one number, or null where one of them is a gap. */
export function numberAt(bytes: readonly Byte[], from: number, length: number, big = false): bigint | null {
  let value = 0n;
  for (let index = 0; index < length; index++) {
    const byte = bytes[big ? from + index : from + length - 1 - index];
    if (byte === null || byte === undefined) return null;
    value = (value << 8n) | BigInt(byte);
  }
  return value;
}

/** 100 ns since 1601, where it reads as a time between 1990 and 2100. */
export function filetimeOf(value: bigint | null): string | null {
  if (value === null) return null;
  const ms = Number(value / 10_000n) - 11_644_473_600_000;
  return ms > 631_152_000_000 && ms < 4_102_444_800_000 ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : null;
}
