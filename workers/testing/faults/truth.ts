/** What truly happened in a built dump, and which answers are right. */
import type { BuiltPe } from '../build/pe.ts';

/** Classes of cause, coarser than any reader's words. */
export type CauseClass = 'driver' | 'application' | 'hardware' | 'storage' | 'firmware' | 'memory' | 'hang' | 'resource' | 'manual' | 'live';

/** A file name with its extension, or a part of the machine: "ram", "cpu", "gpu", "disk", "firmware", "device", "hardware". */
export type Culprit = string;

export interface Truth {
  /** The true class first, then other words for the same thing. */
  readonly causes: readonly CauseClass[];
  /** The true culprit first, then answers that the bytes cannot tell apart from it; empty where nobody is to blame. */
  readonly culprits: readonly Culprit[];
  /** Right to name none of them, too: the cause alone is the answer. */
  readonly namelessToo?: boolean;
  /** The bytes do not tell: right is to accuse nobody, or at most to call one of `culprits` possible. */
  readonly undecidable?: boolean;
  /** Innocent, and where blame falls easily: on the stack, at the fault, all over the leftovers. */
  readonly bystanders?: readonly string[];
  /** Kernel stops: whose code called KeBugCheckEx. */
  readonly detector?: string;
  /** Whose code broke, where it is not the culprit's. */
  readonly victim?: string;
}

/** What the reader of the dump has besides it: Windows' images as a symbol server gives them, with or without names. */
export type AtHand = 'nothing' | 'images' | 'names';

export interface MadeFault {
  readonly bytes: Uint8Array;
  readonly truth: Truth;
  readonly atHand: AtHand;
  /** Windows' own images of that machine, by file name. */
  readonly images: ReadonlyMap<string, BuiltPe>;
  /** Names of every file of Windows that is loaded: what no debugger knows so well. */
  readonly ofWindows: ReadonlySet<string>;
}

export interface FaultKind {
  readonly name: string;
  /** The mechanism in a sentence. */
  readonly says: string;
  make(seed: number): MadeFault;
}

/** A damaged bit looks the same whether the memory, its bus or the processor changed it. */
export const BIT_CHANGED: readonly Culprit[] = ['ram', 'cpu', 'hardware'];
export const PROCESSOR: readonly Culprit[] = ['cpu', 'hardware', 'ram'];
export const DISK: readonly Culprit[] = ['disk', 'hardware'];
