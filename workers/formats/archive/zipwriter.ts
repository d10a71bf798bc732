/** Writes a zip file as a stream: entries as they are, for content that is packed already or is read often. */
import { Zip, ZipPassThrough } from 'fflate';
import type { Job } from '../../base/job.ts';
import type { ByteSource } from '../../bytes/source.ts';
import type { Sink } from './stages.ts';

/** Sizes and offsets have 32 bits in a zip file without extensions (PKWARE APPNOTE.TXT, §4.4). */
export const MAX_ZIP = 0xffff_ffff;
/** Names and headers of one entry, more than once. */
export const ENTRY_BYTES = 1024;
const CHUNK = 1024 * 1024;

export interface ZipInput {
  readonly name: string;
  readonly source: ByteSource;
}

/** The caller keeps the whole below MAX_ZIP. May throw SourceError. */
export function* writeZip(inputs: readonly ZipInput[], sink: Sink): Job<void> {
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    sink(chunk);
  });
  for (const { name, source } of inputs) {
    const entry = new ZipPassThrough(name);
    zip.add(entry);
    for (let at = 0; at < source.size; at += CHUNK) {
      yield { progress: `packing ${name}`, done: at, of: source.size };
      // A copy: the writer keeps the bytes until they are handed on.
      entry.push(source.readBlock(at, CHUNK).slice(), false);
    }
    entry.push(new Uint8Array(0), true);
  }
  zip.end();
}
