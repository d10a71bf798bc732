/**
 * Whether two kernel dumps come from one PC, told by the drivers loaded and by what contradicts it; no name or serial is asked for.
 * The cuts were measured on 42 dumps of nine PCs: of one PC at least 0.84 of all names and 0.64 of other makers' names are shared,
 * of two PCs at most 0.73 and 0.27.
 */
import { type DumpFacts, isCrash, isKernel, type Kept, keptOr } from './facts.ts';

/** Two lists compared: how many are in both, and in either. */
export interface Overlap {
  readonly both: number;
  readonly either: number;
}
type Contradiction = 'arch' | 'cpu-maker' | 'processors' | 'ran-meanwhile' | 'memory';

export interface Likeness {
  readonly all: Overlap;
  /** Drivers that Microsoft does not make: what differs from PC to PC. */
  readonly others: Overlap;
  /** Of the drivers in both, those of the same build. */
  readonly sameBuilds: number;
  /** What both tell alike. */
  readonly agrees: readonly ('processors' | 'cpu-maker' | 'memory' | 'build')[];
  readonly contradicts: readonly Contradiction[];
  readonly onePc: boolean;
}

/** A dump's driver names as sorted numbers, so that two of them are compared in one pass. */
export interface Profile {
  readonly facts: DumpFacts;
  readonly all: readonly number[];
  readonly others: readonly number[];
  /** By name number. */
  readonly timestamps: ReadonlyMap<number, number | undefined>;
}

/** "dump_stornvme.sys" and "hiber_storport.sys" are copies for writing the dump and come and go. */
const COPY = /^(dump|hiber)_/i;

export class Profiles {
  readonly #numbers = new Map<string, number>();

  of(facts: DumpFacts): Profile {
    const timestamps = new Map<number, number | undefined>();
    const others = new Set<number>();
    for (const { name, timestamp, maker } of facts.drivers) {
      if (COPY.test(name)) continue;
      const number = this.#numberOf(name.toLowerCase());
      timestamps.set(number, timestamp);
      if (maker !== 'Microsoft') others.add(number);
    }
    return { facts, all: sorted(timestamps.keys()), others: sorted(others), timestamps };
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, known);
    return known;
  }
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

function overlap(a: readonly number[], b: readonly number[]): Overlap {
  let [i, j, both] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] as number, b[j] as number];
    if (left === right) both += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return { both, either: a.length + b.length - both };
}

export const share = ({ both, either }: Overlap): number => (either === 0 ? 0 : both / either);

const same = <T extends string | number | boolean>(a: Kept<T>, b: Kept<T>): boolean => keptOr(a) !== undefined && keptOr(a) === keptOr(b);
const differ = <T extends string | number | boolean>(a: Kept<T>, b: Kept<T>): boolean =>
  keptOr(a) !== undefined && keptOr(b) !== undefined && keptOr(a) !== keptOr(b);

/** Clocks are set at start-up and drift: what lies closer is no contradiction. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** A PC cannot have stopped while it ran: the uptime reaches back over the time of the other's crash. */
export function ranMeanwhile(a: DumpFacts, b: DumpFacts): boolean {
  return stoppedWithin(a, b) || stoppedWithin(b, a);
}
function stoppedWithin(stopped: DumpFacts, running: DumpFacts): boolean {
  const at = keptOr(stopped.crashTimeMs);
  const end = keptOr(running.crashTimeMs);
  const up = keptOr(running.uptimeSeconds);
  if (at === undefined || end === undefined || up === undefined) return false;
  return at < end - CLOCK_SLACK_MS && at > end - up * 1000 + CLOCK_SLACK_MS && isCrash(stopped);
}

/** Fewer drivers of other makers tell nothing of a PC: virtual machines of one kind have the same three. */
export const TELLING = 5;

function contradictions(a: DumpFacts, b: DumpFacts, fewOthers: boolean): Contradiction[] {
  const found: Contradiction[] = [];
  if (a.arch !== b.arch) found.push('arch');
  if (differ(a.cpuMaker, b.cpuMaker)) found.push('cpu-maker');
  if (differ(a.processors, b.processors)) found.push('processors');
  // Memory modules are swapped while one looks for a fault, so another layout contradicts only where little else tells.
  if (fewOthers && differ(a.memory, b.memory)) found.push('memory');
  if (ranMeanwhile(a, b)) found.push('ran-meanwhile');
  return found;
}

/** The least shares of all names and of other makers' names. Another Windows brings drivers of its own; those of other makers stay. */
function cuts(fewOthers: boolean, upgraded: boolean): { readonly all: number; readonly others: number } {
  if (fewOthers) return { all: 0.9, others: 0 };
  return upgraded ? { all: 0.6, others: 0.7 } : { all: 0.78, others: 0.45 };
}

/** What two lists share at most, by their lengths alone. */
const mostShare = (a: readonly number[], b: readonly number[]): number => Math.min(a.length, b.length) / Math.max(1, a.length, b.length);

/** How much of all names two dumps of one PC share; undefined for two PCs. Made to be asked half a million times. */
export function onePcShare(a: Profile, b: Profile): number | undefined {
  const fewOthers = Math.max(a.others.length, b.others.length) < TELLING;
  const cut = cuts(fewOthers, differ(a.facts.build, b.facts.build));
  if (mostShare(a.all, b.all) < cut.all || mostShare(a.others, b.others) < cut.others) return undefined;
  if (share(overlap(a.others, b.others)) < cut.others) return undefined;
  const all = share(overlap(a.all, b.all));
  return all >= cut.all && contradictions(a.facts, b.facts, fewOthers).length === 0 ? all : undefined;
}

/** The comparison in full, for those who ask why. */
export function likeness(a: Profile, b: Profile): Likeness {
  const agrees: Likeness['agrees'][number][] = [];
  if (same(a.facts.processors, b.facts.processors)) agrees.push('processors');
  if (same(a.facts.cpuMaker, b.facts.cpuMaker)) agrees.push('cpu-maker');
  if (same(a.facts.memory, b.facts.memory)) agrees.push('memory');
  if (same(a.facts.build, b.facts.build)) agrees.push('build');
  return {
    all: overlap(a.all, b.all),
    others: overlap(a.others, b.others),
    sameBuilds: a.all.filter((name) => b.timestamps.has(name) && a.timestamps.get(name) === b.timestamps.get(name)).length,
    agrees,
    contradicts: contradictions(a.facts, b.facts, Math.max(a.others.length, b.others.length) < TELLING),
    onePc: isKernel(a.facts) && isKernel(b.facts) && onePcShare(a, b) !== undefined,
  };
}
