/** A built dump, opened with what its reader has at hand: nothing, Windows' images, or images and their public names. */
import { type Rva, rva } from '../../../base/address.ts';
import { type Found, found, missing } from '../../../base/found.ts';
import { driveSync } from '../../../base/job.ts';
import { ArraySource } from '../../../bytes/source.ts';
import { createDecoder } from '../../../code/createdecoder.ts';
import { loadKnowledge } from '../../../knowledge/load.ts';
import type { Module } from '../../../modules/module.ts';
import { NO_SYMBOLS, type SymbolHit, type SymbolProvider, type SymbolTable } from '../../../symbols/provider.ts';
import { openTarget } from '../../../target/open.ts';
import { createSession } from '../../../target/session.ts';
import type { Session } from '../../../target/target.ts';
import { decoderModule } from '../../../worlds/node/wasm.ts';
import { type BuiltPe, imageBytes } from '../../build/pe.ts';
import type { AtHand, MadeFault } from '../../faults/truth.ts';

const knowledge = await loadKnowledge();
const decoder = createDecoder(decoderModule());

class ImageTable implements SymbolTable {
  readonly kind = 'pdb';
  readonly origin: string;
  readonly count: number;
  readonly #functions: readonly { readonly name: string; readonly rva: number; readonly size: number }[];
  constructor(image: BuiltPe) {
    this.#functions = [...image.functions.values()].sort((a, b) => a.rva - b.rva);
    this.origin = image.spec.pdb?.file ?? image.spec.name;
    this.count = this.#functions.length;
  }
  nearest(at: Rva): Found<SymbolHit> {
    const hit = this.#functions.findLast((one) => one.rva <= at);
    if (!hit || at >= hit.rva + hit.size) return missing({ why: 'no-symbols', module: this.origin, detail: 'no name there' });
    return found({ name: hit.name, displacement: at - hit.rva, sizeBytes: hit.size, kind: 'public' });
  }
  byName(name: string): Found<Rva> {
    const hit = this.#functions.find((one) => one.name === name);
    return hit ? found(rva(hit.rva)) : missing({ why: 'no-symbols', module: this.origin, detail: `no ${name}` });
  }
  match(): readonly { readonly name: string; readonly rva: Rva }[] {
    return [];
  }
}

function providerOf(images: ReadonlyMap<string, BuiltPe>, atHand: AtHand): SymbolProvider {
  if (atHand === 'nothing') return NO_SYMBOLS;
  const tables = new Map<string, ImageTable>();
  const table = (module: Module): Found<SymbolTable> => {
    const image = images.get(module.imageName);
    if (!image || atHand !== 'names') return NO_SYMBOLS.table(module);
    const made = tables.get(module.imageName) ?? new ImageTable(image);
    tables.set(module.imageName, made);
    return found(made);
  };
  return {
    ...NO_SYMBOLS,
    status: (module) => {
      const names = table(module);
      return names.ok ? { state: 'ready', origin: names.value.origin, kind: 'pdb', count: names.value.count } : { state: 'not-asked' };
    },
    table,
    image: (module) => {
      const image = images.get(module.imageName);
      if (!image) return NO_SYMBOLS.image(module);
      const readRva = (at: Rva, length: number): Uint8Array => imageBytes(image, at, length);
      return found({ name: module.imageName, size: image.sizeOfImage, readRva, writable: () => false });
    },
  };
}

export function sessionOfFault(fault: MadeFault, name: string): Session {
  const opened = driveSync(openTarget(new ArraySource(fault.bytes, name)));
  if (!opened.ok) throw new Error(`${name}: ${opened.problem.code} ${opened.problem.detail}`);
  return createSession({ target: opened.value, symbols: providerOf(fault.images, fault.atHand), decoder, knowledge });
}
