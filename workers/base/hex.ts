/** Numbers as WinDbg and the command line write them. */

/** "0x1f": lower case, no leading zeros (cli.md type H). */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** `width` hex digits, lower case, no prefix; longer values keep all their digits. */
export function hexDigits(value: bigint | number, width: number): string {
  return value.toString(16).padStart(width, '0');
}

/** WinDbg's address form: 8 digits, backtick, 8 digits on a 64-bit target; 8 digits on a 32-bit one. */
export function formatVa(value: bigint, pointerSize: 4 | 8 = 8): string {
  if (pointerSize === 4) return hexDigits(value & 0xffff_ffffn, 8);
  const digits = hexDigits(value, 16);
  return `${digits.slice(0, 8)}\`${digits.slice(8)}`;
}

/** A GUID from its 16 bytes in the mixed-endian order of Windows: "00112233-4455-6677-8899-aabbccddeeff". */
export function formatGuid(bytes: Uint8Array): string {
  const order = [3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15];
  return order.map((index) => (index < 0 ? '-' : hexDigits(bytes[index] ?? 0, 2))).join('');
}
