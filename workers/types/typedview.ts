/**
 * "Read field by name": a struct at an address. Paths go through embedded structs, pointers are followed when asked:
 * `irp.view('Tail.Overlay')`, `driver.number('MajorFunction[3]')`. What cannot be read keeps its reason.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, type MissingReason, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import { walkList } from '../modules/loadedlist.ts';
import { readText, readCountedString } from './text.ts';
import { elementCount, type Field, nameOf, type StructType, type Type, type TypeTable } from './type.ts';

/** A field's place in memory. */
export interface Place {
  readonly at: Va;
  readonly type: Type;
}

/** Types and the memory to read with them. */
export class TypedMemory {
  readonly types: TypeTable;
  readonly space: AddressSpace;

  constructor(types: TypeTable, space: AddressSpace) {
    this.types = types;
    this.space = space;
  }

  /** A struct of this name at an address; nothing is read yet. */
  view(name: string, at: Va): Found<TypedView> {
    return thenFound(this.types.find(name), (type) => this.viewOf(type, at));
  }

  viewOf(type: Type, at: Va): Found<TypedView> {
    return type.kind === 'struct' ? found(this.viewAs(type, at)) : notValid('type', nameOf(type), 'a struct');
  }

  viewAs(type: StructType, at: Va): TypedView {
    return new TypedView(this, type, at);
  }

  sizeOf(name: string): Found<number> {
    return mapFound(this.types.find(name), (type) => type.sizeBytes);
  }
}

export class TypedView {
  readonly memory: TypedMemory;
  readonly type: StructType;
  readonly at: Va;

  constructor(memory: TypedMemory, type: StructType, at: Va) {
    this.memory = memory;
    this.type = type;
    this.at = at;
  }

  /** Where a field lies and what it is. */
  place(path: string): Found<Place> {
    return findPlace(this, path);
  }
  /** True where the layout has the field; its bytes may still be absent. */
  has(path: string): boolean {
    return this.place(path).ok;
  }
  address(path: string): Found<Va> {
    return mapFound(this.place(path), ({ at }) => at);
  }

  /** Any integer, enum, pointer or bit field, unsigned. */
  uint(path: string): Found<bigint> {
    return thenFound(this.place(path), (place) => readUint(this.memory.space, place));
  }
  /** The same, sign-extended from its width. */
  int(path: string): Found<bigint> {
    return thenFound(this.place(path), (place) => mapFound(readUint(this.memory.space, place), (value) => BigInt.asIntN(widthOf(place.type), value)));
  }
  /** For values of at most 53 bits; larger ones are not valid. */
  number(path: string): Found<number> {
    return thenFound(this.uint(path), (value) =>
      value <= BigInt(Number.MAX_SAFE_INTEGER) ? found(Number(value)) : notValid(`${this.type.name}.${path}`, hex(value), 'below 2^53'),
    );
  }
  pointer(path: string): Found<Va> {
    return mapFound(this.uint(path), va);
  }
  flag(path: string): Found<boolean> {
    return mapFound(this.uint(path), (value) => value !== 0n);
  }

  /** An embedded struct. */
  view(path: string): Found<TypedView> {
    return thenFound(this.place(path), ({ at, type }) => this.memory.viewOf(type, at));
  }
  /** What a pointer points to: a struct of the pointer's own type, or of the one named. A null pointer is not valid. */
  follow(path: string, as?: string): Found<TypedView> {
    return thenFound(this.place(path), (place) =>
      thenFound(this.pointer(path), (to) => {
        if (to === 0n) return notValid(`${this.type.name}.${path}`, 'null', 'a pointer');
        if (as !== undefined) return this.memory.view(as, to);
        return place.type.kind === 'pointer'
          ? thenFound(place.type.to(), (type) => this.memory.viewOf(type, to))
          : notValid('type', nameOf(place.type), 'a pointer');
      }),
    );
  }

  /** An element of the array that a pointer points to. */
  element(path: string, index: number): Found<TypedView> {
    return mapFound(this.follow(path), ({ memory, type, at }) => memory.viewAs(type, vaAdd(at, index * type.sizeBytes)));
  }

