/** Code and unwind tables of one module: bytes from the dump's memory, else from the image at hand. */
import { type Rva, type Va, rva, vaAdd } from '../base/address.ts';
import { type Found, found, notValid } from '../base/found.ts';
import { viewOf } from '../bytes/struct.ts';
import { type PeBytes, type PeRead, peInMemory, readPe } from '../formats/pe/bytes.ts';
import { type ExceptionDirectory, findExceptionDirectory } from '../formats/pe/exceptions.ts';
import { findSection, isCode, type PeHeaders, readPeHeaders } from '../formats/pe/headers.ts';
import type { Module, ModulePlace } from '../modules/module.ts';
import type { WalkInputs } from './frame.ts';
import { rootOf, type UnwindTables } from './x64/undo.ts';
import { parseUnwindInfo, readRuntimeFunction, RUNTIME_FUNCTION_SIZE, type RuntimeFunction, UNWIND_INFO_MAX, type UnwindInfo } from './x64/unwindinfo.ts';

export class ImageCode implements UnwindTables {
  readonly #pe: PeBytes;
  #headers: Found<PeHeaders> | undefined;
  #directory: Found<ExceptionDirectory> | undefined;

  constructor(pe: PeBytes) {
    this.#pe = pe;
  }

  /** The bytes at an RVA, as many as are at hand. */
  code(at: number, length: number): Uint8Array {
    return length > 0 && at >= 0 ? this.#pe.read(rva(at), length).bytes : new Uint8Array(0);
  }

  get headers(): Found<PeHeaders> {
    this.#headers ??= readPeHeaders(this.#pe);
    return this.#headers;
  }

  /** Whether the section there holds code; undefined where the headers are not at hand. */
  isCode(at: Rva): boolean | undefined {
    const headers = this.headers;
    if (!headers.ok) return undefined;
    const section = findSection(headers.value, at);
    return section !== undefined && isCode(section);
  }

  get directory(): Found<ExceptionDirectory> {
    const headers = this.headers;
    if (!headers.ok) return headers;
    this.#directory ??= findExceptionDirectory(headers.value);
    return this.#directory;
  }

  /** Where the last entry of the table that begins at or before `at` stands; found(undefined) where there is none. */
  entryBefore(at: number): Found<number | undefined> {
    const directory = this.directory;
    if (!directory.ok) return directory;
    const { rva: first, count, entryBytes } = directory.value;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const begin = readPe(this.#pe, first + middle * entryBytes, 4);
      if (!begin.ok) return begin;
      if (viewOf(begin.value).getUint32(0, true) <= at) low = middle + 1;
      else high = middle;
    }
    return found(low === 0 ? undefined : first + (low - 1) * entryBytes);
  }

  /** The function entry over `at`: found(undefined) where the table is at hand and has none. */
  lookup(at: number): Found<RuntimeFunction | undefined> {
    const nearest = this.entryBefore(at);
    if (!nearest.ok || nearest.value === undefined) return nearest.ok ? found(undefined) : nearest;
    const entry = this.#entry(nearest.value);
    if (!entry.ok) return entry;
    return at < entry.value.end ? this.#resolved(entry.value) : found(undefined);
  }

  find(at: number): RuntimeFunction | undefined {
    const entry = this.lookup(at);
    return entry.ok ? entry.value : undefined;
  }

  #entry(at: number): Found<RuntimeFunction> {
    const bytes = readPe(this.#pe, at, RUNTIME_FUNCTION_SIZE);
    return bytes.ok ? found(readRuntimeFunction(viewOf(bytes.value), 0)) : bytes;
  }

  /** Bit 0 of the unwind RVA: it leads to the entry that holds the data (RUNTIME_FUNCTION_INDIRECT). */
  #resolved(entry: RuntimeFunction): Found<RuntimeFunction> {
    if ((entry.unwind & 1) === 0) return found(entry);
    const master = this.#entry(entry.unwind - 1);
    if (!master.ok) return master;
    return (master.value.unwind & 1) === 0 ? master : notValid('indirect function entry', 'another indirect one', 'a direct one');
  }

  info(entry: RuntimeFunction): Found<UnwindInfo> {
    // The last structure of an image may end before the longest possible one would.
    const { bytes, missing } = this.#pe.read(rva(entry.unwind), UNWIND_INFO_MAX);
    return bytes.length === 0 && missing ? { ok: false, missing } : parseUnwindInfo(bytes);
  }

  root(entry: RuntimeFunction): RuntimeFunction {
    return rootOf(this, entry);
  }
}

/** The code of all modules, made as asked. */
export class CodeMap {
  readonly #inputs: WalkInputs;
  readonly #byBase = new Map<Va, ImageCode>();

  constructor(inputs: WalkInputs) {
    this.#inputs = inputs;
  }

  at(address: Va): { readonly place: ModulePlace; readonly image: ImageCode } | undefined {
    const place = this.#inputs.modules.find(address);
    return place && { place, image: this.of(place.module) };
  }

  of(module: Module): ImageCode {
    let image = this.#byBase.get(module.base);
    if (!image) {
      image = new ImageCode(peInMemory(module.imageName, (at, length) => readModule(this.#inputs, module, { at, length })));
      this.#byBase.set(module.base, image);
    }
    return image;
  }
}

function readModule(inputs: WalkInputs, module: Module, { at, length }: { at: Rva; length: number }): PeRead {
  const wanted = Math.min(length, Math.max(0, module.size - at));
  const inMemory = inputs.memory.read(vaAdd(module.base, at), wanted);
  const reason = inMemory.missing ?? notValid('RVA', String(at), `inside ${module.imageName}`).missing;
  if (inMemory.got === length) return { bytes: inMemory.bytes };
  const image = inputs.symbols.image(module);
  const inImage = image.ok ? image.value.readRva(at, wanted) : undefined;
  const bytes = inImage && inImage.length > inMemory.got ? inImage : inMemory.bytes;
  return bytes.length === length ? { bytes } : { bytes, missing: reason };
}
