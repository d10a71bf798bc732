/** Type records of the TPI stream by kind (microsoft-pdb, include/cvinfo.h; llvm/DebugInfo/CodeView/CodeViewTypes.def). */
import { type Found, found, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { LeafCursor } from './leafcursor.ts';

/** Number of a type: below 0x1000 a simple type, from there on a record of the stream. 0 is no type. */
export type TypeIndex = number;

interface Udt {
  readonly name: string;
  /** Decorated name, one for each type; absent in older PDBs. */
  readonly uniqueName?: string;
  readonly isForward: boolean;
  readonly isScoped: boolean;
  readonly fieldList: TypeIndex;
}
export interface ClassRecord extends Udt {
  readonly kind: 'class' | 'structure' | 'interface' | 'union';
  readonly sizeBytes: number;
}
export interface EnumRecord extends Udt {
  readonly kind: 'enum';
  readonly base: TypeIndex;
}
export interface PointerRecord {
  readonly kind: 'pointer';
  readonly to: TypeIndex;
  readonly mode: 'pointer' | 'reference' | 'data-member' | 'member-function' | 'rvalue-reference';
  readonly sizeBytes: number;
}
export type TypeRecord =
  | ClassRecord
  | EnumRecord
  | PointerRecord
  | { readonly kind: 'modifier'; readonly of: TypeIndex }
  | { readonly kind: 'array'; readonly element: TypeIndex; readonly sizeBytes: number }
  | { readonly kind: 'bitfield'; readonly of: TypeIndex; readonly bits: number; readonly position: number }
  | { readonly kind: 'procedure'; readonly returns: TypeIndex; readonly arguments: TypeIndex }
  | { readonly kind: 'arguments'; readonly types: readonly TypeIndex[] }
  | { readonly kind: 'field-list'; readonly bytes: Uint8Array }
  /** Shapes of virtual tables, method lists, labels, ids: nothing that lies in memory. */
  | { readonly kind: 'other'; readonly leaf: number };

type Parser = (cursor: LeafCursor, bytes: Uint8Array) => TypeRecord;

const FORWARD = 0x80;
const SCOPED = 0x100;
const HAS_UNIQUE_NAME = 0x200;

interface Shape {
  readonly kind: ClassRecord['kind'];
  readonly pascal?: boolean;
  /** LF_STRUCTURE19 and its kin: wide property bits first, the count behind (microsoft-pdb, issue 50). */
  readonly wide?: true;
}

function names(cursor: LeafCursor, property: number, pascal: boolean): Pick<Udt, 'name' | 'uniqueName' | 'isForward' | 'isScoped'> {
  const name = cursor.text(pascal);
  const unique = property & HAS_UNIQUE_NAME ? { uniqueName: cursor.text(pascal) } : {};
  return { name, ...unique, isForward: (property & FORWARD) !== 0, isScoped: (property & SCOPED) !== 0 };
}

const aggregate =
  ({ kind, pascal = false, wide }: Shape): Parser =>
  (cursor) => {
    if (!wide) cursor.u16();
    const property = wide ? cursor.u32() : cursor.u16();
    const fieldList = cursor.u32();
    if (kind !== 'union') {
      cursor.u32();
      cursor.u32();
    }
    if (wide) cursor.u16();
    const sizeBytes = cursor.size();
    return { kind, sizeBytes, fieldList, ...names(cursor, property, pascal) };
  };

const enumeration =
  (pascal: boolean): Parser =>
  (cursor) => {
    cursor.u16();
    const property = cursor.u16();
    const base = cursor.u32();
    const fieldList = cursor.u32();
    return { kind: 'enum', base, fieldList, ...names(cursor, property, pascal) };
  };

/** CV_ptrtype_e: near32 and 64 are the ones of today. */
const POINTER_SIZE: Readonly<Record<number, number>> = { 0: 2, 1: 4, 2: 4, 0xa: 4, 0xb: 6, 0xc: 8 };
const POINTER_MODES: readonly PointerRecord['mode'][] = ['pointer', 'reference', 'data-member', 'member-function', 'rvalue-reference'];

const pointer: Parser = (cursor) => {
  const to = cursor.u32();
  const attributes = cursor.u32();
  const told = (attributes >>> 13) & 0x3f;
  const mode = POINTER_MODES[(attributes >>> 5) & 7] ?? 'pointer';
  return { kind: 'pointer', to, mode, sizeBytes: told || (POINTER_SIZE[attributes & 0x1f] ?? 0) };
};

const array: Parser = (cursor) => {
  const element = cursor.u32();
  cursor.u32();
  return { kind: 'array', element, sizeBytes: cursor.size() };
};

const procedure =
  (isMember: boolean): Parser =>
  (cursor) => {
    const returns = cursor.u32();
    if (isMember) {
      cursor.u32();
      cursor.u32();
    }
    cursor.u32();
    return { kind: 'procedure', returns, arguments: cursor.u32() };
  };

const argumentList: Parser = (cursor) => {
  const count = cursor.u32();
  const types: TypeIndex[] = [];
  while (types.length < count && !cursor.cut) types.push(cursor.u32());
  return { kind: 'arguments', types };
};

const bitfield: Parser = (cursor) => ({ kind: 'bitfield', of: cursor.u32(), bits: cursor.u8(), position: cursor.u8() });
const modifier: Parser = (cursor) => ({ kind: 'modifier', of: cursor.u32() });
const fieldList: Parser = (_cursor, bytes) => ({ kind: 'field-list', bytes: bytes.subarray(2) });

const PARSERS: Readonly<Record<number, Parser>> = {
  0x1001: modifier,
  0x1002: pointer,
  0x1003: array,
  0x1503: array,
  0x1004: aggregate({ kind: 'class', pascal: true }),
  0x1005: aggregate({ kind: 'structure', pascal: true }),
  0x1006: aggregate({ kind: 'union', pascal: true }),
  0x1007: enumeration(true),
  0x1008: procedure(false),
  0x1009: procedure(true),
  0x1201: argumentList,
  0x1203: fieldList,
  0x1205: bitfield,
  0x1504: aggregate({ kind: 'class' }),
  0x1505: aggregate({ kind: 'structure' }),
  0x1506: aggregate({ kind: 'union' }),
  0x1507: enumeration(false),
  0x1519: aggregate({ kind: 'interface' }),
  0x1608: aggregate({ kind: 'class', wide: true }),
  0x1609: aggregate({ kind: 'structure', wide: true }),
  0x160a: aggregate({ kind: 'union', wide: true }),
  0x160b: aggregate({ kind: 'interface', wide: true }),
};

/** Kinds that have a name to look for. */
const NAMED = new Set([0x1004, 0x1005, 0x1006, 0x1007, 0x1504, 0x1505, 0x1506, 0x1507, 0x1519, 0x1608, 0x1609, 0x160a, 0x160b]);
export const isNamedKind = (leaf: number): boolean => NAMED.has(leaf);

/** `bytes`: the record behind its length field, its kind first. */
export function parseTypeRecord(bytes: Uint8Array): Found<TypeRecord> {
  const cursor = new LeafCursor(bytes);
  const leaf = cursor.u16();
  const parser = PARSERS[leaf];
  if (!parser) return found({ kind: 'other', leaf });
  const record = parser(cursor, bytes);
  return cursor.cut ? notValid('type record', `${bytes.length} bytes of kind ${hex(leaf)}`, 'a whole record') : found(record);
}
