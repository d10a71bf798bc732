/**
 * What a person pastes who has no dump: a stop code, a line of the event log, a problem report, text of WinDbg, a bucket.
 * Windows writes these texts in the person's language; the numbers, the field names of events and the file names stay, and
 * only those are read. Shapes: events 1001 (BugCheck, Windows Error Reporting), 41 (Kernel-Power: its BugcheckCode is
 * decimal) and 1000 (Application Error) as Windows writes them; WinDbg's `!analyze`, `.bugcheck` and `.exr`.
 */
import type { Knowledge, StatusKind } from '../../knowledge/knowledge.ts';
import { readBucket } from './bucket.ts';

export type PastedKind = 'code' | 'stop' | 'windbg' | 'event-41' | 'blue-screen-report' | 'program-report' | 'bucket' | 'status' | 'nothing';
export interface PastedStop {
  readonly code: number;
  /** As many of the four arguments as the text gives. */
  readonly params: readonly bigint[];
}
export interface Pasted {
  readonly kind: PastedKind;
  readonly stop?: PastedStop;
  /** A status or exception code: where there is no stop, or beside it. */
  readonly status?: { readonly code: number; readonly kind?: StatusKind };
  readonly bucket?: string;
  /** File names that the text blames, and the program that crashed. */
  readonly modules: readonly string[];
  readonly program?: string;
  /** Event 41 without a stop code: what else it says. */
  readonly power?: { readonly buttonHeld: boolean; readonly sleeping: boolean };
}

/** A whole event log is not read; what a person pastes from one fits. */
const MAX_TEXT = 200_000;

type Reader = (text: string, knowledge: Knowledge) => Pasted | undefined;

