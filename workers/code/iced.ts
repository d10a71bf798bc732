/**
 * Speaks to the wasm of iced-x86 1.21.0 through its exports, in the calling convention of wasm-bindgen: results wider than
 * one register come back through a slot on the wasm's own stack, strings and arrays as pointer and length to be freed,
 * objects as indices into a table of ours. The package's own glue is made for Node's `require` and is not used.
 */
import { Defect } from '../base/problem.ts';

type WasmFunction = (...args: (number | bigint)[]) => number;

/** A call whose result is 64 bits wide. */
type WideFunction = (...args: (number | bigint)[]) => bigint;

const text = new TextDecoder('utf-8');

/** Enum values of the package's public interface. */
const SYNTAX_MASM = 2;
const MEMORY_SIZE_ALWAYS = 1;

export interface RawAccess {
  readonly register: number;
  readonly access: number;
}
export interface RawMemory {
  readonly segment: number;
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly displacement: bigint;
  readonly sizeBytes: number;
  readonly access: number;
}

/** The wasm with one instruction slot, one formatter and one info factory that live as long as it does. */
export class Iced {
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #memory: WebAssembly.Memory;
  readonly #objects: unknown[] = [];
  readonly #free: number[] = [];
  readonly #formatter: number;
  readonly #factory: number;
  /** The one instruction slot, for calls that take it. */
  readonly instruction: number;
  readonly #registerNames = new Map<number, string>();

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, { __wbindgen_placeholder__: this.#imports() });
    this.#exports = instance.exports;
    this.#memory = instance.exports['memory'] as WebAssembly.Memory;
    this.#formatter = this.#withSlot((slot) => {
      this.call('formatter_new', slot, SYNTAX_MASM);
      return this.#int(slot, 0);
    });
    // WinDbg writes the size of every memory operand and no "short".
    this.call('formatter_set_memorySizeOptions', this.#formatter, MEMORY_SIZE_ALWAYS);
    this.call('formatter_set_showBranchSize', this.#formatter, 0);
    // WinDbg writes imul with all three operands.
    this.call('formatter_set_usePseudoOps', this.#formatter, 0);
    this.#factory = this.call('instructioninfofactory_new');
    this.instruction = this.call('instruction_new');
  }

  /** Functions that the wasm imports; their names carry hashes that change with the package's version. */
  #imports(): Record<string, (...args: number[]) => unknown> {
    const raise = (at: number, length: number): never => {
      throw new Defect(`decoder: ${this.#text(at, length)}`);
    };
    return {
      __wbindgen_object_drop_ref: (index: number) => this.#take(index),
      __wbg_new_3a66822ed076951c: (at: number, length: number) => this.#hold(this.#text(at, length)),
      __wbg_new_34c624469fb1d4fd: () => this.#hold([]),
      __wbg_push_906164999551d793: (list: number, item: number) => (this.#objects[list] as unknown[]).push(this.#objects[item]),
      __wbg_usedregister_new: (pointer: number) => this.#hold(pointer),
      __wbg_usedmemory_new: (pointer: number) => this.#hold(pointer),
      __wbg_instruction_new: (pointer: number) => this.#hold(pointer),
      __wbindgen_throw: raise,
    };
  }

  #hold(value: unknown): number {
    const index = this.#free.pop() ?? this.#objects.length;
    this.#objects[index] = value;
    return index;
  }

  #take(index: number): unknown {
    const value = this.#objects[index];
    this.#objects[index] = undefined;
    this.#free.push(index);
    return value;
  }

  #text(at: number, length: number): string {
    return text.decode(new Uint8Array(this.#memory.buffer, at >>> 0, length));
  }

  #int(slot: number, index: number): number {
    return new DataView(this.#memory.buffer).getInt32(slot + index * 4, true);
  }

  #withSlot<T>(use: (slot: number) => T): T {
    const slot = this.call('__wbindgen_add_to_stack_pointer', -16);
    try {
      return use(slot);
    } finally {
      this.call('__wbindgen_add_to_stack_pointer', 16);
    }
  }

  call(name: string, ...args: (number | bigint)[]): number {
    return (this.#exports[name] as WasmFunction)(...args);
  }

  #string(name: string, ...args: number[]): string {
    return this.#withSlot((slot) => {
      this.call(name, slot, ...args);
      const at = this.#int(slot, 0);
      const length = this.#int(slot, 1);
      const result = this.#text(at, length);
      this.call('__wbindgen_free', at, length, 1);
      return result;
    });
  }

  /** Decodes into the instruction slot; false where the bytes are no instruction or end inside it. */
  decode(bytes: Uint8Array, at: bigint, bitness: 32 | 64): boolean {
    const data = this.call('__wbindgen_malloc', bytes.length, 1) >>> 0;
    new Uint8Array(this.#memory.buffer).set(bytes, data);
    const decoder = this.#withSlot((slot) => {
      this.call('decoder_new', slot, bitness, data, bytes.length, 0);
      return this.#int(slot, 0);
    });
    this.call('decoder_set_ip', decoder, BigInt.asIntN(64, at));
    this.call('decoder_decodeOut', decoder, this.instruction);
    const good = this.call('decoder_lastError', decoder) === 0;
    this.call('__wbg_decoder_free', decoder);
    return good;
  }

  /** A number of the decoded instruction: "length", "flowControl", "memoryBase" … */
  number(property: string): number {
    return this.call(`instruction_${property}`, this.instruction);
  }

  wide(property: string): bigint {
    return BigInt.asUintN(64, (this.#exports[`instruction_${property}`] as WideFunction)(this.instruction));
  }

  get mnemonic(): string {
    return this.#string('formatter_formatMnemonic', this.#formatter, this.instruction);
  }

  get operands(): string {
    return this.#string('formatter_formatAllOperands', this.#formatter, this.instruction);
  }

  registerName(register: number): string {
    let name = this.#registerNames.get(register);
    if (name === undefined) {
      name = this.#string('formatter_formatRegister', this.#formatter, register);
      this.#registerNames.set(register, name);
    }
    return name;
  }

  get cpuFeatures(): number[] {
    return this.#withSlot((slot) => {
      this.call('instruction_cpuidFeatures', slot, this.instruction);
      const at = this.#int(slot, 0);
      const length = this.#int(slot, 1);
      const result = [...new Int32Array(this.#memory.buffer, at, length)];
      this.call('__wbindgen_free', at, length * 4, 4);
      return result;
    });
  }

  /** Registers and memory that the decoded instruction uses, implicit ones included. */
  uses(): { registers: RawAccess[]; memory: RawMemory[] } {
    const info = this.call('instructioninfofactory_info', this.#factory, this.instruction);
    const registers = (this.#take(this.call('instructioninfo_usedRegisters', info)) as number[]).map((used) => this.#register(used));
    const memory = (this.#take(this.call('instructioninfo_usedMemory', info)) as number[]).map((used) => this.#memoryUse(used));
    this.call('__wbg_instructioninfo_free', info);
    return { registers, memory };
  }

  #register(used: number): RawAccess {
    const result = { register: this.call('usedregister_register', used), access: this.call('usedregister_access', used) };
    this.call('__wbg_usedregister_free', used);
    return result;
  }

  #memoryUse(used: number): RawMemory {
    const part = (name: string): number => this.call(`usedmemory_${name}`, used);
    const result = {
      segment: part('segment'),
      base: part('base'),
      index: part('index'),
      scale: part('scale'),
      displacement: (this.#exports['usedmemory_displacement'] as WideFunction)(used),
      sizeBytes: this.call('memorysizeext_size', part('memorySize')),
      access: part('access'),
    };
    this.call('__wbg_usedmemory_free', used);
    return result;
  }

  /** Size of the instruction's own memory operand. */
  get memorySizeBytes(): number {
    return this.call('memorysizeext_size', this.number('memorySize'));
  }

  fullRegister(register: number, bitness: 32 | 64): number {
    return this.call(bitness === 64 ? 'registerext_fullRegister' : 'registerext_fullRegister32', register);
  }

  isGeneral(register: number): boolean {
    return this.call('registerext_isGPR', register) !== 0;
  }
}
