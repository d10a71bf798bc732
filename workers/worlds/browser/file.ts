/** A `File` read synchronously in a worker (https://w3c.github.io/FileAPI/#FileReaderSync). */
import { SourceError } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';

/** The first read that fails tells that the file may not be read; a later one that it changed or went away. */
function sourceErrorOf(thrown: unknown, readBefore: boolean): SourceError {
  const name = thrown instanceof DOMException ? thrown.name : String(thrown);
  if (name === 'SecurityError') return new SourceError('READ_DENIED', 'the browser refused to read the file');
  return readBefore
    ? new SourceError('SOURCE_CHANGED', `the browser could not read on (${name})`)
    : new SourceError('READ_DENIED', `the browser could not read the first bytes (${name})`);
}

export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: Blob;
  readonly #reader = new FileReaderSync();
  #readBefore = false;

  constructor(file: Blob, name: string) {
    this.name = name;
    this.size = file.size;
    this.#file = file;
  }

  /**
   * Chromium gives a file that it may not open, or that is gone, a size of 0. Reading it tells the two apart from a file
   * that is empty. Throws SourceError.
   */
  checkEmpty(): void {
    if (this.size > 0) return;
    try {
      this.#reader.readAsArrayBuffer(this.#file);
    } catch (thrown) {
      throw sourceErrorOf(thrown, false);
    }
  }

  readBlock(offset: number, length: number): Uint8Array {
    if (offset < 0 || offset >= this.size || length <= 0) return new Uint8Array(0);
    const end = Math.min(this.size, offset + length);
    try {
      const bytes = new Uint8Array(this.#reader.readAsArrayBuffer(this.#file.slice(offset, end)));
      this.#readBefore = true;
      return bytes;
    } catch (thrown) {
      throw sourceErrorOf(thrown, this.#readBefore);
    }
  }
}
