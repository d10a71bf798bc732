/** Code made at run time, with the unwind data that the program registered for it: bytes from the dump's memory alone. */
import { type Va, vaAdd } from '../../base/address.ts';
import { type Found, found } from '../../base/found.ts';
import { viewOf } from '../../bytes/struct.ts';
import type { AddressSpace } from '../../memory/space.ts';
import type { DynamicTable } from '../frame.ts';
import { rootOf, type UnwindTables } from './undo.ts';
import { parseUnwindInfo, readRuntimeFunction, RUNTIME_FUNCTION_SIZE, type RuntimeFunction, UNWIND_INFO_MAX, type UnwindInfo } from './unwindinfo.ts';

/** Numbers of a table's entries by their begin: a program may add to its table in any order. Kept as long as the table is. */
const ORDERS = new WeakMap<Uint8Array, Uint32Array>();

function orderOf(functions: Uint8Array): Uint32Array {
  const known = ORDERS.get(functions);
  if (known) return known;
  const view = viewOf(functions);
  const order = Uint32Array.from({ length: Math.floor(functions.length / RUNTIME_FUNCTION_SIZE) }, (_, index) => index);
  const begin = (index: number): number => view.getUint32(index * RUNTIME_FUNCTION_SIZE, true);
  order.sort((left, right) => begin(left) - begin(right));
  ORDERS.set(functions, order);
  return order;
}

export class DynamicCode implements UnwindTables {
  readonly #table: DynamicTable;
  readonly #memory: AddressSpace;

  constructor(table: DynamicTable, memory: AddressSpace) {
    this.#table = table;
    this.#memory = memory;
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

  find(at: number): RuntimeFunction | undefined {
    const order = orderOf(this.#table.functions);
    const view = viewOf(this.#table.functions);
    const entry = (rank: number): RuntimeFunction => readRuntimeFunction(view, (order[rank] ?? 0) * RUNTIME_FUNCTION_SIZE);
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entry(middle).begin <= at) low = middle + 1;
      else high = middle;
    }
    const nearest = low === 0 ? undefined : entry(low - 1);
    return nearest && at < nearest.end ? nearest : undefined;
  }

  lookup(at: number): Found<RuntimeFunction | undefined> {
    return found(this.find(at));
  }

  root(entry: RuntimeFunction): RuntimeFunction {
    return rootOf(this, entry);
  }
}
