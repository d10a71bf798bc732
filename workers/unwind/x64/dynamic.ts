/** Code made at run time, with the unwind data that the program registered for it: bytes from the dump's memory alone. */
import { type Va, vaAdd } from '../../base/address.ts';
import { type Found, found } from '../../base/found.ts';
import { viewOf } from '../../bytes/struct.ts';
import type { AddressSpace } from '../../memory/space.ts';
import type { DynamicTable } from '../frame.ts';
import { rootOf, type UnwindTables } from './undo.ts';
import { parseUnwindInfo, readRuntimeFunction, RUNTIME_FUNCTION_SIZE, type RuntimeFunction, UNWIND_INFO_MAX, type UnwindInfo } from './unwindinfo.ts';

export class DynamicCode implements UnwindTables {
  readonly #table: DynamicTable;
  readonly #memory: AddressSpace;
  readonly #count: number;

  constructor(table: DynamicTable, memory: AddressSpace) {
    this.#table = table;
    this.#memory = memory;
    this.#count = Math.floor(table.functions.length / RUNTIME_FUNCTION_SIZE);
  }

  rva(at: Va): number {
    return Number(at - this.#table.base);
  }

  code(at: number, length: number): Uint8Array {
    return this.#memory.read(vaAdd(this.#table.base, at), length).bytes;
  }

  info(entry: RuntimeFunction): Found<UnwindInfo> {
    const { bytes, missing } = this.#memory.read(vaAdd(this.#table.base, entry.unwind), UNWIND_INFO_MAX);
    return bytes.length === 0 && missing ? { ok: false, missing } : parseUnwindInfo(bytes);
  }

  /** The entries may lie in any order: the program may add to its table. */
  find(at: number): RuntimeFunction | undefined {
    const view = viewOf(this.#table.functions);
    for (let index = 0; index < this.#count; index++) {
      const entry = readRuntimeFunction(view, index * RUNTIME_FUNCTION_SIZE);
      if (at >= entry.begin && at < entry.end) return entry;
    }
    return undefined;
  }

  lookup(at: number): Found<RuntimeFunction | undefined> {
    return found(this.find(at));
  }

  root(entry: RuntimeFunction): RuntimeFunction {
    return rootOf(this, entry);
  }
}
