/** Undecorates C++ names of Microsoft's compiler. A name that is not understood gives undefined. */
import { MAX_LENGTH } from './cursor.ts';
import { TypeReader } from './types.ts';
import { formatStringLiteral } from './stringliteral.ts';
import {
  type FunctionClass,
  FUNCTION_CLASSES,
  GUARDS,
  CALLING,
  MEMBER_POINTERS,
  OPERATORS,
  SHORTENED_OPERATORS,
  STORAGE,
  STUBS,
  TABLES,
  UNTYPED,
} from './tables.ts';
import { CONST, spaced, textAfter, textBefore, typeText, VOLATILE } from './type.ts';

const MAX_REFERENCES = 10;

/** The last part of a name. Constructors take theirs from their class, conversions from their result. */
interface Leaf {
  readonly text: string;
  readonly role?: 'constructor' | 'destructor' | 'conversion';
  /** In angle brackets. */
  readonly template: string;
}

interface Name {
  readonly leaf: Leaf;
  /** Innermost first. */
  readonly scopes: readonly string[];
}

interface Declared {
  /** The whole declaration in the style asked for. */
  readonly text: string;
  /** Without types. */
  readonly name: string;
  /** The name's last part, as references see it. */
  readonly leaf: string;
  readonly isVariable: boolean;
}

const NOTHING: Declared = { text: '', name: '', leaf: '', isVariable: false };
const made = (text: string): Leaf => ({ text, template: '' });
const ANONYMOUS = "`anonymous namespace'";
const LOCAL_SCOPE = /^\?(?:[0-9@]|[B-P][A-P]*@)\?/;

export class Demangler extends TypeReader {
  #names: string[] = [];

  /** The declaration, or undefined. */
  run(): string | undefined {
    const text = this.take('.') ? this.#typeInfoName() : this.#symbol().text;
    return this.failed ? undefined : this.bounded(text) || undefined;
  }

