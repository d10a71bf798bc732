/** DUMP_HEADER64 with its filler, and EXCEPTION_RECORD64. Sources: see layouts.ts. */
import { type RecordBytes, type Value, ascii, put, record, recordBytes } from './binary.ts';
import { DUMP_HEADER64, type DumpHeaderField, EXCEPTION_RECORD64 } from './layouts.ts';

export type BugCheckParams = readonly [bigint, bigint, bigint, bigint];

export interface PhysicalRun {
  readonly basePage: number;
  readonly pageCount: number;
}

export interface HeaderSpec {
  readonly build: number;
  readonly machine: number;
  readonly bugCheck: number;
  readonly params: BugCheckParams;
  readonly processors: number;
  readonly context: Uint8Array;
  readonly exception: { readonly code: number; readonly address: bigint };
  /** FILETIME, UTC. */
  readonly systemTime: bigint;
  /** 100 ns units. */
  readonly upTime: bigint;
  readonly runs?: readonly PhysicalRun[];
  readonly comment?: string;
  /** Everything else by field name; fields not named hold the filler. */
  readonly fields: Partial<Record<DumpHeaderField, Value>>;
}

/** "PAGE" stands in every field that the writer did not set. */
export const FILLER = ascii('PAGE');

export function exceptionRecord64(code: number, address: bigint, parameters: readonly bigint[] = [], flags = 0): Uint8Array {
  const information = new Uint8Array(120);
  parameters.forEach((value, index) => put(information, index * 8, 8, value));
  return recordBytes(EXCEPTION_RECORD64, {
    ...{ ExceptionCode: code, ExceptionFlags: flags, ExceptionRecord: 0n, ExceptionAddress: address },
    ...{ NumberParameters: parameters.length, ExceptionInformation: information },
  });
}

/** PHYSICAL_MEMORY_DESCRIPTOR64 in its 700-byte field: run count, page count, runs. */
function physicalMemoryBlock(runs: readonly PhysicalRun[]): Uint8Array {
  const bytes = new Uint8Array(700);
  put(bytes, 0, 4, runs.length);
  put(
    bytes,
    8,
    8,
    runs.reduce((sum, run) => sum + run.pageCount, 0),
  );
  runs.forEach((run, index) => {
    put(bytes, 16 + index * 16, 8, run.basePage);
    put(bytes, 24 + index * 16, 8, run.pageCount);
  });
  return bytes;
}

export function dumpHeader64(spec: HeaderSpec): RecordBytes {
  const [p1, p2, p3, p4] = spec.params;
  // The context field is cleared as far as the writer's buffer goes; a longer field keeps the filler.
  const context = new Uint8Array(3000);
  for (let index = 0; index < context.length; index++) context[index] = FILLER[index % 4] ?? 0;
  context.set(spec.context);
  const comment = ascii(spec.comment ?? '');
  return record<DumpHeaderField>(
    DUMP_HEADER64,
    {
      ...{ Signature: FILLER, ValidDump: ascii('DU64'), MajorVersion: 15, MinorVersion: spec.build, MachineImageType: spec.machine },
      ...{ NumberProcessors: spec.processors, BugCheckCode: spec.bugCheck },
      ...{ BugCheckParameter1: p1, BugCheckParameter2: p2, BugCheckParameter3: p3, BugCheckParameter4: p4 },
      ...{ ContextRecord: context, Exception: exceptionRecord64(spec.exception.code, spec.exception.address, [], 1) },
      ...{ SystemTime: spec.systemTime, SystemUpTime: spec.upTime },
      ...(spec.runs ? { PhysicalMemoryBlock: physicalMemoryBlock(spec.runs) } : {}),
      ...(spec.comment === undefined ? {} : { Comment: comment }),
      ...spec.fields,
    },
    FILLER,
  );
}

/** FILETIME of a UTC date: 100 ns since 1601. */
export function fileTime(iso: string): bigint {
  return BigInt(Date.parse(iso)) * 10000n + 116444736000000000n;
}
