/** The casebook as a file of JSON, and the check of one that comes in: of a known form, no larger than allowed, drawn as text only. */
import { type Check, count, either, flag, list, oneOf, record, text } from '../../base/check.ts';
import type { MissingReason } from '../../base/found.ts';
import { CAUSES, PARTS, SURENESS } from '../verdict.ts';
import { type DumpFacts, type Gap, type KeptDriver, type KeptEvidence, type KeptVerdict, LAST_MS, MAX_DRIVERS, MAX_NAME, MAX_SENTENCE } from './facts.ts';
import type { Placing } from './groups.ts';
import { MARK_ABOUT, type Mark } from './marks.ts';

export interface CasebookFile {
  readonly dumps: readonly DumpFacts[];
  readonly marks: readonly Mark[];
  readonly placings: readonly Placing[];
}
/** Files of before say nothing of placings. */
interface Outer extends Omit<CasebookFile, 'placings'>, Partial<Pick<CasebookFile, 'placings'>> {
  readonly faultline: 'casebook';
  readonly version: 1;
}
export type CheckedFile = { readonly ok: true; readonly value: CasebookFile } | { readonly ok: false; readonly why: 'too-large' | 'not-a-casebook' | 'newer' };

/** Characters of text: a dump takes about twelve thousand. */
export const MAX_FILE_CHARS = 64 * 1024 * 1024;
export const MAX_DUMPS = 5000;
const MAX_MARKS = 1000;
/** Characters of the name that the reader gives a PC. */
export const MAX_PC = 60;

const words = text(MAX_SENTENCE);
const name = text(MAX_NAME);

const WHY: readonly MissingReason['why'][] = [
  'not-computed',
  'not-in-dump',
  'not-present',
  'paged-out',
  'outside-file',
  'stream-absent',
  'no-symbols',
  'unknown-layout',
  'not-valid',
  'not-written-by',
  'all-failed',
];
const gap = record<Gap>({ missing: oneOf(...WHY), detail: words });
const kept = <T>(check: Check<T>): Check<T | Gap> => either(check, gap);
/** Uptimes have fractions of a second. */
const seconds: Check<number> = (value) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined);
const time: Check<number> = (value) => (typeof value === 'number' && value >= 0 && value <= LAST_MS ? value : undefined);
const hexText: Check<string> = (value) => (typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? value : undefined);

const driver = record<KeptDriver>({ name, timestamp: count, version: name, maker: name }, ['timestamp', 'version', 'maker']);
const evidence = record<KeptEvidence>({ id: name, says: words, command: name, weighs: oneOf('decides', 'for', 'against', 'context') });
const verdict = record<KeptVerdict>(
  {
    headline: words,
    helper: words,
    sureness: oneOf(...SURENESS),
    cause: oneOf(...CAUSES),
    rule: name,
    module: name,
    part: oneOf(...PARTS),
    from: name,
    feature: name,
    place: record<{ readonly module: string; readonly offset: string }>({ module: name, offset: hexText }),
    signature: words,
    bucket: words,
    evidence: list(evidence, 16),
  },
  ['module', 'part', 'from', 'feature', 'place'],
);
const dump = record<DumpFacts>(
  {
    id: name,
    file: name,
    sizeBytes: count,
    kind: oneOf('kernel-triage', 'kernel-full', 'kernel-summary', 'kernel-bitmap-full', 'kernel-bitmap', 'kernel-other', 'user', 'log', 'unknown'),
    live: kept(flag),
    arch: name,
    system: kept(name),
    build: kept(count),
    processors: kept(count),
    cpuMaker: kept(name),
    memory: kept(name),
    crashTimeMs: kept(time),
    uptimeSeconds: kept(seconds),
    code: hexText,
    codeName: name,
    process: kept(name),
    cpu: kept(count),
    silentCpu: count,
    failingApic: count,
    page: count,
    nonPagedPool: kept(count),
    pagedPool: kept(count),
    committed: kept(count),
    verdict,
    drivers: list(driver, MAX_DRIVERS),
  },
  ['code', 'silentCpu', 'failingApic', 'page'],
);
const mark = record<Mark>({ id: name, dump: name, atMs: time, about: oneOf(...MARK_ABOUT), text: words, module: name }, ['module']);
const placing = record<Placing>({ dump: name, pc: text(MAX_PC) });
const outer = record<Outer>(
  {
    faultline: oneOf('casebook'),
    version: (value) => (value === 1 ? 1 : undefined),
    dumps: list(dump, MAX_DUMPS),
    marks: list(mark, MAX_MARKS),
    placings: list(placing, MAX_DUMPS),
  },
  ['placings'],
);

export const checkDump = (value: unknown): DumpFacts | undefined => dump(value);
export const checkMark = (value: unknown): Mark | undefined => mark(value);
export const checkPlacing = (value: unknown): Placing | undefined => placing(value);

export function writeCasebook({ dumps, marks, placings }: CasebookFile): string {
  return `${JSON.stringify({ faultline: 'casebook', version: 1, dumps, marks, placings } satisfies Outer)}\n`;
}

export function checkCasebook(content: string): CheckedFile {
  if (content.length > MAX_FILE_CHARS) return { ok: false, why: 'too-large' };
  const value = parse(content);
  const checked = outer(value);
  if (checked) return { ok: true, value: { dumps: checked.dumps, marks: checked.marks, placings: checked.placings ?? [] } };
  const { faultline, version } = (typeof value === 'object' && value !== null ? value : {}) as { faultline?: unknown; version?: unknown };
  return { ok: false, why: faultline === 'casebook' && typeof version === 'number' && version > 1 ? 'newer' : 'not-a-casebook' };
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
