import type { Va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import type { Decoder } from '../code/decoder.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import { NarrowSpace } from '../memory/narrowspace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { SymbolProvider } from '../symbols/provider.ts';
import type { LayoutFile } from '../types/layouts/layoutfile.ts';
import { ModuleTypes, NO_LAYOUTS } from '../types/moduletypes.ts';
import type { Stack, WalkInputs } from '../unwind/frame.ts';
import { addInlined } from '../unwind/inlined.ts';
import { walkStack } from '../unwind/walk.ts';
import { ImageBackedSpace } from './images.ts';
import type { Context, Session, Target } from './target.ts';
import { isNarrow, narrowRegisters } from './wow64.ts';

/** WinDbg stops at 256 frames by default; a runaway recursion needs more to be told from a loop. */
export const FRAME_LIMIT = 256;

export interface SessionParts {
  readonly target: Target;
  readonly symbols: SymbolProvider;
  readonly decoder: Decoder;
  readonly knowledge: Knowledge;
  /** Kept layouts of the target's processor, where they were loaded. */
  readonly layouts?: Found<LayoutFile>;
}

class OpenSession implements Session {
  readonly target: Target;
  readonly symbols: SymbolProvider;
  readonly decoder: Decoder;
  readonly knowledge: Knowledge;
  readonly types: ModuleTypes;
  readonly memory: AddressSpace;
  scopeFrame = 0;
  #scope: Context | undefined;
  #crash: { readonly revision: number; readonly stack: Stack } | undefined;

  constructor(parts: SessionParts) {
    this.target = parts.target;
    this.symbols = parts.symbols;
    this.decoder = parts.decoder;
    this.knowledge = parts.knowledge;
    this.types = new ModuleTypes({ symbols: parts.symbols, arch: parts.target.arch, build: parts.target.os.build, layouts: parts.layouts ?? NO_LAYOUTS });
    this.memory = new ImageBackedSpace(parts.target.memory, parts.target.modules, parts.symbols);
    this.#scope = parts.target.context.ok ? parts.target.context.value : undefined;
  }

  get scope(): Context | undefined {
    return this.#scope;
  }
  set scope(context: Context | undefined) {
    this.#scope = context;
    this.scopeFrame = 0;
  }

  *crashStack(): Job<Stack> {
    const revision = this.symbols.revision;
    if (this.#crash?.revision === revision) return this.#crash.stack;
    const { context } = this.target;
    const stack: Stack = context.ok
      ? yield* this.walk(context.value, FRAME_LIMIT, this.#crashStackRange())
      : { frames: [], ended: { reason: 'no-memory', detail: 'the dump holds no registers to start from' } };
    this.#crash = { revision, stack };
    return stack;
  }

  *walk(context: Context, limit: number, stackRange?: { readonly low: Va; readonly high: Va }): Job<Stack> {
    const narrow = isNarrow(this.target, context.registers);
    const inputs: WalkInputs = {
      arch: narrow ? 'x86' : this.target.arch,
      registers: narrow ? narrowRegisters(context.registers) : context.registers,
      memory: narrow ? new NarrowSpace(this.memory) : this.memory,
      modules: this.target.modules,
      symbols: this.symbols,
      decoder: this.decoder,
      limit,
      kernel: this.target.kind !== 'user',
      ...(stackRange ? { stackRange } : {}),
      ...(this.target.dynamicTables ? { dynamicTables: this.target.dynamicTables } : {}),
    };
    return yield* addInlined(yield* walkStack(inputs), this.symbols);
  }

  #crashStackRange(): { readonly low: Va; readonly high: Va } | undefined {
    const index = this.target.crashThread;
    const thread = index.ok ? this.target.threads[index.value] : undefined;
    return thread?.stackRange.ok ? thread.stackRange.value : undefined;
  }
}

export function createSession(parts: SessionParts): Session {
  return new OpenSession(parts);
}
