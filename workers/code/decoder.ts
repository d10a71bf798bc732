import type { Va } from '../base/address.ts';
import type { Found } from '../base/found.ts';

export type Arch = 'x64' | 'x86' | 'arm64' | 'arm';

export interface MemoryOperand {
  /** Register names in lower case; absent where the operand has none. "rip" for RIP-relative. */
  readonly base?: string;
  readonly index?: string;
  readonly scale: 1 | 2 | 4 | 8;
  /** Signed. For a RIP-relative operand the absolute target stands in `absolute` instead. */
  readonly displacement: bigint;
  readonly absolute?: Va;
  readonly segment?: string;
  readonly sizeBytes: number;
  readonly access: 'read' | 'write' | 'read-write' | 'none';
}

export type FlowKind = 'next' | 'call' | 'indirect-call' | 'jump' | 'indirect-jump' | 'conditional-jump' | 'return' | 'interrupt' | 'exception' | 'other';

export interface Instruction {
  readonly at: Va;
  readonly length: number;
  readonly bytes: Uint8Array;
  /** WinDbg's way of writing it: "mov     dword ptr [r9+r8],edx" split in two. */
  readonly mnemonic: string;
  readonly operands: string;
  readonly flow: FlowKind;
  /** Target of a direct call or jump. */
  readonly target?: Va;
  readonly memory: readonly MemoryOperand[];
  /** Registers that are read and written, lower case, full width ("rax" for eax). */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** CPUID features it needs, as the decoder names them ("POPCNT"); empty for the base set. */
  readonly cpuFeatures: readonly string[];
}

/** Synchronous after the entry has loaded the wasm (design §2, rung 5). */
export interface Decoder {
  /** One instruction at `at`. Missing when the bytes are no instruction or end inside it. */
  decode(bytes: Uint8Array, at: Va, arch: Arch): Found<Instruction>;
}
