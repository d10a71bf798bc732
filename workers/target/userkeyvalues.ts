import { type MinidumpFile, readStream } from '../formats/minidump/file.ts';
import { decodeUtf8 } from '../formats/minidump/text.ts';

/** The LinuxLsbRelease or /proc text of a stream as `key` → value; short streams only. */
export function readKeyValues(file: MinidumpFile, type: number, separator: string): ReadonlyMap<string, string> {
  const stream = readStream(file, type, 16_384);
  const values = new Map<string, string>();
  if (!stream.ok) return values;
  for (const line of decodeUtf8(stream.value.bytes).split('\n')) {
    const at = line.indexOf(separator);
    if (at > 0)
      values.set(
        line.slice(0, at).trim(),
        line
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      );
  }
  return values;
}
