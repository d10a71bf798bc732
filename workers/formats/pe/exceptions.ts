/** Where the unwind tables of an image lie. Their meaning is the unwinder's. */
import { type Found, missing } from '../../base/found.ts';
import { type DataDirectory, findDirectory, type PeHeaders } from './headers.ts';

/** x64: 12 bytes (begin, end, unwind info); ARM64 and ARM: 8 bytes (begin, packed or .xdata). x86 has none. */
const ENTRY_BYTES: Readonly<Record<string, number>> = { x64: 12, arm64: 8, arm: 8 };

export interface ExceptionDirectory extends DataDirectory {
  readonly entryBytes: number;
  readonly count: number;
}

export function findExceptionDirectory(headers: PeHeaders): Found<ExceptionDirectory> {
  const directory = findDirectory(headers, 'exception');
  const entryBytes = headers.arch ? ENTRY_BYTES[headers.arch] : undefined;
  if (!directory || !entryBytes) return missing({ why: 'stream-absent', stream: '.pdata' });
  return { ok: true, value: { ...directory, entryBytes, count: Math.floor(directory.sizeBytes / entryBytes) } };
}
