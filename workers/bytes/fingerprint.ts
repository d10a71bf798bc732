/**
 * Whether a file is still the one that was opened. Chromium and WebKit refuse to read a file that changed, Firefox does not,
 * and no system does so in Node (design: reading), so the first and the last block are hashed at opening and compared later.
 */
import { SourceError } from '../base/problem.ts';
import { BLOCK_SIZE } from './blockcache.ts';
import type { ByteSource } from './source.ts';

export interface Fingerprint {
  readonly first: bigint;
  readonly last: bigint;
}

/** FNV-1a over two lanes of 32 bits (Fowler, Noll, Vo): a change is to be noticed, not an attack withstood. */
function hashOf(bytes: Uint8Array): bigint {
  let even = 0x811c9dc5;
  let odd = 0x811c9dc5 ^ bytes.length;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    even = Math.imul(even ^ byte, 0x0100_0193);
    odd = Math.imul(odd ^ byte ^ (index & 0xff), 0x0100_0193);
  }
  return (BigInt(even >>> 0) << 32n) | BigInt(odd >>> 0);
}

export function takeFingerprint(source: ByteSource): Fingerprint {
  const lastAt = Math.max(0, source.size - BLOCK_SIZE);
  return { first: hashOf(source.readBlock(0, BLOCK_SIZE)), last: hashOf(source.readBlock(lastAt, BLOCK_SIZE)) };
}

/** Throws SOURCE_CHANGED where `source` is not what was opened. It must be the source itself, not a cache of it. */
export function checkFingerprint(source: ByteSource, taken: Fingerprint): void {
  const now = takeFingerprint(source);
  if (now.first !== taken.first || now.last !== taken.last)
    throw new SourceError('SOURCE_CHANGED', 'its first or last 64 KiB are not what they were when it was opened');
}