  /** UNICODE_STRING, arrays of characters and pointers to them. */
  text(path: string): Found<string> {
    return thenFound(this.place(path), (place) => {
      if (place.type.kind === 'struct') return thenFound(this.memory.viewOf(place.type, place.at), readCountedString);
      return readText(this.memory.space, place);
    });
  }
  /** Name of an enum's value; the number where it has none. */
  enumName(path: string): Found<string> {
    return thenFound(this.place(path), ({ type }) => {
      if (type.kind !== 'enum') return notValid('type', nameOf(type), 'an enum');
      return thenFound(this.int(path), (value) => mapFound(type.values(), (values) => values.find((one) => one.value === value)?.name ?? value.toString()));
    });
  }

  /**
   * Structs of a list whose head is the LIST_ENTRY `path`, linked by their field `link`. Ends at the head, at `limit`, at a gap or
   * at a loop; what it returns is the reason where it is not the head.
   */
  *members(path: string, struct: { readonly type: string; readonly link: string; readonly limit: number }): Generator<TypedView, MissingReason | undefined> {
    const head = this.address(path);
    const model = this.memory.view(struct.type, va(0n));
    const link = thenFound(model, (view) => view.address(struct.link));
    if (!head.ok) return head.missing;
    if (!model.ok) return model.missing;
    if (!link.ok) return link.missing;
    const links = walkList(this.memory.space, head.value, Number(link.value), struct.limit);
    for (let next = links.next(); ; next = links.next()) {
      if (next.done) return next.value;
      yield new TypedView(this.memory, model.value.type, next.value);
    }
  }
}

const PART = /^([^.[\]]+)(?:\[(\d+)\])?$/;

function findPlace(view: TypedView, path: string): Found<Place> {
  let here: Place = { at: view.at, type: view.type };
  for (const part of path.split('.')) {
    const [, name = '', index] = PART.exec(part) ?? [];
    const next: Found<Place> = thenFound(fieldOf(here.type, name), (field) => mapFound(field.type(), (type) => ({ at: vaAdd(here.at, field.offset), type })));
    const element = index === undefined ? next : thenFound(next, (place) => elementOf(place, Number(index)));
    if (!element.ok) return element;
    here = element.value;
  }
  return found(here);
}

export function fieldOf(type: Type, name: string): Found<Field> {
  if (type.kind !== 'struct') return notValid('type', nameOf(type), `a struct with a field ${name}`);
  return thenFound(type.fields(), (fields) => {
    const field = fields.find((one) => one.name === name);
    return field ? found(field) : missing({ why: 'unknown-layout', type: `${type.name}.${name}`, build: 'the layout at hand' });
  });
}

function elementOf({ at, type }: Place, index: number): Found<Place> {
  if (type.kind !== 'array') return notValid('type', nameOf(type), 'an array');
  return thenFound(type.element(), (element) =>
    index < elementCount(type, element)
      ? found({ at: vaAdd(at, index * element.sizeBytes), type: element })
      : notValid('index', String(index), `below ${elementCount(type, element)}`),
  );
}

const WIDTHS: readonly number[] = [1, 2, 4, 8];

const widthOf = (type: Type): number => (type.kind === 'bits' ? type.bits : type.sizeBytes * 8);

/** A scalar of one, two, four or eight bytes. */
export function readUint(space: AddressSpace, { at, type }: Place): Found<bigint> {
  const scalar = type.kind === 'base' || type.kind === 'enum' || type.kind === 'pointer' || type.kind === 'bits';
  if (!scalar || !WIDTHS.includes(type.sizeBytes)) return notValid('type', nameOf(type), 'a number of up to eight bytes');
  return mapFound(readAll(space, at, type.sizeBytes), (bytes) => {
    const whole = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return type.kind === 'bits' ? (whole >> BigInt(type.position)) & ((1n << BigInt(type.bits)) - 1n) : whole;
  });
}
