/** The bytes of a block of secondary data. */
import { type Found, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { readExactly } from '../bytes/struct.ts';
import { SECONDARY, type SecondaryKind } from '../formats/secondary/guids.ts';
import type { BlobInfo, Target } from './target.ts';

/** The largest block that is read; trace buffers of small dumps take 1.5 MB. */
const MAX_BLOCK = 8 * 1024 * 1024;
/** Real ones take up to 10 kB. */
const MAX_OF_KIND: Partial<Record<SecondaryKind, number>> = { acpi: 0x4_0000, pci: 0x4_0000 };

/** Missing where the dump has no such block, an empty one, or one that is too large to be it. */
export function secondaryBytes(target: Pick<Target, 'blobs' | 'source'>, kind: SecondaryKind): Found<Uint8Array> {
  const blob = target.blobs.find((one) => one.guid === SECONDARY[kind] && one.size > 0);
  if (!blob) return missing({ why: 'stream-absent', stream: `secondary data {${SECONDARY[kind]}}` });
  const most = MAX_OF_KIND[kind];
  if (most !== undefined && blob.size > most) return notValid(`size of the secondary data {${SECONDARY[kind]}}`, hex(blob.size), `at most ${hex(most)}`);
  return bytesOfBlock(target, blob);
}

export const bytesOfBlock = ({ source }: Pick<Target, 'source'>, blob: BlobInfo): Found<Uint8Array> =>
  readExactly(source, blob.fileOffset, Math.min(blob.size, MAX_BLOCK));

/** What `read` makes of a block; it may say itself that the bytes are not what they should be. */
export function readSecondary<T>(target: Pick<Target, 'blobs' | 'source'>, kind: SecondaryKind, read: (bytes: Uint8Array) => Found<T>): Found<T> {
  return thenFound(secondaryBytes(target, kind), read);
}
