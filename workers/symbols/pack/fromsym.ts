/** A pack from a Breakpad symbol file. */
import { type Found, found } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { parseSymSymbol, readSymModule, walkLines } from '../../formats/breakpad/sym.ts';
import { rustName } from '../demangle/rust.ts';
import { SymbolCollector } from './collector.ts';
import { FLAG_FUNCTION, type Pack, PACK_KINDS } from './layout.ts';

const BATCH = 8192;
const NONE = new Uint32Array(0);
const encoder = new TextEncoder();
const ARCHES: Readonly<Record<string, string>> = { x86: 'x86', x86_64: 'x64', x86_64h: 'x64', arm64: 'arm64', arm64e: 'arm64', arm: 'arm' };

/** Names are taken as they stand: the file's maker has undecorated them, but Rust's not always. May throw SourceError. */
export function* packFromSym(source: ByteSource): Job<Found<Pack>> {
  const module = readSymModule(source);
  if (!module.ok) return module;
  const collector = new SymbolCollector();
  const publics: { readonly rva: number; readonly name: Uint8Array }[] = [];
  const flags = PACK_KINDS.indexOf('sym-file') | FLAG_FUNCTION;
  let lines = 0;
  for (const line of walkLines(source)) {
    if (lines++ % BATCH === 0) yield { progress: 'reading names', done: lines, of: null };
    const symbol = parseSymSymbol(line);
    if (!symbol) continue;
    const name = encoder.encode(rustName(symbol.name, false) ?? symbol.name);
    if (symbol.kind === 'PUBLIC') publics.push({ rva: symbol.rva, name });
    else if (!collector.add({ rva: symbol.rva, size: symbol.sizeBytes, flags }, name, 0, name.length)) break;
  }
  // Functions come first: they know their lengths.
  for (const entry of publics) collector.add({ rva: entry.rva, size: 0, flags }, entry.name, 0, entry.name.length);
  const { id, arch } = module.value;
  return found(yield* collector.finish({ origin: source.name, kind: 'sym', key: id, arch: ARCHES[arch] ?? '' }, { partStarts: NONE, partEnds: NONE }));
}
