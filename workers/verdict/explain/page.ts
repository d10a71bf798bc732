/** One page about a code: what it means, its arguments and cases, usual causes, where to look, what to do. */
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import type { BugCheckEntry, Knowledge, TableCredit } from '../../knowledge/knowledge.ts';
import { tableMeaning } from '../parameters.ts';
import { type ArgumentWords, type Index, INDICES, readArguments, valueReads } from './arguments.ts';
import { FAMILIES } from './families.ts';
import { hexText, type SeeAlso, statusLink } from './links.ts';
import type { Reading } from './reading.ts';
import { READINGS } from './readings/index.ts';
import { STEPS, type GuideStep } from './steps.ts';

export interface CaseRow {
  readonly param: Index;
  readonly value: bigint;
  readonly meaning: string;
  readonly sets: readonly { readonly index: Index; readonly meaning: string }[];
  /** What else must hold, in words; empty where nothing. */
  readonly when: string;
}
export interface CodePage {
  /** "code/7e/c0000005". */
  readonly path: string;
  readonly code: number;
  readonly name: string;
  readonly otherNames: readonly string[];
  /** "Bug check", "NTSTATUS" … */
  readonly kind: string;
  readonly family: string;
  readonly says: string;
  /** Whether Windows stopped: a stop, a report of a running system, or either. */
  readonly stopped: 'yes' | 'no' | 'either' | null;
  /** Whether a public list says what it is, or only its name, or nothing. */
  readonly known: 'documented' | 'name' | 'unlisted';
  readonly arguments: readonly ArgumentWords[];
  /** The case that the address or the arguments choose. */
  readonly chosen: string | null;
  readonly cases: readonly CaseRow[];
  readonly causes: readonly string[];
  /** True where causes, looks and steps are those of the family, not of this code. */
  readonly general: boolean;
  readonly look: readonly { readonly line: string; readonly shows: string }[];
  readonly steps: readonly GuideStep[];
  readonly trap: string | null;
  /** For stops that a processor can cause: models with a published fault. Nothing of one computer follows from it. */
  readonly processors: readonly { readonly model: string; readonly fault: string; readonly published: string }[];
  readonly seeAlso: readonly SeeAlso[];
  readonly source: TableCredit;
}

/** `.cxr {3}` with the value of the argument, or with its name where the value is not known. */
function lookLine(line: string, params: readonly bigint[]): string {
  return line.replace(/\{([1-4])\}/g, (_slot, index: string) => {
    const value = params[Number(index) - 1];
    return value === undefined ? `<argument ${index}>` : hexText(value);
  });
}

/** The first arguments that a look is for: "with 3: …", "with 0, 1: …". */
const firstOf = (shows: string): readonly bigint[] | undefined =>
  /^with ([\d, ]+):/
    .exec(shows)?.[1]
    ?.split(',')
    .map((value) => BigInt(value.trim()));

/** The looks that hold for the first argument, where one is given; "else: …" holds where no other names it. */
function looksFor(look: Reading['look'], params: readonly bigint[]): CodePage['look'] {
  const [first] = params;
  const named = look.flatMap(([, shows]) => firstOf(shows) ?? []);
  const holds = (shows: string): boolean => first === undefined || (firstOf(shows)?.includes(first) ?? !(shows.startsWith('else:') && named.includes(first)));
  return look.filter(([, shows]) => holds(shows)).map(([line, shows]) => ({ line: lookLine(line, params), shows }));
}

export const stepsOf = (reading: Reading): GuideStep[] => reading.fix.flatMap((id): readonly GuideStep[] => STEPS[id]);

function caseRows(entry: BugCheckEntry): readonly CaseRow[] {
  return entry.subCodes.map((sub) => ({
    param: sub.param,
    value: sub.value,
    meaning: sub.meaning,
    sets: INDICES.flatMap((index) => {
      const meaning = sub.sets[index];
      return meaning === undefined ? [] : [{ index, meaning }];
    }),
    when: Object.entries(sub.when ?? {})
      .map(([index, value]) => `argument ${index} is ${hexText(value)}`)
      .join(' and '),
  }));
}

/** `7e/c0000005`: codes whose first argument is a status keep it; others choose a case by their first argument. */
function chosenCase(knowledge: Knowledge, entry: BugCheckEntry, params: readonly bigint[]): string | null {
  const [first] = params;
  if (first === undefined) return null;
  const row = entry.subCodes.find((sub) => sub.param === 1 && sub.value === first && sub.when === undefined);
  if (row) return row.meaning;
  const { words } = tableMeaning(entry, 1, params);
  return valueReads(knowledge, entry.code, words, first) ?? null;
}

export const creditOf = (knowledge: Knowledge, table: string): TableCredit =>
  knowledge.credits.find((credit) => credit.table === table) ?? { table, source: 'own knowledge', date: '', licence: '', count: 0 };

