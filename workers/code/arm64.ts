/** A64 instructions from the tables; what is not in them is said to be not decoded, never guessed. */
import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, notValid } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import { viewOf } from '../bytes/struct.ts';
import { bits, CONDITIONS, operand, type Operand } from './arm64operands.ts';
import { findRow, type Row } from './arm64table.ts';
import type { Instruction, MemoryOperand } from './decoder.ts';

const LENGTH = 4;

export function decodeArm64(bytes: Uint8Array, at: Va): Found<Instruction> {
  if (bytes.length < LENGTH) return notValid('instruction', `${bytes.length} bytes`, 'four bytes');
  if (at % 4n !== 0n) return notValid('address of an instruction', at.toString(16), 'a multiple of four');
  const word = viewOf(bytes).getUint32(0, true);
  const row = findRow(word | 0);
  if (!row) return missing({ why: 'not-computed', detail: `no decoding of the ARM64 instruction ${hexDigits(word, 8)}` });
  return found(describe(row, word | 0, { at, bytes: bytes.slice(0, LENGTH) }));
}

interface Used {
  readonly operand: Operand;
  readonly reads: boolean;
  readonly writes: boolean;
}

function describe(row: Row, word: number, { at, bytes }: { at: Va; bytes: Uint8Array }): Instruction {
  const code = { word, at, size: row.size ?? 0 };
  const used = row.operands.map((token): Used => {
    const role = token.startsWith('=') || token.startsWith('+') ? token.slice(0, 1) : '';
    return { operand: operand(token.slice(role.length), code), reads: role !== '=', writes: role !== '' };
  });
  const target = used.find((one) => one.operand.target !== undefined)?.operand.target;
  const memory = used.flatMap((one): MemoryOperand[] => (one.operand.memory ? [{ ...one.operand.memory, access: row.access ?? 'none' }] : []));
  return {
    at: va(at),
    length: LENGTH,
    bytes,
    mnemonic: row.flow === 'conditional-jump' && row.name === 'b' ? `b${CONDITIONS[bits(word, 0, 4)]}` : row.name,
    operands: used.map((one) => one.operand.text).join(','),
    flow: row.flow ?? 'next',
    ...(target === undefined ? {} : { target }),
    memory,
    reads: unique(used.flatMap(readBy)),
    writes: unique([...used.flatMap(writtenBy), ...(row.writes ?? [])]),
    cpuFeatures: [],
  };
}

const readBy = ({ operand: one, reads }: Used): string[] => [...(reads ? (one.registers ?? []) : []), ...(one.base ? [one.base] : [])];
const writtenBy = ({ operand: one, writes }: Used): string[] => [...(writes ? (one.registers ?? []) : []), ...(one.base && one.writesBase ? [one.base] : [])];
const unique = (names: readonly string[]): string[] => [...new Set(names)];
