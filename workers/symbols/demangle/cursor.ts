/** Reads codes of a decorated name from left to right. After the first fault everything is read as empty. */

/** References can double a name at every level. */
export const MAX_LENGTH = 65_536;
const MAX_DIGITS = 16;

export class NameCursor {
  protected readonly text: string;
  protected at = 0;
  protected failed = false;
  protected readonly maxDepth: number = 64;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected fail(): '' {
    this.failed = true;
    this.at = this.text.length;
    return '';
  }

  protected get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  protected peek(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  protected take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  protected takeLetter(): string {
    return this.atEnd ? this.fail() : (this.text[this.at++] ?? '');
  }

  /** The entry of a table whose code stands here. No code of a table begins another. */
  protected takeCode<T>(table: ReadonlyMap<string, T>, longest: number): T | undefined {
    for (let length = 1; length <= longest; length++) {
      const value = table.get(this.text.slice(this.at, this.at + length));
      if (value === undefined) continue;
      this.at += length;
      return value;
    }
    return undefined;
  }

  protected takeDigit(): number | undefined {
    const code = this.text.charCodeAt(this.at) - 0x30;
    if (!(code >= 0 && code <= 9)) return undefined;
    this.at += 1;
    return code;
  }

  /** The text up to the next `@`, which is not empty. */
  protected takeText(): string {
    const end = this.text.indexOf('@', this.at);
    if (end <= this.at) return this.fail();
    const text = this.text.slice(this.at, end);
    this.at = end + 1;
    return text;
  }

  /** A digit is one less than the number; others are hexadecimal in the letters A to P up to an `@`. */
  protected takeNumber(): bigint {
    const negative = this.take('?');
    const digit = this.takeDigit();
    let value = BigInt((digit ?? -1) + 1);
    for (let count = 0; digit === undefined && !this.take('@'); count++) {
      const code = this.text.charCodeAt(this.at) - 0x41;
      if (!(code >= 0 && code < 16) || count >= MAX_DIGITS) {
        this.fail();
        return 0n;
      }
      value = value * 16n + BigInt(code);
      this.at += 1;
    }
    return negative ? -value : value;
  }

  /** Bounds the nesting, which the text alone would not. */
  protected deeper<T>(read: () => T, otherwise: T): T {
    if (this.#depth >= this.maxDepth) {
      this.fail();
      return otherwise;
    }
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  protected bounded(text: string): string {
    return text.length > MAX_LENGTH ? this.fail() : text;
  }
}
