const ENCODER = new TextEncoder();

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

/** FNV-1a over UTF-8 bytes, ASCII letters in lower case: WinDbg finds names whatever their case. */
export function bytesHash(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c_9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ lower(bytes[at] ?? 0), 0x0100_0193);
  return hash >>> 0;
}

export function nameHash(name: string): number {
  const bytes = ENCODER.encode(name);
  return bytesHash(bytes, 0, bytes.length);
}

/** Whether `wanted`, in lower case, stands between `from` and `to`, ASCII letters whatever their case. */
export function containsBytes(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  const [first = 0] = wanted;
  for (let at = from; at + wanted.length <= to; at++) {
    if (lower(bytes[at] ?? 0) !== first) continue;
    let same = 1;
    while (same < wanted.length && lower(bytes[at + same] ?? 0) === wanted[same]) same++;
    if (same === wanted.length) return true;
  }
  return false;
}
