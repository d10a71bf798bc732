/** Types of a decorated name. Names inside types are read by the demangler, which builds on this. */
import { MAX_LENGTH, NameCursor } from './cursor.ts';
import type { NameStyle } from './style.ts';
import { CALLING, POINTERS, PRIMITIVES, QUALIFIERS, TAGS } from './tables.ts';
import { type FunctionType, plain, pointerTo, RESTRICT, spaced, textAfter, textBefore, type Type, typeText, UNALIGNED, withQualifiers } from './type.ts';

const MAX_REFERENCES = 10;
const MAX_RANK = 64;

/** Where qualifiers stand before a type: always, behind a `?`, or not at all. */
type Qualified = 'always' | 'marked' | 'none';

export abstract class TypeReader extends NameCursor {
  protected readonly style: NameStyle;
  /** Types of earlier parameters, named by a digit. */
  #parameters: Type[] = [];

  constructor(text: string, style: NameStyle) {
    super(text);
    this.style = style;
  }

  /** A class, struct, union or enum by its qualified name. */
  protected abstract typeName(): string;

  protected type(qualified: Qualified): Type {
    return this.deeper<Type>(() => {
      const own = qualified === 'always' || (qualified === 'marked' && this.take('?')) ? this.qualifiers().bits : 0;
      return withQualifiers(this.#unqualified(), own);
    }, plain(''));
  }

  protected qualifiers(): { readonly bits: number; readonly member: boolean } {
    return this.takeCode(QUALIFIERS, 1) ?? { bits: 0, member: this.fail() !== '' };
  }

  /** __ptr64 is not shown. */
  protected extendedQualifiers(): number {
    let bits = 0;
    for (;;) {
      if (this.take('I')) bits |= RESTRICT;
      else if (this.take('F')) bits |= UNALIGNED;
      else if (!this.take('E')) return bits;
    }
  }

  #unqualified(): Type {
    if (this.take('$$T')) return plain('std::nullptr_t');
    if (this.take('$$A6')) return this.functionType(false);
    if (this.take('$$A8@@')) return this.functionType(true);
    if (this.take('$$C')) return this.type('always');
    const tag = this.takeCode(TAGS, 2);
    if (tag !== undefined) return plain(this.style.keywords ? `${tag} ${this.typeName()}` : this.typeName());
    if (this.take('Y')) return this.#array();
    if (this.take('?')) return this.#custom();
    const primitive = this.takeCode(PRIMITIVES, 2);
    if (primitive !== undefined) return plain(primitive);
    const pointer = this.takeCode(POINTERS, 3);
    return pointer ? this.#pointer(pointer) : plain(this.fail());
  }

  /** A type that the compiler names in the middle of a name, such as <auto>. */
  #custom(): Type {
    const name = this.customName();
    if (!this.take('@')) this.fail();
    return plain(name);
  }

  protected abstract customName(): string;

  #array(): Type {
    const rank = Number(this.takeNumber());
    if (!(rank >= 1 && rank <= MAX_RANK)) return plain(this.fail());
    let dimensions = '';
    for (let index = 0; index < rank && !this.failed; index++) {
      const length = this.takeNumber();
      dimensions += length === 0n && !this.style.spacedArrays ? '[]' : `[${length}]`;
    }
    const own = this.take('$$C') ? this.qualifiers().bits : 0;
    const element = this.type('none');
    const before = textBefore(element) + (this.style.spacedArrays ? ' ' : '');
    return { kind: 'array', before, qualifiers: own, after: dimensions + textAfter(element) };
  }

  #pointer({ sign, qualifiers }: { readonly sign: string; readonly qualifiers: number }): Type {
    const { style } = this;
    if (this.take('6')) return pointerTo(this.functionType(false), sign, { qualifiers, owner: '', style });
    if (this.take('8')) {
      const owner = this.typeName();
      return pointerTo(this.functionType(true), sign, { qualifiers, owner, style });
    }
    const extended = this.extendedQualifiers();
    const signed = sign + this.#pointerAuthentication();
    const { bits, member } = this.qualifiers();
    const owner = member ? this.typeName() : '';
    return pointerTo(withQualifiers(this.type('none'), bits), signed, { qualifiers: qualifiers | extended, owner, style });
  }

  /** ARM64: the key, whether the address counts, and a discriminator. */
  #pointerAuthentication(): string {
    return this.take('__ptrauth') ? `__ptrauth(${this.takeNumber()}, ${this.takeNumber()}, ${this.takeNumber()})` : '';
  }

  protected functionType(isMember: boolean): FunctionType {
    const empty: FunctionType = { kind: 'function', result: undefined, calling: '', parameters: '', qualifiers: 0, tail: '' };
    return this.deeper(() => {
      const extended = isMember ? this.extendedQualifiers() : 0;
      const reference = isMember ? (this.take('G') ? ' &' : this.take('H') ? ' &&' : '') : '';
      const qualifiers = extended | (isMember ? this.qualifiers().bits : 0);
      const calling = this.takeCode(CALLING, 1) ?? this.fail();
      const result = this.take('@') ? undefined : this.type('marked');
      const parameters = `(${this.#parameterList()})`;
      const noexcept = this.take('_E') ? ' noexcept' : this.take('Z') ? '' : this.fail();
      return {
        kind: 'function',
        result,
        calling,
        parameters,
        qualifiers: this.style.keywords ? qualifiers : qualifiers & ~(RESTRICT | UNALIGNED),
        tail: noexcept + reference,
      };
    }, empty);
  }

  #parameterList(): string {
    if (this.take('X')) return 'void';
    const list: string[] = [];
    let length = 0;
    while (!this.peek('@') && !this.peek('Z')) {
      if (this.atEnd) return this.fail();
      list.push(typeText(this.#parameter()));
      length += list.at(-1)?.length ?? 0;
      if (length > MAX_LENGTH) return this.fail();
    }
    if (this.takeLetter() === 'Z') list.push('...');
    return this.bounded(list.join(this.style.separator));
  }

  /** A digit stands for an earlier parameter; those written with one letter are not counted. */
  #parameter(): Type {
    const digit = this.takeDigit();
    if (digit !== undefined) return this.#parameters[digit] ?? plain(this.fail());
    const from = this.at;
    const type = this.type('none');
    this.bounded(textBefore(type));
    if (this.at - from > 1 && this.#parameters.length < MAX_REFERENCES) this.#parameters.push(type);
    return type;
  }

  /** Inside a template's arguments references count anew. */
  protected inOwnReferences<T>(read: () => T): T {
    const outer = this.#parameters;
    this.#parameters = [];
    const result = read();
    this.#parameters = outer;
    return result;
  }

  /** The type of a variable around its name, with the qualifiers that follow it. */
  protected variable(name: string): string {
    const type = this.type('none');
    const extended = type.kind === 'pointer' ? this.extendedQualifiers() : 0;
    const { bits, member } = this.qualifiers();
    // Behind a pointer they qualify what it leads to, which the type has told already.
    if (type.kind === 'pointer' && member) this.typeName();
    const whole = withQualifiers(type, type.kind === 'pointer' ? extended & (this.style.keywords ? RESTRICT : 0) : bits);
    return this.style.signatures ? `${spaced(textBefore(whole), this.style)}${name}${textAfter(whole)}` : name;
  }
}
