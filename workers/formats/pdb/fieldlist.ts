/** What a field list holds, field by field (microsoft-pdb, include/cvinfo.h, lfMember and its kin). */
import { type Found, found, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { LeafCursor } from './leafcursor.ts';
import type { TypeIndex } from './typerecords.ts';

export type FieldRecord =
  | { readonly kind: 'member' | 'static'; readonly name: string; readonly type: TypeIndex; readonly offset: number }
  | { readonly kind: 'base' | 'virtual-base'; readonly type: TypeIndex; readonly offset: number }
  | { readonly kind: 'virtual-table'; readonly type: TypeIndex }
  | { readonly kind: 'enumerate'; readonly name: string; readonly value: bigint }
  | { readonly kind: 'nested' | 'method'; readonly name: string }
  /** The list goes on in another record. */
  | { readonly kind: 'more'; readonly list: TypeIndex };

type Parser = (cursor: LeafCursor) => FieldRecord;

const member =
  (pascal: boolean): Parser =>
  (cursor) => {
    cursor.u16();
    const type = cursor.u32();
    const offset = cursor.size();
    return { kind: 'member', type, offset, name: cursor.text(pascal) };
  };
const staticMember =
  (pascal: boolean): Parser =>
  (cursor) => {
    cursor.u16();
    return { kind: 'static', type: cursor.u32(), offset: 0, name: cursor.text(pascal) };
  };
const baseClass: Parser = (cursor) => {
  cursor.u16();
  return { kind: 'base', type: cursor.u32(), offset: cursor.size() };
};
/** Where a virtual base lies only the object's own table tells: `offset` is that of the pointer to it. */
const virtualBase: Parser = (cursor) => {
  cursor.u16();
  const type = cursor.u32();
  cursor.u32();
  const offset = cursor.size();
  cursor.number();
  return { kind: 'virtual-base', type, offset };
};
const virtualTable: Parser = (cursor) => {
  cursor.u16();
  return { kind: 'virtual-table', type: cursor.u32() };
};
const enumerate =
  (pascal: boolean): Parser =>
  (cursor) => {
    cursor.u16();
    return { kind: 'enumerate', value: cursor.number(), name: cursor.text(pascal) };
  };
const named =
  (kind: 'nested' | 'method', pascal: boolean): Parser =>
  (cursor) => {
    cursor.u16();
    cursor.u32();
    return { kind, name: cursor.text(pascal) };
  };
/** A method that starts a slot of the virtual table has the slot's offset before its name. */
const oneMethod =
  (pascal: boolean): Parser =>
  (cursor) => {
    const property = (cursor.u16() >>> 2) & 7;
    cursor.u32();
    if (property === 4 || property === 6) cursor.u32();
    return { kind: 'method', name: cursor.text(pascal) };
  };
const more: Parser = (cursor) => {
  cursor.u16();
  return { kind: 'more', list: cursor.u32() };
};

const PARSERS: Readonly<Record<number, Parser>> = {
  0x0403: enumerate(true),
  0x1400: baseClass,
  0x1401: virtualBase,
  0x1402: virtualBase,
  0x1404: more,
  0x1405: member(true),
  0x1406: staticMember(true),
  0x1407: named('method', true),
  0x1408: named('nested', true),
  0x1409: virtualTable,
  0x140b: oneMethod(true),
  0x1502: enumerate(false),
  0x150d: member(false),
  0x150e: staticMember(false),
  0x150f: named('method', false),
  0x1510: named('nested', false),
  0x1511: oneMethod(false),
  0x1512: named('nested', false),
  0x151a: baseClass,
};

/** `bytes`: a field list behind its kind. */
export function parseFieldList(bytes: Uint8Array): Found<readonly FieldRecord[]> {
  const cursor = new LeafCursor(bytes);
  const fields: FieldRecord[] = [];
  for (cursor.skipPadding(); !cursor.ended; cursor.skipPadding()) {
    const leaf = cursor.u16();
    const parser = PARSERS[leaf];
    if (!parser) return notValid('field list', `a field of kind ${hex(leaf)}`, 'a kind that has a length');
    const field = parser(cursor);
    if (cursor.cut) return notValid('field list', `${bytes.length} bytes`, 'whole fields');
    fields.push(field);
  }
  return found(fields);
}
