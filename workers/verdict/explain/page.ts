/** One page about a code: what it means, its arguments and cases, usual causes, where to look, what to do. */
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import type { BugCheckEntry, CodeName, Knowledge, StatusKind, TableCredit } from '../../knowledge/knowledge.ts';
import { irqlName, onlyBit } from '../address.ts';
import { statusWords } from '../case.ts';
import { tableMeaning } from '../parameters.ts';
import { FAMILIES } from './families.ts';
import type { Reading } from './reading.ts';
import { READINGS } from './readings/index.ts';
import { STATUS_READINGS } from './readings/statuses.ts';
import { STEPS, type GuideStep } from './steps.ts';

type Index = 1 | 2 | 3 | 4;
const INDICES: readonly Index[] = [1, 2, 3, 4];

export interface ArgumentWords {
  readonly index: Index;
  readonly meaning: string;
  readonly value?: bigint;
  /** What the value says, where it says something by itself: a status, a level, a single bit. */
  readonly reads?: string;
}
export interface CaseRow {
  readonly param: Index;
  readonly value: bigint;
  readonly meaning: string;
  readonly sets: readonly { readonly index: Index; readonly meaning: string }[];
  /** What else must hold, in words; empty where nothing. */
  readonly when: string;
}
export interface SeeAlso {
  /** Path of the fragment: "code/7e", "status/c0000005", "learn/verifier". */
  readonly path: string;
  readonly text: string;
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
  readonly documented: boolean;
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

const hexText = (value: bigint | number): string => value.toString(16);

/** `.cxr {3}` with the value of the argument, or with its name where the value is not known. */
function lookLine(line: string, params: readonly bigint[]): string {
  return line.replace(/\{([1-4])\}/g, (_slot, index: string) => {
    const value = params[Number(index) - 1];
    return value === undefined ? `<argument ${index}>` : hexText(value);
  });
}

const stepsOf = (reading: Reading): GuideStep[] => reading.fix.flatMap((id): readonly GuideStep[] => STEPS[id]);

/** What the value says by itself. */
function valueReads(knowledge: Knowledge, code: number, words: string, value: bigint): string | undefined {
  if (/NTSTATUS|\bstatus\b|exception code|error code/i.test(words) && value > 0xffffn && (value >> 32n === 0n || value >> 32n === 0xffff_ffffn))
    return statusWords(knowledge, value);
  if (/\bIRQL\b/.test(words) && value < 256n) return irqlName(value);
  const bit = baseBugCheck(code) === 0x1a ? onlyBit(value) : undefined;
  return bit !== undefined && value > 0xffffn ? `exactly one bit set: bit ${String(bit)}` : undefined;
}

/** The arguments with the values given, as the table and the values put them. */
export function readArguments(knowledge: Knowledge, entry: BugCheckEntry, params: readonly bigint[]): readonly ArgumentWords[] {
  return INDICES.map((index) => {
    const { words } = tableMeaning(entry, index, params);
    const value = params[index - 1];
    const reads = value === undefined ? undefined : valueReads(knowledge, entry.code, words, value);
    return { index, meaning: words, ...(value === undefined ? {} : { value }), ...(reads === undefined ? {} : { reads }) };
  });
}

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

const creditOf = (knowledge: Knowledge, table: string): TableCredit =>
  knowledge.credits.find((credit) => credit.table === table) ?? { table, source: 'own knowledge', date: '', licence: '', count: 0 };

const statusLink = (knowledge: Knowledge, code: number): SeeAlso => ({ path: `status/${hexText(code)}`, text: statusWords(knowledge, code) });

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

const PROCESSOR_FAMILIES: ReadonlySet<BugCheckEntry['family']> = new Set(['hardware', 'watchdog', 'virtual']);
function faultyProcessors(knowledge: Knowledge, entry: BugCheckEntry): CodePage['processors'] {
  if (!PROCESSOR_FAMILIES.has(entry.family) || entry.liveDump) return [];
  return knowledge.cpuFaults.map(({ vendor, family, model, fault, published }) => ({
    model: `${vendor} ${knowledge.cpuModel(vendor, family, model) ?? `family ${hexText(family)}, model ${hexText(model)}`}`,
    fault,
    published,
  }));
}

/** Undefined where the code is in no public list. */
export function bugCheckPage(knowledge: Knowledge, code: number, params: readonly bigint[]): CodePage | undefined {
  const entry = knowledge.bugCheck(code);
  if (!entry) return undefined;
  const own = READINGS[baseBugCheck(code)];
  const family = FAMILIES[entry.family];
  const reading = own ?? family.reading;
  const first = params.length === 1 ? params[0] : undefined;
  return {
    path: `code/${hexText(entry.code)}${first === undefined ? '' : `/${hexText(first)}`}`,
    code: entry.code,
    name: entry.name,
    otherNames: entry.oldNames,
    kind: 'Bug check',
    family: family.label,
    says: entry.gist,
    stopped: entry.liveDump ? 'no' : entry.sometimesLive ? 'either' : 'yes',
    documented: entry.documented !== false,
    arguments: readArguments(knowledge, entry, params),
    chosen: chosenCase(knowledge, entry, params),
    cases: caseRows(entry),
    causes: reading.causes,
    general: own === undefined,
    look: reading.look.map(([line, shows]) => ({ line: lookLine(line, params), shows })),
    steps: stepsOf(reading),
    trap: reading.trap ?? null,
    processors: faultyProcessors(knowledge, entry),
    seeAlso: relatives(knowledge, entry, params),
    source: creditOf(knowledge, 'bugchecks'),
  };
}

const KINDS: Readonly<Record<StatusKind, { readonly label: string; readonly table: string }>> = {
  ntstatus: { label: 'NTSTATUS', table: 'ntstatus' },
  exception: { label: 'Exception', table: 'exceptions' },
  fastfail: { label: 'Fast fail', table: 'fastfail' },
  win32: { label: 'Win32 error', table: 'win32' },
  hresult: { label: 'HRESULT', table: 'hresult' },
};
const SEVERITIES = ['success', 'information', 'warning', 'error'];

/** Where one number stands in several tables, the more telling one first. */
const ORDER: readonly StatusKind[] = ['exception', 'ntstatus', 'hresult', 'win32', 'fastfail'];
export function statusEntries(knowledge: Knowledge, code: number): readonly { readonly kind: StatusKind; readonly entry: CodeName }[] {
  const find: Readonly<Record<StatusKind, CodeName | undefined>> = {
    exception: knowledge.statusCodes('exception').find((one) => one.code === code),
    ntstatus: knowledge.ntstatus(code),
    hresult: knowledge.hresult(code),
    win32: knowledge.win32(code),
    fastfail: knowledge.fastFail(code),
  };
  return ORDER.flatMap((kind) => {
    const entry = find[kind];
    return entry === undefined ? [] : [{ kind, entry }];
  });
}

/** 0x8007xxxx wraps a Win32 error, 0xDxxxxxxx (bit 28) an NTSTATUS (winerror.h: HRESULT_FROM_WIN32, HRESULT_FROM_NT). */
export function wrappedError(knowledge: Knowledge, code: number): { readonly link: SeeAlso; readonly name: string } | undefined {
  const win32 = code >>> 16 === 0x8007 ? knowledge.win32(code & 0xffff) : undefined;
  if (win32) return { link: { path: `status/${hexText(win32.code)}/win32`, text: `${win32.name} (Win32 ${String(win32.code)})` }, name: win32.name };
  const inner = (code & 0x1000_0000) === 0 ? undefined : knowledge.ntstatus((code & ~0x1000_0000) >>> 0);
  return inner && { link: statusLink(knowledge, inner.code), name: inner.name };
}

/** Severity and facility, as the bits of a code say them. */
function bitWords(knowledge: Knowledge, code: number): string {
  const severity = SEVERITIES[code >>> 30] ?? '';
  // Bit 29 marks codes that programs make up; their facilities are their own.
  if ((code & 0x2000_0000) !== 0) return `${severity}, a program’s own`;
  const facility = knowledge.facility('ntstatus', code) ?? knowledge.facility('hresult', code);
  return `${severity}, Microsoft’s${facility === undefined || facility === 'NULL' ? '' : `, of ${facility}`}`;
}

const GENERAL_STATUS: Reading = {
  causes: ['the code names what went wrong, not who did it: look where it was returned or raised'],
  look: [['k', 'who returned or raised it']],
  fix: ['program', 'system'],
};

type Named = ReturnType<typeof statusEntries>[number];
interface StatusNames {
  readonly name: string;
  readonly otherNames: readonly string[];
  readonly kind: string;
  readonly says: string;
}
function statusNames(first: Named | undefined, entries: readonly Named[], fallback: string): StatusNames {
  const others = entries
    .filter((one) => one !== first && one.entry.name !== first?.entry.name)
    .map(({ kind, entry }) => `${entry.name} (${KINDS[kind].label})`);
  return {
    name: first?.entry.name ?? fallback,
    otherNames: [...(first?.entry.also ?? []), ...others],
    kind: first ? KINDS[first.kind].label : 'Code',
    says: [first, ...entries].find((one) => one?.entry.gloss)?.entry.gloss ?? '',
  };
}

/** A page for every number: where no table names it, its bits are read. */
export function statusPage(knowledge: Knowledge, code: number, wanted?: StatusKind): CodePage {
  const entries = statusEntries(knowledge, code);
  const first = entries.find(({ kind }) => kind === wanted) ?? entries[0];
  const inner = wrappedError(knowledge, code);
  const own = STATUS_READINGS[code];
  const reading = own ?? GENERAL_STATUS;
  const stop = knowledge.bugCheck(code);
  return {
    path: `status/${hexText(code)}${wanted === undefined ? '' : `/${wanted}`}`,
    code,
    ...statusNames(first, entries, inner?.name ?? `0x${hexText(code).toUpperCase()}`),
    family: bitWords(knowledge, code),
    stopped: null,
    documented: first !== undefined || inner !== undefined,
    arguments: [],
    chosen: null,
    cases: [],
    causes: reading.causes,
    general: own === undefined,
    look: reading.look.map(([line, shows]) => ({ line, shows })),
    steps: stepsOf(reading),
    trap: reading.trap ?? null,
    processors: [],
    seeAlso: [...(inner ? [inner.link] : []), ...(stop ? [{ path: `code/${hexText(stop.code)}`, text: `Stop code ${stop.name}` }] : [])],
    source: creditOf(knowledge, first ? KINDS[first.kind].table : 'ntstatus'),
  };
}
