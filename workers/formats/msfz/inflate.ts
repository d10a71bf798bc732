/** The compressions of MSFZ: none, zstd, deflate. */
import { inflateSync } from 'fflate';
import { Decompress } from 'fzstd';
import { type Found, found, notValid } from '../../base/found.ts';

type Inflate = (data: Uint8Array, size: number) => Uint8Array;

class WrongSize extends Error {}

/** Block by block, so that data that are longer than they say take no memory. */
function unzstd(data: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let filled = 0;
  const stream = new Decompress((block) => {
    if (filled + block.length > size) throw new WrongSize();
    out.set(block, filled);
    filled += block.length;
  });
  stream.push(data, true);
  return out.subarray(0, filled);
}

/** One byte of room more than allowed shows data that are too long. */
const undeflate: Inflate = (data, size) => inflateSync(data, { out: new Uint8Array(size + 1) });

const COMPRESSIONS: readonly (readonly [name: string, inflate: Inflate])[] = [
  ['none', (data) => data],
  ['zstd', unzstd],
  ['deflate', undeflate],
];

/** Exactly `size` bytes, or a reason. `size` has been checked against a limit. */
export function inflate(data: Uint8Array, compression: number, size: number): Found<Uint8Array> {
  const known = COMPRESSIONS[compression];
  if (!known) return notValid('MSFZ compression', `${compression}`, 'none, zstd or deflate');
  const [name, run] = known;
  try {
    const out = run(data, size);
    return out.length === size ? found(out) : notValid(`MSFZ ${name} data`, `${out.length} bytes`, `${size} bytes`);
  } catch (error) {
    // Both libraries throw plain errors at broken data.
    const words = error instanceof WrongSize ? `more than ${size} bytes` : error instanceof Error ? error.message : 'broken';
    return notValid(`MSFZ ${name} data`, words, `${size} bytes`);
  }
}
