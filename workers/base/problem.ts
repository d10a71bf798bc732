/** Typed errors that cross the worker border as plain data (design §6). Every code has a text in src/text and a test. */
export type SourceCode =
  | 'NOT_A_DUMP'
  | 'EMPTY'
  | 'ALL_ZERO'
  | 'TRUNCATED'
  | 'UNSUPPORTED_KIND'
  | 'SOURCE_CHANGED'
  | 'READ_DENIED'
  | 'ARCHIVE_UNSUPPORTED'
  | 'ARCHIVE_BROKEN'
  | 'ARCHIVE_NO_DUMP'
  | 'ARCHIVE_TOO_LARGE';
export type SymbolCode =
  | 'NOT_ON_SERVER'
  | 'MISMATCH'
  | 'OFFLINE'
  | 'DECLINED'
  | 'PROXY'
  | 'BAD_CAB'
  | 'BAD_PDB'
  | 'BAD_PE'
  | 'HTML_ANSWER'
  | 'EMPTY_ANSWER'
  | 'TOO_LARGE'
  | 'QUOTA'
  | 'CANCELLED'
  /** Our own fault, not the file's. */
  | 'DEFECT';
export type CommandCode = 'UNKNOWN_COMMAND' | 'BAD_ARGUMENT' | 'NEEDS';
export type ProblemCode = SourceCode | SymbolCode | CommandCode;

export interface Problem {
  readonly code: ProblemCode;
  /** What was seen, in plain words, without the file's content: a size, a signature, an offset. */
  readonly detail: string;
  /** BAD_ARGUMENT: index in the line where it went wrong. */
  readonly at?: number;
  /** UNKNOWN_COMMAND: nearest names. NEEDS: what is lacking, as text. */
  readonly hints?: readonly string[];
}

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export function reply<T>(value: T): Reply<T> {
  return { ok: true, value };
}
export function refuse(code: ProblemCode, detail: string, more: Omit<Problem, 'code' | 'detail'> = {}): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { code, detail, ...more } };
}

/** Thrown by a ByteSource only: the bytes exist but could not be had. */
export class SourceError extends Error {
  readonly code: Extract<SourceCode, 'SOURCE_CHANGED' | 'READ_DENIED'>;
  constructor(code: Extract<SourceCode, 'SOURCE_CHANGED' | 'READ_DENIED'>, message: string) {
    super(message);
    this.name = 'SourceError';
    this.code = code;
  }
}

/** A fault of ours. Thrown where an invariant is broken; caught only in entry/. Never becomes a verdict. */
export class Defect extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Defect';
  }
}
