/**
 * A64 encodings: the base set, its aliases, pointer authentication, atomics, and loads, stores and moves of vector
 * registers (Arm Architecture Reference Manual, DDI 0487, C4.1 and C6.2). The first row that fits is taken: aliases first.
 * Operands by the tokens of arm64operands.ts; "=" writes, "+" reads and writes, none reads.
 */
import { bitmask, bits, isWide } from './arm64operands.ts';
import type { FlowKind, MemoryOperand } from './decoder.ts';

export interface Row {
  readonly mask: number;
  readonly value: number;
  readonly name: string;
  readonly operands: readonly string[];
  readonly flow?: FlowKind;
  readonly when?: (word: number) => boolean;
  /** Loads and stores: bytes, and what is done to them. */
  readonly size?: number;
  readonly access?: MemoryOperand['access'];
  /** Registers written beyond the operands. */
  readonly writes?: readonly string[];
}

type More = Omit<Row, 'mask' | 'value' | 'name' | 'operands'>;

/** `text`: the mnemonic, then operands, separated by spaces. */
function row(mask: number, value: number, text: string, more: More = {}): Row {
  const [name = '', ...operands] = text.split(' ');
  return { mask: mask | 0, value: value | 0, name, operands, ...more };
}

const rd = (word: number): number => bits(word, 0, 5);
const rn = (word: number): number => bits(word, 5, 5);
const rm = (word: number): number => bits(word, 16, 5);
const immr = (word: number): number => bits(word, 16, 6);
const imms = (word: number): number => bits(word, 10, 6);
const top = (word: number): number => (isWide(word) ? 63 : 31);
const condition = (word: number): number => bits(word, 12, 4);

const CALL: More = { flow: 'indirect-call', writes: ['lr'] };
const BRANCHES: readonly Row[] = [
  row(0xfc000000, 0x14000000, 'b label26', { flow: 'jump' }),
  row(0xfc000000, 0x94000000, 'bl label26', { flow: 'call', writes: ['lr'] }),
  // The condition becomes part of the mnemonic: "beq".
  row(0xff000010, 0x54000000, 'b label19', { flow: 'conditional-jump' }),
  row(0x7f000000, 0x34000000, 'cbz Rt label19', { flow: 'conditional-jump' }),
  row(0x7f000000, 0x35000000, 'cbnz Rt label19', { flow: 'conditional-jump' }),
  row(0x7f000000, 0x36000000, 'tbz Rt bit label14', { flow: 'conditional-jump' }),
  row(0x7f000000, 0x37000000, 'tbnz Rt bit label14', { flow: 'conditional-jump' }),
  row(0xfffffc1f, 0xd61f0000, 'br Xn', { flow: 'indirect-jump' }),
  row(0xfffffc1f, 0xd63f0000, 'blr Xn', CALL),
  row(0xffffffff, 0xd65f03c0, 'ret', { flow: 'return' }),
  row(0xfffffc1f, 0xd65f0000, 'ret Xn', { flow: 'return' }),
  row(0xfffffc1f, 0xd61f081f, 'braaz Xn', { flow: 'indirect-jump' }),
  row(0xfffffc1f, 0xd61f0c1f, 'brabz Xn', { flow: 'indirect-jump' }),
  row(0xfffffc1f, 0xd63f081f, 'blraaz Xn', CALL),
  row(0xfffffc1f, 0xd63f0c1f, 'blrabz Xn', CALL),
  row(0xfffffc00, 0xd71f0800, 'braa Xn Xds', { flow: 'indirect-jump' }),
  row(0xfffffc00, 0xd71f0c00, 'brab Xn Xds', { flow: 'indirect-jump' }),
  row(0xfffffc00, 0xd73f0800, 'blraa Xn Xds', CALL),
  row(0xfffffc00, 0xd73f0c00, 'blrab Xn Xds', CALL),
  row(0xffffffff, 0xd65f0bff, 'retaa', { flow: 'return' }),
  row(0xffffffff, 0xd65f0fff, 'retab', { flow: 'return' }),
  row(0xffffffff, 0xd69f03e0, 'eret', { flow: 'return' }),
  row(0xffffffff, 0xd69f0bff, 'eretaa', { flow: 'return' }),
  row(0xffffffff, 0xd69f0fff, 'eretab', { flow: 'return' }),
  row(0xffe0001f, 0xd4000001, 'svc exception', { flow: 'interrupt' }),
  row(0xffe0001f, 0xd4000002, 'hvc exception', { flow: 'interrupt' }),
  row(0xffe0001f, 0xd4000003, 'smc exception', { flow: 'interrupt' }),
  row(0xffe0001f, 0xd4200000, 'brk exception', { flow: 'interrupt' }),
  row(0xffe0001f, 0xd4400000, 'hlt exception', { flow: 'interrupt' }),
  row(0xffff0000, 0x00000000, 'udf #0', { flow: 'exception', when: (word) => word === 0 }),
];

