/** What the owner changed and when: days without a crash afterwards count, and so does a crash that comes back. */
import type { Part, Sureness } from '../verdict.ts';
import { DAY_MS, formatDay, formatSpan } from './days.ts';
import { type DumpFacts, keptOr } from './facts.ts';
import type { CaseFinding } from './finding.ts';
import { caseText } from './words.ts';

/** What a mark is about; `driver` with its file name in `module` where given. */
export type MarkAbout = Exclude<Part, 'hardware'> | 'driver' | 'windows' | 'note';
export const MARK_ABOUT: readonly MarkAbout[] = ['driver', 'ram', 'cpu', 'gpu', 'disk', 'power', 'firmware', 'device', 'windows', 'note'];

export interface Mark {
  readonly id: string;
  /** A dump of the PC that it was made on. */
  readonly dump: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly about: MarkAbout;
  readonly text: string;
  readonly module?: string;
}

/**
 * How many usual gaps must pass without a crash until that counts: were nothing changed, three would pass so with a chance of
 * one in twenty (Poisson: e^-3).
 */
const GAPS_THAT_COUNT = 3;

const timesOf = (crashes: readonly DumpFacts[]): number[] => crashes.flatMap((one) => keptOr(one.crashTimeMs) ?? []).sort((a, b) => a - b);

export function weighMarks(f: CaseFinding, marks: readonly Mark[], nowMs: number): void {
  const changes = marks.filter(({ about }) => about !== 'note').sort((a, b) => a.atMs - b.atMs);
  for (const mark of changes) weighMark(f, mark, changes, nowMs);
}

function weighMark(f: CaseFinding, mark: Mark, marks: readonly Mark[], nowMs: number): void {
  const watched = f.members.length > 0 ? f.members : f.all;
  const after = watched.filter((one) => (keptOr(one.crashTimeMs) ?? 0) > mark.atMs);
  const args = { what: mark.text, date: formatDay(mark.atMs) };
  if (after.length > 0) {
    const shows = after.map(({ id }) => ({ dump: id, command: '.time' }));
    if (!fitsVerdict(mark, f)) f.show(caseText('a-after', { ...args, k: String(after.length) }), shows, 'context');
    else {
      f.oppose(caseText('a-after', { ...args, k: String(after.length) }), shows);
      f.sureness = step(f.sureness, -1);
    }
    return;
  }
  // Of several changes, the quiet after the last is the only one that can be told apart.
  if (mark === marks.at(-1)) weighQuiet(f, mark, nowMs);
}

function weighQuiet(f: CaseFinding, mark: Mark, nowMs: number): void {
  const before = timesOf(f.all).filter((time) => time <= mark.atMs);
  const last = timesOf(f.all).at(-1);
  const [first] = before;
  const end = before.at(-1);
  if (before.length < 2 || first === undefined || end === undefined || last === undefined || last > mark.atMs || nowMs <= mark.atMs) return;
  // A burst within minutes must not make an evening count: a gap is a day at least.
  const gap = Math.max(DAY_MS, (end - first) / (before.length - 1));
  const quiet = nowMs - mark.atMs;
  const args = { what: mark.text, date: formatDay(mark.atMs), days: String(Math.floor(quiet / DAY_MS)) };
  if (quiet < GAPS_THAT_COUNT * gap) {
    f.show(caseText('e-wait', { ...args, until: formatDay(mark.atMs + GAPS_THAT_COUNT * gap) }), [], 'context');
    return;
  }
  const fits = fitsVerdict(mark, f);
  f.show(caseText('e-quiet', { ...args, every: formatSpan(gap) }), [], fits ? 'for' : 'context');
  if (fits) f.sureness = step(f.sureness, 1);
}

/** True where the change was of what the pattern blames. */
function fitsVerdict(mark: Mark, f: CaseFinding): boolean {
  if (mark.about === 'driver') return f.module !== undefined && (mark.module === undefined || mark.module.toLowerCase() === f.module.toLowerCase());
  return mark.about === f.part;
}

/** Marks move between possible and likely only: what the dumps prove stays, what they do not tell stays untold. */
const step = (sureness: Sureness, by: 1 | -1): Sureness =>
  sureness === 'possible' && by === 1 ? 'likely' : sureness === 'likely' && by === -1 ? 'possible' : sureness;
