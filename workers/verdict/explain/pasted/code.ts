/** Codes by number or name, and files by name. */
import type { Knowledge } from '../../../knowledge/knowledge.ts';
import type { Pasted } from '../pasted.ts';
import { eventOfNumber } from './event.ts';
import { codeAlone, isVendorStop } from './stop.ts';
import { imagesIn, low32, plain, type Reader } from './text.ts';

const statusAlone = (code: number): Pasted => ({ kind: 'status', status: { code }, modules: [], notes: [] });
const codeFound = (code: number, knowledge: Knowledge): Pasted =>
  knowledge.bugCheck(code) || isVendorStop(code, knowledge) ? codeAlone(code) : statusAlone(code);

const NUMBER = /^(?:(stop\s*(?:code)?|bug ?check\s*(?:code)?)\s*:?\s*|(?:error|exit)\s*(?:code)?\s*:?\s*)?(-?(?:0x)?[0-9a-f`]{1,16})h?\.?$/i;
/** A code of 32 bits, or one of 64 with its sign spread; nothing else. */
function codeValue(word: string): number | undefined {
  const decimal = /^-\d{6,10}$/.test(word) || (/^\d{9,10}$/.test(word) && BigInt(word) > 0x7fff_ffffn);
  if (!/[0-9a-f]/i.test(word) || (word.startsWith('-') && !decimal)) return undefined;
  const value = decimal ? BigInt.asUintN(32, BigInt(word)) : plain(word);
  return value <= 0xffff_ffffn || value >> 32n === 0xffff_ffffn ? low32(value) : undefined;
}
/** One number: "0xD1", "d1", "c0000005", "-1073741819", "3221225477". Decimal is read only where it cannot be hex of a code. */
export const readNumber: Reader = (text, knowledge) => {
  const [, stop, word = ''] = NUMBER.exec(text.trim()) ?? [];
  const code = codeValue(word);
  if (code === undefined) return undefined;
  const event = eventOfNumber(word, knowledge.bugCheck(code) !== undefined);
  if (event) return event;
  // Event 41 shows codes in decimal: 278 is no stop, but 0x116 is.
  const shown = /^\d{2,4}$/.test(word) && !knowledge.bugCheck(code) ? knowledge.bugCheck(Number(word))?.code : undefined;
  return stop === undefined ? codeFound(shown ?? code, knowledge) : codeAlone(shown ?? code);
};

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
export const readName: Reader = (text, knowledge) => {
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
  if (stop) return codeAlone(stop.code);
  const status = knowledge.statusByName(name);
  return status && { kind: 'status', status: { code: status.entry.code, kind: status.kind }, modules: [], notes: [] };
}

/** A status by name, or a failure whose facility is known: not just any address. */
const isNamed = (code: number, knowledge: Knowledge): boolean =>
  [knowledge.exception(code), knowledge.hresult(code)].some((one) => one !== undefined) ||
  (code >>> 28 === 8 && knowledge.facility('hresult', code) !== undefined);

/** The box “The instruction at 0x… referenced memory at 0x…. The memory could not be read.” is an access violation. */
const MEMORY_DIALOG =
  /(?:instruction at|Anweisung in|instruction à|instrucción en).{0,80}(?:referenced memory|verweist auf Speicher|emploie l.adresse mémoire|hace referencia a la memoria)/i;

/** Anywhere in a sentence: a number that is written as one, `0x…` or the decimal of a failure, with a known meaning. */
export const readAnywhere: Reader = (text, knowledge) => {
  for (const [, digits, decimal = '0'] of text.matchAll(/\b0x([0-9a-f]{1,8})\b|(?<!\d)(-[12]\d{9}|[34]\d{9})(?!\d)/gi)) {
    const found = codeFound(digits === undefined ? Number(BigInt.asUintN(32, BigInt(decimal))) : low32(plain(digits)), knowledge);
    const code = found.status?.code;
    if (code === undefined || isNamed(code, knowledge)) return { ...found, modules: imagesIn(text) };
  }
  return MEMORY_DIALOG.test(text) ? { ...statusAlone(0xc0000005), modules: imagesIn(text) } : undefined;
};

/** Names that Windows gives its dumps: date and a running number, or a watchdog with a date. */
const DUMP_NAME = /\b(?:\d{6}-\d{4,7}-\d{2}|(?:WATCHDOG|WHEA|USBXHCI|USBHUB3|NDIS|UcmUcsiCx|PoW32kWatchdog)-\d{8}-\d{4}|MEMORY)\.DMP\b/i;
/** A file by itself: who makes it. The name of a dump leads to the dump. */
export const readFile: Reader = (text, knowledge) => {
  if (DUMP_NAME.test(text)) return { kind: 'file', modules: [], notes: ['This is the name of a dump. Open the file itself here: it says more than its name.'] };
  const line = text.trim();
  const bare = /^[\w.-]{2,60}$/.test(line) && knowledge.driver(line) ? [line] : [];
  const files = /^[^\r\n]{1,300}$/.test(line) ? [...imagesIn(line), ...bare] : imagesIn(line);
  const modules = [...new Set(files)];
  return modules.length > 0 ? { kind: 'file', modules, notes: [] } : undefined;
};
