import type { Instruction } from '../../code/decoder.ts';
import type { State, Stepped } from './state.ts';

const KEPT = /^(x(19|2[0-8])|fp|sp)$/;
const GENERAL = /^(x\d+|xip[01]|fp|lr|sp)$/;
const SPELLED: Readonly<Record<string, string>> = { xip0: 'x16', xip1: 'x17' };
const plain = (name: string): string => SPELLED[name] ?? name;

const numberOf = (text: string): bigint | undefined => {
  const [, sign, digits] = /^#(-?)(0x[0-9A-Fa-f]+|\d+)$/.exec(text) ?? [];
  return digits === undefined ? undefined : BigInt(digits) * (sign ? -1n : 1n);
};

interface Access {
  readonly registers: readonly string[];
  readonly at: bigint | undefined;
  /** Bytes of one register. */
  readonly step: bigint;
}

/** `x19,x20,[sp,#0x10]`, `[sp,#-0x30]!`, `[sp],#0x30`: does the write-back and gives where the registers lie. */
function access(state: State, { operands }: Instruction): Access | undefined {
  const [, list = '', base = '', inner, bang, after] = /^([^[]+),\[(\w+)(?:,(#[^\]]+))?\](!)?(?:,(#.+))?$/.exec(operands) ?? [];
  const from = state.get(plain(base));
  const displacement = inner === undefined ? 0n : numberOf(inner);
  if (from === undefined || displacement === undefined || list === '') return undefined;
  const registers = list.split(',').map(plain);
  if (bang) state.set(base, from + displacement);
  if (after !== undefined) state.set(base, from + (numberOf(after) ?? 0n));
  const wide = registers[0]?.startsWith('q') ? 16n : /^[ws]\d/.test(registers[0] ?? '') ? 4n : 8n;
  return { registers, at: from + displacement, step: wide };
}

function spoil(state: State, instruction: Instruction): Stepped {
  for (const name of instruction.writes) state.set(plain(name), undefined);
  return state.get('sp') === undefined ? 'unknown' : 'next';
}

type Run = (state: State, instruction: Instruction) => Stepped;

const store: Run = (state, instruction) => {
  const done = access(state, instruction);
  if (!done) return spoil(state, instruction);
  for (const [index, name] of done.registers.entries()) {
    const at = (done.at ?? 0n) + BigInt(index) * done.step;
    if (GENERAL.test(name)) state.store(at, state.get(name));
    else state.forget(at, Number(done.step));
  }
  return 'next';
};
const load: Run = (state, instruction) => {
  const done = access(state, instruction);
  if (!done) return spoil(state, instruction);
  for (const [index, name] of done.registers.entries())
    state.set(name, GENERAL.test(name) ? state.load((done.at ?? 0n) + BigInt(index) * done.step) : undefined);
  return 'next';
};

const arithmetic =
  (sign: 1n | -1n): Run =>
  (state, instruction) => {
    const [to = '', from = '', by = '', shift = ''] = instruction.operands.split(',').map(plain);
    const left = state.get(from);
    const scale = numberOf(shift.replace(/^(?:lsl|uxtx) /, '')) ?? 0n;
    const right = numberOf(by) ?? state.get(by);
    if (!GENERAL.test(to) || left === undefined || right === undefined) return spoil(state, instruction);
    state.set(to, left + sign * right * 2n ** scale);
    return 'next';
  };

const RUNS: Readonly<Record<string, Run>> = {
  stp: store,
  str: store,
  stur: store,
  ldp: load,
  ldr: load,
  ldur: load,
  add: arithmetic(1n),
  sub: arithmetic(-1n),
  mov: (state, instruction) => {
    const [to = '', from = ''] = instruction.operands.split(',').map(plain);
    if (!GENERAL.test(to)) return spoil(state, instruction);
    state.set(to, numberOf(from) ?? state.get(from));
    return state.get('sp') === undefined ? 'unknown' : 'next';
  },
  adrp: (state, instruction) => {
    const [to = '', page = ''] = instruction.operands.split(',').map(plain);
    state.set(to, BigInt(`0x${page.replace('`', '')}`));
    return 'next';
  },
  pacibsp: () => 'next',
  autibsp: () => 'next',
  nop: () => 'next',
};

/** As for x64; a call keeps what callees keep, and X15 as __chkstk does. */
export function stepArm64(state: State, instruction: Instruction): Stepped {
  const { flow, mnemonic } = instruction;
  if (flow === 'return') return 'return';
  if (flow === 'jump' || flow === 'indirect-jump') return 'jump';
  if (flow === 'call' || flow === 'indirect-call') {
    for (const name of [...state.registers.keys()]) if (!KEPT.test(name) && name !== 'x15') state.set(name, undefined);
    return 'next';
  }
  if (flow !== 'next') return 'next';
  return (RUNS[mnemonic] ?? spoil)(state, instruction);
}
