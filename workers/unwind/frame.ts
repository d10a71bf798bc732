import type { Va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import type { Arch, Decoder } from '../code/decoder.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { ModuleList, ModulePlace } from '../modules/module.ts';
import type { InlinedFunction, SymbolHit, SymbolProvider } from '../symbols/provider.ts';

/**
 * How a frame was found. 'context': the registers themselves. 'unwind-info': by .pdata/.xdata.
 * 'frame-pointer': by the saved frame pointer. 'scan-call-checked': a stack word whose target follows a call instruction.
 * 'scan': a stack word that points into a module, nothing more. 'given': the dump says so (trap frame, CONTEXT record).
 */
export type Trust = 'context' | 'unwind-info' | 'frame-pointer' | 'scan-call-checked' | 'scan' | 'given';

export interface Frame {
  readonly ip: Va;
  readonly sp: Va;
  /** Where the return address into this frame's caller stands, as `k` prints "Child-SP": equals sp. */
  readonly trust: Trust;
  readonly place?: ModulePlace;
  readonly symbol: Found<SymbolHit>;
  /** The code was made at run time: the dump's table of dynamic functions covers it. */
  readonly generated?: true;
  /** The functions inlined at this place, innermost first; absent where there are none or no PDB says so. */
  readonly inlined?: readonly InlinedFunction[];
  /** A trap frame, context record or exception frame lies between this frame and the next inner one. */
  readonly boundary?: 'trap-frame' | 'machine-frame' | 'context-record';
  /** Return address of this frame and the first four home slots, as `kb` and `kv` print; read from the stack. */
  readonly returnAddress: Found<Va>;
  readonly args: readonly Found<bigint>[];
  /** The registers that are known in this frame; one that is not named is not. */
  readonly registers: Registers;
}

/** A stack, and where and why it ended. */
export interface Stack {
  readonly frames: readonly Frame[];
  readonly ended: { readonly reason: 'end-of-stack' | 'no-memory' | 'limit' | 'no-progress' | 'corrupt' | 'root'; readonly detail: string };
}

/** Registers by WinDbg's names, lower case: rip rsp rax … efl cs, or pc sp lr x0 …, or eip esp …. */
export type Registers = Readonly<Record<string, bigint>>;

/** Unwind data that a program registered for code that it made at run time (RtlAddFunctionTable and its kin). */
export interface DynamicTable {
  readonly minimum: Va;
  /** The first address behind. */
  readonly maximum: Va;
  /** What the RVAs of the entries count from. */
  readonly base: Va;
  /** RUNTIME_FUNCTIONs. */
  readonly functions: Uint8Array;
}

/** What walking a stack needs. */
export interface WalkInputs {
  readonly arch: Arch;
  readonly registers: Registers;
  readonly memory: AddressSpace;
  readonly modules: ModuleList;
  readonly symbols: SymbolProvider;
  readonly decoder: Decoder;
  /** Most frames to return. */
  readonly limit: number;
  readonly stackRange?: { readonly low: Va; readonly high: Va };
  readonly kernel: boolean;
  readonly dynamicTables?: readonly DynamicTable[];
}
