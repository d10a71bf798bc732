/** `db dw dc dd dq da du dps dds dqs`: memory in rows. What cannot be read is `??`, never zero. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { formatVa, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { reply } from '../base/problem.ts';
import type { Session } from '../target/target.ts';
import { rangeOf } from './arguments.ts';
import { ROWS_PER_SLICE, address, placeSpan, rowsStep } from './names.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

interface Unit {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly perRow: number;
  readonly defaultCount: number;
  /** Characters behind the values. */
  readonly ascii: boolean;
}
const UNITS: Readonly<Record<string, Unit>> = {
  db: { bytes: 1, perRow: 16, defaultCount: 128, ascii: true },
  dw: { bytes: 2, perRow: 8, defaultCount: 64, ascii: false },
  dc: { bytes: 4, perRow: 4, defaultCount: 32, ascii: true },
  dd: { bytes: 4, perRow: 4, defaultCount: 32, ascii: false },
  dq: { bytes: 8, perRow: 2, defaultCount: 16, ascii: false },
};
const SUMMARY: Readonly<Record<string, string>> = {
  db: 'bytes and characters',
  dw: '16-bit words',
  dc: '32-bit values and characters',
  dd: '32-bit values',
  dq: '64-bit values',
};
const MAX_UNITS = 0x4000;

/** One byte each, null where the dump does not hold it. */
function readSparse(session: Session, at: Va, length: number): { readonly bytes: readonly (number | null)[]; readonly why: string | undefined } {
  const bytes: (number | null)[] = [];
  let why: string | undefined;
  while (bytes.length < length) {
    const read = session.memory.read(vaAdd(at, bytes.length), length - bytes.length);
    for (const byte of read.bytes) bytes.push(byte);
    if (bytes.length < length) {
      why ??= read.missing && describeMissing(read.missing);
      bytes.push(null);
    }
  }
  return { bytes, why };
}

function unitText(bytes: readonly (number | null)[], at: number, size: number): string {
  let digits = '';
  for (let index = size - 1; index >= 0; index--) {
    const byte = bytes[at + index];
    digits += byte === null || byte === undefined ? '??' : hexDigits(byte, 2);
  }
  return size === 8 ? `${digits.slice(0, 8)}\`${digits.slice(8)}` : digits;
}

