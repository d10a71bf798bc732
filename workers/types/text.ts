/** Text in memory: counted UTF-16, and characters up to a NUL. */
import { type Va, va } from '../base/address.ts';
import { type Found, found, mapFound, notValid, thenFound } from '../base/found.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import { nameOf, type Type } from './type.ts';
import type { Place, TypedView } from './typedview.ts';

const UTF16 = new TextDecoder('utf-16le');
const UTF8 = new TextDecoder('utf-8');
/** What a pointer's text is read up to, as in WinDbg, when no NUL comes sooner. */
const MAX_CHARACTERS = 1024;
const PAGE = 0x1000n;

/** UNICODE_STRING and STRING (ntdef.h): Length counts bytes. An empty one is "". */
export function readCountedString(view: TypedView): Found<string> {
  const unit = thenFound(view.place('Buffer'), ({ type }) => (type.kind === 'pointer' ? type.to() : notValid('type', nameOf(type), 'a pointer')));
  return thenFound(unit, ({ sizeBytes }) =>
    thenFound(view.number('Length'), (length) => {
      if (length % sizeBytes !== 0) return notValid(`${view.type.name}.Length`, String(length), `a multiple of ${sizeBytes}`);
      if (length === 0) return found('');
      return thenFound(view.pointer('Buffer'), (buffer) =>
        mapFound(readAll(view.memory.space, buffer, length), (bytes) => (sizeBytes === 2 ? UTF16 : UTF8).decode(bytes)),
      );
    }),
  );
}

export const isCharacter = (type: Type): boolean => type.kind === 'base' && type.form === 'char';

/** An array of characters, or what a pointer to characters points to; up to its NUL. */
export function readText(space: AddressSpace, { at, type }: Place): Found<string> {
  if (type.kind === 'array') {
    return thenFound(type.element(), (element) =>
      isCharacter(element)
        ? mapFound(readAll(space, at, type.sizeBytes), (bytes) => upToNul(bytes, element.sizeBytes))
        : notValid('type', nameOf(element), 'characters'),
    );
  }
  if (type.kind !== 'pointer') return notValid('type', nameOf(type), 'text');
  return thenFound(type.to(), (to) => {
    if (!isCharacter(to)) return notValid('type', nameOf(to), 'characters');
    return thenFound(space.pointer(at), (start) => readTextAt(space, start, to.sizeBytes));
  });
}

/** Text at an address; it may end at the last byte that the dump holds only where a NUL came before. */
export function readTextAt(space: AddressSpace, start: Va, unit: number): Found<string> {
  const parts: number[] = [];
  let at = start;
  while (parts.length < MAX_CHARACTERS * unit) {
    const toPage = Number(PAGE - (at % PAGE));
    const read = space.read(at, toPage);
    for (const byte of read.bytes) parts.push(byte);
    if (nulAt(parts, unit) >= 0) break;
    if (read.got < toPage) return { ok: false, missing: read.missing ?? { why: 'not-in-dump', space: 'virtual', at } };
    at = va(at + BigInt(toPage));
  }
  return found(upToNul(Uint8Array.from(parts.slice(0, MAX_CHARACTERS * unit)), unit));
}

function nulAt(bytes: ArrayLike<number>, unit: number): number {
  for (let at = 0; at + unit <= bytes.length; at += unit) {
    let zero = true;
    for (let part = 0; part < unit; part++) zero &&= bytes[at + part] === 0;
    if (zero) return at;
  }
  return -1;
}

function upToNul(bytes: Uint8Array, unit: number): string {
  const end = nulAt(bytes, unit);
  const text = bytes.subarray(0, end < 0 ? bytes.length : end);
  return unit === 2 ? UTF16.decode(text) : UTF8.decode(text);
}
