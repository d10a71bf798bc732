/**
 * What the casebook keeps of a dump: plain JSON of a few kilobytes, never bytes of the dump.
 * A value that the dump does not tell is a gap with its reason, in the form of the command line's record.
 */
import type { MissingReason } from '../../base/found.ts';
import type { DumpKind } from '../../target/target.ts';
import type { Cause, Part, Sureness, Weight } from '../verdict.ts';

export interface Gap {
  readonly missing: MissingReason['why'];
  readonly detail: string;
}
export type Kept<T extends string | number | boolean> = T | Gap;

export const isGap = <T extends string | number | boolean>(value: Kept<T>): value is Gap => typeof value === 'object';
/** For code that has already decided what to do without it. */
export const keptOr = <T extends string | number | boolean>(value: Kept<T>): T | undefined => (isGap(value) ? undefined : value);

export interface KeptDriver {
  /** File name as the dump spells it. */
  readonly name: string;
  /** TimeDateStamp of the image: a link time in seconds since 1970, or a hash in reproducible builds. Absent where not told. */
  readonly timestamp?: number;
  readonly version?: string;
  /** Absent where the name is in no public table. */
  readonly maker?: string;
}

export interface KeptEvidence {
  readonly id: string;
  /** In the helper's words. */
  readonly says: string;
  readonly command: string;
  readonly weighs: Weight;
}

export interface KeptVerdict {
  readonly headline: string;
  readonly helper: string;
  readonly sureness: Sureness;
  readonly cause: Cause;
  readonly rule: string;
  readonly module?: string;
  readonly part?: Part;
  /** `offset` in lower-case hex. */
  readonly place?: { readonly module: string; readonly offset: string };
  /** Where versions of the module come from, where a table tells. */
  readonly from?: string;
  /** Instructions that the module uses and this processor lacks. */
  readonly feature?: string;
  readonly signature: string;
  readonly bucket: string;
  /** Only what weighs for or decides. */
  readonly evidence: readonly KeptEvidence[];
}

export interface DumpFacts {
  /** Hashes of the first and last block and the size: the same file added twice is one. */
  readonly id: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly kind: DumpKind;
  readonly live: Kept<boolean>;
  readonly arch: string;
  readonly system: Kept<string>;
  readonly build: Kept<number>;
  readonly processors: Kept<number>;
  readonly cpuMaker: Kept<string>;
  /** "4176049 pages in 12 runs": the layout of RAM as the header tells it. */
  readonly memory: Kept<string>;
  /** Milliseconds since 1970, UTC. */
  readonly crashTimeMs: Kept<number>;
  readonly uptimeSeconds: Kept<number>;
  /** "0x7e", or the exception's code; absent in a snapshot. */
  readonly code?: string;
  readonly codeName: string;
  readonly process: Kept<string>;
  /** The processor that wrote the stop. */
  readonly cpu: Kept<number>;
  /** The processor that the stop names as silent. */
  readonly silentCpu?: number;
  /** The APIC id under which a machine check names a core as failing; Windows' own number may differ. */
  readonly failingApic?: number;
  /** Page frame number that the stop or an error record names. */
  readonly page?: number;
  /** Pages in use when it stopped: what grows from dump to dump is a leak. */
  readonly nonPagedPool: Kept<number>;
  readonly pagedPool: Kept<number>;
  readonly committed: Kept<number>;
  readonly verdict: KeptVerdict;
  readonly drivers: readonly KeptDriver[];
}

/** The longest name and the longest sentence that are kept, in characters. */
export const MAX_NAME = 520;
export const MAX_SENTENCE = 4000;
/** The end of the year 9999, in milliseconds: no clock of a PC shows later, and dates are written with four digits. */
export const LAST_MS = 253_402_300_799_999;
/** Most PCs load 150 to 250; the rest of a longer list would only cost room. */
export const MAX_DRIVERS = 1000;

export const isKernel = (facts: DumpFacts): boolean => facts.kind.startsWith('kernel');

/** True where Windows stopped: no live report, no image made by a tool, nothing that was wanted. */
export function isCrash(facts: DumpFacts): boolean {
  const { cause } = facts.verdict;
  return facts.live !== true && cause !== 'live-dump' && cause !== 'manual' && facts.code !== undefined && facts.code !== '0x0';
}

/** In the order of time; those without a time last. */
export function inTime(facts: readonly DumpFacts[]): DumpFacts[] {
  const at = (one: DumpFacts): number => keptOr(one.crashTimeMs) ?? Number.POSITIVE_INFINITY;
  return [...facts].sort((a, b) => (at(a) === at(b) ? (a.id < b.id ? -1 : 1) : at(a) - at(b)));
}
