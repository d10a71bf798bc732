const ENCODER = new TextEncoder();

/** FNV-1a over the UTF-8 bytes, ASCII letters in lower case: WinDbg finds names whatever their case. */
export function nameHash(name: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of ENCODER.encode(name)) {
    hash ^= byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    hash = Math.imul(hash, 0x0100_0193);
  }
  return hash >>> 0;
}