/** CRm:op2 of the hints that have names. */
const HINTS: readonly (readonly [number, string])[] = [
  [0, 'nop'],
  [1, 'yield'],
  [2, 'wfe'],
  [3, 'wfi'],
  [4, 'sev'],
  [5, 'sevl'],
  [7, 'xpaclri'],
  [8, 'pacia1716'],
  [10, 'pacib1716'],
  [12, 'autia1716'],
  [14, 'autib1716'],
  [16, 'esb'],
  [20, 'csdb'],
  [24, 'paciaz'],
  [25, 'paciasp'],
  [26, 'pacibz'],
  [27, 'pacibsp'],
  [28, 'autiaz'],
  [29, 'autiasp'],
  [30, 'autibz'],
  [31, 'autibsp'],
  [32, 'bti'],
  [34, 'bti c'],
  [36, 'bti j'],
  [38, 'bti jc'],
];
const SYSTEM: readonly Row[] = [
  ...HINTS.map(([code, name]) => row(0xffffffff, 0xd503201f | (code << 5), name)),
  row(0xfffff01f, 0xd503201f, 'hint hint'),
  row(0xfffff0ff, 0xd50330bf, 'dmb barrier'),
  row(0xfffff0ff, 0xd503309f, 'dsb barrier'),
  row(0xffffffff, 0xd5033fdf, 'isb'),
  row(0xffffffff, 0xd5033f5f, 'clrex'),
  row(0xfffff0ff, 0xd50340df, 'msr DAIFSet pstate'),
  row(0xfffff0ff, 0xd50340ff, 'msr DAIFClr pstate'),
  row(0xfffff0ff, 0xd50040bf, 'msr SPSel pstate'),
  row(0xfff00000, 0xd5300000, 'mrs =Xt system'),
  row(0xfff00000, 0xd5100000, 'msr system Xt'),
];

