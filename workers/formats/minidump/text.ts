/** Strings as minidumps hold them, each with a limit so that a wild length cannot cost memory. */
import { type Found, found, notValid } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';

/** A path may have 32,767 UTF-16 units; longer lengths are damage. */
const MAX_STRING_BYTES = 65_536;
const utf16 = new TextDecoder('utf-16le');
const utf8 = new TextDecoder('utf-8');

export function decodeUtf16(bytes: Uint8Array): string {
  return utf16.decode(bytes.subarray(0, bytes.length & ~1));
}

/** UTF-16 in a fixed field, up to its NUL. */
export function fixedUtf16(bytes: Uint8Array): string {
  let end = 0;
  while (end + 1 < bytes.length && (bytes[end] !== 0 || bytes[end + 1] !== 0)) end += 2;
  return decodeUtf16(bytes.subarray(0, end));
}

/** UTF-8 up to its NUL. */
export function fixedUtf8(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function readCounted(source: ByteSource, at: number, what: string): Found<Uint8Array> {
  const head = readExactly(source, at, 4);
  if (!head.ok) return head;
  const length = viewOf(head.value).getUint32(0, true);
  if (length > MAX_STRING_BYTES) return notValid(what, `${length} bytes`, `at most ${MAX_STRING_BYTES}`);
  return readExactly(source, at + 4, length);
}

/** MINIDUMP_STRING: a byte count, then UTF-16. An RVA of 0 means that none was written. */
export function readMinidumpString(source: ByteSource, at: number): Found<string> {
  if (at === 0) return notValid('string address', '0', 'an RVA inside the file');
  const bytes = readCounted(source, at, 'MINIDUMP_STRING');
  return bytes.ok ? found(decodeUtf16(bytes.value)) : bytes;
}

/** MinidumpUTF8String of Crashpad: a byte count, then UTF-8. */
export function readUtf8String(source: ByteSource, at: number): Found<string> {
  if (at === 0) return notValid('string address', '0', 'an RVA inside the file');
  const bytes = readCounted(source, at, 'MinidumpUTF8String');
  return bytes.ok ? found(decodeUtf8(bytes.value)) : bytes;
}

/** MinidumpByteArray of Crashpad. */
export function readByteArray(source: ByteSource, at: number): Found<Uint8Array> {
  if (at === 0) return notValid('byte array address', '0', 'an RVA inside the file');
  return readCounted(source, at, 'MinidumpByteArray');
}
