/** Types and values in the words of `dt` (learn.microsoft.com, "dt (Display Type)": signed numbers in base 10, unsigned in hex). */
import { type Va, va } from '../base/address.ts';
import { type Found, found, type Missing } from '../base/found.ts';
import { formatGuid, formatVa, hex } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { readAll } from '../memory/bytespace.ts';
import type { Session } from '../target/target.ts';
import { isCharacter, readCountedString, readText, readTextAt } from '../types/text.ts';
import { type BitsType, elementCount, type EnumType, type PointerType, type StructType, type Type } from '../types/type.ts';
import { type Place, readUint, type TypedMemory } from '../types/typedview.ts';
import { findName } from './names.ts';
import { type Span, text } from './spec.ts';

/** Pointers to pointers to pointers: deeper ones are not spelled out. */
const MAX_DEPTH = 6;
const BASE_WORDS: Readonly<Record<string, string>> = {
  char: 'Char',
  'signed char': 'Char',
  'unsigned char': 'UChar',
  wchar_t: 'Wchar',
  void: 'Void',
  HRESULT: 'HRESULT',
};
const FORM_WORDS: Readonly<Record<string, string>> = { int: 'Int', uint: 'Uint', char: 'Char' };

type Words = { readonly [K in Type['kind']]: (type: Extract<Type, { kind: K }>, depth: number) => string };
const WORDS: Words = {
  base: ({ name, form, sizeBytes }) => {
    if (form === 'bool') return 'Bool';
    if (form === 'float') return sizeBytes === 4 ? 'Float' : 'Double';
    return BASE_WORDS[name] ?? (form === 'none' ? name : `${FORM_WORDS[form] ?? name}${sizeBytes}B`);
  },
  pointer: ({ sizeBytes, to }, depth) => `Ptr${sizeBytes * 8} ${wordsOr(to(), 'Void', depth)}`,
  array: (type, depth) => {
    const element = type.element();
    return `[${element.ok ? elementCount(type, element.value) : '?'}] ${wordsOr(element, '?', depth)}`;
  },
  bits: ({ position, bits }) => `Pos ${position}, ${bits} Bit${bits === 1 ? '' : 's'}`,
  function: ({ returns }) => {
    const type = returns();
    return `    ${type.ok ? returnWords(type.value) : 'void'} `;
  },
  enum: ({ name }) => name,
  struct: ({ name }) => name,
  opaque: ({ name }) => name,
};

const wordsOr = (type: Found<Type>, otherwise: string, depth: number): string => (type.ok ? typeWords(type.value, depth + 1) : otherwise);

/** "Uint4B", "Ptr64 _EPROCESS", "[15] UChar", "Pos 3, 2 Bits". */
export function typeWords(type: Type, depth = 0): string {
  const words = WORDS[type.kind] as (type: Type, depth: number) => string;
  return depth > MAX_DEPTH ? '…' : words(type, depth);
}

function returnWords(type: Type): string {
  return type.kind === 'pointer' ? 'void*' : 'name' in type ? type.name : typeWords(type);
}

/** As C writes it: "unsigned long", "struct _IRP *", "int [4]". */
export function cWords(type: Type, depth = 0): string {
  if (depth > MAX_DEPTH) return '…';
  const inside = (of: Found<Type>): string => (of.ok ? cWords(of.value, depth + 1) : 'void');
  switch (type.kind) {
    case 'pointer':
      return `${inside(type.to())} *`;
    case 'array': {
      const element = type.element();
      return `${inside(element)} [${element.ok ? elementCount(type, element.value) : '?'}]`;
    }
    case 'function':
      return '<function>';
    case 'struct':
      return `${type.tag} ${type.name}`;
    case 'enum':
      return `Enum ${type.name}`;
    default:
      return typeWordsOf(type);
  }
}

const typeWordsOf = (type: Type): string => ('name' in type ? type.name : typeWords(type));

