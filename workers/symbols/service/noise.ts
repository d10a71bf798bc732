/**
 * The lines of `!sym noisy`, in the form of symsrv and dbghelp as logs in public show them
 * (winsiderss/systeminformer issue 2300; Microsoft's "Symbol server troubleshooting" names the same parts).
 */
const MAX_LINES = 2000;
const INDENT = '         ';

export class NoiseLog {
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(lines: readonly string[]) => void>();
  #count = 0;

  lines(): readonly string[] {
    return this.#lines;
  }
  onLines(listener: (lines: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  byIndex(where: string, file: string, key: string): void {
    this.#count += 1;
    this.#write([`SYMSRV:  BYINDEX: 0x${this.#count.toString(16).toUpperCase()}`, INDENT + where, INDENT + file, INDENT + key]);
  }
  notInStore(file: string, key: string): void {
    this.#write([`SYMSRV:  UNC: ${file}\\${key}\\${file} - path not found`]);
  }
  /** A file in a folder of the path. */
  lookedAt(path: string, words: string): void {
    this.#write([`DBGHELP: ${path} - ${words}`]);
  }
  /** A request, and what of it leaves this computer: the address alone. */
  get({ host, direct }: { readonly host: string; readonly direct: boolean }, parts: readonly string[]): void {
    const way = direct ? 'asked by this page itself' : 'asked through this page\u2019s own host';
    this.#write([`SYMSRV:  HTTPGET: /${parts.join('/')} (${host})`, `${INDENT}sent: file name and identity, nothing else; ${way}`]);
  }
  answer(status: number, words: string): void {
    this.#write([`SYMSRV:  HttpQueryInfo: ${status} - ${words}`]);
  }
  result(words: string): void {
    this.#write([`SYMSRV:  RESULT: ${words}`]);
  }
  loaded(module: string, kind: string, origin: string): void {
    this.#write([`DBGHELP: ${module} - ${kind}`, INDENT + origin]);
  }
  said(words: string): void {
    this.#write([`SYMSRV:  ${words}`]);
  }

  #write(lines: readonly string[]): void {
    this.#lines.push(...lines);
    if (this.#lines.length > MAX_LINES) this.#lines.splice(0, this.#lines.length - MAX_LINES);
    for (const listener of this.#listeners) listener(lines);
  }
}
