/**
 * Frame data programs: reverse Polish notation over registers, temporaries and the sizes of the frame
 * (learn.microsoft.com/visualstudio/debugger/debug-interface-access/idiaframedata-get-program; tokens as in the texts of
 * llvm-pdbutil). `a b +`, `address ^` reads memory, `a b @` aligns down, `name value =` assigns. All in 32 bits.
 */
import { type Va, va } from '../../base/address.ts';
import { type Found, found, notValid } from '../../base/found.ts';

export interface ProgramInputs {
  /** By their names without the dollar sign. */
  readonly registers: Readonly<Record<string, bigint>>;
  /** `.cbLocals` and its kin, by their names with the dot. */
  readonly sizes: Readonly<Record<string, bigint>>;
  read(at: Va): Found<bigint>;
}

const MAX_TOKENS = 512;
const MAX_STACK = 64;
/** A register or temporary, a size, an operator, a number. */
const TOKEN = /[$.][A-Za-z]\w*|\$\d+|\d+|[=^@+\-*/%]/g;

/** CodeView's numbers of registers (microsoft-pdb, include/cvconst.h): programs of later linkers use them for names. */
const BY_NUMBER: Readonly<Record<string, string>> = { 17: 'eax', 18: 'ecx', 19: 'edx', 20: 'ebx', 21: 'esp', 22: 'ebp', 23: 'esi', 24: 'edi', 33: 'eip' };

type Binary = (left: bigint, right: bigint) => bigint | undefined;
const OPERATORS: Readonly<Record<string, Binary>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => (right === 0n ? undefined : left / right),
  '%': (left, right) => (right === 0n ? undefined : left % right),
  '@': (left, right) => (right === 0n ? undefined : left - (left % right)),
};

const narrow = (value: bigint): bigint => BigInt.asUintN(32, value);
const nameOf = (token: string): string => (token.startsWith('$') ? (BY_NUMBER[token.slice(1)] ?? token.slice(1)) : token);
const isName = (token: string): boolean => token.startsWith('$') || token.startsWith('.');

class Run {
  readonly #inputs: ProgramInputs;
  readonly #stack: string[] = [];
  readonly #names = new Map<string, bigint>();
  readonly assigned: Record<string, bigint> = {};

  constructor(inputs: ProgramInputs) {
    this.#inputs = inputs;
    for (const [name, value] of Object.entries({ ...inputs.sizes, ...inputs.registers })) this.#names.set(name, value);
  }

  #value(token: string | undefined): Found<bigint> {
    if (token === undefined) return notValid('frame data program', 'too few operands', 'an operand');
    if (!isName(token)) return found(narrow(BigInt(token)));
    const value = this.#names.get(nameOf(token));
    return value === undefined ? notValid(`${token} in a frame data program`, 'not known here', 'its value in this frame') : found(value);
  }

  #push(value: bigint): Found<void> {
    if (this.#stack.length >= MAX_STACK) return notValid('frame data program', `more than ${MAX_STACK} operands`, 'fewer');
    this.#stack.push(narrow(value).toString());
    return found(undefined);
  }

  #assign(): Found<void> {
    const value = this.#value(this.#stack.pop());
    const target = this.#stack.pop();
    if (!value.ok) return value;
    if (target === undefined || !isName(target)) return notValid('assignment in a frame data program', target ?? 'nothing', 'a register or temporary');
    this.#names.set(nameOf(target), value.value);
    this.assigned[nameOf(target)] = value.value;
    return found(undefined);
  }

  step(token: string): Found<void> {
    if (token === '=') return this.#assign();
    if (token === '^') {
      const at = this.#value(this.#stack.pop());
      const word = at.ok ? this.#inputs.read(va(at.value)) : at;
      return word.ok ? this.#push(word.value) : word;
    }
    const operator = OPERATORS[token];
    if (!operator) {
      if (this.#stack.length >= MAX_STACK) return notValid('frame data program', `more than ${MAX_STACK} operands`, 'fewer');
      this.#stack.push(token);
      return found(undefined);
    }
    const right = this.#value(this.#stack.pop());
    const left = this.#value(this.#stack.pop());
    if (!right.ok) return right;
    if (!left.ok) return left;
    const value = operator(left.value, right.value);
    return value === undefined ? notValid('frame data program', `${token} by 0`, 'another number') : this.#push(value);
  }
}

/** What the program assigned, registers by their names. */
export function runProgram(text: string, inputs: ProgramInputs): Found<Readonly<Record<string, bigint>>> {
  const tokens = text.match(TOKEN) ?? [];
  if (tokens.length === 0 || tokens.length > MAX_TOKENS) return notValid('frame data program', `${tokens.length} tokens`, `1 to ${MAX_TOKENS}`);
  const run = new Run(inputs);
  for (const token of tokens) {
    const done = run.step(token);
    if (!done.ok) return done;
  }
  return found(run.assigned);
}
