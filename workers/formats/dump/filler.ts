import { type Found, found, missing } from '../../base/found.ts';

/** The writer fills the header with the text 'PAGE' first; a field that still holds it was never set. */
export const FILLER32 = 0x45474150;
export const FILLER64 = 0x4547415045474150n;

const unset = (what: string): Found<never> => missing({ why: 'not-written-by', writer: 'the dump writer', what });

export function set32(value: number, what: string): Found<number> {
  return value === FILLER32 ? unset(what) : found(value);
}

export function set64(value: bigint, what: string): Found<bigint> {
  return value === FILLER64 ? unset(what) : found(value);
}

/** Text fields: 'PAGEPAGE…' up to the end is filler, and so is what is left of it behind a shorter text. */
export function setText(value: string, what: string): Found<string> {
  return value.startsWith('PAGE') && /^(?:PAGE)+(?:P|PA|PAG)?$/.test(value) ? unset(what) : found(value);
}