/** "struct _KPROCESS, 34 elements, 0x98 bytes", "Ptr64 to Void": what -v adds. */
export function verboseWords(type: Type): string {
  switch (type.kind) {
    case 'struct': {
      const fields = type.fields();
      return `${type.tag} ${type.name}, ${fields.ok ? fields.value.length : 0} elements, ${hex(type.sizeBytes)} bytes`;
    }
    case 'enum': {
      const values = type.values();
      return `Enum ${type.name},  ${values.ok ? values.value.length : 0} total enums`;
    }
    case 'pointer': {
      const to = type.to();
      return `Ptr${type.sizeBytes * 8} to ${to.ok ? verboseWords(to.value) : 'Void'}`;
    }
    case 'bits':
      return `Bitfield ${typeWords(type)}`;
    default:
      return typeWords(type);
  }
}

/** What stands behind the colon for a value in memory. */
export function valueSpans(session: Session, memory: TypedMemory, place: Place): readonly Span[] {
  const { type } = place;
  if (type.kind === 'struct') return [text(`${type.name}${structValue(memory, type, place.at)}`)];
  if (type.kind === 'array') return arraySpans(session, memory, place);
  if (type.kind === 'base' && type.form === 'float') return floatSpans(memory, place);
  if (!isScalar(type)) return [text(typeWords(type))];
  const value = readUint(memory.space, place);
  return value.ok ? scalarSpans(session, memory, type, value.value) : gap(value);
}

type ScalarType = Extract<Type, { kind: 'pointer' | 'enum' | 'bits' | 'base' }>;
export const isScalar = (type: Type): type is ScalarType => type.kind === 'pointer' || type.kind === 'enum' || type.kind === 'bits' || type.kind === 'base';

/** A number, pointer, enum or bit field whose value is at hand. */
export function scalarSpans(session: Session, memory: TypedMemory, type: ScalarType, value: bigint): readonly Span[] {
  if (type.kind === 'pointer') return pointerSpans(session, memory, type, va(value));
  if (type.kind === 'enum') return [text(enumText(type, value))];
  return [text(type.kind === 'bits' ? bitsText(type, value) : numberText(type, value))];
}

const gap = ({ missing }: Missing): readonly Span[] => [{ span: 'missing', reason: missing, text: '????' }, text(`  (${describeMissing(missing)})`)];

/** From 32 bits up WinDbg sets the digits apart. */
export const wideHex = (value: bigint): string => (value > 0xffff_ffffn ? `0x${formatVa(value)}` : hex(value));
const unsignedText = (value: bigint): string => (value < 10n ? value.toString() : wideHex(value));

const printable = (value: bigint): string => (value >= 0x20n && value < 0x7fn ? String.fromCharCode(Number(value)) : '');

function numberText(type: Extract<Type, { kind: 'base' }>, value: bigint): string {
  const signed = BigInt.asIntN(type.sizeBytes * 8, value);
  if (type.form === 'char') {
    const number = type.name.startsWith('unsigned') || type.sizeBytes > 1 ? (value === 0n ? '0' : hex(value)) : signed.toString();
    return `${number} '${printable(value)}'`;
  }
  return type.form === 'int' ? `0n${signed}` : unsignedText(value);
}

function bitsText({ bits }: BitsType, value: bigint): string {
  const digits = `0y${value.toString(2).padStart(bits, '0')}`;
  return bits === 1 ? digits : `${digits} (${value === 0n ? '0' : wideHex(value)})`;
}

function enumText(type: EnumType, value: bigint): string {
  const signed = BigInt.asIntN(type.sizeBytes * 8, value);
  const values = type.values();
  const name = values.ok ? values.value.find((one) => one.value === signed || one.value === value)?.name : undefined;
  return name === undefined ? `0n${signed} (No matching name)` : `${signed} ( ${name} )`;
}

