/** FAILURE_BUCKET_ID of an application: class of the problem, code, image and function, by the forms of WinDbg's published outputs. */
import { imageOf } from './actors.ts';
import type { Case } from './case.ts';
import { followUp, subject } from './followup.ts';
import { readHeapFailure } from './heapfailure.ts';
import { readStowed } from './stowed.ts';

interface Problem {
  readonly name: string;
  /** What stands for the exception's code, where it is another. */
  readonly code?: number;
}

const hexOf = (code: number): string => (code >>> 0).toString(16);

/** What lies below is a null pointer with the offset of a field. */
const NULL_PAGES = 0x1_0000n;

/** Published: a write to 0 is NULL_POINTER_WRITE, reads of 6, 0x1b and 0x88 are NULL_CLASS_PTR_READ. */
function accessProblem(c: Case): Problem | undefined {
  const { access, address } = c.fault;
  if (!access || address === undefined) return undefined;
  if (access === 'execute') return { name: followUp(c) ? 'SOFTWARE_NX_FAULT' : 'INVALID_POINTER_EXECUTE' };
  return { name: `${POINTERS[dereferenced(c) ?? 'other']}_${access.toUpperCase()}` };
}
const POINTERS = { NullPtr: 'NULL_POINTER', NullClassPtr: 'NULL_CLASS_PTR', other: 'INVALID_POINTER' } as const;

/** AV.Dereference: which kind of null pointer was used, if one was. */
export function dereferenced({ fault }: Case): 'NullPtr' | 'NullClassPtr' | undefined {
  const { access, address } = fault;
  if (access === undefined || access === 'execute' || address === undefined || address >= NULL_PAGES) return undefined;
  return address === 0n ? 'NullPtr' : 'NullClassPtr';
}

/** A stack cookie that is wrong is told in more words than other fast fails: what it guards is the buffer. */
const STACK_COOKIE = 2;

function failFast(c: Case): Problem {
  const code = Number((c.target.exception?.parameters[0] ?? 0n) & 0xffff_ffffn);
  const name = c.knowledge.fastFail(code)?.name.replace(/^FAST_FAIL_/, '');
  return { name: ['FAIL_FAST', code === STACK_COOKIE ? 'STACK_BUFFER_OVERRUN' : undefined, name].filter((part) => part !== undefined).join('_') };
}

/** HEAP_FAILURE_TYPE as published buckets write it; kinds that were not seen there are not made up. */
const HEAP_KINDS: Readonly<Record<number, string>> = {
  0: 'Internal',
  3: 'EntryCorruption',
  4: 'MultipleEntriesCorruption',
  6: 'BufferOverrun',
  8: 'BlockNotBusy',
  9: 'InvalidArgument',
  14: 'ListEntryCorruption',
  16: 'LFHBitmapSegmentCorruption',
};
const BLOCK_NOT_BUSY = 8;
const FREEING = /^Rtlp?(Hp)?FreeHeap/;

/** A block that is not in use was freed twice where the heap was freeing when it found it so. */
function heapProblem(c: Case): Problem {
  const kind = readHeapFailure(c)?.kind;
  const name = kind === undefined ? undefined : HEAP_KINDS[kind];
  if (name === undefined) return { name: 'HEAP_CORRUPTION' };
  const twice = kind === BLOCK_NOT_BUSY && c.actors.some(({ frame, trusted }) => trusted && frame.symbol.ok && FREEING.test(frame.symbol.value.name));
  return { name: `HEAP_CORRUPTION_ACTIONABLE_${name}${twice ? '_DOUBLE_FREE' : ''}` };
}

/** Windows Error Reporting's code for a program that does not answer: busy where its thread is in no call that waits. */
const HANG = 0xcfffffff;
const HUNG: Problem = { name: 'APPLICATION_HANG', code: HANG };
/** They call the kernel: user32 and gdi32 before Windows 10. */
const WAITS_IN = /^(ntdll|win32u|user32|gdi32)$/i;
const hangProblem = ({ fault: { place } }: Case): Problem =>
  place && !WAITS_IN.test(place.module.name) ? { ...HUNG, name: 'APPLICATION_HANG_BusyHang' } : HUNG;

/** The first of the errors that were kept is what went wrong; its code stands for that of the report. */
const stowed = (c: Case): Problem => {
  const code = readStowed(c)?.result;
  return { name: 'STOWED_EXCEPTION', ...(code === undefined ? {} : { code }) };
};

const named =
  (name: string): ((c: Case) => Problem) =>
  () => ({ name });
const PROBLEMS: Readonly<Record<number, (c: Case) => Problem | undefined>> = {
  0xc0000005: accessProblem,
  0xc0000006: named('IN_PAGE_ERROR'),
  0xc000000d: named('INVALID_PARAMETER'),
  0xc0000094: named('INTEGER_DIVIDE_BY_ZERO'),
  0xc0000409: failFast,
  0xc0000417: named('INVALID_CRUNTIME_PARAMETER'),
  0xc0000602: named('FAIL_FAST_EXCEPTION'),
  0xc00000fd: named('STACK_OVERFLOW'),
  0xc0000374: heapProblem,
  0x80000003: named('BREAKPOINT'),
  0xc000001d: named('ILLEGAL_INSTRUCTION'),
  0xc000027b: stowed,
  [HANG]: hangProblem,
};

/** A dump without an exception is to WinDbg one of a break: "BREAKPOINT_80000003_mswsock.dll!SockWaitForSingleObject". */
const BREAK = 0x80000003;
const codeOf = ({ target: { exception, os } }: Case): number => (exception?.code ?? (os.family === 'Windows' ? BREAK : 0)) >>> 0;

/** Failure.ProblemClass.Primary. */
export const problemOf = (c: Case): Problem => PROBLEMS[codeOf(c)]?.(c) ?? { name: 'APPLICATION_FAULT' };

/** Application Verifier puts these into a program. */
const VERIFIERS = ['verifier.dll', 'vrfcore.dll'];
export const isVerifiedApp = (c: Case): boolean => VERIFIERS.some((name) => c.target.modules.byName(name) !== undefined);

function bucketOf(c: Case, { name, code }: Problem): string {
  const [program] = c.target.modules.modules;
  const lost = name.startsWith('HEAP_CORRUPTION') && !c.suspects[0];
  const who = lost ? `heap_corruption!${program ? imageOf(program) : 'unknown'}` : subject(c);
  return [name, ...(isVerifiedApp(c) ? ['AVRF'] : []), hexOf(code ?? codeOf(c)), who].join('_');
}

export const userBucket = (c: Case): string => bucketOf(c, problemOf(c));
/** As a hang, whatever exception the dump holds. */
export const hangBucket = (c: Case): string => bucketOf(c, codeOf(c) === HANG ? hangProblem(c) : HUNG);
