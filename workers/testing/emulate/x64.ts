import type { Instruction, MemoryOperand } from '../../code/decoder.ts';
import type { State, Stepped } from './state.ts';

const VOLATILE = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'];
const WIDE = /^r(?:[a-ds][xpi]|[sb]p|[sd]i|\d+)$/;

function addressOf(state: State, operand: MemoryOperand): bigint | undefined {
  if (operand.absolute !== undefined || operand.segment === 'fs' || operand.segment === 'gs') return undefined;
  const base = operand.base === undefined ? 0n : state.get(operand.base);
  const index = operand.index === undefined ? 0n : state.get(operand.index);
  return base === undefined || index === undefined ? undefined : base + index * BigInt(operand.scale) + operand.displacement;
}

/** "28h", "0FFFFFFF0h", "8", "-57h". */
function numberOf(text: string): bigint | undefined {
  const [, sign, digits = ''] = /^(-?)([0-9A-Fa-f]+)h$/.exec(text) ?? [];
  if (digits !== '') return BigInt(`0x${digits}`) * (sign ? -1n : 1n);
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

function valueOf(state: State, instruction: Instruction, text: string): bigint | undefined {
  if (WIDE.test(text)) return state.get(text);
  const number = numberOf(text);
  if (number !== undefined) return number;
  const memory = text.startsWith('qword ptr') ? instruction.memory.find((one) => one.access === 'read' || one.access === 'read-write') : undefined;
  return memory && state.load(addressOf(state, memory));
}

/** Everything that the instruction writes becomes unknown. */
function spoil(state: State, instruction: Instruction): Stepped {
  for (const name of instruction.writes) state.set(name, undefined);
  for (const memory of instruction.memory) {
    const at = memory.access === 'write' || memory.access === 'read-write' ? addressOf(state, memory) : undefined;
    if (at !== undefined) state.forget(BigInt.asUintN(64, at), memory.sizeBytes);
  }
  return state.get('rsp') === undefined ? 'unknown' : 'next';
}

type Run = (state: State, instruction: Instruction, operands: readonly string[]) => Stepped;

/** `to op= from` over whole registers. */
const arithmetic =
  (combine: (to: bigint, from: bigint) => bigint): Run =>
  (state, instruction, [to = '', from = '']) => {
    const left = WIDE.test(to) ? state.get(to) : undefined;
    const right = valueOf(state, instruction, from);
    if (left === undefined || right === undefined) return spoil(state, instruction);
    state.set(to, combine(left, right));
    return 'next';
  };

const move: Run = (state, instruction, [to = '', from = '']) => {
  const value = valueOf(state, instruction, from);
  if (WIDE.test(to)) state.set(to, value);
  else if (to.startsWith('qword ptr')) state.store(addressOf(state, instruction.memory.find((one) => one.access === 'write') as MemoryOperand), value);
  else if (/^e[abcd]x$/.test(to) && numberOf(from) !== undefined) state.set(`r${to.slice(1)}`, value);
  else return spoil(state, instruction);
  return state.get('rsp') === undefined ? 'unknown' : 'next';
};

const RUNS: Readonly<Record<string, Run>> = {
  push: (state, instruction, [from = '']) => {
    const value = valueOf(state, instruction, from);
    const rsp = (state.get('rsp') ?? 0n) - 8n;
    state.set('rsp', rsp);
    state.store(rsp, value);
    return 'next';
  },
  pop: (state, instruction, [to = '']) => {
    const rsp = state.get('rsp') ?? 0n;
    const value = state.load(rsp);
    if (!WIDE.test(to)) return spoil(state, instruction);
    state.set('rsp', rsp + 8n);
    state.set(to, value);
    return 'next';
  },
  add: arithmetic((to, from) => to + from),
  sub: arithmetic((to, from) => to - from),
  and: arithmetic((to, from) => to & from),
  // On the stack a barrier, which writes what stands there.
  'lock or': (state, instruction, [to = '']) => (to.includes('[rsp]') ? 'next' : spoil(state, instruction)),
  mov: move,
  lea: (state, instruction, [to = '', from = '']) => {
    const [, base, sign = '+', displacement = '0'] = /^\[(r\w+)(?:([+-])(\w+))?\]$/.exec(from) ?? [];
    const left = base === undefined ? undefined : state.get(base);
    const right = numberOf(displacement);
    if (!WIDE.test(to)) return spoil(state, instruction);
    state.set(to, left === undefined || right === undefined ? undefined : sign === '-' ? left - right : left + right);
    return state.get('rsp') === undefined ? 'unknown' : 'next';
  },
};

/** Runs one instruction as if no branch were taken; a call returns, and keeps what callees keep and RAX (as __chkstk does). */
export function stepX64(state: State, instruction: Instruction): Stepped {
  const { flow, mnemonic } = instruction;
  if (flow === 'return') return 'return';
  if (flow === 'jump' || flow === 'indirect-jump') return 'jump';
  if (flow === 'call' || flow === 'indirect-call') {
    for (const name of VOLATILE) state.set(name, undefined);
    return 'next';
  }
  if (flow !== 'next') return 'next';
  const run = RUNS[mnemonic];
  return run ? run(state, instruction, instruction.operands.split(',')) : spoil(state, instruction);
}