const printable = (byte: number | null): string => (byte === null ? '?' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

function valuesText(bytes: readonly (number | null)[], unit: Unit): string {
  const count = Math.ceil(bytes.length / unit.bytes);
  if (unit.bytes > 1) return Array.from({ length: count }, (_, index) => unitText(bytes, index * unit.bytes, unit.bytes)).join(' ');
  return bytes.map((byte, index) => (byte === null ? '??' : hexDigits(byte, 2)) + (index % 16 === 7 && bytes.length > index + 1 ? '-' : ' ')).join('');
}

function rowText(bytes: readonly (number | null)[], unit: Unit): string {
  const values = valuesText(bytes, unit);
  if (!unit.ascii) return values;
  const width = unit.bytes === 1 ? unit.perRow * 3 : unit.perRow * (unit.bytes * 2 + 1) - 1;
  return `${values.padEnd(width)}${unit.bytes === 1 ? ' ' : '  '}${bytes.map(printable).join('')}`;
}

interface Columns {
  readonly perRow: number | undefined;
  readonly rest: string;
}
const MOST_COLUMNS = 0x400;
/** `/c 100` sets how many stand in a row (learn.microsoft.com, "d, da, db, …"; the number is hexadecimal). */
function columnsOf(tail: string): Columns {
  const option = /^\s*\/c\s*([0-9a-f]{1,4})\s+(.*)$/i.exec(tail);
  const wanted = option ? Number.parseInt(option[1] ?? '', 16) : 0;
  return { perRow: wanted > 0 && wanted <= MOST_COLUMNS ? wanted : undefined, rest: option?.[2] ?? tail };
}

function dumpCommand(name: string, plain: Unit): CommandSpec {
  return {
    name,
    aliases: [],
    group: 'memory',
    summary: `memory as ${SUMMARY[name] ?? 'values'}`,
    args: [{ name: 'range', kind: 'range', optional: true, summary: 'address, address Lcount, or address end' }],
    needs: ['memory'],
    examples: [{ line: `${name} @rsp L4`, fixture: 'sample' }],
    *run({ session }, tail) {
      const columns = columnsOf(tail);
      const unit = { ...plain, perRow: columns.perRow ?? plain.perRow };
      const range = rangeOf(session, columns.rest, { start: stackPointer(session), count: unit.defaultCount, unitBytes: unit.bytes, limit: MAX_UNITS });
      if (!range.ok) return range;
      const { bytes, why } = readSparse(session, range.value.start, range.value.count * unit.bytes);
      const rowBytes = unit.bytes * unit.perRow;
      const nodes: OutputNode[] = [];
      for (let at = 0; at < bytes.length; at += rowBytes) {
        if (nodes.length % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) yield rowsStep(nodes.length, Math.ceil(bytes.length / rowBytes));
        nodes.push(line(address(session, vaAdd(range.value.start, at)), `  ${rowText(bytes.slice(at, at + rowBytes), unit)}`));
      }
      return reply(why ? [...nodes, note(why)] : nodes);
    },
  };
}

export function stackPointer(session: Session): Va | undefined {
  const registers = session.scope?.registers;
  const value = registers?.['rsp'] ?? registers?.['esp'] ?? registers?.['sp'];
  return value === undefined ? undefined : va(value);
}

function pointerCommand(name: string, size: 4 | 8 | undefined): CommandSpec {
  return {
    name,
    aliases: [],
    group: 'memory',
    summary: 'pointers with the symbol that each points to',
    args: [{ name: 'range', kind: 'range', optional: true, summary: 'address, address Lcount, or address end' }],
    needs: ['memory'],
    examples: [{ line: `${name} @rsp L8`, fixture: 'sample' }],
    *run({ session }, tail) {
      const unit = size ?? session.memory.pointerSize;
      const range = rangeOf(session, tail, { start: stackPointer(session), count: 16, unitBytes: unit, limit: MAX_UNITS });
      if (!range.ok) return range;
      const { start, count } = range.value;
      const nodes: OutputNode[] = [];
      for (let index = 0; index < count; index++) {
        if (index % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) yield rowsStep(index, count);
        nodes.push(pointerRow(session, vaAdd(start, index * unit), unit));
      }
      return reply(nodes);
    },
  };
}

function pointerRow(session: Session, at: Va, size: 4 | 8): OutputNode {
  const read = size === 8 ? session.memory.u64(at) : session.memory.u32(at);
  if (!read.ok) return line(address(session, at), '  ', { span: 'missing', reason: read.missing, text: size === 8 ? '????????`????????' : '????????' });
  const value = va(BigInt(read.value));
  const spans: Span[] = [address(session, at), text('  '), { span: 'address', at: value, text: formatVa(value, size) }];
  const place = placeSpan(session, value);
  if (place) spans.push(text(' '), place);
  return line(...spans);
}

const MAX_TEXT = 0x1000;
function textCommand(name: 'da' | 'du'): CommandSpec {
  const size = name === 'da' ? 1 : 2;
  return {
    name,
    aliases: [],
    group: 'memory',
    summary: name === 'da' ? 'ASCII text up to its NUL' : 'UTF-16 text up to its NUL',
    args: [{ name: 'range', kind: 'range', optional: false, summary: 'address, or address Lcount' }],
    needs: ['memory'],
    examples: [{ line: `${name} @rsp`, fixture: 'sample' }],
    *run({ session }, tail) {
      const columns = columnsOf(tail);
      const range = rangeOf(session, columns.rest, { start: undefined, count: MAX_TEXT, unitBytes: size, limit: MAX_TEXT });
      if (!range.ok) return range;
      const read = session.memory.read(range.value.start, range.value.count * size);
      if (read.got < size)
        return reply([line(address(session, range.value.start), `  "${'?'.repeat(8)}"`), ...(read.missing ? [note(describeMissing(read.missing))] : [])]);
      return reply(textRows(session, range.value.start, decodeText(read.bytes, size), { size, width: columns.perRow ?? TEXT_WIDTH }));
    },
  };
}

function decodeText(bytes: Uint8Array, size: number): string {
  let value = '';
  for (let at = 0; at + size <= bytes.length; at += size) {
    const code = size === 1 ? (bytes[at] ?? 0) : (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    if (code === 0) break;
    value += code >= 0x20 && code !== 0x7f && !(size === 1 && code > 0x7e) ? String.fromCharCode(code) : '.';
  }
  return value;
}

/** WinDbg breaks text after 32 characters, wide ones too. */
const TEXT_WIDTH = 32;
function textRows(session: Session, start: Va, value: string, { size, width }: { readonly size: number; readonly width: number }): readonly OutputNode[] {
  const rows: OutputNode[] = [];
  for (let at = 0; at === 0 || at < value.length; at += width) rows.push(line(address(session, vaAdd(start, at * size)), `  "${value.slice(at, at + width)}"`));
  return rows;
}

export const MEMORY_COMMANDS: readonly CommandSpec[] = [
  ...Object.entries(UNITS).map(([name, unit]) => dumpCommand(name, unit)),
  pointerCommand('dps', undefined),
  pointerCommand('dds', 4),
  pointerCommand('dqs', 8),
  textCommand('da'),
  textCommand('du'),
];
