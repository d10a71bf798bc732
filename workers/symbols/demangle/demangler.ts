/**
 * Undecorates C++ names of Microsoft's compiler: qualified name with template arguments, without parameters, as WinDbg's stacks show it.
 * Types are read in full, since template arguments and local scopes hold them. A name that is not understood gives undefined.
 */
import { CALLING, FUNCTION_CLASSES, OPERATORS, POINTERS, PRIMITIVES, QUALIFIERS, STUBS } from './tables.ts';

const MAX_DEPTH = 48;
/** Back references can double a name at every level. */
const MAX_LENGTH = 16_384;
const MAX_REFERENCES = 10;

/** A type around the place of a declarator: "int (__cdecl" … ")(void)". */
interface Type {
  readonly before: string;
  readonly after: string;
  /** Set for functions: pointers to them are put in brackets. */
  readonly calling?: string;
  readonly isArray?: boolean;
}
const plain = (text: string): Type => ({ before: text, after: '' });

function formatType(type: Pick<Type, 'before' | 'after' | 'calling'>): string {
  return type.calling === undefined ? type.before + type.after : `${type.before} ${type.calling}${type.after}`;
}

/** A const pointer reached through a const reference is const once. */
function qualified(type: Type, qualifiers: string): Type {
  return type.calling !== undefined || type.before.endsWith(qualifiers) ? type : { ...type, before: type.before + qualifiers };
}

function pointerTo(type: Type, sign: string, owner = ''): Type {
  const mark = owner ? `${owner}::${sign}` : sign;
  if (type.calling !== undefined) return { before: `${type.before} (${type.calling}${owner ? ' ' : ''}${mark}`, after: `)${type.after}` };
  if (type.isArray) return { before: `${type.before} (${mark}`, after: `)${type.after}` };
  return { before: `${type.before} ${mark}`, after: type.after };
}

const LIST_END = /^[@Z]/;

export class Demangler {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #failed = false;
  #names: string[] = [];
  #types: Type[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** The qualified name, or undefined. */
  run(): string | undefined {
    if (this.#text.startsWith('??@')) return undefined;
    if (this.#text.startsWith('??_C@')) return "`string'";
    const name = this.#symbol(true);
    return this.#failed || name.length > MAX_LENGTH ? undefined : name;
  }

  #fail(): string {
    this.#failed = true;
    this.#at = this.#text.length;
    return '';
  }

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** The entry of a table whose code stands here; longer codes first. */
  #takeCode<T>(table: Readonly<Record<string, T>>, longest: number): T | undefined {
    for (let length = longest; length > 0; length--) {
      const code = this.#text.slice(this.#at, this.#at + length);
      if (code.length !== length || !Object.hasOwn(table, code)) continue;
      this.#at += length;
      return table[code];
    }
    return undefined;
  }

  #deeper<T>(read: () => T, otherwise: T): T {
    if (this.#depth >= MAX_DEPTH) {
      this.#fail();
      return otherwise;
    }
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #memorize(name: string): string {
    if (name.length > MAX_LENGTH) return this.#fail();
    if (this.#names.length < MAX_REFERENCES && !this.#names.includes(name)) this.#names.push(name);
    return name;
  }