function relatives(knowledge: Knowledge, entry: BugCheckEntry, params: readonly bigint[]): SeeAlso[] {
  const link = (one: BugCheckEntry): SeeAlso => ({ path: `code/${hexText(one.code)}`, text: `0x${hexText(one.code).toUpperCase()} ${one.name}` });
  const [first] = params;
  const status = first === undefined ? undefined : Number(first & 0xffff_ffffn);
  const behind = status !== undefined && status > 0x8000_0000 && knowledge.exception(status) ? [statusLink(knowledge, status)] : [];
  const base = baseBugCheck(entry.code);
  // The nearest of the family by number: codes of one part of Windows stand together.
  const near = knowledge.bugChecks
    .filter((one) => one.family === entry.family && one.documented !== false && baseBugCheck(one.code) !== base)
    .sort((a, b) => Math.abs(a.code - base) - Math.abs(b.code - base))
    .slice(0, 5)
    .map(link);
  return [...behind, ...near];
}

/** Stops that a processor itself causes: of the watchdogs only those that wait for a silent core. */
const PROCESSOR_FAMILIES: ReadonlySet<BugCheckEntry['family']> = new Set(['hardware', 'virtual']);
const SILENT_CORE: ReadonlySet<number> = new Set([0x101, 0x1ca, 0x1cf, 0x1db]);
function faultyProcessors(knowledge: Knowledge, entry: BugCheckEntry): CodePage['processors'] {
  if (entry.liveDump || !(PROCESSOR_FAMILIES.has(entry.family) || SILENT_CORE.has(baseBugCheck(entry.code)))) return [];
  // A stop comes from a computer that starts: faults that keep it from starting are not told.
  return knowledge.cpuFaults
    .filter(({ fault }) => !/no longer starts/.test(fault))
    .map(({ vendor, family, model, fault, published }) => ({
      model: `${vendor} ${knowledge.cpuModel(vendor, family, model) ?? `family ${hexText(family)}, model ${hexText(model)}`}`,
      fault,
      published,
    }));
}

const pagePath = (code: number, params: readonly bigint[]): string => `code/${hexText(code)}${params.length === 1 ? `/${hexText(params[0] ?? 0n)}` : ''}`;

/** What a stop code is that no list has: its bits tell who made it up (ntstatus.h: severity in the top two bits, bit 29 for customers). */
function unlistedWords(knowledge: Knowledge, code: number): { readonly family: string; readonly says: string; readonly reading: Reading } {
  const vendors = (code & 0x2000_0000) !== 0;
  const status = knowledge.ntstatus(code);
  if (status && code >>> 30 === 3)
    return {
      family: 'An NTSTATUS as a stop code',
      says: `Windows stopped with ${status.name}, an error that it could not do without: it ended while starting or while a part it needs was lost`,
      reading: FAMILIES.boot.reading,
    };
  const causes = vendors
    ? ['a driver that stops Windows itself, with a code of its maker: often the display driver']
    : ['a driver that stops Windows itself, or a newer Windows than the lists'];
  return {
    family: vendors ? 'A maker’s own stop code' : 'In no public list',
    says: vendors ? 'a driver stopped Windows with a code that its maker made up; what it means, only the maker knows' : 'no public list names this stop code',
    reading: {
      causes,
      look: [
        ['k', 'which driver asked for the stop'],
        ['lm', 'its name and date'],
      ],
      fix: ['driver', 'graphics', 'collect'],
    },
  };
}

function unlistedPage(knowledge: Knowledge, code: number, params: readonly bigint[]): CodePage {
  const { family, says, reading } = unlistedWords(knowledge, code);
  const status = knowledge.ntstatus(code);
  return {
    path: pagePath(code, params),
    code,
    name: status?.name ?? `0x${hexText(code).toUpperCase()}`,
    otherNames: [],
    kind: 'Bug check',
    family,
    says,
    stopped: 'yes',
    known: 'unlisted',
    arguments: INDICES.map((index) => ({ index, meaning: 'not public', ...(params[index - 1] === undefined ? {} : { value: params[index - 1] }) })),
    chosen: null,
    cases: [],
    causes: reading.causes,
    general: true,
    look: looksFor(reading.look, params),
    steps: stepsOf(reading),
    trap: null,
    processors: [],
    seeAlso: status ? [statusLink(knowledge, code)] : [],
    source: creditOf(knowledge, 'bugchecks'),
  };
}

/** A page for every stop code, listed or not. */
export function bugCheckPage(knowledge: Knowledge, code: number, params: readonly bigint[]): CodePage {
  const entry = knowledge.bugCheck(code);
  if (!entry) return unlistedPage(knowledge, code, params);
  const own = READINGS[baseBugCheck(code)];
  const family = FAMILIES[entry.family];
  const reading = own ?? family.reading;
  return {
    path: pagePath(entry.code, params),
    code: entry.code,
    name: entry.name,
    otherNames: entry.oldNames,
    kind: 'Bug check',
    family: family.label,
    says: entry.gist,
    stopped: entry.liveDump ? 'no' : entry.sometimesLive ? 'either' : 'yes',
    known: entry.documented === false ? 'name' : 'documented',
    arguments: readArguments(knowledge, entry, params),
    chosen: chosenCase(knowledge, entry, params),
    cases: caseRows(entry),
    causes: reading.causes,
    general: own === undefined,
    look: looksFor(reading.look, params),
    steps: stepsOf(reading),
    trap: reading.trap ?? null,
    processors: faultyProcessors(knowledge, entry),
    seeAlso: relatives(knowledge, entry, params),
    source: creditOf(knowledge, 'bugchecks'),
  };
}
