/** Rust's v0 names: doc.rust-lang.org/rustc/symbol-mangling/v0.html (RFC 2603), in the spelling that it recommends. */
import { NameCursor } from './cursor.ts';
import { decodePunycode, isScalar } from './punycode.ts';

const BASIC_TYPES: ReadonlyMap<string, string> = new Map([
  ['a', 'i8'],
  ['b', 'bool'],
  ['c', 'char'],
  ['d', 'f64'],
  ['e', 'str'],
  ['f', 'f32'],
  ['h', 'u8'],
  ['i', 'isize'],
  ['j', 'usize'],
  ['l', 'i32'],
  ['m', 'u32'],
  ['n', 'i128'],
  ['o', 'u128'],
  ['p', '_'],
  ['s', 'i16'],
  ['t', 'u16'],
  ['u', '()'],
  ['v', '...'],
  ['x', 'i64'],
  ['y', 'u64'],
  ['z', '!'],
]);
const INTEGERS = 'ahijlmnostxy';
const SPECIAL_NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['C', 'closure'],
  ['S', 'shim'],
]);
const CHAR_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ["'", "\\'"],
  ['\\', '\\\\'],
]);

const MAX_BASE_62_DIGITS = 11;
const MAX_BOUND_LIFETIMES = 256;
const LETTERS = 26;
/** Steps and letters, those of parts counted anew in what they are parts of: references can double a name at every level. */
const MAX_WORK = 2 ** 20;

export class RustV0 extends NameCursor {
  protected override readonly maxDepth = 256;
  readonly #full: boolean;
  #boundLifetimes = 0;
  #work = 0;

  /** `text` without `_R` and without a vendor's suffix. */
  constructor(text: string, full: boolean) {
    super(text);
    this.#full = full;
  }

  run(): string | undefined {
    const text = this.#path('value');
    // The crate that asked for the copy of a generic function.
    if (!this.atEnd) this.#path('value');
    return this.failed || !this.atEnd ? undefined : this.bounded(text) || undefined;
  }

