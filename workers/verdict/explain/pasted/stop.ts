/** Stops: the line of a stop screen or of event 1001, event 41, problem reports, and tools that list dumps. */
import type { BugCheckEntry, Knowledge } from '../../../knowledge/knowledge.ts';
import type { Pasted } from '../pasted.ts';
import { HEX, imagesOfShort, plain, type Reader, sortNamed, stopOf } from './text.ts';

/** One argument; people cut them short. */
const ARGUMENT = `(?:${HEX}(?![\\w.])|(?:0x)?(?:\\.{2,6}|…|x{3,16}))`;
const BETWEEN = '(?:\\s{0,4}[,;]\\s{0,8}|[ \\t]{1,8})';
const ARGUMENTS = `${ARGUMENT}(?:${BETWEEN}${ARGUMENT}){0,3}`;
/** `0x0000007E (0xC0000005, 0x…, 0x…, 0x…)`, `0x9f {3, …}`: stop screens and event 1001, in any language. */
const STOP_LINE = new RegExp(`\\b(0x)?([0-9a-f]{1,8})h?,?\\s{0,4}[({]\\s{0,8}(${ARGUMENTS})\\s{0,8}[)}]`, 'gi');
/** `0x133 1 0x1e00`, `0x1A: 0x41790`, `9f/3`: nothing else in the text. */
const STOP_ALONE = new RegExp(
  `^(?:\\*{1,3}\\s?)?(?:bsod\\s?|blue ?screen\\s?|stop\\s?|bug ?check\\s?|error\\s?|code\\s?){0,3}:?\\s?(?:0x)?([0-9a-f]{1,8})(?:\\s?[:/,;]\\s?|\\s{1,3})(${ARGUMENTS})$`,
  'i',
);
/** A row of a list of dumps: code and four arguments with backticks (BlueScreenView). */
const STOP_ROW = new RegExp('\\b0x([0-9a-f]{8})\\s{1,8}((?:[0-9a-f]{8}`[0-9a-f]{8}\\s{1,8}){3}[0-9a-f]{8}`[0-9a-f]{8})', 'i');

const splitArguments = (text: string): string[] => text.trim().split(/[\s,;]+/);
const MANY = 20;

interface StopFound {
  readonly code: bigint;
  readonly args: readonly string[];
}
/** Short numbers before a bracket are code only where a table knows them; a code without 0x needs all four arguments. */
function stopLines(text: string, known: (code: number) => BugCheckEntry | undefined): StopFound[] {
  const found: StopFound[] = [];
  for (const [, prefix, digits = '', list = ''] of text.matchAll(STOP_LINE)) {
    const args = splitArguments(list);
    const listed = known(Number.parseInt(digits, 16)) !== undefined;
    const alone = text.trim().length < 120;
    const enough = prefix === undefined ? args.length === 4 && listed : args.length === 4 || (listed && (args.length > 1 || alone));
    if (enough) found.push({ code: plain(digits), args });
    if (found.length === MANY) break;
  }
  return found;
}

function standsAlone(text: string, known: (code: number) => BugCheckEntry | undefined): StopFound | undefined {
  const line = text.trim();
  const [, digits = '', list = ''] = (line.length < 200 ? STOP_ALONE.exec(line) : null) ?? [];
  return digits !== '' && known(Number.parseInt(digits, 16)) ? { code: plain(digits), args: splitArguments(list) } : undefined;
}

const others = (lines: readonly StopFound[]): string[] => {
  const codes = new Set(lines.map(({ code }) => code));
  return codes.size < 2
    ? []
    : [`The text holds ${String(codes.size)} stop codes; this is about the first. Codes that change from stop to stop mostly mean hardware.`];
};

export const readStopLine: Reader = (text, knowledge) => {
  const known = (code: number): BugCheckEntry | undefined => knowledge.bugCheck(code);
  const row = STOP_ROW.exec(text);
  const lines = row ? [{ code: plain(row[1] ?? '0'), args: splitArguments(row[2] ?? '') }] : stopLines(text, known);
  const first = lines[0] ?? standsAlone(text, known);
  if (!first) return undefined;
  const named = sortNamed(imagesOfShort(text));
  return { kind: 'stop', stop: stopOf(first.code, first.args), modules: named.modules, notes: [...named.notes, ...others(lines)] };
};