  #typeInfoName(): string {
    return this.#declareType("`RTTI Type Descriptor Name'");
  }

  #declareType(name: string): string {
    const type = this.type('marked');
    return `${spaced(textBefore(type), this.style)}${name}${textAfter(type)}`;
  }

  #symbol(): Declared {
    return this.deeper(() => {
      if (this.peek('??@')) return this.#hashed();
      if (!this.take('?')) return { ...NOTHING, text: this.fail() };
      return this.#madeSymbol() ?? this.#declarator();
    }, NOTHING);
  }

  /** Names that would be too long are replaced by a hash and stay as they are. */
  #hashed(): Declared {
    const end = this.text.indexOf('@', this.at + 3) + 1;
    if (end === 0) return { ...NOTHING, text: this.fail() };
    const start = this.at;
    this.at = end;
    this.take('??_R4@');
    const text = this.text.slice(start, this.at);
    return { text, name: text, leaf: text, isVariable: false };
  }

  /** What the compiler makes and names in a way of its own. */
  #madeSymbol(): Declared | undefined {
    const start = this.at;
    if (!this.take('?')) return undefined;
    const table = this.takeCode(TABLES, 3);
    if (table !== undefined) return this.#table(table);
    const untyped = this.takeCode(UNTYPED, 3);
    if (untyped !== undefined) return this.#untyped(untyped);
    const guard = this.takeCode(GUARDS, 3);
    if (guard !== undefined) return this.#guard(guard);
    const stub = this.takeCode(STUBS, 3);
    if (stub !== undefined) return this.#stub(stub);
    if (this.take('_R0')) return this.#typeDescriptor();
    if (this.take('_R1')) return this.#untyped(this.#baseClassDescriptor());
    if (this.take('_9')) return this.#virtualCall();
    if (this.take('_C@_')) return this.#string();
    this.at = start;
    return undefined;
  }

  #named(text: string): string {
    return this.#qualify({ leaf: made(text), scopes: this.#scopes() });
  }

  /** A vftable: const, its class, and for which base it stands. */
  #table(kind: string): Declared {
    const name = this.#named(kind);
    if (!this.take('6') && !this.take('7')) this.fail();
    const { bits } = this.qualifiers();
    const words = `${bits & CONST ? 'const ' : ''}${bits & VOLATILE ? 'volatile ' : ''}`;
    const bases: string[] = [];
    while (!this.failed && !this.take('@')) bases.push(this.atEnd ? this.fail() : `\`${this.typeName()}'`);
    if (!this.style.signatures) return { ...NOTHING, text: name, name };
    return { ...NOTHING, text: `${words}${name}${bases.length > 0 ? `{for ${bases.join('s ')}}` : ''}`, name };
  }

  #untyped(kind: string): Declared {
    const name = this.#named(kind);
    if (!this.take('8')) this.fail();
    return { ...NOTHING, text: name, name };
  }

  #baseClassDescriptor(): string {
    const numbers = [this.takeNumber(), this.takeNumber(), this.takeNumber(), this.takeNumber()];
    return this.style.signatures ? `\`RTTI Base Class Descriptor at (${numbers.join(', ')})'` : "`RTTI Base Class Descriptor'";
  }

  #typeDescriptor(): Declared {
    const text = this.#declareType("`RTTI Type Descriptor'");
    if (!this.take('@8') || !this.atEnd) this.fail();
    return { ...NOTHING, text, name: text };
  }

  #guard(kind: string): Declared {
    const scopes = this.#scopes();
    if (!this.take('4IA') && !this.take('5')) this.fail();
    const number = this.atEnd ? 0n : this.takeNumber();
    const shown = number > 0n && this.style.signatures ? `${kind}{${number}}` : kind;
    const name = this.#qualify({ leaf: made(shown), scopes });
    return { ...NOTHING, text: name, name };
  }

  /** A thunk that calls through a slot of the vftable. */
  #virtualCall(): Declared {
    const scopes = this.#scopes();
    if (!this.take('$B')) this.fail();
    const slot = this.takeNumber();
    if (!this.take('A')) this.fail();
    const calling = this.takeCode(CALLING, 1) ?? this.fail();
    const name = this.#qualify({ leaf: made(this.style.signatures ? `\`vcall'{${slot}, {flat}}` : "`vcall'"), scopes });
    return { ...NOTHING, text: this.style.signatures ? `[thunk]: ${calling} ${name}` : name, name };
  }

  #string(): Declared {
    const wide = this.takeLetter() === '1';
    const size = Number(this.takeNumber());
    this.takeText();
    const literal = this.failed ? undefined : formatStringLiteral(this.text.slice(this.at), wide, size);
    if (literal === undefined) return { ...NOTHING, text: this.fail() };
    this.at = this.text.length;
    return { ...NOTHING, text: this.style.signatures ? literal : "`string'", name: literal };
  }

  /** Stubs around main stand before the name of the variable that they make or destroy. */
  #stub(kind: string): Declared {
    const known = this.take('?');
    const inner = this.#declarator();
    if (!inner.isVariable) {
      if (known) this.fail();
      const name = this.style.signatures ? `\`${kind} '${inner.name}''` : this.#quotedLeaf(kind, inner);
      return { ...inner, text: inner.text.replace(inner.name, () => name), name };
    }
    const quoted = this.style.signatures ? `\`${kind} \`${inner.text}''` : this.#quotedLeaf(kind, inner);
    for (let marks = known ? 2 : 1; marks > 0; marks--) if (!this.take('@')) this.fail();
    return this.#function(quoted, undefined);
  }

  /** Microsoft puts the scope before the quote. */
  #quotedLeaf(kind: string, { name, leaf }: Declared): string {
    return `${name.slice(0, name.length - leaf.length)}\`${kind} '${leaf}''`;
  }

  /** A qualified name and what it is. */
  #declarator(): Declared {
    const name: Name = { leaf: this.#leaf(false), scopes: this.#scopes() };
    const storage = this.takeCode(STORAGE, 1);
    if (storage === undefined) return this.#function(this.#qualify(name), name);
    const shown = this.#qualify(name);
    const text = this.variable(shown);
    return { text: this.style.signatures ? storage + text : text, name: shown, leaf: this.#leafText(name), isVariable: true };
  }

  #function(shown: string, name: Name | undefined): Declared {
    const externC = this.take('$$J0');
    const leaf = name ? this.#leafText(name) : shown;
    const prefix = externC && this.style.signatures ? 'extern "C" ' : '';
    if (this.take('9')) return { text: this.style.signatures ? `extern "C" ${shown}` : shown, name: shown, leaf, isVariable: false };
    const kind = this.takeCode(FUNCTION_CLASSES, 3);
    if (!kind) return { ...NOTHING, text: this.fail() };
    const adjusted = this.#adjustment(kind);
    const type = this.functionType(kind.member);
    const conversion = name?.leaf.role === 'conversion';
    const full = conversion ? shown + (type.result ? typeText(type.result) : this.fail()) : shown;
    if (!this.style.signatures) return { text: full, name: full, leaf, isVariable: false };
    const words = `${kind.access}${kind.isStatic ? 'static ' : ''}${kind.isVirtual ? 'virtual ' : ''}${prefix}`;
    const before = `${adjusted === '' ? '' : '[thunk]: '}${words}${textBefore(type)}`;
    return { text: `${spaced(before, this.style)}${full}${adjusted}${textAfter(type)}`, name: full, leaf, isVariable: false };
  }

  #adjustment({ adjustment }: FunctionClass): string {
    if (adjustment === 'none') return '';
    if (adjustment === 'adjustor') return `\`adjustor{${BigInt.asIntN(32, this.takeNumber())}}'`;
    const count = adjustment === 'vtordisp' ? 2 : 4;
    const numbers = Array.from({ length: count }, () => BigInt.asIntN(32, this.takeNumber()));
    return `\`${adjustment}{${numbers.join(', ')}}'`;
  }

  #qualify({ leaf, scopes }: Name): string {
    const parts = [...scopes].reverse();
    parts.push(this.#leafText({ leaf, scopes }));
    return this.bounded(parts.join('::'));
  }

  #leafText({ leaf, scopes }: Name): string {
    const [owner] = scopes;
    if (leaf.role === 'conversion') return `operator${leaf.template} `;
    if (leaf.role && owner === undefined) return this.fail();
    const text = leaf.role === undefined ? leaf.text : leaf.role === 'destructor' ? `~${owner}` : (owner ?? '');
    return text + leaf.template;
  }

  #leaf(memorize: boolean): Leaf {
    const digit = this.takeDigit();
    if (digit !== undefined) return made(this.#names[digit] ?? this.fail());
    if (this.peek('?$')) return this.#template(memorize);
    if (this.take('?')) return this.#operator();
    return made(this.#memorized(this.takeText()));
  }

  #memorized(name: string): string {
    if (this.#names.length < MAX_REFERENCES && !this.#names.includes(name)) this.#names.push(name);
    return name;
  }

  #operator(): Leaf {
    if (this.take('0')) return { text: '', role: 'constructor', template: '' };
    if (this.take('1')) return { text: '', role: 'destructor', template: '' };
    if (this.take('B')) return { text: '', role: 'conversion', template: '' };
    if (this.take('__K')) return made(`operator ""${this.takeText()}`);
    return made(this.takeCode(this.style.shortened ? SHORTENED_OPERATORS : OPERATORS, 3) ?? this.fail());
  }

  /** A name with its arguments in angle brackets; inside, references count anew. */
  #template(memorize: boolean): Leaf {
    return this.deeper(() => {
      this.take('?$');
      const outer = this.#names;
      this.#names = [];
      const leaf = this.inOwnReferences<Leaf>(() => ({ ...this.#leaf(true), template: this.#arguments() }));
      this.#names = outer;
      if (!memorize) return leaf;
      if (leaf.role) this.fail();
      return made(this.#memorized(this.bounded(leaf.text + leaf.template)));
    }, made(''));
  }

  #arguments(): string {
    const list: string[] = [];
    let length = 0;
    while (!this.take('@')) {
      if (this.atEnd) return this.fail();
      if (this.take('$S') || this.take('$$V') || this.take('$$$V') || this.take('$$Z')) continue;
      list.push(this.#argument());
      length += list.at(-1)?.length ?? 0;
      if (length > MAX_LENGTH) return this.fail();
    }
    const closing = list.at(-1)?.endsWith('>') ? this.style.closing : '';
    return this.bounded(`<${list.join(this.style.separator)}${closing}>`);
  }

  #argument(): string {
    if (this.take('$$Y')) return this.typeName();
    if (this.take('$$B')) return typeText(this.type('none'));
    // The type of an argument whose parameter is `auto` is not shown.
    const automatic = this.take('$M');
    if (automatic) this.type('none');
    if (!automatic && (!this.peek('$') || this.peek('$$'))) return typeText(this.type('none'));
    if (!automatic) this.take('$');
    if (this.take('0')) return `${this.takeNumber()}`;
    if (this.take('E')) return this.#symbolArgument();
    const member = this.takeCode(MEMBER_POINTERS, 1);
    return member ? this.#memberPointer(member) : this.fail();
  }

  #symbolArgument(): string {
    const symbol = this.#symbol();
    this.#memorized(symbol.leaf);
    return symbol.text;
  }

  #memberPointer({ symbol, offsets }: { readonly symbol: boolean; readonly offsets: number }): string {
    const parts = symbol && this.peek('?') ? [this.#symbolArgument()] : [];
    if (offsets === 0) return parts[0] === undefined ? this.#nullPointer() : `&${parts[0]}`;
    for (let index = 0; index < offsets; index++) parts.push(`${this.takeNumber()}`);
    return `{${parts.join(this.style.separator)}}`;
  }

  #nullPointer(): string {
    return this.take('@') ? 'nullptr' : this.fail();
  }

  protected override typeName(): string {
    return this.deeper(() => {
      const leaf = this.#typeLeaf();
      return this.bounded([...this.#scopes().reverse(), leaf].join('::'));
    }, '');
  }

  #typeLeaf(): string {
    const digit = this.takeDigit();
    if (digit !== undefined) return this.#names[digit] ?? this.fail();
    return this.peek('?$') ? this.#template(true).text : this.#memorized(this.takeText());
  }

  protected override customName(): string {
    return this.#typeLeaf();
  }

  /** Enclosing scopes, innermost first, up to the `@` that ends them. */
  #scopes(): string[] {
    const scopes: string[] = [];
    let length = 0;
    while (!this.take('@')) {
      if (this.atEnd || length > MAX_LENGTH) {
        this.fail();
        break;
      }
      scopes.push(this.#scope());
      length += scopes.at(-1)?.length ?? 0;
    }
    return scopes;
  }

  #scope(): string {
    if (this.peek('?$')) return this.#template(true).text;
    if (this.take('?A')) return this.#anonymous();
    if (LOCAL_SCOPE.test(this.text.slice(this.at, this.at + 20))) {
      this.take('?');
      const number = this.takeNumber();
      this.take('?');
      const inner = this.#symbol();
      return `\`${this.style.signatures ? inner.text : inner.name}'::\`${number}'`;
    }
    return this.#typeLeaf();
  }

  /** References repeat the key by which the compiler tells namespaces of several files apart; people are shown the words. */
  #anonymous(): string {
    const end = this.text.indexOf('@', this.at);
    if (end < 0) return this.fail();
    this.#memorized(this.style.signatures ? this.text.slice(this.at, end) : ANONYMOUS);
    this.at = end + 1;
    return ANONYMOUS;
  }
}
