/** Runs a reader over damaged bytes and says what was wrong with the reader. */
import type { MissingReason } from '../../base/found.ts';
import type { Problem, ProblemCode } from '../../base/problem.ts';
import type { Damaged } from './mutations.ts';

/** What a reader may say: read, or a problem with its code, or a reason why a value is missing. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly problem: Problem } | { readonly ok: false; readonly missing: MissingReason };

export interface Parser {
  readonly name: string;
  /** True where the bytes, undamaged, are for this reader. */
  accepts(bytes: Uint8Array): boolean;
  run(bytes: Uint8Array): Outcome;
}

export interface Clock {
  /** Milliseconds, of processor time where that can be had. */
  now(): number;
  /** Bytes of heap and buffers in use. */
  memory(): number;
}

export interface Failure {
  readonly parser: string;
  readonly file: string;
  readonly label: string;
  readonly why: string;
}

export const TIME_LIMIT_MS = 2000;
/** Design §10: full analysis over the block cache. */
export const MEMORY_LIMIT = 256 * 1024 * 1024;

const CODES: Readonly<Record<ProblemCode, true>> = {
  ...{ NOT_A_DUMP: true, EMPTY: true, ALL_ZERO: true, TRUNCATED: true, UNSUPPORTED_KIND: true, SOURCE_CHANGED: true, READ_DENIED: true },
  ...{ ARCHIVE_UNSUPPORTED: true, ARCHIVE_BROKEN: true, ARCHIVE_NO_DUMP: true, ARCHIVE_TOO_LARGE: true },
  ...{ NOT_ON_SERVER: true, MISMATCH: true, OFFLINE: true, DECLINED: true, PROXY: true, BAD_CAB: true, BAD_PDB: true, BAD_PE: true },
  ...{ HTML_ANSWER: true, EMPTY_ANSWER: true, TOO_LARGE: true, QUOTA: true, CANCELLED: true, UNKNOWN_COMMAND: true, BAD_ARGUMENT: true, NEEDS: true },
  DEFECT: true,
};
/** A reader of bytes may not blame itself or the person. */
const NEVER: ReadonlySet<string> = new Set(['DEFECT', 'SOURCE_CHANGED', 'READ_DENIED', 'CANCELLED']);

const WHYS: Readonly<Record<MissingReason['why'], true>> = {
  ...{ 'not-computed': true, 'not-in-dump': true, 'not-present': true, 'paged-out': true, 'outside-file': true, 'stream-absent': true },
  ...{ 'no-symbols': true, 'unknown-layout': true, 'not-valid': true, 'not-written-by': true, 'all-failed': true },
};

function wrongAnswer(outcome: Outcome): string | undefined {
  if (outcome.ok) return undefined;
  if ('missing' in outcome) return WHYS[outcome.missing.why] ? undefined : `unknown reason ${outcome.missing.why}`;
  const { code } = outcome.problem;
  return CODES[code] && !NEVER.has(code) ? undefined : `answers ${code}: ${outcome.problem.detail}`;
}

/** One run. */
export function check(parser: Parser, damaged: Damaged, file: string, clock: Clock): Failure | undefined {
  const failure = (why: string): Failure => ({ parser: parser.name, file, label: damaged.label, why });
  const [started, before] = [clock.now(), clock.memory()];
  try {
    const wrong = wrongAnswer(parser.run(damaged.bytes));
    if (wrong) return failure(wrong);
  } catch (error) {
    return failure(error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : `threw ${String(error)}`);
  }
  const [took, grew] = [clock.now() - started, clock.memory() - before];
  if (took > TIME_LIMIT_MS) return failure(`took ${Math.round(took)} ms`);
  return grew > MEMORY_LIMIT ? failure(`took ${Math.round(grew / 1048576)} MiB`) : undefined;
}
