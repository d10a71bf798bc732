import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { SourceError } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';

/** A file on disk, read synchronously. Errors of the system become SourceError. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #handle: number;

  constructor(path: string) {
    this.name = basename(path);
    try {
      this.size = statSync(path).size;
      this.#handle = openSync(path, 'r');
    } catch (error) {
      throw new SourceError('READ_DENIED', systemWords(error));
    }
  }

  readBlock(offset: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const bytes = new Uint8Array(wanted);
    let got = 0;
    try {
      while (got < wanted) {
        const count = readSync(this.#handle, bytes, got, wanted - got, offset + got);
        if (count === 0) break;
        got += count;
      }
    } catch (error) {
      throw new SourceError('SOURCE_CHANGED', systemWords(error));
    }
    return got === wanted ? bytes : bytes.subarray(0, got);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

function systemWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'the system refuses to open it',
    EPERM: 'the system refuses to open it',
    EISDIR: 'this is a folder',
  };
  return known[code] ?? (error instanceof Error ? error.message : 'it cannot be read');
}
