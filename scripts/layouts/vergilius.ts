/**
 * Headers in the form of vergiliusproject.com: C declarations with the offset of each field in a comment, made from Microsoft's
 * public PDBs. Offsets count from the start of the whole, but inside a struct that is a named field from the start of that.
 */
import type { EnumRow, FieldRow, KernelTypes, StructRow } from './model.ts';

const BASE: Readonly<Record<string, string>> = {
  VOID: 'v',
  CHAR: 'c1',
  UCHAR: 'C1',
  WCHAR: 'w2',
  SHORT: 'i2',
  USHORT: 'u2',
  LONG: 'i4',
  ULONG: 'u4',
  HRESULT: 'i4',
  INT: 'i4',
  UINT: 'u4',
  LONGLONG: 'i8',
  ULONGLONG: 'u8',
  FLOAT: 'f4',
  DOUBLE: 'f8',
};
/** A long comment goes on in the next line. */
const TOKEN = /\/\/ offset:\s*(?:\/\/\s*)?0x([0-9a-f]+)\s*(?:\/\/\s*)?\(\d+\)|\/\/ 0x([0-9a-f]+) \(\d+\) bytes|\/\/[^\n]*|-?\w+|[{}()[\]*;:,=]/gi;
const QUALIFIERS = new Set(['const', 'volatile', 'signed']);

/** Words of the text; `@12` is an offset, `$40` a size. */
function tokens(text: string): string[] {
  const list: string[] = [];
  for (const [all, offset, size] of text.matchAll(TOKEN)) {
    if (offset !== undefined) list.push(`@${Number.parseInt(offset, 16)}`);
    else if (size !== undefined) list.push(`$${Number.parseInt(size, 16)}`);
    else if (!all.startsWith('//') && !QUALIFIERS.has(all)) list.push(all);
  }
  return list;
}

/** A declaration as it stands: a field with its type's code, or a struct or union that is declared in place. */
interface Node {
  readonly name: string;
  readonly offset: number;
  /** Pointers and dimensions before the type. */
  readonly prefix: string;
  readonly type: string;
  /** Width of a bit field. */
  readonly bits?: number;
  readonly part?: { readonly tag: 'struct' | 'union'; readonly nodes: readonly Node[] };
}

class Reader {
  readonly structs = new Map<string, StructRow>();
  readonly enums = new Map<string, EnumRow>();
  readonly #tokens: readonly string[];
  readonly #pointerSize: number;
  #at = 0;

  constructor(text: string, pointerSize: number) {
    this.#tokens = tokens(text);
    this.#pointerSize = pointerSize;
  }

