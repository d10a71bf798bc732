/**
 * Operands of A64 instructions: fields of the 32-bit word by the letters that Arm's manual uses (DDI 0487, C4 and C6),
 * spelled as Microsoft's disassemblers do: fp, lr, xip0, xip1; numbers below 10 decimal, others 0x with upper-case digits.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { formatVa } from '../base/hex.ts';
import type { MemoryOperand } from './decoder.ts';

export interface Word {
  readonly word: number;
  readonly at: Va;
  /** Bytes of a load or store. */
  readonly size: number;
}

export interface Operand {
  readonly text: string;
  readonly registers?: readonly string[];
  /** Registers that the addressing mode itself changes or reads. */
  readonly base?: string;
  readonly writesBase?: boolean;
  readonly memory?: Omit<MemoryOperand, 'access'>;
  readonly target?: Va;
}

export const bits = (word: number, from: number, count: number): number => (word >>> from) & (2 ** count - 1);
export const signed = (value: number, count: number): number => (value >= 2 ** (count - 1) ? value - 2 ** count : value);
export const isWide = (word: number): boolean => bits(word, 31, 1) === 1;

export function number(value: bigint | number): string {
  const sign = value < 0 ? '-' : '';
  const size = value < 0 ? -value : value;
  return `#${sign}${size < 10 ? size.toString() : `0x${size.toString(16).toUpperCase()}`}`;
}

const SPELLED: Readonly<Record<number, string>> = { 16: 'xip0', 17: 'xip1', 18: 'xpr', 29: 'fp', 30: 'lr' };
const FULL: Readonly<Record<number, string>> = { 29: 'fp', 30: 'lr' };

/** A general register; number 31 is the zero register or the stack pointer by place. */
export function general(index: number, wide: boolean, stack = false): Operand {
  if (index === 31) return stack ? { text: wide ? 'sp' : 'wsp', registers: ['sp'] } : { text: wide ? 'xzr' : 'wzr' };
  const full = FULL[index] ?? `x${index}`;
  return { text: wide ? (SPELLED[index] ?? full) : `w${index}`, registers: [full] };
}

export function vector(index: number, letter: string): Operand {
  return { text: `${letter}${index}`, registers: [`v${index}`] };
}

const FIELD: Readonly<Record<string, number>> = { d: 0, t: 0, n: 5, m: 16, a: 10, u: 10 };
/** Floating-point type in bits 22 and 23. */
const FLOAT_LETTER = ['s', 'd', '?', 'h'];
const REGISTER = /^([RXWBHSDQF])([dtnmau])(s?)$/;

/** "Xn", "Rds", "Dt": width letter (R by bit 31, F by the type field), field, `s` where 31 is the stack pointer. */
function register(token: string, { word }: Word): Operand | undefined {
  const [, width = '', field = '', stack] = REGISTER.exec(token) ?? [];
  const from = FIELD[field];
  if (from === undefined) return undefined;
  const index = bits(word, from, 5);
  if (width === 'X' || width === 'W' || width === 'R') return general(index, width === 'X' || (width === 'R' && isWide(word)), stack === 's');
  return vector(index, width === 'F' ? (FLOAT_LETTER[bits(word, 22, 2)] ?? '?') : width.toLowerCase());
}

