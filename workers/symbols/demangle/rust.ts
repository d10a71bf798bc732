/** Names that rustc makes: legacy ones, shaped like C++'s with a hash at the end, and v0. */
import { isScalar } from './punycode.ts';
import { RustV0 } from './rustv0.ts';

/** Systems that put `_` before C names put it before these too. Linkers and LLVM add what follows a dot. */
const LEGACY = /^_?_ZN([\w.$]+)$/;
const V0 = /^_?_R([A-Z]\w*)(?:[.$].*)?$/s;
const PART = /^(\d{1,5})/;
const HASH = /^h[0-9a-f]{16}$/;

/** What a symbol may not hold: rustc's compiler/rustc_symbol_mangling/src/legacy.rs. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['SP', '@'],
  ['BP', '*'],
  ['RF', '&'],
  ['LT', '<'],
  ['GT', '>'],
  ['LP', '('],
  ['RP', ')'],
  ['C', ','],
]);

function unescaped(part: string): string {
  const start = part.startsWith('_$') ? 1 : 0;
  return part.slice(start).replace(/\.\.|\$([A-Z]{1,2})\$|\$u([0-9a-f]{1,5})\$/g, (whole, word?: string, hex?: string) => {
    if (whole === '..') return '::';
    const code = Number.parseInt(hex ?? '', 16);
    const letter = isScalar(code) ? String.fromCodePoint(code) : (ESCAPES.get(word ?? '') ?? whole);
    return /\p{C}/u.test(letter) ? whole : letter;
  });
}

/** The parts with the hash as the last; undefined where they are not so: C++ compilers name functions in the same shape. */
function legacyParts(name: string): string[] | undefined {
  let rest = LEGACY.exec(name)?.[1] ?? '';
  const parts: string[] = [];
  for (let digits = PART.exec(rest)?.[0]; digits !== undefined; digits = PART.exec(rest)?.[0]) {
    const end = digits.length + Number(digits);
    if (end > rest.length) return undefined;
    parts.push(rest.slice(digits.length, end));
    rest = rest.slice(end);
  }
  const isWhole = rest === 'E' || rest.startsWith('E.');
  return isWhole && parts.length > 1 && HASH.test(parts.at(-1) ?? '') ? parts : undefined;
}

/**
 * "core::fmt::write"; `full` with what tells it from others of the same name: the hash, or the crates' numbers.
 * Undefined where it is no name of rustc's, or one that is not understood.
 */
export function rustName(name: string, full: boolean): string | undefined {
  const path = V0.exec(name)?.[1];
  if (path !== undefined) return new RustV0(path, full).run();
  const parts = legacyParts(name);
  return parts
    ?.slice(0, full ? undefined : -1)
    .map(unescaped)
    .join('::');
}
