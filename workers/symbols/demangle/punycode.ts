/** Identifiers outside ASCII in symbols: Punycode (RFC 3492) with `_` before the digits in place of `-`. */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const FIRST_BIAS = 72;
const FIRST_CODE = 0x80;
/** Each letter is put into the middle of the others. */
const MAX_LENGTH = 512;

function adapt(delta: number, count: number, first: boolean): number {
  let left = Math.floor(delta / (first ? DAMP : 2));
  left += Math.floor(left / count);
  let bias = 0;
  for (; left > ((BASE - T_MIN) * T_MAX) / 2; bias += BASE) left = Math.floor(left / (BASE - T_MIN));
  return bias + Math.floor(((BASE - T_MIN + 1) * left) / (left + SKEW));
}

/** Whether there is such a character. */
export function isScalar(code: number): boolean {
  return code >= 0 && code <= 0x10_ffff && !(code >= 0xd800 && code < 0xe000);
}

/** "gdel_5qa" is "gödel"; undefined where it is no such text. */
export function decodePunycode(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const dash = text.lastIndexOf('_');
  const letters = [...text.slice(0, Math.max(0, dash))];
  const digits = text.slice(dash + 1);
  let [code, bias, place] = [FIRST_CODE, FIRST_BIAS, 0];
  for (let at = 0; at < digits.length;) {
    const before = place;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = 'abcdefghijklmnopqrstuvwxyz0123456789'.indexOf(digits[at++] ?? '!');
      if (digit < 0) return undefined;
      place += digit * weight;
      const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (weight > 2 ** 31) return undefined;
    }
    const count = letters.length + 1;
    bias = adapt(place - before, count, before === 0);
    code += Math.floor(place / count);
    place %= count;
    if (!isScalar(code)) return undefined;
    letters.splice(place++, 0, String.fromCodePoint(code));
  }
  return letters.join('');
}
