/** Opens a dump of any kind: tells the kinds apart, then hands over to the reader of that kind. */
import type { Job } from '../base/job.ts';
import { type Problem, refuse, type Reply } from '../base/problem.ts';
import type { ByteSource } from '../bytes/source.ts';
import { cached, openKernel, readFirstKernel } from './kernel.ts';
import type { FirstTarget, Target } from './target.ts';
import { openUser, readFirstUser } from './user.ts';

interface Reader {
  readonly signature: string;
  readonly readFirst: (source: ByteSource) => Reply<FirstTarget>;
  readonly open: (source: ByteSource) => Job<Reply<Target>>;
}

/** One line a kind of dump, by the first bytes of the file. */
const READERS: readonly Reader[] = [
  { signature: 'PAGEDU64', readFirst: readFirstKernel, open: openKernel },
  { signature: 'PAGEDUMP', readFirst: readFirstKernel, open: openKernel },
  { signature: 'MDMP', readFirst: readFirstUser, open: openUser },
];

/** Files that people drop by mistake, by their first bytes: said by name in the refusal. */
const OTHERS: readonly (readonly [start: string, what: string])[] = [
  ['MZ', 'a program or driver, not a dump'],
  ['Microsoft C/C++ MSF 7.00', 'a PDB with symbols, not a dump'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['Rar!', 'a RAR archive'],
  ['MSCF', 'a cabinet archive'],
  ['HIBR', 'a hibernation file'],
  ['hibr', 'a hibernation file'],
  ['RSTR', 'a hibernation file that was resumed from'],
  ['\x7fELF', 'an ELF file'],
  ['ElfFile', 'a Windows event log'],
  ['regf', 'a registry hive'],
];
/** Kinds of memory image that a debugger could open and this program does not. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['HIBR', 'hibr', 'RSTR', '\x7fELF']);

const SHOWN_BYTES = 16;
const PROBE = 64 * 1024;
const PROBES = 9;

function seen(source: ByteSource, first: Uint8Array): string {
  const bytes = Array.from(first.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `${source.size} bytes, starting ${bytes}`;
}

/** Every byte of a small file; of a large one its start, its end and places between. */
function isAllZero(source: ByteSource): boolean {
  const step = Math.max(PROBE, Math.floor((source.size - PROBE) / (PROBES - 1)));
  for (let at = 0; at < source.size; at += step) {
    if (source.readBlock(at, PROBE).some((byte) => byte !== 0)) return false;
  }
  return source.readBlock(Math.max(0, source.size - PROBE), PROBE).every((byte) => byte === 0);
}

function refuseOther(source: ByteSource, first: Uint8Array, text: string): { readonly ok: false; readonly problem: Problem } {
  if (source.size === 0) return refuse('EMPTY', 'the file has 0 bytes');
  if (first.every((byte) => byte === 0) && isAllZero(source)) return refuse('ALL_ZERO', `${source.size} bytes, all zero where looked at`);
  const half = READERS.find(({ signature }) => text.length < signature.length && signature.startsWith(text));
  if (half) return refuse('TRUNCATED', `${seen(source, first)}: the file ends inside the signature of a dump`);
  const other = OTHERS.find(([start]) => text.startsWith(start));
  if (!other) return refuse('NOT_A_DUMP', seen(source, first));
  return refuse(UNSUPPORTED.has(other[0]) ? 'UNSUPPORTED_KIND' : 'NOT_A_DUMP', `${other[1]}: ${seen(source, first)}`);
}

function choose(source: ByteSource): { readonly ok: true; readonly reader: Reader } | { readonly ok: false; readonly problem: Problem } {
  const first = source.readBlock(0, 32);
  const text = String.fromCharCode(...first);
  const reader = READERS.find(({ signature }) => text.startsWith(signature));
  return reader ? { ok: true, reader } : refuseOther(source, first, text);
}

/** What the first bytes tell, before anything slow starts: at most 2 MiB are read. */
export function readFirst(source: ByteSource): Reply<FirstTarget> {
  const choice = choose(source);
  return choice.ok ? choice.reader.readFirst(source) : choice;
}

export function* openTarget(given: ByteSource): Job<Reply<Target>> {
  const source = cached(given);
  const choice = choose(source);
  return choice.ok ? yield* choice.reader.open(source) : choice;
}