  /** `?` qualified name, then what it is. The outermost needs its kind only where a conversion operator's type is part of the name. */
  #symbol(outermost: boolean): string {
    return this.#deeper(() => {
      if (!this.#take('?')) return this.#fail();
      const leaf = this.#leafName();
      const scopes = this.#scopes();
      const inner = scopes[0] ?? '';
      const needsType = leaf === 'operator ';
      const type = outermost && !needsType ? '' : this.#encoding();
      const shown = needsType ? leaf + type : leaf.replace(STRUCTOR, (mark) => (mark === '\u0001' ? inner : `~${inner}`));
      if (leaf !== shown && !needsType && inner === '') return this.#fail();
      return [...scopes.toReversed(), shown].join('::');
    }, '');
  }

  #leafName(): string {
    if (this.#peek('?$')) return this.#template(false);
    if (this.#take('?')) return this.#operator();
    return this.#simpleOrReference();
  }

  #simpleOrReference(): string {
    const digit = this.#digit();
    if (digit !== undefined) return this.#names[digit] ?? this.#fail();
    return this.#memorize(this.#untilAt());
  }

  #digit(): number | undefined {
    const code = this.#text.charCodeAt(this.#at) - 0x30;
    if (!(code >= 0 && code <= 9)) return undefined;
    this.#at += 1;
    return code;
  }

  #untilAt(): string {
    const end = this.#text.indexOf('@', this.#at);
    if (end <= this.#at) return this.#fail();
    const name = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return name;
  }

  #operator(): string {
    if (this.#take('0')) return '\u0001';
    if (this.#take('1')) return '\u0002';
    if (this.#take('B')) return 'operator ';
    if (this.#take('__K')) return `operator ""${this.#untilAt()}`;
    const stub = this.#takeCode(STUBS, 3);
    if (stub) return `\`${stub} '${this.#stubbed()}''`;
    if (this.#take('_P')) return `\`udt returning'${this.#operator()}`;
    const name = this.#takeCode(OPERATORS, 3) ?? this.#fail();
    if (name.startsWith('`RTTI Type')) this.#type(this.#take('?') ? 'take' : 'none');
    if (name.startsWith('`RTTI Base Class D')) for (let number = 0; number < 4; number++) this.#number();
    return name;
  }

  #stubbed(): string {
    if (!this.#peek('?')) return this.#simpleOrReference();
    const name = this.#symbol(false);
    this.#take('@');
    return name;
  }

  /** Enclosing scopes, innermost first, up to the `@` that ends them. */
  #scopes(): string[] {
    const scopes: string[] = [];
    while (!this.#take('@')) {
      if (this.#failed || this.#at >= this.#text.length) {
        this.#fail();
        break;
      }
      scopes.push(this.#scope());
    }
    return scopes;
  }

  #scope(): string {
    if (this.#peek('?$')) return this.#template(true);
    if (this.#take('?A')) {
      this.#at = this.#text.indexOf('@', this.#at) + 1 || this.#text.length;
      return this.#memorize("`anonymous namespace'");
    }
    if (this.#take('?')) {
      const number = this.#number();
      if (!this.#take('?')) return this.#fail();
      return `\`${this.#symbol(false)}'::\`${number}'`;
    }
    return this.#simpleOrReference();
  }

  /** A template with its arguments; inside, references count anew. */
  #template(memorize: boolean): string {
    return this.#deeper(() => {
      this.#take('?$');
      const outer = [this.#names, this.#types] as const;
      this.#names = [];
      this.#types = [];
      const name = this.#leafName();
      const args = this.#templateArguments();
      [this.#names, this.#types] = outer;
      const shown = `${name.trimEnd()}<${args.join(',')}${args.at(-1)?.endsWith('>') ? ' ' : ''}>`;
      return memorize ? this.#memorize(shown) : shown.length > MAX_LENGTH ? this.#fail() : shown;
    }, '');
  }

  #templateArguments(): string[] {
    const list: string[] = [];
    while (!this.#take('@')) {
      if (this.#failed || this.#at >= this.#text.length) {
        this.#fail();
        break;
      }
      if (this.#takeCode(EMPTY_PACKS, 4)) continue;
      list.push(this.#templateArgument());
    }
    return list;
  }

  #templateArgument(): string {
    if (this.#take('$$Y')) return this.#typeName();
    if (this.#take('$$B')) return formatType(this.#type('none'));
    if (this.#take('$M')) {
      this.#type('none');
      return this.#constant() ?? this.#fail();
    }
    if (this.#peek('$') && !this.#peek('$$')) {
      this.#at += 1;
      return this.#constant() ?? this.#fail();
    }
    return formatType(this.#typeOrReference());
  }

  /** Values as template arguments: numbers, addresses of symbols, members. */
  #constant(): string | undefined {
    if (this.#take('0')) return this.#number();
    if (this.#take('1')) return this.#take('@') ? 'nullptr' : `&${this.#symbol(false)}`;
    if (this.#take('E')) return this.#symbol(false);
    const numbers = this.#takeCode(MEMBER_NUMBERS, 1);
    if (!numbers) return undefined;
    const parts = numbers.symbol && this.#peek('?') ? [this.#symbol(false)] : [];
    for (let index = 0; index < numbers.count; index++) parts.push(this.#number());
    return parts.length > 0 ? `{${parts.join(',')}}` : undefined;
  }

  #number(): string {
    const sign = this.#take('?') ? '-' : '';
    const digit = this.#digit();
    if (digit !== undefined) return `${sign}${digit + 1}`;
    let value = 0n;
    for (let count = 0; !this.#take('@'); count++) {
      const code = this.#text.charCodeAt(this.#at) - 0x41;
      if (!(code >= 0 && code < 16) || count >= 16) return this.#fail();
      value = value * 16n + BigInt(code);
      this.#at += 1;
    }
    return `${sign}${value}`;
  }

  /** A class, struct, union or enum by name. */
  #typeName(): string {
    return this.#deeper(() => {
      const leaf = this.#peek('?$') ? this.#template(true) : this.#simpleOrReference();
      return [...this.#scopes().toReversed(), leaf].join('::');
    }, '');
  }

  /** Parameters name earlier ones by a digit; those written with one letter are not counted. */
  #typeOrReference(): Type {
    const digit = this.#digit();
    if (digit !== undefined) return this.#types[digit] ?? plain(this.#fail());
    const from = this.#at;
    const type = this.#type('none');
    if (this.#at - from > 1 && this.#types.length < MAX_REFERENCES) this.#types.push(type);
    return type;
  }

  /** `qualifiers`: 'take' where const and volatile stand before the type. */
  #type(qualifiers: 'none' | 'take'): Type {
    return this.#deeper(() => {
      const own = qualifiers === 'take' ? (this.#takeCode(QUALIFIERS, 1) ?? this.#fail()) : '';
      const type = this.#unqualified();
      return qualified(type, own);
    }, plain(''));
  }

  #unqualified(): Type {
    if (this.#take('$$C')) return this.#type('take');
    if (this.#take('$$T')) return plain('std::nullptr_t');
    if (this.#take('$$A6')) return this.#function(false);
    if (this.#take('$$A8@@')) return this.#function(true);
    if (this.#take('W')) return this.#digit() === undefined ? plain(this.#fail()) : plain(this.#typeName());
    if (this.#takeCode(TAGS, 1)) return plain(this.#typeName());
    if (this.#take('Y')) return this.#array();
    const primitive = this.#takeCode(PRIMITIVES, 2);
    if (primitive) return plain(primitive);
    if (this.#take('?')) return plain(this.#untilAt());
    const sign = this.#takeCode(POINTERS, 3);
    return sign ? this.#pointee(sign) : plain(this.#fail());
  }

  #array(): Type {
    const count = Number(this.#number());
    if (!(count >= 1 && count <= 16)) return plain(this.#fail());
    let dimensions = '';
    for (let index = 0; index < count; index++) dimensions += `[${this.#number().replace(/^0$/, '')}]`;
    const element = this.#take('$$C') ? this.#type('take') : this.#type('none');
    return { before: element.before, after: dimensions + element.after, isArray: true };
  }

  #pointee(sign: string): Type {
    if (this.#take('6')) return pointerTo(this.#function(false), sign);
    if (this.#take('8')) {
      const owner = this.#typeName();
      return pointerTo(this.#function(true), sign, owner);
    }
    this.#extended();
    const letter = this.#text[this.#at] ?? '';
    const qualifiers = this.#takeCode(QUALIFIERS, 1) ?? this.#fail();
    const owner = letter >= 'Q' ? this.#typeName() : '';
    const type = this.#type('none');
    return pointerTo(qualified(type, qualifiers), sign, owner);
  }

  /** __ptr64, __unaligned, __restrict, & and && of `this`: not shown. */
  #extended(): void {
    while (this.#takeCode(EXTENDED, 1));
  }

  #function(isMember: boolean): Type {
    return this.#deeper<Type>(() => {
      let qualifiers = '';
      if (isMember) {
        this.#extended();
        qualifiers = this.#takeCode(QUALIFIERS, 1) ?? this.#fail();
      }
      const calling = this.#takeCode(CALLING, 1) ?? this.#fail();
      const result: Type = this.#take('@') ? plain('') : this.#type(this.#take('?') ? 'take' : 'none');
      const parameters = this.#parameters();
      if (!this.#take('_E') && !this.#take('Z')) this.#fail();
      return { before: formatType(result), calling, after: `(${parameters})${qualifiers}` };
    }, plain(''));
  }

  #parameters(): string {
    if (this.#take('X')) return 'void';
    const list: string[] = [];
    while (!this.#failed && this.#at < this.#text.length && !LIST_END.test(this.#text[this.#at] ?? '')) list.push(formatType(this.#typeOrReference()));
    if (this.#take('Z')) list.push('...');
    else if (!this.#take('@')) this.#fail();
    return list.join(',');
  }

  /** A thunk for a call through a vtable: its slot, a flat `this`, the calling convention. */
  #vcall(): string {
    this.#number();
    if (!this.#take('A') || this.#takeCode(CALLING, 1) === undefined) this.#fail();
    return '';
  }

  /** What stands behind a name: the type of a variable or a function. Gives a function's return type. */
  #encoding(): string {
    if (this.#take('9')) return '';
    const storage = this.#text[this.#at] ?? '';
    if (storage >= '0' && storage <= '4') {
      this.#at += 1;
      const type = this.#type('none');
      this.#extended();
      const qualifier = this.#text[this.#at] ?? '';
      if (this.#takeCode(QUALIFIERS, 1) === undefined) this.#fail();
      if (qualifier >= 'Q') this.#typeName();
      return formatType(type);
    }
    if (this.#take('$$J0')) return this.#encoding();
    if (this.#take('$B')) return this.#vcall();
    const kind = this.#takeCode(FUNCTION_CLASSES, 3);
    if (!kind) return this.#fail();
    for (let index = 0; index < kind.numbers; index++) this.#number();
    const type = this.#function(kind.member);
    return type.before;
  }
}

/** Marks of constructor and destructor, put in place once the class is known. */
const STRUCTOR = /[\u0001\u0002]/;
const EMPTY_PACKS: Readonly<Record<string, true>> = { $S: true, $$V: true, $$$V: true, $$Z: true };
const TAGS: Readonly<Record<string, true>> = { T: true, U: true, V: true };
const EXTENDED: Readonly<Record<string, true>> = { E: true, F: true, G: true, H: true, I: true };
/** Pointers to members of classes with several or virtual bases: a symbol and offsets. */
const MEMBER_NUMBERS: Readonly<Record<string, { readonly symbol: boolean; readonly count: number }>> = {
  F: { symbol: false, count: 2 },
  G: { symbol: false, count: 3 },
  H: { symbol: true, count: 1 },
  I: { symbol: true, count: 2 },
  J: { symbol: true, count: 3 },
};
