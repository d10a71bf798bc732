/**
 * MASM-style expressions: `nt+0x1000`, `@rsp+20`, `poi(nt!KiBugCheckData)`, `dwo(@rcx)&ff`.
 * Operators and their order: learn.microsoft.com/windows-hardware/drivers/debuggercmds/masm-numbers-and-operators.
 * All arithmetic is unsigned 64-bit; comparisons give 1 or 0.
 */
import { va } from '../base/address.ts';
import { type Found, type MissingReason, found } from '../base/found.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { ExpressionScope } from './scope.ts';
import { type Token, tokenize } from './tokens.ts';

/** A value, or a read within the expression that could not be done. */
export type Evaluated = Found<bigint>;

type Binary = (a: bigint, b: bigint) => bigint | undefined;
const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

/** Loosest first. An undefined result is a division by zero. */
const LEVELS: readonly Readonly<Record<string, Binary>>[] = [
  { '|': (a, b) => a | b, or: (a, b) => a | b },
  { '^': (a, b) => a ^ b, xor: (a, b) => a ^ b },
  { '&': (a, b) => a & b, and: (a, b) => a & b },
  {
    '=': (a, b) => truth(a === b),
    '==': (a, b) => truth(a === b),
    '!=': (a, b) => truth(a !== b),
    '<=': (a, b) => truth(a <= b),
    '>=': (a, b) => truth(a >= b),
    '<': (a, b) => truth(a < b),
    '>': (a, b) => truth(a > b),
  },
  {
    '<<': (a, b) => (b > 63n ? 0n : wrap(a << b)),
    '>>': (a, b) => (b > 63n ? 0n : a >> b),
    '>>>': (a, b) => wrap(BigInt.asIntN(64, a) >> (b > 63n ? 63n : b)),
  },
  { '+': (a, b) => wrap(a + b), '-': (a, b) => wrap(a - b) },
  {
    '*': (a, b) => wrap(a * b),
    '/': (a, b) => (b === 0n ? undefined : a / b),
    '%': (a, b) => (b === 0n ? undefined : a % b),
    mod: (a, b) => (b === 0n ? undefined : a % b),
  },
];

type Unary = (value: bigint, scope: ExpressionScope) => Evaluated;
const number = (read: Found<number>): Evaluated => (read.ok ? found(BigInt(read.value)) : read);
const UNARY: Readonly<Record<string, Unary>> = {
  '-': (value) => found(wrap(-value)),
  '+': (value) => found(value),
  '~': (value) => found(wrap(~value)),
  not: (value) => found(truth(value === 0n)),
  '!': (value) => found(truth(value === 0n)),
  hi: (value) => found((value >> 16n) & 0xffffn),
  low: (value) => found(value & 0xffffn),
  by: (value, scope) => number(scope.memory.u8(va(value))),
  wo: (value, scope) => number(scope.memory.u16(va(value))),
  dwo: (value, scope) => number(scope.memory.u32(va(value))),
  qwo: (value, scope) => scope.memory.u64(va(value)),
  poi: (value, scope) => scope.memory.pointer(va(value)),
};

const MAX_DEPTH = 64;