function floatSpans(memory: TypedMemory, { at, type }: Place): readonly Span[] {
  const bytes = readAll(memory.space, at, type.sizeBytes);
  if (!bytes.ok) return gap(bytes);
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, type.sizeBytes);
  return [text(String(type.sizeBytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true)))];
}

function pointerSpans(session: Session, memory: TypedMemory, type: PointerType, value: Va): readonly Span[] {
  if (value === 0n) return [text('(null) ')];
  const shown: Span = { span: 'address', at: value, text: `0x${formatVa(value, memory.space.pointerSize)}` };
  const to = type.to();
  if (!to.ok) return [shown];
  if (to.value.kind === 'function') {
    const named = findName(session, value);
    return [shown, text(` ${typeWords(to.value)}${named ? ` ${named.base}+${named.displacement.toString(16)}` : ''}`)];
  }
  if (isCharacter(to.value)) {
    const string = readTextAt(memory.space, value, to.value.sizeBytes);
    return [shown, text(string.ok ? ` "${string.value}"` : ' "--- memory read error at address ---"')];
  }
  if (to.value.kind === 'pointer') {
    const next = readUint(memory.space, { at: value, type: to.value });
    return [shown, text('  -> '), ...(next.ok ? pointerSpans(session, memory, to.value, va(next.value)) : gap(next))];
  }
  return [shown, text(` ${typeWords(to.value)}`)];
}

function arraySpans(session: Session, memory: TypedMemory, place: Place): readonly Span[] {
  const element = place.type.kind === 'array' ? place.type.element() : undefined;
  if (!element?.ok || place.type.kind !== 'array') return [text(typeWords(place.type))];
  const count = text(`[${elementCount(place.type, element.value)}] `);
  if (isCharacter(element.value)) {
    const string = readText(memory.space, place);
    return string.ok ? [count, text(` "${string.value}"`)] : [count, ...gap(string)];
  }
  return [count, ...valueSpans(session, memory, { at: place.at, type: element.value })];
}

/** Structs that WinDbg shows in one line: lists, strings, large integers, GUIDs. */
const ONE_LINERS: Readonly<Record<string, (memory: TypedMemory, type: StructType, at: Va) => Found<string>>> = {
  _LIST_ENTRY: listText,
  _UNICODE_STRING: stringText,
  _STRING: stringText,
  _LARGE_INTEGER: wholeText,
  _ULARGE_INTEGER: wholeText,
  _GUID: (memory, _type, at) => {
    const bytes = readAll(memory.space, at, 16);
    return bytes.ok ? found(` {${formatGuid(bytes.value)}}`) : bytes;
  },
};

/** " [ 0x… - 0x… ]", ' "text"', " 0x…", or nothing. */
export function structValue(memory: TypedMemory, type: StructType, at: Va): string {
  const value = Object.hasOwn(ONE_LINERS, type.name) ? ONE_LINERS[type.name]?.(memory, type, at) : undefined;
  if (!value) return '';
  return value.ok ? value.value : ` ????  (${describeMissing(value.missing)})`;
}

function listText(memory: TypedMemory, type: StructType, at: Va): Found<string> {
  const view = memory.viewAs(type, at);
  const next = view.pointer('Flink');
  const back = view.pointer('Blink');
  if (!next.ok) return next;
  if (!back.ok) return back;
  const shown = (value: Va): string => `0x${formatVa(value, memory.space.pointerSize)}`;
  return found(` [ ${shown(next.value)} - ${shown(back.value)} ]`);
}

function stringText(memory: TypedMemory, type: StructType, at: Va): Found<string> {
  const string = readCountedString(memory.viewAs(type, at));
  return string.ok ? found(` "${string.value}"`) : string;
}

function wholeText(memory: TypedMemory, type: StructType, at: Va): Found<string> {
  const value = memory.viewAs(type, at).uint('QuadPart');
  return value.ok ? found(` ${wideHex(value.value)}`) : value;
}
