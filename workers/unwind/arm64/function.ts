/** The .pdata of an ARM64 image: from an address to the function over it and its unwind record. */
import { type Found, found, mapFound, notValid } from '../../base/found.ts';
import { viewOf } from '../../bytes/struct.ts';
import type { ImageCode } from '../imagecode.ts';
import { type Arm64Record, readFull } from './codes.ts';
import { expandPacked, parsePacked } from './packed.ts';

/** RVAs. */
export interface Arm64Function {
  readonly begin: number;
  readonly record: Arm64Record;
}

const ENTRY = 8;

/** found(undefined) where the table is at hand and has no function over `at`. */
export function findArm64Function(image: ImageCode, at: number): Found<Arm64Function | undefined> {
  const nearest = image.entryBefore(at);
  if (!nearest.ok || nearest.value === undefined) return nearest.ok ? found(undefined) : nearest;
  const bytes = image.code(nearest.value, ENTRY);
  if (bytes.length < ENTRY) return notValid('.pdata entry', `${bytes.length} bytes`, `${ENTRY}`);
  const view = viewOf(bytes);
  const begin = view.getUint32(0, true);
  return mapFound(readRecord(image, view.getUint32(4, true)), (record) => (at - begin < record.lengthBytes ? { begin, record } : undefined));
}

/** By the two lowest bits: 0 the RVA of .xdata, 1 a packed function, 2 a packed fragment; 3 is not public. */
function readRecord(image: ImageCode, word: number): Found<Arm64Record> {
  const flag = word & 3;
  if (flag === 0) return readFull((at, length) => image.code(at, length), word);
  return flag === 3 ? notValid('flag of a .pdata entry', '3', '0, 1 or 2') : found(expandPacked(parsePacked(word)));
}