export const CONDITIONS = ['eq', 'ne', 'hs', 'lo', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le', 'al', 'nv'];
const SHIFTS = ['lsl', 'lsr', 'asr', 'ror'];
const EXTENDS = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx'];

const branch = (from: number, count: number) => (code: Word) => label(vaAdd(code.at, signed(bits(code.word, from, count), count) * 4));
const label = (target: Va): Operand => ({ text: formatVa(target), target });

function page(code: Word, scale: bigint): Operand {
  const distance = BigInt(signed(bits(code.word, 5, 19) * 4 + bits(code.word, 29, 2), 21));
  const target = scale === 1n ? vaAdd(code.at, distance) : va((code.at & ~0xfffn) + distance * scale);
  return { text: formatVa(target) };
}

/** DecodeBitMasks of the manual: a run of ones, rotated, repeated over the register. */
export function bitmask(word: number): bigint | undefined {
  const imms = bits(word, 10, 6);
  const length = 31 - Math.clz32((bits(word, 22, 1) << 6) | (~imms & 0x3f));
  if (length < 1) return undefined;
  const levels = 2 ** length - 1;
  const ones = (imms & levels) + 1;
  if (ones > levels) return undefined;
  const rotate = BigInt(bits(word, 16, 6) & levels);
  const size = BigInt(2 ** length);
  const run = (1n << BigInt(ones)) - 1n;
  let value = BigInt.asUintN(Number(size), (run >> rotate) | (run << (size - rotate)));
  for (let filled = size; filled < 64n; filled *= 2n) value |= value << filled;
  return isWide(word) ? value : value & 0xffff_ffffn;
}

/** The value that movz builds, or movn: written as the negative number it is made from. */
export function moveWide(word: number, inverted: boolean): bigint {
  const value = BigInt(bits(word, 5, 16)) << BigInt(bits(word, 21, 2) * 16);
  return inverted ? BigInt.asIntN(isWide(word) ? 64 : 32, ~value) : value;
}

function shifted({ word }: Word): Operand {
  const amount = bits(word, 10, 6);
  const source = general(bits(word, 16, 5), isWide(word));
  return amount === 0 && bits(word, 22, 2) === 0 ? source : { ...source, text: `${source.text},${SHIFTS[bits(word, 22, 2)]} ${number(amount)}` };
}

function extended({ word }: Word): Operand {
  const option = bits(word, 13, 3);
  const amount = bits(word, 10, 3);
  const source = general(bits(word, 16, 5), (option & 3) === 3);
  const stack = bits(word, 5, 5) === 31 || (bits(word, 0, 5) === 31 && bits(word, 29, 1) === 0);
  const plain = stack && option === (isWide(word) ? 3 : 2);
  if (plain) return amount === 0 ? source : { ...source, text: `${source.text},lsl ${number(amount)}` };
  return { ...source, text: `${source.text},${EXTENDS[option]}${amount === 0 ? '' : ` ${number(amount)}`}` };
}

/** add and sub: 12 bits, shifted by 12 or not. */
function immediate12({ word }: Word): Operand {
  return { text: number(bits(word, 10, 12)) + (bits(word, 22, 1) ? ',lsl #0xC' : '') };
}

function immediate16({ word }: Word): Operand {
  const shift = bits(word, 21, 2) * 16;
  return { text: number(bits(word, 5, 16)) + (shift === 0 ? '' : `,lsl ${number(shift)}`) };
}

type Mode = 'offset' | 'pre' | 'post';

function memory(code: Word, displacement: number, mode: Mode): Operand {
  const base = general(bits(code.word, 5, 5), true, true);
  const name = base.registers?.[0] ?? 'sp';
  const used = mode === 'post' ? 0 : displacement;
  const offset = displacement === 0 && mode === 'offset' ? '' : `,${number(displacement)}`;
  const texts = { offset: `[${base.text}${offset}]`, pre: `[${base.text}${offset}]!`, post: `[${base.text}]${offset}` };
  return {
    text: texts[mode],
    base: name,
    writesBase: mode !== 'offset',
    memory: { base: name, scale: 1, displacement: BigInt(used), sizeBytes: code.size },
  };
}

function indexed(code: Word): Operand {
  const option = bits(code.word, 13, 3);
  const base = general(bits(code.word, 5, 5), true, true);
  const index = general(bits(code.word, 16, 5), (option & 1) === 1);
  const shift = bits(code.word, 12, 1) ? Math.log2(code.size) : 0;
  const how = option === 3 ? (bits(code.word, 12, 1) ? `,lsl ${number(shift)}` : '') : ` ${EXTENDS[option]}${shift === 0 ? '' : ` ${number(shift)}`}`;
  const name = base.registers?.[0] ?? 'sp';
  const indexName = index.registers?.[0];
  return {
    text: `[${base.text},${index.text}${how}]`,
    base: name,
    ...(indexName ? { registers: [indexName] } : {}),
    memory: {
      base: name,
      ...(indexName ? { index: indexName } : {}),
      scale: (2 ** Math.min(shift, 3)) as 1 | 2 | 4 | 8,
      displacement: 0n,
      sizeBytes: code.size,
    },
  };
}

function literal(code: Word): Operand {
  const at = vaAdd(code.at, signed(bits(code.word, 5, 19), 19) * 4);
  return { text: formatVa(at), memory: { base: 'pc', scale: 1, displacement: 0n, absolute: at, sizeBytes: code.size } };
}

const unscaled = (word: number): number => signed(bits(word, 12, 9), 9);
/** Pairs count in units of one register. */
const paired = (mode: Mode) => (code: Word) => memory(code, signed(bits(code.word, 15, 7), 7) * (code.size / 2), mode);

const BARRIERS: Readonly<Record<number, string>> = {
  1: 'oshld',
  2: 'oshst',
  3: 'osh',
  5: 'nshld',
  6: 'nshst',
  7: 'nsh',
  9: 'ishld',
  10: 'ishst',
  11: 'ish',
  13: 'ld',
  14: 'st',
  15: 'sy',
};

/** op0:op1:CRn:CRm:op2, 16 bits, of system registers that kernel and runtime code reads (Arm ARM, D19). */
const SYSTEM: Readonly<Record<number, string>> = {
  0xc000: 'MIDR_EL1',
  0xc005: 'MPIDR_EL1',
  0xc080: 'SCTLR_EL1',
  0xc100: 'TTBR0_EL1',
  0xc101: 'TTBR1_EL1',
  0xc200: 'SPSR_EL1',
  0xc201: 'ELR_EL1',
  0xc208: 'SP_EL0',
  0xc290: 'ESR_EL1',
  0xc300: 'FAR_EL1',
  0xc600: 'VBAR_EL1',
  0xc681: 'CONTEXTIDR_EL1',
  0xc684: 'TPIDR_EL1',
  0xda10: 'NZCV',
  0xda11: 'DAIF',
  0xda20: 'FPCR',
  0xda21: 'FPSR',
  0xde82: 'TPIDR_EL0',
  0xde83: 'TPIDRRO_EL0',
  0xdf00: 'CNTFRQ_EL0',
  0xdf02: 'CNTVCT_EL0',
};

function systemRegister({ word }: Word): Operand {
  const key = 0x8000 | bits(word, 5, 15);
  const generic = `S${2 + bits(word, 19, 1)}_${bits(word, 16, 3)}_C${bits(word, 12, 4)}_C${bits(word, 8, 4)}_${bits(word, 5, 3)}`;
  return { text: SYSTEM[key] ?? generic };
}

const plain =
  (from: number, count: number) =>
  (code: Word): Operand => ({ text: number(bits(code.word, from, count)) });
const computed =
  (value: (word: number) => bigint | number) =>
  (code: Word): Operand => ({ text: number(value(code.word)) });
const width = (word: number): number => (isWide(word) ? 64 : 32);

/** Kind, cache level and policy in one number. */
function prefetch(operation: number): Operand {
  const kind = ['pld', 'pli', 'pst'][operation >> 3];
  const level = (operation >> 1) & 3;
  return { text: kind === undefined || level === 3 ? number(operation) : `${kind}l${level + 1}${operation & 1 ? 'strm' : 'keep'}` };
}

const TOKENS: Readonly<Record<string, (code: Word) => Operand>> = {
  label26: branch(0, 26),
  label19: branch(5, 19),
  label14: branch(5, 14),
  adr: (code) => page(code, 1n),
  adrp: (code) => page(code, 0x1000n),
  imm12: immediate12,
  imm16: immediate16,
  exception: plain(5, 16),
  hint: plain(5, 7),
  bitmask: computed((word) => bitmask(word) ?? 0n),
  movz: computed((word) => moveWide(word, false)),
  movn: computed((word) => moveWide(word, true)),
  'Rm,shift': shifted,
  'Rm,extend': extended,
  condition: ({ word }) => ({ text: CONDITIONS[bits(word, 12, 4)] ?? '' }),
  inverse: ({ word }) => ({ text: CONDITIONS[bits(word, 12, 4) ^ 1] ?? '' }),
  nzcv: plain(0, 4),
  imm5: plain(16, 5),
  immr: plain(16, 6),
  imms: plain(10, 6),
  left: computed((word) => width(word) - 1 - bits(word, 10, 6)),
  lsbDown: computed((word) => (width(word) - bits(word, 16, 6)) % width(word)),
  widthUp: computed((word) => bits(word, 10, 6) + 1),
  widthField: computed((word) => bits(word, 10, 6) - bits(word, 16, 6) + 1),
  bit: computed((word) => bits(word, 31, 1) * 32 + bits(word, 19, 5)),
  pstate: plain(8, 4),
  barrier: ({ word }) => ({ text: BARRIERS[bits(word, 8, 4)] ?? number(bits(word, 8, 4)) }),
  system: systemRegister,
  zero: () => ({ text: '#0.0' }),
  prefetch: ({ word }) => prefetch(bits(word, 0, 5)),
  '[scaled]': (code) => memory(code, bits(code.word, 10, 12) * code.size, 'offset'),
  '[unscaled]': (code) => memory(code, unscaled(code.word), 'offset'),
  '[pre]': (code) => memory(code, unscaled(code.word), 'pre'),
  '[post]': (code) => memory(code, unscaled(code.word), 'post'),
  '[base]': (code) => memory(code, 0, 'offset'),
  '[indexed]': indexed,
  '[literal]': literal,
  '[pair]': paired('offset'),
  '[pair-pre]': paired('pre'),
  '[pair-post]': paired('post'),
};

/** What a token of a table row stands for in this word. */
export function operand(token: string, code: Word): Operand {
  return TOKENS[token]?.(code) ?? register(token, code) ?? { text: token };
}