  #part(read: () => string): string {
    const text = this.failed ? '' : this.deeper(read, '');
    this.#work += 1 + text.length;
    return this.#work > MAX_WORK ? this.fail() : this.bounded(text);
  }

  /** Generic arguments follow `::` in values, as in Rust. */
  #path(within: 'value' | 'type'): string {
    return this.#part(() => {
      const tag = this.takeLetter();
      if (tag === 'C') return this.#crate();
      if (tag === 'N') return this.#nested(within);
      if (tag === 'M') return `<${this.#implOf()}>`;
      if (tag === 'X') return `<${this.#implOf()} as ${this.#path('type')}>`;
      if (tag === 'Y') return `<${this.#type()} as ${this.#path('type')}>`;
      if (tag === 'I') return `${this.#path(within)}${within === 'value' ? '::' : ''}<${this.#until('E', () => this.#argument()).join(', ')}>`;
      return tag === 'B' ? this.#referred(() => this.#path(within)) : this.fail();
    });
  }

  #crate(): string {
    const number = this.#disambiguator();
    const name = this.#identifier();
    return this.#full && number > 0n ? `${name}[${number.toString(16)}]` : name;
  }

  #nested(within: 'value' | 'type'): string {
    const namespace = this.takeLetter();
    const parent = this.#path(within);
    const number = this.#disambiguator();
    const name = this.#identifier();
    if (/[A-Z]/.test(namespace)) return `${parent}::{${SPECIAL_NAMESPACES.get(namespace) ?? namespace}${name && ':'}${name}#${number}}`;
    if (!/[a-z]/.test(namespace)) return this.fail();
    return name === '' ? parent : `${parent}::${name}`;
  }

  /** The type; where the impl stands is not shown. */
  #implOf(): string {
    this.#disambiguator();
    this.#path('value');
    return this.#type();
  }

  #argument(): string {
    if (this.take('K')) return this.#const();
    return this.peek('L') ? this.#lifetime() : this.#type();
  }

  #type(): string {
    return this.#part(() => {
      const start = this.at;
      const tag = this.takeLetter();
      const basic = BASIC_TYPES.get(tag);
      if (basic !== undefined) return basic;
      if (tag === 'A') return `[${this.#type()}; ${this.#const()}]`;
      if (tag === 'S') return `[${this.#type()}]`;
      if (tag === 'T') return this.#tuple();
      if (tag === 'P') return `*const ${this.#type()}`;
      if (tag === 'O') return `*mut ${this.#type()}`;
      if (tag === 'B') return this.#referred(() => this.#type());
      return this.#lifetimeType(tag) ?? this.#namedType(start);
    });
  }

  #lifetimeType(tag: string): string | undefined {
    if (tag === 'R') return `&${this.#shownLifetime(' ')}${this.#type()}`;
    if (tag === 'Q') return `&${this.#shownLifetime(' ')}mut ${this.#type()}`;
    if (tag === 'F') return this.#binding(() => this.#function());
    return tag === 'D' ? `dyn ${this.#dyn()}` : undefined;
  }

  #namedType(start: number): string {
    if (this.failed) return '';
    this.at = start;
    return this.#path('type');
  }

  #tuple(): string {
    const types = this.#until('E', () => this.#type());
    return types.length === 1 ? `(${types.join('')},)` : `(${types.join(', ')})`;
  }

  #function(): string {
    const words = this.take('U') ? 'unsafe ' : '';
    const abi = this.take('K') ? `extern "${this.take('C') ? 'C' : this.#identifier().replaceAll('_', '-')}" ` : '';
    const parameters = this.#until('E', () => this.#type()).join(', ');
    const result = this.take('u') ? '' : ` -> ${this.#type()}`;
    return `${words}${abi}fn(${parameters})${result}`;
  }

  #dyn(): string {
    const traits = this.#binding(() => this.#until('E', () => this.#trait()).join(' + '));
    const lifetime = this.peek('L') ? this.#shownLifetime('') : this.fail();
    return lifetime === '' ? traits : `${traits} + ${lifetime}`;
  }

  /** Associated types stand behind the trait's own arguments. */
  #trait(): string {
    const path = this.#path('type');
    const bindings: string[] = [];
    while (!this.failed && this.take('p')) bindings.push(`${this.#identifier()} = ${this.#type()}`);
    if (bindings.length === 0) return path;
    return path.endsWith('>') ? `${path.slice(0, -1)}, ${bindings.join(', ')}>` : `${path}<${bindings.join(', ')}>`;
  }

  /** Lifetimes bound here reach over what is read. */
  #binding(read: () => string): string {
    const count = this.take('G') ? Number(this.#base62()) + 1 : 0;
    if (this.#boundLifetimes + count > MAX_BOUND_LIFETIMES) return this.fail();
    const names = Array.from({ length: count }, (_, index) => lifetimeName(this.#boundLifetimes + index));
    this.#boundLifetimes += count;
    const text = read();
    this.#boundLifetimes -= count;
    return count > 0 ? `for<${names.join(', ')}> ${text}` : text;
  }

  #lifetime(): string {
    if (!this.take('L')) return this.fail();
    const index = Number(this.#base62());
    if (index > this.#boundLifetimes) return this.fail();
    return index === 0 ? "'_" : lifetimeName(this.#boundLifetimes - index);
  }

  /** Of references and objects an erased lifetime is not shown. */
  #shownLifetime(after: string): string {
    const name = this.peek('L') ? this.#lifetime() : "'_";
    return name === "'_" || this.failed ? '' : `${name}${after}`;
  }

  #const(): string {
    return this.#part(() => {
      if (this.take('B')) return this.#referred(() => this.#const());
      const type = this.takeLetter();
      if (type === 'p') return '_';
      const negative = this.take('n');
      const digits = this.#textTo('_');
      if (!/^[0-9a-f]{0,32}$/.test(digits)) return this.fail();
      const value = BigInt(`0x0${digits}`);
      if (INTEGERS.includes(type)) return `${negative ? '-' : ''}${value}`;
      if (type === 'b' && value < 2n) return value === 1n ? 'true' : 'false';
      return type === 'c' ? this.#char(Number(value)) : this.fail();
    });
  }

  #char(code: number): string {
    if (!isScalar(code)) return this.fail();
    const char = String.fromCodePoint(code);
    const escaped = CHAR_ESCAPES.get(char) ?? (/[\p{L}\p{N}\p{P}\p{S} ]/u.test(char) ? char : `\\u{${code.toString(16)}}`);
    return `'${escaped}'`;
  }

  /** What stands at an earlier place, once more. */
  #referred(read: () => string): string {
    const from = this.at - 1;
    const target = Number(this.#base62());
    const back = this.at;
    if (target >= from) return this.fail();
    this.at = target;
    const text = read();
    if (!this.failed) this.at = back;
    return text;
  }

  #until(end: string, read: () => string): string[] {
    const parts: string[] = [];
    while (!this.failed && !this.take(end)) parts.push(read());
    return parts;
  }

  #disambiguator(): bigint {
    return this.take('s') ? this.#base62() + 1n : 0n;
  }

  /** Digits, small and capital letters up to `_`; nothing is 0, and digits stand for one more than they say. */
  #base62(): bigint {
    const digits = this.#textTo('_');
    if (digits.length > MAX_BASE_62_DIGITS) this.fail();
    if (digits === '' || this.failed) return 0n;
    let value = 0n;
    for (const digit of digits) {
      const capital = digit >= 'A' && digit <= 'Z';
      value = value * 62n + BigInt(Number.parseInt(digit, 36) + (capital ? LETTERS : 0));
    }
    return value + 1n;
  }

  #textTo(end: string): string {
    const stop = this.text.indexOf(end, this.at);
    if (stop < 0) return this.fail();
    const text = this.text.slice(this.at, stop);
    this.at = stop + end.length;
    return text;
  }

  #identifier(): string {
    const isPunycode = this.take('u');
    const digits = /^(?:0|[1-9]\d{0,5})/.exec(this.text.slice(this.at, this.at + 6))?.[0] ?? this.fail();
    this.at += digits.length;
    this.take('_');
    const end = this.at + Number(digits);
    if (this.failed || end > this.text.length) return this.fail();
    const text = this.text.slice(this.at, end);
    this.at = end;
    return isPunycode ? (decodePunycode(text) ?? this.fail()) : text;
  }
}

/** 'a to 'z, then numbered. */
function lifetimeName(level: number): string {
  return level < LETTERS ? `'${String.fromCharCode(0x61 + level)}` : `'_${level}`;
}
