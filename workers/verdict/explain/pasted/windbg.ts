/** Text of WinDbg: `!analyze -v` whole or in part, `.bugcheck`, `.exr`, a bucket. */
import { optional } from '../../fault.ts';
import { type BucketParts, readBucket } from '../bucket.ts';
import type { Pasted, PastedStop } from '../pasted.ts';
import { HEX, labelled, low32, plain, type Reader, sortNamed, stopOf } from './text.ts';

function analyzedStop(text: string): PastedStop | undefined {
  const label = /^[ \t]*BUGCHECK_CODE:[ \t]*([0-9a-f]{1,8})\b/im.exec(text)?.[1];
  const titled = /^[ \t]*(?:[A-Z][A-Z0-9_]{5,80}|Unknown bugcheck code) \(([0-9a-f]{1,8})\)[ \t]*$/m.exec(text)?.[1];
  const short = new RegExp(`^[ \\t]*BugCheck ([0-9a-f]{1,8}), \\{((?:${HEX}, ){3}${HEX})\\}`, 'im').exec(text);
  const command = new RegExp(`^[ \\t]*Bugcheck code ([0-9a-f]{1,8})\\s+Arguments ((?:${HEX}[ \\t]+){3}${HEX})`, 'im').exec(text);
  const line = short ?? command;
  if (line) return stopOf(plain(line[1] ?? '0'), (line[2] ?? '').split(/[ \t,]+/));
  const code = label ?? titled;
  if (code === undefined) return undefined;
  const params: string[] = [];
  for (const index of [1, 2, 3, 4]) {
    const value = new RegExp(`^[ \\t]*(?:BUGCHECK_P${String(index)}|Arg${String(index)}):[ \\t]*(${HEX})\\b`, 'im').exec(text)?.[1];
    if (value === undefined) break;
    params.push(value);
  }
  return stopOf(plain(code), params);
}

/** The driver that kept a power request, and why another file stands in the line. */
const holderNotes = ({ holder, module }: BucketParts): string[] =>
  holder === undefined
    ? []
    : [
        `${holder} kept the request for power and did not finish it. ${module ?? 'The other file'} is the driver of the device’s bus, named because the device hangs on it.`,
      ];

const bucketStop = ({ code, first }: BucketParts): PastedStop | undefined =>
  code === undefined ? undefined : { code, params: first === undefined ? [] : [first] };
const bucketFiles = ({ holder, module }: { readonly holder?: string | undefined; readonly module?: string | undefined }): string[] =>
  [holder, module].filter((name) => name !== undefined);

/** The file before the module: `MODULE_NAME: nt` beside `IMAGE_NAME: ntkrnlmp.exe` is the same. */
function namedIn(text: string): string[] {
  const module = labelled(text, 'MODULE_NAME') ?? /^([\w.-]{1,60})[!+]/.exec(labelled(text, 'SYMBOL_NAME') ?? '')?.[1];
  const names = [labelled(text, 'IMAGE_NAME') ?? module, /^[ \t]*Probably caused by[ \t]*:[ \t]*(?!not known)(\S{1,100})/im.exec(text)?.[1]];
  return names.flatMap((name) => (name === undefined ? [] : [name.slice(0, 60)]));
}

function exceptionIn(text: string): number | undefined {
  const labelledCode = /^[ \t]*(?:ExceptionCode|EXCEPTION_CODE(?:_STR)?)[ \t]*:[ \t]*(?:\(NTSTATUS\)[ \t]*)?(?:0x)?([0-9a-f]{8})\b/im.exec(text)?.[1];
  // "(1a2c.3b4c): Access violation - code c0000005 (first chance)".
  const digits = labelledCode ?? /^[^\r\n]{3,80} - code ([0-9a-f]{8}) \(/im.exec(text)?.[1];
  return digits === undefined ? undefined : low32(plain(digits));
}

/** What the text blames by name; where it names nothing, what its bucket holds. */
function blamedIn(text: string, parts: BucketParts | undefined): ReturnType<typeof sortNamed> {
  const named = namedIn(text);
  const blamed = parts === undefined ? [] : bucketFiles(named.length > 0 ? { ...parts, module: undefined } : parts);
  return sortNamed([...new Set([...blamed, ...named])]);
}

export const readWinDbg: Reader = (text) => {
  const bucket = labelled(text, '(?:FAILURE_)?BUCKET_ID') ?? labelled(text, 'Failure\\.Bucket');
  const parts = bucket === undefined ? undefined : readBucket(bucket);
  const stop = analyzedStop(text) ?? (parts && bucketStop(parts));
  const status = exceptionIn(text) ?? parts?.status;
  if (stop === undefined && bucket === undefined && status === undefined) return undefined;
  const program = labelled(text, 'PROCESS_NAME');
  const named = blamedIn(text, parts);
  return {
    kind: 'windbg',
    ...optional('stop', stop),
    ...optional('status', status === undefined ? undefined : { code: status }),
    ...optional('bucket', bucket?.slice(0, 200)),
    ...optional('program', program),
    modules: named.modules,
    notes: [...(parts ? holderNotes(parts) : []), ...named.notes],
  };
};

/** Buckets that hold neither code nor module: what WinDbg found when it compared code in memory with the file. */
const CORRUPTION: Readonly<Record<string, string>> = {
  ONE_BIT: 'A single bit of code in memory differs from its file: faulty memory (RAM) or an unstable processor.',
  ONE_BYTE: 'A single byte of code in memory differs from its file: faulty memory (RAM), or a program that changes code.',
  LARGE: 'Many bytes of code in memory differ from their file: faulty memory (RAM), a drive that gave back wrong data, or a program that changes code.',
  STRIDE: 'Bytes of code in memory differ from their file at regular distances: a module or lane of memory is at fault.',
};
const corruptionNote = (line: string): string | undefined => CORRUPTION[/^MEMORY_CORRUPTION_([A-Z_]+)$/.exec(line)?.[1] ?? ''];

export const readBucketText: Reader = (text): Pasted | undefined => {
  const line = text.trim();
  if (/\s/.test(line) || line.length > 200) return undefined;
  const corruption = corruptionNote(line);
  if (corruption !== undefined) return { kind: 'bucket', bucket: line, modules: [], notes: [corruption] };
  const parts = readBucket(line);
  if (!parts) return undefined;
  const stop = bucketStop(parts);
  const named = sortNamed(bucketFiles(parts));
  return {
    kind: 'bucket',
    bucket: line,
    ...optional('stop', stop),
    ...optional('status', parts.status === undefined ? undefined : { code: parts.status }),
    ...optional('program', parts.process),
    modules: named.modules,
    notes: [...holderNotes(parts), ...named.notes],
  };
};
