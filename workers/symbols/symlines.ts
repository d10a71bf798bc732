/** File, line and inlined functions of a place from a Breakpad symbol file, which is read when asked for; a pack holds names only. */
import type { Rva } from '../base/address.ts';
import { type Found, found, missing } from '../base/found.ts';
import { upperBound } from '../bytes/bisect.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import type { ByteSource } from '../bytes/source.ts';
import { indexSym, readBody, readNumbered, type SymBody, type SymIndex, type SymInline } from '../formats/breakpad/lines.ts';
import { rustName } from './demangle/rust.ts';
import type { LineFinder } from './lines.ts';
import type { InlinedFunction, SourceLine } from './provider.ts';

const BLOCKS = 64;
/** Functions whose records are kept; a stack touches a few. */
const KEPT_FUNCTIONS = 256;
/** In the first form of the file an origin's name stands behind the number of its file. */
const OLD_FILE = /^-?\d+ /;

/** What is known of one place. */
interface Place {
  /** Of the innermost code there. */
  readonly line: Found<SourceLine>;
  /** What is inlined there, outermost first. */
  readonly inlines: readonly SymInline[];
}

const none = (detail: string): ReturnType<typeof missing> => missing({ why: 'no-symbols', module: 'source lines', detail });

class SymLines implements LineFinder {
  readonly #source: ByteSource;
  readonly #index: SymIndex;
  readonly #kept = new Map<number, SymBody>();

  constructor(source: ByteSource) {
    this.#source = source;
    this.#index = indexSym(source);
  }

  /** Of the function itself: where something is inlined, the line of the call. */
  find(at: Rva): Found<SourceLine> {
    const place = this.#place(at);
    const [outermost] = place.inlines;
    return outermost ? this.#call(outermost) : place.line;
  }

  inlined(at: Rva): readonly InlinedFunction[] {
    const { line, inlines } = this.#place(at);
    return inlines
      .map((inline, depth) => {
        const inner = inlines[depth + 1];
        const start = Math.min(...inline.ranges.map((range) => range.start));
        return { name: this.#origin(inline), displacement: at - start, source: inner ? this.#call(inner) : line };
      })
      .reverse();
  }

  #place(at: number): Place {
    const body = this.#bodyAround(at);
    if (!body) return { line: none('no function of the symbol file holds this place'), inlines: [] };
    const line = body.lines.find((record) => at >= record.start && at < record.end);
    const inlines = body.inlines.filter(({ ranges }) => ranges.some(({ start, end }) => at >= start && at < end)).sort((a, b) => a.depth - b.depth);
    return { line: line ? this.#named(line.file, line.line) : none('the symbol file has no line for this place'), inlines };
  }

  /** Functions do not overlap in these files, but for such as stand there twice. */
  #bodyAround(at: number): SymBody | undefined {
    const { starts, ends, offsets } = this.#index;
    const index = upperBound(starts, at) - 1;
    const offset = offsets[index];
    return offset !== undefined && at < (ends[index] ?? 0) ? this.#body(offset) : undefined;
  }

  #body(offset: number): SymBody {
    const kept = this.#kept.get(offset);
    if (kept) return kept;
    const body = readBody(this.#source, offset);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size >= KEPT_FUNCTIONS && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(offset, body);
    return body;
  }

  #call({ callFile, callLine }: SymInline): Found<SourceLine> {
    return callFile === undefined ? none('the symbol file is of an old form that does not tell the file of a call') : this.#named(callFile, callLine);
  }

  #named(number: number, line: number): Found<SourceLine> {
    const file = this.#text(this.#index.files.get(number));
    return file === undefined ? none(`the symbol file has no file ${number}`) : found({ file, line });
  }

  #origin({ origin, callFile }: SymInline): Found<string> {
    const text = this.#text(this.#index.origins.get(origin));
    if (text === undefined) return none(`the symbol file has no inlined function ${origin}`);
    const name = callFile === undefined ? text.replace(OLD_FILE, '') : text;
    return found(rustName(name, false) ?? name);
  }

  #text(offset: number | undefined): string | undefined {
    return offset === undefined ? undefined : readNumbered(this.#source, offset);
  }
}

/** Reads the file once from begin to end. May throw SourceError. */
export function openSymLines(source: ByteSource): Found<LineFinder> {
  return found(new SymLines(new BlockCache(source, BLOCKS)));
}
