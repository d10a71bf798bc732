/** Checks a summary that came in with a link: a new record is made of known fields only, and nothing of the old one is kept. */
import type { SharedDriver, SharedEvidence, SharedFrame, Summary } from './summary.ts';

type Check<T> = (value: unknown) => T | undefined;

const MAX_TEXT = 4000;
const MAX_LIST = 200;
/** Control characters and marks that turn the direction of text may disguise what is read. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

const text: Check<string> = (value) => (typeof value === 'string' && value.length <= MAX_TEXT && !UNSEEN.test(value) ? value : undefined);
const count: Check<number> = (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined);
const isoTime: Check<string> = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;

const oneOf =
  (...words: readonly string[]): Check<string> =>
  (value) =>
    typeof value === 'string' && words.includes(value) ? value : undefined;

const list =
  <T>(item: Check<T>): Check<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > MAX_LIST) return undefined;
    const made = value.map(item);
    return made.some((one) => one === undefined) ? undefined : (made as T[]);
  };

/** An object of exactly these fields; those in `optional` may be absent. */
const record =
  <T>(fields: { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> }, optional: readonly (keyof T)[] = []): Check<T> =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const given = value as Record<string, unknown>;
    if (Object.keys(given).some((key) => !Object.hasOwn(fields, key))) return undefined;
    const made: Partial<T> = {};
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      if (!Object.hasOwn(given, key)) {
        if (optional.includes(key)) continue;
        return undefined;
      }
      const checked = fields[key](given[key]);
      if (checked === undefined) return undefined;
      made[key] = checked;
    }
    return made as T;
  };

const TRUSTS = ['context', 'given', 'unwind-info', 'frame-pointer', 'scan-call-checked', 'scan'];
const CAUSES = [
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
];

const evidence = record<SharedEvidence>({
  weighs: oneOf('decides', 'for', 'against', 'context'),
  how: oneOf('read', 'derived', 'inferred', 'table', ''),
  says: text,
  exact: text,
  command: text,
});
const frame = record<SharedFrame>({ trust: oneOf(...TRUSTS), at: text });
const driver = record<SharedDriver>({ name: text, version: text, built: text });

const summary = record<Summary>(
  {
    v: (value) => (value === 1 ? 1 : undefined),
    kind: text,
    arch: text,
    os: text,
    code: text,
    codeName: text,
    parameters: list(text),
    sureness: oneOf('certain', 'likely', 'possible', 'not-known'),
    cause: oneOf(...CAUSES),
    headline: text,
    headlineExact: text,
    culprit: text,
    place: text,
    bucket: text,
    rule: text,
    explanation: list(text),
    steps: list(text),
    evidence: list(evidence),
    settle: list(text),
    frames: list(frame),
    drivers: list(driver),
    time: isoTime,
    uptime: count,
    process: text,
    file: text,
  },
  ['time', 'uptime', 'process', 'file'],
);

export function validateSummary(value: unknown): Summary | null {
  return summary(value) ?? null;
}
