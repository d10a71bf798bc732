/** Pure functions of the engine that the page needs at run time; the only door to them. */
export { va } from '../../workers/base/address.ts';
export { formatVa, hex, hexDigits } from '../../workers/base/hex.ts';
export { archiveKind, HEAD_BYTES } from '../../workers/formats/archive/kind.ts';