class Fault extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #scope: ExpressionScope;
  readonly #end: number;
  #next = 0;
  #depth = 0;
  /** The first read that failed; the value is then meaningless. */
  missing: MissingReason | undefined;

  constructor(tokens: readonly Token[], scope: ExpressionScope, end: number) {
    this.#tokens = tokens;
    this.#scope = scope;
    this.#end = end;
  }

  whole(): bigint {
    const value = this.#level(0);
    const left = this.#peek();
    if (left) throw new Fault(left.at, `'${left.text}' was not expected here`);
    return value;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #level(level: number): bigint {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let value = this.#level(level + 1);
    for (;;) {
      const token = this.#peek();
      const apply =
        token && token.kind !== 'number' && token.kind !== 'register' && Object.hasOwn(operators, token.text.toLowerCase())
          ? operators[token.text.toLowerCase()]
          : undefined;
      if (!token || !apply) return value;
      this.#next += 1;
      const result = apply(value, this.#level(level + 1));
      if (result === undefined) throw new Fault(token.at, 'division by zero');
      value = result;
    }
  }

  #unary(): bigint {
    const token = this.#peek();
    if (!token) throw new Fault(this.#end, 'an operand is missing');
    const apply = token.kind === 'op' || this.#isUnaryName(token) ? UNARY[token.text.toLowerCase()] : undefined;
    if (!apply) return this.#primary();
    this.#next += 1;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Fault(token.at, 'the expression is nested too deeply');
    const operand = this.#unary();
    this.#depth -= 1;
    return this.#take(this.missing ? found(0n) : apply(operand, this.#scope));
  }

  /** `poi`, `by` … count as operators only where an operand follows, since modules may have such names. */
  #isUnaryName(token: Token): boolean {
    if (token.kind !== 'name' || !Object.hasOwn(UNARY, token.text.toLowerCase())) return false;
    const after = this.#tokens[this.#next + 1];
    return after !== undefined && (after.kind !== 'op' || after.text === '(');
  }

  #primary(): bigint {
    const token = this.#tokens[this.#next];
    this.#next += 1;
    if (!token) throw new Fault(this.#end, 'an operand is missing');
    if (token.kind === 'register') return this.#take(this.#register(token));
    if (token.kind === 'name') return this.#take(this.#name(token));
    if (token.kind === 'number') return this.#number(token);
    if (token.text === '(' || token.text === '[') return this.#group(token);
    throw new Fault(token.at, `'${token.text}' was not expected here`);
  }

  #group(open: Token): bigint {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Fault(open.at, 'the expression is nested too deeply');
    const value = this.#level(0);
    const close = this.#peek();
    if (close?.kind !== 'op' || close.text !== (open.text === '(' ? ')' : ']')) throw new Fault(close?.at ?? this.#end, 'a closing bracket is missing');
    this.#next += 1;
    this.#depth -= 1;
    return value;
  }

  /** Text such as "fade" or "dbg" reads as a number, unless something of that name exists. */
  #number(token: Token & { kind: 'number' }): bigint {
    const named = /^[a-f]/i.test(token.text) ? this.#scope.symbol(token.text) : undefined;
    return named ? this.#take(named) : token.value;
  }

  #register(token: Token): Evaluated {
    const known = token.text.startsWith('$') ? this.#scope.pseudo(token.text) : (this.#scope.register(token.text) ?? this.#scope.pseudo(`$${token.text}`));
    if (!known) throw new Fault(token.at, `there is no register '${token.text}' here`);
    return known;
  }

  #name(token: Token): Evaluated {
    const known = token.text.startsWith('$')
      ? this.#scope.pseudo(token.text.toLowerCase())
      : (this.#scope.symbol(token.text) ?? this.#scope.register(token.text.toLowerCase()));
    if (!known) throw new Fault(token.at, `couldn't resolve '${token.text}'`);
    return known;
  }

  #take(value: Evaluated): bigint {
    if (value.ok) return value.value;
    this.missing ??= value.missing;
    return 0n;
  }
}

/** Evaluates a whole text. BAD_ARGUMENT carries where it went wrong; a failed memory read is a Missing, not an error. */
export function evaluate(text: string, scope: ExpressionScope): Reply<Evaluated> {
  const tokens = tokenize(text);
  if (!Array.isArray(tokens)) {
    const fault = tokens as Exclude<typeof tokens, readonly Token[]>;
    return refuse('BAD_ARGUMENT', fault.detail, { at: fault.at });
  }
  const parser = new Parser(tokens, scope, text.length);
  try {
    const value = parser.whole();
    return reply(parser.missing ? { ok: false, missing: parser.missing } : found(value));
  } catch (fault) {
    if (fault instanceof Fault) return refuse('BAD_ARGUMENT', fault.message, { at: fault.at });
    throw fault;
  }
}
