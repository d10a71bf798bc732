/** From one place in a Thumb-2 function of an ARM image to its caller: .pdata, records, and undoing them. */
import { type Va, va } from '../../base/address.ts';
import { type Found, found, mapFound, missing, notValid } from '../../base/found.ts';
import { viewOf } from '../../bytes/struct.ts';
import { codesToUndo } from '../armxdata.ts';
import type { Registers } from '../frame.ts';
import type { ImageCode } from '../imagecode.ts';
import { LR, readFull, type ThumbCode, type ThumbRecord } from './codes.ts';
import { expandPacked } from './packed.ts';

export interface ThumbFunction {
  /** RVA, without the bit that says Thumb. */
  readonly begin: number;
  readonly record: ThumbRecord;
}

const ENTRY = 8;

/** found(undefined) where the table is at hand and has no function over `at`. */
export function findThumbFunction(image: ImageCode, at: number): Found<ThumbFunction | undefined> {
  // Entries have bit 0 set.
  const nearest = image.entryBefore(at | 1);
  if (!nearest.ok || nearest.value === undefined) return nearest.ok ? found(undefined) : nearest;
  const bytes = image.code(nearest.value, ENTRY);
  if (bytes.length < ENTRY) return notValid('.pdata entry', `${bytes.length} bytes`, `${ENTRY}`);
  const view = viewOf(bytes);
  const begin = view.getUint32(0, true) & ~1;
  const word = view.getUint32(4, true);
  const flag = word & 3;
  if (flag === 3) return notValid('flag of a .pdata entry', '3', '0, 1 or 2');
  const record = flag === 0 ? readFull((from, length) => image.code(from, length), word) : found(expandPacked(word));
  return mapFound(record, (known) => (at - begin < known.lengthBytes ? { begin, record: known } : undefined));
}

export const registerName = (index: number): string => (index === LR ? 'lr' : index === 13 ? 'sp' : index === 15 ? 'pc' : `r${index}`);
export const thumbAddress = (word: bigint): Va => va(BigInt.asUintN(32, word) & ~1n);

type Read = (at: Va) => Found<bigint>;

/** `offset`: bytes into the function, of the place where it stands. */
export function undoThumb(record: ThumbRecord, offset: number, start: { readonly registers: Registers; readonly read: Read }): Found<Registers> {
  const registers: Record<string, bigint> = { ...start.registers };
  for (const code of codesToUndo(record, offset)) {
    if (code.op === 'end') break;
    const done = undoCode(registers, code, start.read);
    if (!done.ok) return done;
  }
  const lr = registers['lr'];
  if (lr === undefined) return missing({ why: 'not-computed', detail: 'lr is not known in this frame' });
  registers['pc'] = thumbAddress(lr);
  return found(registers);
}

function undoCode(registers: Record<string, bigint>, code: ThumbCode, read: Read): Found<unknown> {
  const sp = registers['sp'] ?? 0n;
  const moveSp = (bytes: number): void => {
    registers['sp'] = BigInt.asUintN(32, sp + BigInt(bytes));
  };
  switch (code.op) {
    case 'alloc':
      moveSp(code.size);
      return found(undefined);
    case 'pop-vectors':
      // No frame needs a vector register to be found.
      moveSp(Math.max(0, code.last - code.first + 1) * 8);
      return found(undefined);
    case 'mov-sp': {
      const value = registers[registerName(code.register)];
      if (value === undefined) return notValid(`register ${registerName(code.register)}`, 'not known here', 'its value in this frame');
      registers['sp'] = value;
      return found(undefined);
    }
    case 'load-lr': {
      const word = read(va(sp));
      if (word.ok) registers['lr'] = word.value;
      moveSp(code.size);
      return word;
    }
    case 'pop':
      return pop(registers, code.mask, read);
    default:
      return found(undefined);
  }
}

function pop(registers: Record<string, bigint>, mask: number, read: Read): Found<unknown> {
  let at = registers['sp'] ?? 0n;
  for (let index = 0; index <= LR; index++) {
    if ((mask & (1 << index)) === 0) continue;
    const word = read(va(at));
    if (!word.ok) return word;
    registers[registerName(index)] = word.value;
    at += 4n;
  }
  registers['sp'] = BigInt.asUintN(32, at);
  return found(undefined);
}
