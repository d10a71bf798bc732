import type { Found } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';

/** A file of numbered streams: MSF, or MSFZ which holds the same compressed. */
export interface StreamContainer {
  readonly streamCount: number;
  /** What the file says its length is. */
  readonly declaredSize: number;
  /** A stream by number. Missing where there is none of it or the directory is broken. */
  stream(index: number): Found<ByteSource>;
}