const shiftsByMaximum = (word: number): boolean => imms(word) !== top(word) && imms(word) + 1 === immr(word);
const toTop = (word: number): boolean => imms(word) === top(word);
const field = (word: number): boolean => imms(word) >= immr(word);
const extendTo = (size: number) => (word: number) => immr(word) === 0 && imms(word) === size;
const IMMEDIATE: readonly Row[] = [
  row(0x9f000000, 0x10000000, 'adr =Xd adr'),
  row(0x9f000000, 0x90000000, 'adrp =Xd adrp'),
  row(0x7ffffc00, 0x11000000, 'mov =Rds Rns', { when: (word) => rd(word) === 31 || rn(word) === 31 }),
  row(0x7f80001f, 0x7100001f, 'cmp Rns imm12'),
  row(0x7f80001f, 0x3100001f, 'cmn Rns imm12'),
  row(0x7f800000, 0x11000000, 'add =Rds Rns imm12'),
  row(0x7f800000, 0x31000000, 'adds =Rd Rns imm12'),
  row(0x7f800000, 0x51000000, 'sub =Rds Rns imm12'),
  row(0x7f800000, 0x71000000, 'subs =Rd Rns imm12'),
  row(0x7f80001f, 0x7200001f, 'tst Rn bitmask', { when: (word) => bitmask(word) !== undefined }),
  row(0x7f8003e0, 0x320003e0, 'mov =Rds bitmask', { when: (word) => bitmask(word) !== undefined && !isMovable(bitmask(word) ?? 0n, isWide(word)) }),
  row(0x7f800000, 0x12000000, 'and =Rds Rn bitmask', { when: (word) => bitmask(word) !== undefined }),
  row(0x7f800000, 0x32000000, 'orr =Rds Rn bitmask', { when: (word) => bitmask(word) !== undefined }),
  row(0x7f800000, 0x52000000, 'eor =Rds Rn bitmask', { when: (word) => bitmask(word) !== undefined }),
  row(0x7f800000, 0x72000000, 'ands =Rd Rn bitmask', { when: (word) => bitmask(word) !== undefined }),
  row(0x7f800000, 0x12800000, 'mov =Rd movn', { when: (word) => isPlainMove(word) && (isWide(word) || bits(word, 5, 16) !== 0xffff) }),
  row(0x7f800000, 0x52800000, 'mov =Rd movz', { when: isPlainMove }),
  row(0x7f800000, 0x12800000, 'movn =Rd imm16'),
  row(0x7f800000, 0x52800000, 'movz =Rd imm16'),
  row(0x7f800000, 0x72800000, 'movk +Rd imm16'),
  row(0xff800000, 0x93000000, 'sxtb =Xd Wn', { when: extendTo(7) }),
  row(0xff800000, 0x93000000, 'sxth =Xd Wn', { when: extendTo(15) }),
  row(0xff800000, 0x93000000, 'sxtw =Xd Wn', { when: extendTo(31) }),
  row(0xff800000, 0x13000000, 'sxtb =Wd Wn', { when: extendTo(7) }),
  row(0xff800000, 0x13000000, 'sxth =Wd Wn', { when: extendTo(15) }),
  row(0xff800000, 0x53000000, 'uxtb =Wd Wn', { when: extendTo(7) }),
  row(0xff800000, 0x53000000, 'uxth =Wd Wn', { when: extendTo(15) }),
  row(0x7f800000, 0x13000000, 'asr =Rd Rn immr', { when: toTop }),
  row(0x7f800000, 0x53000000, 'lsr =Rd Rn immr', { when: toTop }),
  row(0x7f800000, 0x53000000, 'lsl =Rd Rn left', { when: shiftsByMaximum }),
  row(0x7f800000, 0x13000000, 'sbfx =Rd Rn immr widthField', { when: field }),
  row(0x7f800000, 0x13000000, 'sbfiz =Rd Rn lsbDown widthUp'),
  row(0x7f800000, 0x53000000, 'ubfx =Rd Rn immr widthField', { when: field }),
  row(0x7f800000, 0x53000000, 'ubfiz =Rd Rn lsbDown widthUp'),
  row(0x7f800000, 0x33000000, 'bfxil +Rd Rn immr widthField', { when: field }),
  row(0x7f8003e0, 0x330003e0, 'bfc +Rd lsbDown widthUp'),
  row(0x7f800000, 0x33000000, 'bfi +Rd Rn lsbDown widthUp'),
  row(0x7fa00000, 0x13800000, 'ror =Rd Rn imms', { when: (word) => rn(word) === rm(word) }),
  row(0x7fa00000, 0x13800000, 'extr =Rd Rn Rm imms'),
];

/** MOV is written for every movz and movn but those that another one would be chosen for. */
function isPlainMove(word: number): boolean {
  return (bits(word, 5, 16) !== 0 || bits(word, 21, 2) === 0) && (isWide(word) || bits(word, 22, 1) === 0);
}
/** Whether movz or movn could build the value: then orr is not written as MOV. */
function isMovable(value: bigint, wide: boolean): boolean {
  const size = wide ? 64n : 32n;
  const inverse = BigInt.asUintN(Number(size), ~value);
  for (let shift = 0n; shift < size; shift += 16n) {
    if ((value & ~(0xffffn << shift)) === 0n || (inverse & ~(0xffffn << shift)) === 0n) return true;
  }
  return false;
}

