/**
 * A dump's memory with the gaps of code and constants filled from image files at hand.
 * Only sections that cannot change at run time are used: an initial value of a variable says nothing of the crash.
 * Relocations are not applied, so an absolute pointer in such a section may be off; code, .pdata and .xdata hold RVAs.
 */
import { type Rva, type Va, fileOffset, rva, va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, type MissingReason } from '../base/found.ts';
import { viewOf } from '../bytes/struct.ts';
import type { AddressSpace, MemoryRange, ReadResult, Translation } from '../memory/space.ts';
import type { ModuleList } from '../modules/module.ts';
import type { ImageBytes, SymbolProvider } from '../symbols/provider.ts';

interface ImageSpot {
  readonly image: ImageBytes;
  readonly at: Rva;
  readonly left: number;
}

const MAX_PIECES = 4096;

export class ImageBackedSpace implements AddressSpace {
  readonly pointerSize: 4 | 8;
  readonly #dump: AddressSpace;
  readonly #modules: ModuleList;
  readonly #symbols: SymbolProvider;

  constructor(dump: AddressSpace, modules: ModuleList, symbols: SymbolProvider) {
    this.pointerSize = dump.pointerSize;
    this.#dump = dump;
    this.#modules = modules;
    this.#symbols = symbols;
  }

  read(at: Va, length: number): ReadResult {
    const first = this.#dump.read(at, length);
    if (first.got === length || !this.#spot(vaAdd(at, first.got))) return first;
    return this.#patched(at, length, first);
  }

  #patched(at: Va, length: number, first: ReadResult): ReadResult {
    const out = new Uint8Array(length);
    out.set(first.bytes);
    let got = first.got;
    let reason = first.missing;
    for (let piece = 0; piece < MAX_PIECES && got < length; piece++) {
      const here = vaAdd(at, got);
      const part = piece % 2 === 0 ? this.#fromImage(here, length - got) : this.#dump.read(here, length - got);
      if (part.got === 0 && piece % 2 === 1) {
        reason = part.missing ?? reason;
        break;
      }
      out.set(part.bytes.subarray(0, part.got), got);
      got += part.got;
    }
    const bytes = out.subarray(0, got);
    const gap = got === length ? undefined : this.#gapAt(vaAdd(at, got));
    return got === length || !reason ? { bytes, got } : { bytes, got, missing: gap ?? reason };
  }

  /** Why an image that is at hand does not fill the gap: only parts of it were fetched. */
  #gapAt(at: Va): MissingReason | undefined {
    const spot = this.#spot(at);
    return spot?.image.gapAt?.(spot.at);
  }

  /** Bytes of the image up to the next byte that the dump itself holds. */
  #fromImage(at: Va, length: number): ReadResult {
    const spot = this.#spot(at);
    if (!spot) return { bytes: new Uint8Array(0), got: 0 };
    const bytes = spot.image.readRva(spot.at, Math.min(length, spot.left));
    return { bytes, got: bytes.length };
  }

  #spot(at: Va): ImageSpot | undefined {
    const place = this.#modules.find(at);
    if (!place) return undefined;
    const image = this.#symbols.image(place.module);
    if (!image.ok || image.value.writable(place.rva)) return undefined;
    return { image: image.value, at: place.rva, left: this.#constantRun(image.value, place.rva, place.module.size) };
  }

  /** Bytes until the next page that is writable: sections start on page borders. */
  #constantRun(image: ImageBytes, at: Rva, size: number): number {
    let end = (at & ~0xfff) + 0x1000;
    while (end < size && end - at < 0x1_0000 && !image.writable(rva(end))) end += 0x1000;
    return end - at;
  }

  u8(at: Va): Found<number> {
    return this.#number(at, 1, (view) => view.getUint8(0));
  }
  u16(at: Va): Found<number> {
    return this.#number(at, 2, (view) => view.getUint16(0, true));
  }
  u32(at: Va): Found<number> {
    return this.#number(at, 4, (view) => view.getUint32(0, true));
  }
  u64(at: Va): Found<bigint> {
    return this.#number(at, 8, (view) => view.getBigUint64(0, true));
  }
  pointer(at: Va): Found<Va> {
    if (this.pointerSize === 8) return this.#number(at, 8, (view) => va(view.getBigUint64(0, true)));
    return this.#number(at, 4, (view) => va(BigInt(view.getUint32(0, true))));
  }

  #number<T>(at: Va, size: number, decode: (view: DataView) => T): Found<T> {
    const read = this.read(at, size);
    if (read.got === size) return found(decode(viewOf(read.bytes)));
    return missing(read.missing ?? { why: 'not-in-dump', space: 'virtual', at: vaAdd(at, read.got) });
  }

  translate(at: Va): Found<Translation> {
    const inDump = this.#dump.translate(at);
    if (inDump.ok) return inDump;
    const spot = this.#spot(at);
    if (!spot || spot.image.gapAt?.(spot.at)) return inDump;
    return found({ origin: 'image', fileOffset: fileOffset(spot.at), contiguous: spot.left, module: spot.image.name });
  }

  ranges(): readonly MemoryRange[] {
    return this.#dump.ranges();
  }
}