  readAll(): void {
    let sizeBytes = 0;
    while (this.#at < this.#tokens.length) {
      const word = this.#take();
      if (word.startsWith('$')) sizeBytes = Number(word.slice(1));
      else if (word === 'enum') this.enums.set(this.#take(), this.#values());
      else if ((word === 'struct' || word === 'union') && this.#peek(1) === '{') {
        const name = this.#take();
        const nodes = this.#body();
        this.structs.set(name, { tag: word, sizeBytes, fields: this.#lower(name, nodes) });
      }
    }
  }

  #peek(ahead = 0): string {
    return this.#tokens[this.#at + ahead] ?? '';
  }
  #take(): string {
    return this.#tokens[this.#at++] ?? '';
  }
  #takeIf(word: string): boolean {
    if (this.#peek() !== word) return false;
    this.#at += 1;
    return true;
  }
  #expect(word: string): void {
    if (!this.#takeIf(word)) throw new Error(`${this.#tokens.slice(this.#at - 4, this.#at + 2).join(' ')}: ${word} is wanted`);
  }

  #values(): EnumRow {
    const values: Record<string, number> = {};
    if (!this.#takeIf('{')) return values;
    while (!this.#takeIf('}')) {
      const key = this.#take();
      this.#expect('=');
      values[key] = Number(this.#take());
      this.#takeIf(',');
    }
    return values;
  }

  #body(): Node[] {
    const nodes: Node[] = [];
    this.#expect('{');
    while (!this.#takeIf('}')) nodes.push(this.#declaration());
    return nodes;
  }

  #declaration(): Node {
    const word = this.#peek();
    if (this.#peek(1) === '{' && word === 'enum') {
      this.#take();
      this.#values();
      return this.#declarator('i4');
    }
    if (this.#peek(1) === '{' && (word === 'struct' || word === 'union')) {
      this.#take();
      const part = { tag: word, nodes: this.#body() } as const;
      return this.#takeIf(';') ? { name: '', offset: 0, prefix: '', type: '', part } : { ...this.#declarator(''), part };
    }
    return this.#declarator(this.#base());
  }

  /** Name, dimensions, bits and offset behind a type. */
  #declarator(type: string): Node {
    const stars = this.#stars();
    if (this.#takeIf('(')) {
      const depth = this.#stars();
      const name = this.#take();
      const prefix = this.#dimensions() + depth;
      while (this.#peek() !== ';') this.#take();
      return { name, prefix, type: '()', offset: this.#offset() };
    }
    const name = this.#take();
    const bits = this.#takeIf(':') ? { bits: Number(this.#take()) } : {};
    const prefix = this.#dimensions() + stars;
    return { name, prefix, type, offset: this.#offset(), ...bits };
  }

  /** Rows of a struct: parts without a name dissolve in it, those with one become `OWNER.NAME`. */
  #lower(owner: string, nodes: readonly Node[]): FieldRow[] {
    const rows: FieldRow[] = [];
    let at = -1;
    let position = 0;
    for (const { name, offset, prefix, type, bits, part } of nodes) {
      if (part && name === '') rows.push(...this.#lower(owner, part.nodes));
      else if (part) {
        const path = `${owner}.${name}`;
        const shift = part.tag === 'union' ? offset : 0;
        const fields = this.#lower(path, part.nodes).map((row) => ({ ...row, offset: row.offset - shift }));
        this.structs.set(path, { tag: part.tag, sizeBytes: this.#sizeOf(fields), fields });
        rows.push({ name, offset, type: `${prefix}=${path}` });
      } else if (bits === undefined) rows.push({ name, offset, type: `${prefix}${type}` });
      else {
        if (offset !== at) position = 0;
        rows.push({ name, offset, type: `:${position}.${bits}.${type.slice(1)}` });
        position += bits;
        at = offset;
      }
      if (bits === undefined) at = -1;
    }
    return rows;
  }

  #base(): string {
    const word = this.#take();
    if (word === 'struct' || word === 'union') return `=${this.#take()}`;
    if (word === 'enum') return `#${this.#take()}`;
    const code = BASE[word.toUpperCase()];
    if (code === undefined) throw new Error(`${word} is no type`);
    return code;
  }

  #stars(): string {
    let stars = '';
    while (this.#takeIf('*')) stars += '*';
    return stars;
  }

  #dimensions(): string {
    let all = '';
    while (this.#takeIf('[')) {
      all += `[${this.#take()}]`;
      this.#expect(']');
    }
    return all;
  }

  #offset(): number {
    this.#expect(';');
    const word = this.#take();
    if (!word.startsWith('@')) throw new Error(`${word} in place of an offset`);
    return Number(word.slice(1));
  }

  /** Size and alignment of a type; structs declared further below count as aligned to their pointers. */
  #measure(type: string): { readonly size: number; readonly align: number } {
    const [, count, element] = /^\[(\d+)\](.*)$/.exec(type) ?? [];
    if (element !== undefined) {
      const one = this.#measure(element);
      return { size: one.size * Number(count), align: one.align };
    }
    if (type.startsWith('*')) return { size: this.#pointerSize, align: this.#pointerSize };
    if (type.startsWith('#')) return { size: 4, align: 4 };
    if (type.startsWith('=')) {
      const row = this.structs.get(type.slice(1));
      if (!row) throw new Error(`${type} is used before it is declared`);
      return { size: row.sizeBytes, align: Math.max(1, ...row.fields.map((field) => this.#measure(field.type).align)) };
    }
    const size = Number(/(\d+)$/.exec(type)?.[1] ?? 0);
    return { size, align: Math.max(1, size) };
  }

  #sizeOf(fields: readonly FieldRow[]): number {
    const measured = fields.map(({ type, offset }) => ({ ...this.#measure(type), offset }));
    const end = Math.max(0, ...measured.map(({ offset, size }) => offset + size));
    const align = Math.max(1, ...measured.map((one) => one.align));
    return Math.ceil(end / align) * align;
  }
}

export function typesOfHeader(text: string, pointerSize: 4 | 8): KernelTypes {
  const reader = new Reader(text, pointerSize);
  reader.readAll();
  return reader;
}