/** Condition 14 and 15 are "always": the short forms are not written for them. */
const sameSource = (word: number): boolean => rn(word) === rm(word) && condition(word) < 14;
const noSource = (word: number): boolean => sameSource(word) && rn(word) === 31;
const noReserved = (word: number): boolean => isWide(word) || bits(word, 15, 1) === 0;
const SHIFTED = ['and bic', 'orr orn', 'eor eon', 'ands bics'].flatMap((pair, opc) =>
  pair.split(' ').map((name, inverted) => row(0x7f200000, 0x0a000000 | (opc << 29) | (inverted << 21), `${name} =Rd Rn Rm,shift`, { when: noReserved })),
);
const REGISTER: readonly Row[] = [
  row(0x7fe0ffe0, 0x2a0003e0, 'mov =Rd Rm'),
  row(0x7f2003e0, 0x2a2003e0, 'mvn =Rd Rm,shift', { when: noReserved }),
  row(0x7f20001f, 0x6a00001f, 'tst Rn Rm,shift', { when: noReserved }),
  ...SHIFTED,
  row(0x7f20001f, 0x6b00001f, 'cmp Rn Rm,shift'),
  row(0x7f20001f, 0x2b00001f, 'cmn Rn Rm,shift'),
  row(0x7f2003e0, 0x4b0003e0, 'neg =Rd Rm,shift'),
  row(0x7f2003e0, 0x6b0003e0, 'negs =Rd Rm,shift'),
  row(0x7f200000, 0x0b000000, 'add =Rd Rn Rm,shift'),
  row(0x7f200000, 0x2b000000, 'adds =Rd Rn Rm,shift'),
  row(0x7f200000, 0x4b000000, 'sub =Rd Rn Rm,shift'),
  row(0x7f200000, 0x6b000000, 'subs =Rd Rn Rm,shift'),
  row(0x7fe0001f, 0x6b20001f, 'cmp Rns Rm,extend'),
  row(0x7fe0001f, 0x2b20001f, 'cmn Rns Rm,extend'),
  row(0x7fe00000, 0x0b200000, 'add =Rds Rns Rm,extend'),
  row(0x7fe00000, 0x2b200000, 'adds =Rd Rns Rm,extend'),
  row(0x7fe00000, 0x4b200000, 'sub =Rds Rns Rm,extend'),
  row(0x7fe00000, 0x6b200000, 'subs =Rd Rns Rm,extend'),
  row(0x7fe0fc00, 0x1a000000, 'adc =Rd Rn Rm'),
  row(0x7fe0fc00, 0x3a000000, 'adcs =Rd Rn Rm'),
  row(0x7fe0ffe0, 0x5a0003e0, 'ngc =Rd Rm'),
  row(0x7fe0fc00, 0x5a000000, 'sbc =Rd Rn Rm'),
  row(0x7fe0fc00, 0x7a000000, 'sbcs =Rd Rn Rm'),
  row(0x7fe00c10, 0x3a400000, 'ccmn Rn Rm nzcv condition'),
  row(0x7fe00c10, 0x7a400000, 'ccmp Rn Rm nzcv condition'),
  row(0x7fe00c10, 0x3a400800, 'ccmn Rn imm5 nzcv condition'),
  row(0x7fe00c10, 0x7a400800, 'ccmp Rn imm5 nzcv condition'),
  row(0x7fe00c00, 0x1a800000, 'csel =Rd Rn Rm condition'),
  row(0x7fe00c00, 0x1a800400, 'cset =Rd inverse', { when: noSource }),
  row(0x7fe00c00, 0x1a800400, 'cinc =Rd Rn inverse', { when: sameSource }),
  row(0x7fe00c00, 0x1a800400, 'csinc =Rd Rn Rm condition'),
  row(0x7fe00c00, 0x5a800000, 'csetm =Rd inverse', { when: noSource }),
  row(0x7fe00c00, 0x5a800000, 'cinv =Rd Rn inverse', { when: sameSource }),
  row(0x7fe00c00, 0x5a800000, 'csinv =Rd Rn Rm condition'),
  row(0x7fe00c00, 0x5a800400, 'cneg =Rd Rn inverse', { when: sameSource }),
  row(0x7fe00c00, 0x5a800400, 'csneg =Rd Rn Rm condition'),
  row(0x7fe0fc00, 0x1ac00800, 'udiv =Rd Rn Rm'),
  row(0x7fe0fc00, 0x1ac00c00, 'sdiv =Rd Rn Rm'),
  row(0x7fe0fc00, 0x1ac02000, 'lsl =Rd Rn Rm'),
  row(0x7fe0fc00, 0x1ac02400, 'lsr =Rd Rn Rm'),
  row(0x7fe0fc00, 0x1ac02800, 'asr =Rd Rn Rm'),
  row(0x7fe0fc00, 0x1ac02c00, 'ror =Rd Rn Rm'),
  row(0xffe0fc00, 0x9ac03000, 'pacga =Xd Xn Xms'),
  row(0x7ffffc00, 0x5ac00000, 'rbit =Rd Rn'),
  row(0x7ffffc00, 0x5ac00400, 'rev16 =Rd Rn'),
  row(0xfffffc00, 0x5ac00800, 'rev =Wd Wn'),
  row(0xfffffc00, 0xdac00800, 'rev32 =Xd Xn'),
  row(0xfffffc00, 0xdac00c00, 'rev =Xd Xn'),
  row(0x7ffffc00, 0x5ac01000, 'clz =Rd Rn'),
  row(0x7ffffc00, 0x5ac01400, 'cls =Rd Rn'),
  ...['pacia', 'pacib', 'pacda', 'pacdb', 'autia', 'autib', 'autda', 'autdb'].flatMap((name, index) => [
    row(0xfffffc00, 0xdac10000 | (index << 10), `${name} +Xd Xns`),
    row(0xffffffe0, 0xdac123e0 | (index << 10), `${name.slice(0, 3)}${name.slice(3, 4)}z${name.slice(4)} +Xd`),
  ]),
  row(0xffffffe0, 0xdac143e0, 'xpaci +Xd'),
  row(0xffffffe0, 0xdac147e0, 'xpacd +Xd'),
  row(0x7fe0fc00, 0x1b007c00, 'mul =Rd Rn Rm'),
  row(0x7fe0fc00, 0x1b00fc00, 'mneg =Rd Rn Rm'),
  row(0x7fe08000, 0x1b000000, 'madd =Rd Rn Rm Ra'),
  row(0x7fe08000, 0x1b008000, 'msub =Rd Rn Rm Ra'),
  row(0xffe0fc00, 0x9b207c00, 'smull =Xd Wn Wm'),
  row(0xffe0fc00, 0x9ba07c00, 'umull =Xd Wn Wm'),
  row(0xffe0fc00, 0x9b20fc00, 'smnegl =Xd Wn Wm'),
  row(0xffe0fc00, 0x9ba0fc00, 'umnegl =Xd Wn Wm'),
  row(0xffe08000, 0x9b200000, 'smaddl =Xd Wn Wm Xa'),
  row(0xffe08000, 0x9b208000, 'smsubl =Xd Wn Wm Xa'),
  row(0xffe08000, 0x9ba00000, 'umaddl =Xd Wn Wm Xa'),
  row(0xffe08000, 0x9ba08000, 'umsubl =Xd Wn Wm Xa'),
  row(0xffe0fc00, 0x9b407c00, 'smulh =Xd Xn Xm'),
  row(0xffe0fc00, 0x9bc07c00, 'umulh =Xd Xn Xm'),
];