const plain = (hex: string): bigint => BigInt(`0x${hex.replace(/`/g, '').replace(/^0x/i, '')}`);
const low32 = (value: bigint): number => Number(value & 0xffff_ffffn);
const HEX = '(?:0x)?[0-9a-f]{1,8}(?:`?[0-9a-f]{8})?';
const stopOf = (code: bigint, params: readonly string[]): PastedStop => ({ code: low32(code), params: params.slice(0, 4).map(plain) });
const IMAGE = /[\w()+.-]{1,60}\.(?:sys|dll|exe)\b/gi;
const imagesIn = (text: string): string[] => [...new Set([...text.matchAll(IMAGE)].map(([name]) => name.replace(/^[(+.-]+/, '')))].slice(0, 8);

/** The value behind a label at the start of a line: `MODULE_NAME: nvlddmkm`. */
function labelled(text: string, label: string): string | undefined {
  return new RegExp(`^[ \\t]*${label}[ \\t]*:[ \\t]*(\\S[^\\r\\n]{0,300})`, 'im').exec(text)?.[1]?.trim();
}

/** `0x0000007E (0xC0000005, 0x…, 0x…, 0x…)`: stop screens and event 1001, in any language. */
const STOP_LINE = new RegExp(`0x([0-9a-f]{8})[ \\t]*[({][ \\t]*((?:${HEX}[ \\t]*,[ \\t]*){3}${HEX})[ \\t]*[)}]`, 'i');
const readStopLine: Reader = (text) => {
  const found = STOP_LINE.exec(text);
  if (!found) return undefined;
  return {
    kind: 'stop',
    stop: stopOf(
      plain(found[1] ?? '0'),
      (found[2] ?? '').split(',').map((one) => one.trim()),
    ),
    modules: [],
  };
};

function windbgStop(text: string): PastedStop | undefined {
  const label = /^[ \t]*BUGCHECK_CODE:[ \t]*([0-9a-f]{1,8})\b/im.exec(text)?.[1];
  const titled = /^[ \t]*[A-Z][A-Z0-9_]{5,80} \(([0-9a-f]{1,8})\)[ \t]*$/m.exec(text)?.[1];
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

/** `!analyze -v` whole or in part, `.bugcheck`, `.exr`. */
const readWinDbg: Reader = (text) => {
  const stop = windbgStop(text);
  const bucket = labelled(text, '(?:FAILURE_)?BUCKET_ID') ?? labelled(text, 'Failure\\.Bucket');
  const exception = /^[ \t]*(?:ExceptionCode|EXCEPTION_CODE(?:_STR)?)[ \t]*:[ \t]*(?:\(NTSTATUS\)[ \t]*)?(?:0x)?([0-9a-f]{8})\b/im.exec(text)?.[1];
  if (stop === undefined && bucket === undefined && exception === undefined) return undefined;
  const named = [labelled(text, 'IMAGE_NAME'), labelled(text, 'MODULE_NAME'), /^[ \t]*Probably caused by[ \t]*:[ \t]*(\S{1,100})/im.exec(text)?.[1]];
  const program = labelled(text, 'PROCESS_NAME');
  return {
    kind: 'windbg',
    ...(stop ? { stop } : {}),
    ...(exception === undefined ? {} : { status: { code: low32(plain(exception)) } }),
    ...(bucket === undefined ? {} : { bucket: bucket.slice(0, 200) }),
    ...(program === undefined ? {} : { program }),
    modules: [...new Set(named.flatMap((name) => (name === undefined ? [] : [name.slice(0, 60)])))],
  };
};

/** Kernel-Power 41, as XML or as the details list; the code is decimal, its arguments are hex. */
const field = (text: string, name: string): string | undefined =>
  new RegExp(`${name}["']?[ \\t]*[>:=]?\\s*["']?(0x[0-9a-f]{1,16}|[0-9]{1,20}|true|false)\\b`, 'i').exec(text)?.[1];
const readEvent41: Reader = (text) => {
  const code = field(text, 'BugcheckCode');
  if (code === undefined || !/^(0x|\d)/i.test(code)) return undefined;
  const value = BigInt(code);
  const params = [1, 2, 3, 4].map((index) => field(text, `BugcheckParameter${String(index)}`));
  if (value !== 0n) {
    const given = params.flatMap((one) => (one !== undefined && /^(0x|\d)/i.test(one) ? [BigInt(one)] : []));
    return { kind: 'event-41', stop: { code: low32(value), params: given.length === 4 ? given : [] }, modules: [] };
  }
  const set = (name: string): boolean => !['0', '0x0', 'false', undefined].includes(field(text, name)?.toLowerCase());
  return {
    kind: 'event-41',
    power: { buttonHeld: set('PowerButtonTimestamp') || set('LongPowerButtonPressDetected'), sleeping: set('SleepInProgress') },
    modules: [],
  };
};

/** Reports of blue screens and live dumps: `BCCode: 116`, `Code: 141` with `Parameter 1: …`, or `P1: 133`. */
const readBlueScreenReport: Reader = (text) => {
  const old = /\bBCCode["']?[ \t]*[:=][ \t]*([0-9a-f]{1,8})\b/i.exec(text)?.[1];
  const named = /\b(BlueScreen|LiveKernelEvent)\b/i.test(text);
  const value = (patterns: readonly string[]): string | undefined => {
    for (const pattern of patterns) {
      const found = new RegExp(`(?:^|[^\\w])${pattern}[ \\t]*[:=][ \\t]*(${HEX})\\b`, 'im').exec(text)?.[1];
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const code = old ?? (named ? value(['Code', 'P1']) : undefined);
  if (code === undefined) return undefined;
  // With "P1: code" the arguments are P2 to P5; else they stand under their own numbers.
  const shifted = old === undefined && value(['Code']) === undefined;
  const params: string[] = [];
  for (const index of [1, 2, 3, 4]) {
    const one = shifted ? value([`P${String(index + 1)}`]) : value([`BCP${String(index)}`, `Param(?:eter)?[ ]?${String(index)}`]);
    if (one === undefined) break;
    params.push(one);
  }
  return { kind: 'blue-screen-report', stop: stopOf(plain(code), params), modules: [] };
};

/** Event 1000 and reports of crashed programs: program, module and code stand in this order in every language. */
const PROGRAM_REPORT = /\b(APPCRASH|MoAppCrash|BEX(?:64)?|AppHang\w{0,12}|MoAppHang|CLR20r3|InPageError)\b/i;
const readProgramReport: Reader = (text) => {
  const images = imagesIn(text);
  const code = /(?:^|[^0-9a-z])(?:0x)?((?:c0|80|e0|40|c6|cf)[0-9a-f]{6})(?![0-9a-z`])/i.exec(text)?.[1];
  const [program, ...rest] = images;
  if (program === undefined || !/\.exe$/i.test(program) || (code === undefined && !PROGRAM_REPORT.test(text))) return undefined;
  return {
    kind: 'program-report',
    program,
    modules: rest.slice(0, 1),
    ...(code === undefined ? {} : { status: { code: low32(plain(code)) } }),
  };
};

const readBucketText: Reader = (text) => {
  const line = text.trim();
  if (/\s/.test(line) || line.length > 200) return undefined;
  const bucket = readBucket(line);
  if (!bucket) return undefined;
  return {
    kind: 'bucket',
    bucket: line,
    ...(bucket.code === undefined ? {} : { stop: { code: bucket.code, params: bucket.first === undefined ? [] : [bucket.first] } }),
    ...(bucket.status === undefined ? {} : { status: { code: bucket.status } }),
    modules: bucket.module === undefined ? [] : [bucket.module],
  };
};

/** One number: "0xD1", "d1", "c0000005", "-1073741819", "3221225477". Decimal is read only where it cannot be hex of a code. */
const readNumber: Reader = (text, knowledge) => {
  const word = /^(?:stop\s*(?:code)?\s*:?\s*|error\s*(?:code)?\s*:?\s*)?(-?(?:0x)?[0-9a-f`]{1,16})h?\.?$/i.exec(text.trim())?.[1];
  if (word === undefined || !/[0-9a-f]/i.test(word)) return undefined;
  const decimal = /^-\d{6,10}$/.test(word) || (/^\d{9,10}$/.test(word) && BigInt(word) > 0x7fff_ffffn);
  if (word.startsWith('-') && !decimal) return undefined;
  const value = decimal ? BigInt.asUintN(32, BigInt(word)) : plain(word);
  if (value > 0xffff_ffffn && value >> 32n !== 0xffff_ffffn) return undefined;
  // Event 41 shows codes in decimal: 278 is no stop, but 0x116 is.
  const shown = /^\d{2,4}$/.test(word) && !knowledge.bugCheck(low32(value)) ? knowledge.bugCheck(Number(word)) : undefined;
  return codeFound(shown?.code ?? low32(value), knowledge);
};
function codeFound(code: number, knowledge: Knowledge): Pasted {
  if (knowledge.bugCheck(code)) return { kind: 'code', stop: { code, params: [] }, modules: [] };
  return { kind: 'status', status: { code }, modules: [] };
}

/** More words than a report has; names of codes have ten at most. */
const MAX_WORDS = 4000;
const MAX_NAME_WORDS = 10;

/** Words that stand one blank or underscore apart, as runs. */
function wordRuns(text: string): readonly (readonly string[])[] {
  const runs: string[][] = [];
  let end = -2;
  let count = 0;
  for (const { 0: word, index } of text.matchAll(/[A-Za-z0-9]+/g)) {
    if ((count += 1) > MAX_WORDS) break;
    const joined = index === end + 1 && (text[end] === ' ' || text[end] === '_');
    if (joined) runs.at(-1)?.push(word);
    else runs.push([word]);
    end = index + word.length;
  }
  return runs;
}

/** A name as the screen shows it, with blanks or underscores, and the file that "failed". */
const readName: Reader = (text, knowledge) => {
  for (const words of wordRuns(text))
    for (let from = 0; from < words.length; from++)
      for (let to = Math.min(words.length, from + MAX_NAME_WORDS); to > from; to--) {
        const found = nameFound(words.slice(from, to).join('_'), knowledge);
        if (found) return { ...found, modules: imagesIn(text) };
      }
  return undefined;
};
function nameFound(name: string, knowledge: Knowledge): Pasted | undefined {
  if (!name.includes('_')) return undefined;
  const stop = knowledge.bugCheckByName(name);
  if (stop) return { kind: 'code', stop: { code: stop.code, params: [] }, modules: [] };
  const status = knowledge.statusByName(name);
  return status && { kind: 'status', status: { code: status.entry.code, kind: status.kind }, modules: [] };
}

/** Anywhere in a sentence: a number that is written as one, `0x…` with a known meaning. */
const readAnywhere: Reader = (text, knowledge) => {
  for (const [, digits = ''] of text.matchAll(/\b0x([0-9a-f]{1,8})\b/gi)) {
    const found = codeFound(low32(plain(digits)), knowledge);
    const code = found.status?.code;
    if (code === undefined || knowledge.exception(code) || knowledge.hresult(code)) return { ...found, modules: imagesIn(text) };
  }
  return undefined;
};

const READERS: readonly Reader[] = [
  readNumber,
  readBucketText,
  readWinDbg,
  readStopLine,
  readEvent41,
  readBlueScreenReport,
  readProgramReport,
  readName,
  readAnywhere,
];

/** Never fails: what holds nothing that is known is `nothing`. */
export function readPasted(text: string, knowledge: Knowledge): Pasted {
  const start = text.slice(0, MAX_TEXT);
  for (const read of READERS) {
    const found = read(start, knowledge);
    if (found) return found;
  }
  return { kind: 'nothing', modules: [] };
}
