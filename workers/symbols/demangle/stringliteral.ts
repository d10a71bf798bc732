/** String literals: their name holds the first bytes of the text (llvm/Demangle/MicrosoftDemangle, "??_C@_" in its tests). */

const MOST_NARROW_BYTES = 128;
const MOST_WIDE_BYTES = 64;
const ENCODED_BYTES = 32;
const DIGIT_ESCAPES = ",/\\:. \n\t'-";
const ESCAPES: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  39: "\\'",
  92: '\\\\',
};
const PREFIXES: Readonly<Record<number, string>> = { 1: '"', 2: 'u"', 4: 'U"' };

/** The bytes up to the `@`; undefined where a code is none. */
function decodeBytes(text: string): number[] | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length && bytes.length <= MOST_NARROW_BYTES;) {
    if (text[at] === '@') return bytes;
    if (text[at] !== '?') {
      bytes.push(text.charCodeAt(at++) & 0xff);
      continue;
    }
    const code = text[at + 1] ?? '';
    if (code === '$') {
      const [high, low] = [text.charCodeAt(at + 2) - 0x41, text.charCodeAt(at + 3) - 0x41];
      if (!(high >= 0 && high < 16 && low >= 0 && low < 16)) return undefined;
      bytes.push(high * 16 + low);
      at += 4;
      continue;
    }
    if (code >= '0' && code <= '9') bytes.push(DIGIT_ESCAPES.charCodeAt(Number(code)));
    else if (/[a-zA-Z]/.test(code)) bytes.push(code.charCodeAt(0) + 0x80);
    else return undefined;
    at += 2;
  }
  return undefined;
}

function escaped(char: number): string {
  const known = ESCAPES[char];
  if (known !== undefined) return known;
  if (char > 0x1f && char < 0x7f) return String.fromCharCode(char);
  const digits = char.toString(16).toUpperCase();
  return `\\x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}

/** Nothing says how wide a character is: zeros at the end, or among the bytes, tell it. */
function guessWidth(bytes: readonly number[], size: number): 1 | 2 | 4 {
  if (size % 2 === 1) return 1;
  if (size < ENCODED_BYTES) {
    const zeros = bytes.length - 1 - bytes.findLastIndex((byte) => byte !== 0);
    return zeros >= 4 && size % 4 === 0 ? 4 : zeros >= 2 ? 2 : 1;
  }
  const zeros = bytes.filter((byte) => byte === 0).length;
  if (zeros >= Math.floor((2 * bytes.length) / 3) && size % 4 === 0) return 4;
  return zeros >= Math.floor(bytes.length / 3) ? 2 : 1;
}

function quote(prefix: string, chars: readonly number[], truncated: boolean): string {
  return `${prefix}${chars.map(escaped).join('')}"${truncated ? '...' : ''}`;
}

/** `text`: what follows the checksum. `size`: of the whole literal in bytes. Undefined where it cannot be read. */
export function formatStringLiteral(text: string, wide: boolean, size: number): string | undefined {
  const bytes = decodeBytes(text);
  if (!bytes) return undefined;
  if (wide) {
    if (bytes.length % 2 !== 0) return undefined;
    const chars = Array.from({ length: bytes.length / 2 }, (_, index) => (bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0));
    const truncated = size > MOST_WIDE_BYTES;
    // Not every compiler writes the zero at the end.
    return quote('L"', !truncated && chars.length * 2 === size ? chars.slice(0, -1) : chars, truncated);
  }
  const width = guessWidth(bytes, size);
  const chars = Array.from({ length: Math.floor(bytes.length / width) }, (_, index) =>
    bytes.slice(index * width, (index + 1) * width).reduceRight((value, byte) => value * 256 + byte, 0),
  );
  const truncated = size > bytes.length;
  return quote(PREFIXES[width] ?? '"', truncated ? chars : chars.slice(0, -1), truncated);
}