const FLOAT: readonly Row[] = [
  row(0xff3ffc00, 0x1e204000, 'fmov =Fd Fn'),
  row(0xff3ffc00, 0x1e20c000, 'fabs =Fd Fn'),
  row(0xff3ffc00, 0x1e214000, 'fneg =Fd Fn'),
  row(0xff3ffc00, 0x1e21c000, 'fsqrt =Fd Fn'),
  row(0xfffffc00, 0x1e22c000, 'fcvt =Dd Sn'),
  row(0xfffffc00, 0x1e624000, 'fcvt =Sd Dn'),
  row(0xff20fc00, 0x1e200800, 'fmul =Fd Fn Fm'),
  row(0xff20fc00, 0x1e201800, 'fdiv =Fd Fn Fm'),
  row(0xff20fc00, 0x1e202800, 'fadd =Fd Fn Fm'),
  row(0xff20fc00, 0x1e203800, 'fsub =Fd Fn Fm'),
  row(0xff20fc1f, 0x1e202000, 'fcmp Fn Fm'),
  row(0xff20fc1f, 0x1e202010, 'fcmpe Fn Fm'),
  row(0xff20fc1f, 0x1e202008, 'fcmp Fn zero'),
  row(0xff20fc1f, 0x1e202018, 'fcmpe Fn zero'),
  row(0xff200c00, 0x1e200c00, 'fcsel =Fd Fn Fm condition'),
  row(0xfffffc00, 0x1e260000, 'fmov =Wd Sn'),
  row(0xfffffc00, 0x1e270000, 'fmov =Sd Wn'),
  row(0xfffffc00, 0x9e660000, 'fmov =Xd Dn'),
  row(0xfffffc00, 0x9e670000, 'fmov =Dd Xn'),
  row(0x7f3ffc00, 0x1e220000, 'scvtf =Fd Rn'),
  row(0x7f3ffc00, 0x1e230000, 'ucvtf =Fd Rn'),
  row(0x7f3ffc00, 0x1e380000, 'fcvtzs =Rd Fn'),
  row(0x7f3ffc00, 0x1e390000, 'fcvtzu =Rd Fn'),
];

