/** What the walkers of all architectures share: a frame in the making, memory and modules, and the shape of one step. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing } from '../base/found.ts';
import { formatVa } from '../base/hex.ts';
import type { SymbolHit } from '../symbols/provider.ts';
import { CodeMap } from './imagecode.ts';
import { DynamicCode } from './x64/dynamic.ts';
import { PdbFrames } from './x86/pdbframes.ts';
import type { DynamicTable, Frame, Registers, Stack, Trust, WalkInputs } from './frame.ts';

/** A frame before its names are looked up. */
export interface RawFrame {
  readonly ip: Va;
  readonly sp: Va;
  readonly trust: Trust;
  readonly boundary?: Frame['boundary'];
  /** What is known of the registers in this frame; a register that is not named is not known. */
  readonly registers: Registers;
  /** x86: bytes of arguments that lie on this frame's stack for the function it called, where the PDB tells. */
  readonly argumentBytes?: number;
}

/** Whether a frame's address is where a call returns to, and not where something was interrupted. */
export const isReturnAddress = (frame: Pick<RawFrame, 'trust' | 'boundary'>): boolean =>
  frame.trust !== 'context' && frame.trust !== 'given' && frame.boundary === undefined;

/** Found by a scan: the word may be a leftover of an earlier call. */
export const isGuess = ({ trust }: RawFrame): boolean => trust === 'scan' || trust === 'scan-call-checked';

export type Ended = Stack['ended'];

export type Next =
  | { readonly kind: 'frame'; readonly frame: RawFrame }
  | { readonly kind: 'end'; readonly ended: Ended }
  /** The frame just taken from a scan is disproved by its own unwind data: the scan goes on behind it. */
  | { readonly kind: 'reject' };

export const ended = (reason: Ended['reason'], detail: string): Next => ({ kind: 'end', ended: { reason, detail } });

/** A gap without unwind data longer than this is not scanned further: stale words would only multiply. */
const SCAN_BYTES_USER = 0x4000;
/** A kernel stack has 24 KB at most, 72 KB in the rarest case (large stacks of win32k threads). */
const SCAN_BYTES_KERNEL = 0x1_2000;

export class Walker {
  readonly inputs: WalkInputs;
  readonly code: CodeMap;
  readonly pdbFrames: PdbFrames;
  /** By their lowest address; a real dump's do not overlap. */
  readonly #dynamic: readonly DynamicTable[];
  readonly pointerSize: 4 | 8;

  constructor(inputs: WalkInputs) {
    this.inputs = inputs;
    this.code = new CodeMap(inputs);
    this.pdbFrames = new PdbFrames(inputs);
    this.#dynamic = [...(inputs.dynamicTables ?? [])].sort((left, right) => (left.minimum < right.minimum ? -1 : 1));
    this.pointerSize = inputs.arch === 'x86' || inputs.arch === 'arm' ? 4 : 8;
  }

  readonly read = (at: Va): Found<bigint> => this.inputs.memory.pointer(at);

  /** The dump's table of dynamic functions that covers an address. */
  dynamicTable(at: Va): DynamicTable | undefined {
    let low = 0;
    let high = this.#dynamic.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#dynamic[middle]?.minimum ?? at) <= at) low = middle + 1;
      else high = middle;
    }
    const nearest = this.#dynamic[low - 1];
    return nearest && at < nearest.maximum ? nearest : undefined;
  }

  /** Code made at run time that covers an address. */
  dynamicCode(at: Va): DynamicCode | undefined {
    const table = this.dynamicTable(at);
    return table && new DynamicCode(table, this.inputs.memory);
  }

  /** Whether a call may return to `at`: in a module, or in a function made at run time. */
  mayReturnTo(at: Va): boolean {
    if (this.inModule(at)) return true;
    const code = this.dynamicCode(at);
    return code?.find(code.rva(at) - 1) !== undefined;
  }

  inModule(at: Va): boolean {
    return this.inputs.modules.find(at) !== undefined;
  }

  /** Whether `at` may lie on the stack that is being walked. */
  onStack(at: Va, sp: Va): boolean {
    const range = this.inputs.stackRange;
    if (range && sp >= range.low && sp <= range.high) return at >= range.low && at <= range.high;
    return at >= sp && at - sp <= 0x10_0000n;
  }

  /** Where a scan that starts at `from` ends. */
  scanEnd(from: Va): Va {
    const cap = vaAdd(from, this.inputs.kernel ? SCAN_BYTES_KERNEL : SCAN_BYTES_USER);
    const range = this.inputs.stackRange;
    return range && from >= range.low && from < range.high && range.high < cap ? range.high : cap;
  }

  text(at: Va): string {
    return formatVa(at, this.pointerSize);
  }

  symbolAt(at: Va): Found<SymbolHit> {
    const place = this.inputs.modules.find(at);
    if (!place) {
      const detail = this.dynamicTable(at) ? 'code made at run time, which no PDB names' : 'the address lies in no module';
      return missing({ why: 'no-symbols', module: '', detail });
    }
    const table = this.inputs.symbols.table(place.module);
    return table.ok ? table.value.nearest(place.rva) : table;
  }

  /**
   * A return address stands behind its call, and so behind the function where the call is its last instruction, as before
   * what never returns: the name is that of the call. What was interrupted is named by its own address.
   */
  #nameOf(raw: RawFrame): Found<SymbolHit> {
    if (!isReturnAddress(raw)) return this.symbolAt(raw.ip);
    const call = mapFound(this.symbolAt(va(raw.ip - 1n)), (hit) => ({ ...hit, displacement: hit.displacement + 1 }));
    return call.ok ? call : this.symbolAt(raw.ip);
  }

  finish(raw: RawFrame, next: RawFrame | undefined): Frame {
    const place = this.inputs.modules.find(raw.ip);
    const called = next !== undefined && next.boundary === undefined;
    return {
      ip: raw.ip,
      sp: raw.sp,
      trust: raw.trust,
      ...(place ? { place } : {}),
      symbol: this.#nameOf(raw),
      ...(!place && this.dynamicTable(raw.ip) ? { generated: true } : {}),
      ...(raw.boundary ? { boundary: raw.boundary } : {}),
      returnAddress: next ? found(next.ip) : missing({ why: 'not-computed', detail: 'the stack ends here' }),
      args: called && this.inputs.arch !== 'arm64' ? this.#args(next.sp) : [],
      registers: raw.registers,
    };
  }

  /** The four words above the return address: home slots on x64, the first arguments on x86. */
  #args(sp: Va): Found<bigint>[] {
    return [0, 1, 2, 3].map((index) => this.read(vaAdd(sp, index * this.pointerSize)));
  }
}

/** 64 bits of a register, or undefined where it is not known. */
export function register(registers: Registers, name: string): Va | undefined {
  const value = registers[name];
  return value === undefined ? undefined : va(value);
}
