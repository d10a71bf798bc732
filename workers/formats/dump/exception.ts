import { type Found, found, type MissingReason, missing, notValid } from '../../base/found.ts';
import { readStructAt, viewOf } from '../../bytes/struct.ts';
import { FILLER32 } from './filler.ts';
import { EXCEPTION_RECORD32, EXCEPTION_RECORD64 } from './layout.ts';

export interface ExceptionRecord {
  readonly code: number;
  readonly flags: number;
  readonly nested: bigint;
  readonly address: bigint;
  readonly parameters: readonly bigint[];
}

/** winnt.h EXCEPTION_MAXIMUM_PARAMETERS. */
const MAX_PARAMETERS = 15;
export const EXCEPTION_RECORD_SIZE = EXCEPTION_RECORD64.size;

export function parseExceptionRecord(data: Uint8Array, bits: 32 | 64): Found<ExceptionRecord> {
  const read = bits === 64 ? readStructAt(EXCEPTION_RECORD64, data, 0) : readStructAt(EXCEPTION_RECORD32, data, 0);
  if (!read.ok) return read;
  const record = read.value;
  const unset: MissingReason = { why: 'not-written-by', writer: 'the dump writer', what: 'EXCEPTION_RECORD' };
  if (record.ExceptionCode === FILLER32) return missing(unset);
  if (record.NumberParameters > MAX_PARAMETERS) return notValid('NumberParameters', String(record.NumberParameters), `at most ${MAX_PARAMETERS}`);
  const view = viewOf(record.ExceptionInformation);
  const parameters = Array.from({ length: record.NumberParameters }, (_, index) =>
    bits === 64 ? view.getBigUint64(index * 8, true) : BigInt(view.getUint32(index * 4, true)),
  );
  return found({
    code: record.ExceptionCode,
    flags: record.ExceptionFlags,
    nested: BigInt(record.ExceptionRecord),
    address: BigInt(record.ExceptionAddress),
    parameters,
  });
}