interface Transfer {
  /** size, V and opc of the load and store encodings. */
  readonly code: number;
  /** Behind "ldr", "ldur", "ldtr": "b", "sh" … */
  readonly suffix: string;
  readonly load: boolean;
  readonly register: string;
  readonly size: number;
}
const transfer = (code: number, what: string, register: string, size: number): Transfer => ({
  code,
  load: what.startsWith('l'),
  suffix: what.slice(1),
  register,
  size,
});
/** size in bits 31:30, V in bit 26, opc in bits 23:22. */
const at = (size: number, vector: number, opc: number): number => (size << 30) | (vector << 26) | (opc << 22);
const TRANSFERS: readonly Transfer[] = [
  transfer(at(0, 0, 0), 'sb', 'Wt', 1),
  transfer(at(0, 0, 1), 'lb', 'Wt', 1),
  transfer(at(0, 0, 2), 'lsb', 'Xt', 1),
  transfer(at(0, 0, 3), 'lsb', 'Wt', 1),
  transfer(at(1, 0, 0), 'sh', 'Wt', 2),
  transfer(at(1, 0, 1), 'lh', 'Wt', 2),
  transfer(at(1, 0, 2), 'lsh', 'Xt', 2),
  transfer(at(1, 0, 3), 'lsh', 'Wt', 2),
  transfer(at(2, 0, 0), 's', 'Wt', 4),
  transfer(at(2, 0, 1), 'l', 'Wt', 4),
  transfer(at(2, 0, 2), 'lsw', 'Xt', 4),
  transfer(at(3, 0, 0), 's', 'Xt', 8),
  transfer(at(3, 0, 1), 'l', 'Xt', 8),
  ...['B', 'H', 'S', 'D'].flatMap((letter, size) => [
    transfer(at(size, 1, 0), 's', `${letter}t`, 2 ** size),
    transfer(at(size, 1, 1), 'l', `${letter}t`, 2 ** size),
  ]),
  transfer(at(0, 1, 2), 's', 'Qt', 16),
  transfer(at(0, 1, 3), 'l', 'Qt', 16),
];

const moved = (load: boolean, size: number): More => ({ size, access: load ? 'read' : 'write' });
const into = (load: boolean, register: string): string => (load ? `=${register}` : register);

/** The addressing modes of one register: [mask, value, infix of the mnemonic, operand]. */
const MODES: readonly (readonly [mask: number, value: number, infix: string, operand: string])[] = [
  [0xffc00000, 0x39000000, '', '[scaled]'],
  [0xffe00c00, 0x38000000, 'u', '[unscaled]'],
  [0xffe00c00, 0x38000400, '', '[post]'],
  [0xffe00c00, 0x38000800, 't', '[unscaled]'],
  [0xffe00c00, 0x38000c00, '', '[pre]'],
  [0xffe00c00, 0x38200800, '', '[indexed]'],
];
const SINGLE: readonly Row[] = TRANSFERS.flatMap(({ code, load, suffix, register, size }) =>
  MODES.filter(([, , infix]) => infix !== 't' || register === 'Wt' || register === 'Xt').map(([mask, value, infix, operand]) =>
    row(mask, value | code, `${load ? 'ld' : 'st'}${infix}r${suffix} ${into(load, register)} ${operand}`, moved(load, size)),
  ),
);

interface Pair {
  readonly code: number;
  readonly register: string;
  readonly second: string;
  readonly size: number;
  readonly suffix?: string;
}
/** opc in bits 31:30 and V in bit 26 of the pairs; sizes of both registers together. */
const PAIRS: readonly Pair[] = [
  { code: 0x00000000, register: 'Wt', second: 'Wu', size: 8 },
  { code: 0x40000000, register: 'Xt', second: 'Xu', size: 8, suffix: 'sw' },
  { code: 0x80000000, register: 'Xt', second: 'Xu', size: 16 },
  { code: 0x04000000, register: 'St', second: 'Su', size: 8 },
  { code: 0x44000000, register: 'Dt', second: 'Du', size: 16 },
  { code: 0x84000000, register: 'Qt', second: 'Qu', size: 32 },
];
const PAIR_MODES = ['[pair]', '[pair-post]', '[pair]', '[pair-pre]'];
const PAIRED: readonly Row[] = PAIRS.flatMap(({ code, register, second, size, suffix = '' }) =>
  PAIR_MODES.flatMap((operand, mode) =>
    [false, true]
      .filter((load) => suffix === '' || (load && mode !== 0))
      .map((load) => {
        const name = `${load ? 'ld' : 'st'}${mode === 0 ? 'n' : ''}p${suffix}`;
        const value = 0x28000000 | code | (mode << 23) | (load ? 1 << 22 : 0);
        return row(0xffc00000, value, `${name} ${into(load, register)} ${into(load, second)} ${operand}`, moved(load, size));
      }),
  ),
);

