/** The lines of `dt`: a struct's fields, their sub-fields, elements of arrays. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, notValid, thenFound } from '../base/found.ts';
import { describeMissing } from '../base/missingwords.ts';
import type { Job } from '../base/job.ts';
import type { Session } from '../target/target.ts';
import { elementCount, type Field, type StructType, type Type } from '../types/type.ts';
import { type Place, readUint, type TypedMemory } from '../types/typedview.ts';
import { matchesPattern } from './modules.ts';
import { ROWS_PER_SLICE, rowsStep } from './names.ts';
import { line, note, type OutputNode, type Span, text } from './spec.ts';
import { structValue, typeWords, valueSpans, verboseWords } from './typewords.ts';

export interface TypeOptions {
  readonly verbose: boolean;
  readonly omitOffsets: boolean;
  /** -a: elements an array shows on lines of their own; 0 where they stay in one. */
  readonly elements: number;
  /** -r: how many levels of structs are opened. */
  readonly depth: number;
  /** -r follows pointers, -b does not. */
  readonly followPointers: boolean;
}

/** Which fields are shown: names, wildcards, paths; all where there are none. */
export type Selection = readonly string[];

const LEVEL = 3;
const NAME_WIDTH = 16;
/** A struct of structs of arrays has no end that anybody reads. */
const MAX_LINES = 10_000;

export class TypeListing {
  readonly nodes: OutputNode[] = [];
  readonly #session: Session;
  readonly #memory: TypedMemory;
  readonly #options: TypeOptions;

  constructor(session: Session, memory: TypedMemory, options: TypeOptions) {
    this.#session = session;
    this.#memory = memory;
    this.#options = options;
  }

