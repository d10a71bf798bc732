/** The verdict's records (design §4). Texts by id with arguments; the words stand in src/text and in the command line's own table. */
import type { MissingReason } from '../base/found.ts';

/** The closed lists of design §4: types, and what data from outside may say. */
export const CAUSES = [
  'driver-bug',
  'hardware',
  'memory-corruption',
  'application-bug',
  'hang',
  'resource-exhaustion',
  'storage',
  'firmware',
  'manual',
  'live-dump',
  'not-known',
] as const;
export type Cause = (typeof CAUSES)[number];
export const PARTS = ['ram', 'cpu', 'gpu', 'disk', 'power', 'firmware', 'device', 'hardware'] as const;
export type Part = (typeof PARTS)[number];
export const SURENESS = ['certain', 'likely', 'possible', 'not-known'] as const;
export type Sureness = (typeof SURENESS)[number];
export type Weight = 'decides' | 'for' | 'against' | 'context';
export type How = 'read' | 'derived' | 'inferred' | 'table';

/** A text by id; `args` fill its {slots}. */
export interface Text {
  readonly id: string;
  readonly args: Readonly<Record<string, string>>;
}

export interface Evidence {
  readonly id: string;
  readonly says: Text;
  /** The console command that shows it. */
  readonly command: string;
  readonly how: How;
  readonly weighs: Weight;
  readonly from: readonly string[];
  /** Words of the program itself stand in it: never part of a share. */
  readonly private?: true;
}

export interface Place {
  readonly module: string;
  readonly offset: bigint;
  readonly symbol?: string;
}

export interface Rival {
  readonly module?: string;
  readonly part?: Part;
  readonly why: Text;
}

export interface NextStep {
  readonly says: Text;
  /** A command to copy, where the step has one. */
  readonly copy?: string;
}

/** A command to type where the rules leave the matter open. */
export interface Look {
  readonly line: string;
  readonly says: Text;
}

export interface Verdict {
  readonly headline: Text;
  /** Two to five sentences that the owner can follow. */
  readonly explanation: readonly Text[];
  readonly sureness: Sureness;
  readonly cause: Cause;
  readonly place?: Place;
  readonly culprit?: { readonly module?: string; readonly part?: Part };
  readonly detector?: string;
  readonly victim?: string;
  readonly evidence: readonly Evidence[];
  readonly against: readonly Text[];
  readonly rivals: readonly Rival[];
  readonly wouldSettle: readonly (Text & { readonly missing?: MissingReason })[];
  readonly steps: readonly NextStep[];
  /** The manual way, with this dump's arguments; empty where the rules decide. */
  readonly looks: readonly Look[];
  /** Drivers that the evidence gives reason to watch: the culprit, its rivals, and who stands on the stack by more than a guess. */
  readonly suspects: readonly string[];
  readonly rule: string;
  readonly bucket: string;
  readonly signature: string;
}
