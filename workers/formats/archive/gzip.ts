/** gzip headers (RFC 1952 §2.3). */

export type GzipHeader =
  { readonly state: 'ok'; readonly length: number; readonly name: string | undefined } | { readonly state: 'more' } | { readonly state: 'bad' };

const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED = 0xe0;
const FIXED = 10;

/** Index behind a NUL-terminated field, or undefined where more bytes are needed. */
function skipText(bytes: Uint8Array, at: number): number | undefined {
  const end = bytes.indexOf(0, at);
  return end < 0 ? undefined : end + 1;
}

/** RFC 1952: names are Latin-1. */
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

export function parseGzipHeader(bytes: Uint8Array): GzipHeader {
  const magic = [0x1f, 0x8b, 8].every((byte, index) => index >= bytes.length || bytes[index] === byte);
  if (!magic) return { state: 'bad' };
  if (bytes.length < FIXED) return { state: 'more' };
  const flags = bytes[3] ?? 0;
  if (flags & RESERVED) return { state: 'bad' };
  let at: number | undefined = FIXED;
  let name: string | undefined;
  if (flags & FEXTRA) {
    if (bytes.length < at + 2) return { state: 'more' };
    at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  }
  if (flags & FNAME) {
    const from: number = at;
    at = skipText(bytes, from);
    if (at === undefined) return { state: 'more' };
    name = latin1(bytes.subarray(from, at - 1));
  }
  if (flags & FCOMMENT) at = skipText(bytes, at);
  if (at === undefined) return { state: 'more' };
  if (flags & FHCRC) at += 2;
  return at > bytes.length ? { state: 'more' } : { state: 'ok', length: at, name };
}