const LITERAL: readonly Row[] = [
  row(0xff000000, 0x18000000, 'ldr =Wt [literal]', moved(true, 4)),
  row(0xff000000, 0x58000000, 'ldr =Xt [literal]', moved(true, 8)),
  row(0xff000000, 0x98000000, 'ldrsw =Xt [literal]', moved(true, 4)),
  row(0xff000000, 0x1c000000, 'ldr =St [literal]', moved(true, 4)),
  row(0xff000000, 0x5c000000, 'ldr =Dt [literal]', moved(true, 8)),
  row(0xff000000, 0x9c000000, 'ldr =Qt [literal]', moved(true, 16)),
  row(0xffc00000, 0xf9800000, 'prfm prefetch [scaled]', { size: 8, access: 'none' }),
];

const SIZES: readonly (readonly [size: number, suffix: string, register: string])[] = [
  [0, 'b', 'W'],
  [1, 'h', 'W'],
  [2, '', 'W'],
  [3, '', 'X'],
];
/** Exclusive and ordered accesses: [mask, value, stem, operands]; "*" is the data register. */
const EXCLUSIVE: readonly (readonly [mask: number, value: number, stem: string, operands: string])[] = [
  [0xffe0fc00, 0x08007c00, 'stxr', '=Wm *t'],
  [0xffe0fc00, 0x0800fc00, 'stlxr', '=Wm *t'],
  [0xfffffc00, 0x085f7c00, 'ldxr', '=*t'],
  [0xfffffc00, 0x085ffc00, 'ldaxr', '=*t'],
  [0xfffffc00, 0x089ffc00, 'stlr', '*t'],
  [0xfffffc00, 0x08dffc00, 'ldar', '=*t'],
  [0xfffffc00, 0x38bfc000, 'ldapr', '=*t'],
];
const ATOMIC_OPERATIONS = ['ldadd', 'ldclr', 'ldeor', 'ldset', 'ldsmax', 'ldsmin', 'ldumax', 'ldumin', 'swp'];
/** Acquire in bit 23, release in bit 22. */
const ORDERS = ['', 'l', 'a', 'al'];
const ATOMIC: readonly Row[] = SIZES.flatMap(([size, suffix, letter]) => [
  ...EXCLUSIVE.map(([mask, value, stem, operands]) =>
    row(mask, value | (size << 30), `${stem}${suffix} ${operands.replace('*', letter)} [base]`, moved(stem.startsWith('ld'), 2 ** size)),
  ),
  ...ORDERS.flatMap((order, index) => [
    ...ATOMIC_OPERATIONS.map((stem, operation) =>
      row(0xffe0fc00, 0x38200000 | (size << 30) | (index << 22) | (operation << 12), `${stem}${order}${suffix} ${letter}m =${letter}t [base]`, {
        size: 2 ** size,
        access: 'read-write',
      }),
    ),
    // cas keeps acquire in bit 22 and release in bit 15.
    row(0xffe0fc00, 0x08a07c00 | (size << 30) | ((index >> 1) << 22) | ((index & 1) << 15), `cas${order}${suffix} +${letter}m ${letter}t [base]`, {
      size: 2 ** size,
      access: 'read-write',
    }),
  ]),
]);

/** Rows by bits 28 to 25, which tell the groups apart (C4.1), so that few are tried. */
function byGroup(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups: Row[][] = Array.from({ length: 16 }, () => []);
  for (const one of rows) {
    groups.forEach((group, index) => {
      if (((index << 25) & one.mask & 0x1e000000) === (one.value & 0x1e000000)) group.push(one);
    });
  }
  return groups;
}
const GROUPS = byGroup([...BRANCHES, ...SYSTEM, ...IMMEDIATE, ...REGISTER, ...FLOAT, ...ATOMIC, ...SINGLE, ...PAIRED, ...LITERAL]);

export function findRow(word: number): Row | undefined {
  return GROUPS[bits(word, 25, 4)]?.find((one) => ((word & one.mask) | 0) === one.value && (one.when?.(word) ?? true));
}
