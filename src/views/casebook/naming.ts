/** How groups, dumps and gaps are called in the casebook's views. */
import type { CaseGroup } from '../../../workers/verdict/casebook/book.ts';
import type { DumpFacts, Kept } from '../../../workers/verdict/casebook/facts.ts';
import { isCrash, isGap } from '../../engine/casevalues.ts';
import { c } from '../../text/casebook.ts';
import { formatTime } from '../../text/format.ts';
import { MISSING } from '../../text/words.ts';

/** PCs without a name are numbered as they stand, the one with the most dumps first. */
export function groupTitles(groups: readonly CaseGroup[]): ReadonlyMap<string, string> {
  let pcs = 0;
  const titleOf = ({ kind, name, dumps: [one] }: CaseGroup): string => {
    if (kind === 'pc') return name ?? c.pc(++pcs);
    return kind === 'program' ? (one?.drivers[0]?.name ?? c.alone) : `${c.alone}: ${one?.file ?? c.alone}`;
  };
  return new Map(groups.map((group) => [group.id, titleOf(group)]));
}

export const keptWords = <T extends string | number | boolean>(value: Kept<T>, words: (value: T) => string): string =>
  isGap(value) ? MISSING[value.missing] : words(value);
/** The reason for a gap, for the line below a table. */
export const gapOf = <T extends string | number | boolean>(value: Kept<T>): string | null => (isGap(value) ? value.detail : null);

export const timeOf = (one: DumpFacts): string => keptWords(one.crashTimeMs, formatTime);

/** A, B, C … by the place of its signature among those of the group; past Z a dot. */
export function letterOf(one: DumpFacts, group: CaseGroup): string {
  const at = isCrash(one) ? group.signatures.findIndex(({ signature }) => signature === one.verdict.signature) : -1;
  return at >= 0 && at < 26 ? String.fromCharCode(65 + at) : '·';
}