  /** A struct with its value at `at`, or its layout alone. */
  *struct(type: StructType, at: Va | undefined, selection: Selection): Job<void> {
    if (this.#options.verbose) this.nodes.push(line(verboseWords(type)));
    const value = at === undefined || selection.length > 0 ? '' : structValue(this.#memory, type, at);
    if (value !== '') this.nodes.push(line(value));
    yield* this.#fields({ type, at }, selection, 0);
  }

  /** A value that is no struct; with -a so many of them, one behind the other. */
  values(place: Place): void {
    const { elements } = this.#options;
    if (elements === 0 || place.type.kind === 'array') this.nodes.push(line(...valueSpans(this.#session, this.#memory, place)));
    const element = place.type.kind === 'array' ? place.type.element() : undefined;
    const type = element?.ok ? element.value : place.type;
    const count = Math.min(elements, element?.ok && place.type.kind === 'array' ? elementCount(place.type, type) : MAX_LINES);
    for (let index = 0; index < count; index++) {
      const at = vaAdd(place.at, index * type.sizeBytes);
      this.nodes.push(line(`[${index}] `, ...valueSpans(this.#session, this.#memory, { type, at })));
    }
  }

  *#fields(owner: { readonly type: Type; readonly at: Va | undefined }, selection: Selection, level: number): Job<void> {
    const fields = owner.type.kind === 'struct' ? owner.type.fields() : undefined;
    if (!fields) return;
    if (!fields.ok) {
      this.nodes.push(note(describeMissing(fields.missing)));
      return;
    }
    const chosen = fields.value.flatMap((field): { field: Field; rest: readonly string[]; index: number | undefined }[] => {
      if (selection.length === 0) return [{ field, rest: [], index: undefined }];
      const matches = selection.map(splitPath).filter(({ name, isPrefix }) => nameMatches(field.name, name, isPrefix));
      const [first] = matches;
      return first ? [{ field, rest: matches.flatMap(({ rest }) => (rest === undefined ? [] : [rest])), index: first.index }] : [];
    });
    const width = selection.length === 0 ? NAME_WIDTH : Math.max(...chosen.map(({ field }) => field.name.length), 0);
    for (const { field, rest, index } of chosen) {
      if (this.nodes.length >= MAX_LINES) return;
      if (this.nodes.length % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) yield rowsStep(this.nodes.length, MAX_LINES);
      yield* this.#field(field, owner.at, { level, width, rest, index });
      if (this.nodes.length >= MAX_LINES) this.nodes.push(note(`only the first ${MAX_LINES} lines are shown`));
    }
  }

  *#field(field: Field, owner: Va | undefined, row: { level: number; width: number; rest: readonly string[]; index: number | undefined }): Job<void> {
    const at = owner === undefined || field.role === 'static' ? undefined : vaAdd(owner, field.offset);
    const { index } = row;
    const placed: Found<MaybePlace> = thenFound(field.type(), (type) => (index === undefined ? found({ type, at }) : elementPlace(type, at, index)));
    const head = this.#head(field, row);
    if (!placed.ok) {
      this.nodes.push(line(head, { span: 'missing', reason: placed.missing, text: '????' }, `  (${describeMissing(placed.missing)})`));
      return;
    }
    const place = placed.value;
    const opened = row.rest.length > 0 && (place.type.kind === 'struct' || place.type.kind === 'pointer');
    this.nodes.push(line(head, ...(opened && place.type.kind === 'struct' ? [] : this.#value(place))));
    yield* this.#below(place, row.rest, row.level);
  }

  #head({ name, offset, role }: Field, { level, width, index }: { level: number; width: number; index: number | undefined }): string {
    const indent = ' '.repeat(LEVEL * (level + 1));
    const place = role === 'static' ? '=' : '+';
    const shown = index === undefined ? name : `${name}[${index}]`;
    return `${indent}${this.#options.omitOffsets ? '' : `${place}0x${offset.toString(16).padStart(3, '0')} `}${shown.padEnd(width)} : `;
  }

  #value({ type, at }: { type: Type; at: Va | undefined }): readonly Span[] {
    if (at === undefined) return [text(this.#options.verbose ? verboseWords(type) : typeWords(type))];
    return valueSpans(this.#session, this.#memory, { type, at });
  }

  /** What stands on lines of its own below a field: sub-fields that were asked for, elements, structs to the depth. */
  *#below({ type, at }: { type: Type; at: Va | undefined }, rest: readonly string[], level: number): Job<void> {
    if (rest.length > 0) return yield* this.#fields(this.#target({ type, at }) ?? { type, at }, rest.includes('') ? [] : rest, level + 1);
    if (type.kind === 'array' && at !== undefined && this.#options.elements > 0) return yield* this.#elements({ type, at }, level);
    if (level >= this.#options.depth) return;
    if (type.kind === 'struct') return yield* this.#fields({ type, at }, [], level + 1);
    const target = this.#options.followPointers && at !== undefined ? this.#target({ type, at }) : undefined;
    if (target) yield* this.#fields(target, [], level + 1);
  }

  /** The struct that a pointer points to; undefined for other types and null. */
  #target({ type, at }: { type: Type; at: Va | undefined }): { type: Type; at: Va | undefined } | undefined {
    const to = type.kind === 'pointer' ? type.to() : undefined;
    if (!to?.ok || to.value.kind !== 'struct') return undefined;
    if (at === undefined) return { type: to.value, at };
    const value = readUint(this.#memory.space, { type, at });
    return value.ok && value.value !== 0n ? { type: to.value, at: va(value.value) } : undefined;
  }

  *#elements({ type, at }: Place, level: number): Job<void> {
    const element = type.kind === 'array' ? type.element() : undefined;
    if (type.kind !== 'array' || !element?.ok) return;
    const count = Math.min(elementCount(type, element.value), this.#options.elements);
    const indent = ' '.repeat(LEVEL * (level + 1) + 1);
    for (let index = 0; index < count && this.nodes.length < MAX_LINES; index++) {
      const place = { type: element.value, at: vaAdd(at, index * element.value.sizeBytes) };
      this.nodes.push(line(`${indent}[${String(index).padStart(2, '0')}] `, ...this.#value(place)));
      if (element.value.kind === 'struct' && level < this.#options.depth) yield* this.#fields(place, [], level + 1);
    }
  }
}

interface MaybePlace {
  readonly type: Type;
  readonly at: Va | undefined;
}

function elementPlace(type: Type, at: Va | undefined, index: number): Found<MaybePlace> {
  if (type.kind !== 'array') return notValid('type', typeWords(type), 'an array');
  return thenFound(type.element(), (element) => {
    const count = elementCount(type, element);
    if (index >= count) return notValid('index', String(index), `below ${count}`);
    return found({ type: element, at: at === undefined ? undefined : vaAdd(at, index * element.sizeBytes) });
  });
}

/** "Pcb.Header" → Pcb, then Header; "Ldr." → Ldr as the beginning of a name, then everything; "MajorFunction[3]" → its fourth. */
function splitPath(path: string): { name: string; isPrefix: boolean; rest: string | undefined; index: number | undefined } {
  const dot = path.indexOf('.');
  const head = dot < 0 ? path : path.slice(0, dot);
  const [, name = head, index] = /^(.*?)\[(\d+)\]$/.exec(head) ?? [];
  return {
    name,
    isPrefix: index === undefined && dot >= 0 && dot === path.length - 1,
    rest: dot < 0 ? undefined : path.slice(dot + 1),
    index: index === undefined ? undefined : Number(index),
  };
}

function nameMatches(name: string, wanted: string, isPrefix: boolean): boolean {
  if (/[*?]/.test(wanted)) return matchesPattern(name, wanted);
  return isPrefix ? name.toLowerCase().startsWith(wanted.toLowerCase()) : name.toLowerCase() === wanted.toLowerCase();
}