/** Kernel-Power 41, as XML or as the details list; the code is decimal, its arguments are hex. */
const field = (text: string, name: string): string | undefined =>
  new RegExp(`${name}["']?[ \\t]*[>:=]?\\s*["']?(0x[0-9a-f]{1,16}|[0-9]{1,20}|true|false)\\b`, 'i').exec(text)?.[1];
export const readEvent41: Reader = (text) => {
  const code = field(text, 'BugcheckCode');
  if (code === undefined || !/^(0x|\d)/i.test(code)) return undefined;
  const value = BigInt(code);
  const params = [1, 2, 3, 4].map((index) => field(text, `BugcheckParameter${String(index)}`));
  if (value !== 0n) {
    const given = params.flatMap((one) => (one !== undefined && /^(0x|\d)/i.test(one) ? [BigInt(one)] : []));
    return { kind: 'event-41', stop: { code: Number(value & 0xffff_ffffn), params: given.length === 4 ? given : [] }, modules: [], notes: [] };
  }
  const set = (name: string): boolean => !['0', '0x0', 'false', undefined].includes(field(text, name)?.toLowerCase());
  return {
    kind: 'event-41',
    power: { buttonHeld: set('PowerButtonTimestamp') || set('LongPowerButtonPressDetected'), sleeping: set('SleepInProgress') },
    modules: [],
    notes: [],
  };
};

/** "Parameter 1", "Paramètre 1", "Parámetro 1", "Parametro 1", "Параметр 1", "参数 1". */
const PARAMETER = '(?:Par[aá]m\\S{0,8}|Параметр|参数|パラメーター)[ ]?';
/** Reports of blue screens and live dumps: `BCCode: 116`, `Code: 141` with `Parameter 1: …`, `P1: 133`, `LiveKernelEvent 141`. */
export const readBlueScreenReport: Reader = (text) => {
  const value = (patterns: readonly string[], spaced = false): string | undefined => {
    for (const pattern of patterns) {
      const found = new RegExp(
        `(?:^|[^\\p{L}\\p{N}_])${pattern}["']?(?:[ \\t]*[:=][ \\t]*|${spaced ? '[ \\t]+' : '(?!)'})(${HEX})(?![\\p{L}\\p{N}_])`,
        'imu',
      ).exec(text)?.[1];
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const old = value(['BCCode', 'Bug ?Check Code']) ?? value(['BCCode'], true);
  const named = /\b(?:BlueScreen|LiveKernelEvent)\b/i.test(text);
  const labelledCode = named ? value(['(?:Code|Código|Codice|Код|代码|コード)']) : undefined;
  const shifted = old === undefined && labelledCode === undefined;
  const beside = /\bLiveKernelEvent\b[^\p{L}\p{N}\n]{0,12}(?:code[ :]{0,3})?(?:0x)?([0-9a-f]{2,4})(?![\p{L}\p{N}_])/iu.exec(text)?.[1];
  const code = old ?? labelledCode ?? (named ? value(['P1']) : undefined) ?? beside;
  if (code === undefined) return undefined;
  // With "P1: code" the arguments are P2 to P5; else they stand under their own numbers.
  const params: string[] = [];
  for (const index of [1, 2, 3, 4]) {
    const one = shifted ? value([`P${String(index + 1)}`]) : value([`BCP${String(index)}`, `${PARAMETER}${String(index)}`]);
    if (one === undefined) break;
    params.push(one);
  }
  const files = sortNamed(imagesOfShort(text));
  return { kind: 'blue-screen-report', stop: stopOf(plain(code), params), modules: files.modules, notes: files.notes };
};

/** A stop code by itself, in the form that a reader returns. */
export const codeAlone = (code: number): Pasted => ({ kind: 'code', stop: { code, params: [] }, modules: [], notes: [] });

/**
 * Makers of drivers stop Windows with codes of their own, with the severity of a warning and the bit of a customer set
 * (0xA0000001 of AMD’s display driver); programs raise theirs as errors (0xE…).
 */
export const isVendorStop = (code: number, knowledge: Knowledge): boolean => code >>> 28 === 0xa && !knowledge.exception(code) && !knowledge.hresult(code);
