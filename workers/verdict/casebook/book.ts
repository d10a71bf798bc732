/** The casebook: groups of dumps, each with what its crashes say together. */
import type { Job } from '../../base/job.ts';
import { windbgName } from '../../modules/names.ts';
import { formatDay } from './days.ts';
import { buildOf, freshDrivers, isOtherBuild } from './drivers.ts';
import { type DumpFacts, isKernel } from './facts.ts';
import { CaseFinding, type CaseVerdict, crashArgs } from './finding.ts';
import { bySignature, crashesOf, type Group, groupDumps, type Placing, type SignatureGroup } from './groups.ts';
import { oneCore, onePage, onePart, scattered } from './hardwarepatterns.ts';
import { type Mark, weighMarks } from './marks.ts';
import { oneModule, onePlace } from './softwarepatterns.ts';
import { caseText } from './words.ts';

export interface CaseGroup extends Group {
  readonly verdict: CaseVerdict;
  readonly signatures: readonly SignatureGroup[];
  readonly marks: readonly Mark[];
}

type Pattern = (crashes: readonly DumpFacts[]) => CaseFinding | undefined;
/** What is rarest by chance first: the first that holds is the verdict. */
const PATTERNS: readonly Pattern[] = [onePage, oneCore, oneModule, scattered, onePlace, onePart];

export function judgeGroup(crashes: readonly DumpFacts[], marks: readonly Mark[], nowMs: number): CaseVerdict {
  const f = firstPattern(crashes);
  if (crashes.length > 1) {
    showDrivers(f, crashes);
    weighMarks(f, marks, nowMs);
  }
  return f.verdict();
}

function firstPattern(crashes: readonly DumpFacts[]): CaseFinding {
  if (crashes.length === 0) return new CaseFinding('no-crash', caseText('c-none', {}), [], crashes);
  const [one] = crashes;
  if (crashes.length === 1 && one) return new CaseFinding('one-crash', caseText('c-single', crashArgs(one)), crashes, crashes).settle(caseText('s-more', {}));
  for (const pattern of PATTERNS) {
    const found = pattern(crashes);
    if (found) return found;
  }
  const mixed = new CaseFinding('no-pattern', caseText('c-mixed', { n: String(crashes.length) }), [], crashes);
  return mixed.settle(caseText('s-more', {})).settle(caseText('s-mark', {})).step(caseText('d-collect', {}));
}

const MAX_FRESH = 3;

/** What was new before the first crash, and where the culprit was changed between two: told, not weighed. */
function showDrivers(f: CaseFinding, crashes: readonly DumpFacts[]): void {
  const [first] = crashes;
  if (!first || !isKernel(first)) return;
  for (const { driver, days, builtMs: built } of freshDrivers(first).slice(0, MAX_FRESH)) {
    const args = { driver: driver.name, days: String(days), date: formatDay(built) };
    f.show(caseText('e-fresh', args), [{ dump: first.id, command: `lmvm ${windbgName(driver.name)}` }], 'context');
  }
  if (f.module !== undefined) showChanges(f, crashes, f.module);
}

function showChanges(f: CaseFinding, crashes: readonly DumpFacts[], module: string): void {
  const held = crashes.flatMap((dump) => {
    const driver = dump.drivers.find(({ name }) => name.toLowerCase() === module.toLowerCase());
    return driver ? [{ dump, driver }] : [];
  });
  const command = `lmvm ${windbgName(module)}`;
  held.slice(1).forEach((after, index) => {
    const before = held[index];
    if (!before || !isOtherBuild(before.driver, after.driver)) return;
    const args = { module, before: buildOf(before.driver, before.dump), after: buildOf(after.driver, after.dump) };
    const shows = [before, after].map(({ dump: { id } }) => ({ dump: id, command }));
    f.show(caseText('e-changed', args), shows, 'context');
  });
}

/** All groups, the largest first. Yields after each, so that a page with a thousand dumps stays alive. */
export function* buildCasebook(
  facts: readonly DumpFacts[],
  marks: readonly Mark[],
  nowMs: number,
  placings: readonly Placing[] = [],
): Job<readonly CaseGroup[]> {
  const groups = yield* groupDumps(facts, placings);
  const book: CaseGroup[] = [];
  for (const group of groups) {
    const own = marks.filter(({ dump }) => group.dumps.some(({ id }) => id === dump));
    const crashes = crashesOf(group);
    book.push({ ...group, verdict: judgeGroup(crashes, own, nowMs), signatures: bySignature(crashes), marks: own });
    yield { progress: 'Comparing the dumps', done: book.length, of: groups.length };
  }
  return book;
}
