/** Checks a summary that came in with a link: a new record is made of known fields only, and nothing of the old one is kept. */
import { CAUSES, type Check, count, list as listOf, oneOf, record, text as textOf } from '../engine/check.ts';
import type { SharedDriver, SharedEvidence, SharedFrame, Summary } from './summary.ts';

const MAX_TEXT = 4000;
const MAX_LIST = 200;

const text = textOf(MAX_TEXT);
const list = <T>(item: Check<T>): Check<readonly T[]> => listOf(item, MAX_LIST);
const isoTime: Check<string> = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;

const TRUSTS = ['context', 'given', 'unwind-info', 'frame-pointer', 'scan-call-checked', 'scan'];

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
