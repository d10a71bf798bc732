/** DEFLATE as a stream that knows its own end. */
import { Inflate } from 'fflate';

/**
 * fflate's Inflate does not say where its stream ends, which members of a gzip file need. Its state does:
 * `s.f` final block seen, `s.l` a block is open, `s.p` bit in the first byte of `p`, the bytes not yet used.
 * The version of fflate is pinned and a test holds these names.
 */
interface InflateState {
  readonly s: { readonly f?: number; readonly l?: unknown; readonly p?: number };
  readonly p: Uint8Array;
}

/** Input is pushed in pieces of this size: DEFLATE grows at most 1032-fold, so one push makes at most 16 MiB. */
const PIECE = 16 * 1024;

export type Inflated = { readonly ok: true; readonly used: number } | { readonly ok: false; readonly why: string };

export class Inflater {
  readonly #inflate: Inflate;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;

  constructor() {
    this.#inflate = new Inflate((chunk) => {
      if (chunk.length > 0) this.#chunks.push(chunk);
    });
  }

  /** True after the last block. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes bytes until the stream ends; `used` says how many. `give` gets the output and may stop the work by answering false. */
  push(bytes: Uint8Array, give: (chunk: Uint8Array) => boolean): Inflated {
    let at = 0;
    while (at < bytes.length && !this.#ended) {
      const piece = bytes.subarray(at, at + PIECE);
      const why = this.#pushPiece(piece);
      if (why !== undefined) return { ok: false, why };
      at += piece.length;
      if (!this.#chunks.splice(0).every(give)) return { ok: true, used: at };
      const rest = this.#rest();
      if (rest !== undefined) {
        this.#ended = true;
        at -= rest;
      }
    }
    return { ok: true, used: at };
  }

  /** What the inflater throws can only be bad data: it reads nothing but the piece. */
  #pushPiece(piece: Uint8Array): string | undefined {
    try {
      this.#inflate.push(piece, false);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : 'not DEFLATE data';
    }
  }

  /** Bytes behind the end of the stream, or undefined while it has not ended. */
  #rest(): number | undefined {
    const { s, p } = this.#inflate as unknown as InflateState;
    if (!s.f || s.l) return undefined;
    return (s.p ?? 0) > 0 ? p.length - 1 : p.length;
  }
}
