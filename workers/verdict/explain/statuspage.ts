/** The page about a code that is no stop: a status, an exception, an HRESULT, a Win32 error, a fast fail. */
import type { CodeName, Knowledge, StatusKind } from '../../knowledge/knowledge.ts';
import { hexText, type SeeAlso, statusLink, wrappedError } from './links.ts';
import { type CodePage, creditOf, stepsOf } from './page.ts';
import type { Reading } from './reading.ts';
import { STATUS_READINGS } from './readings/statuses.ts';

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

/** Facilities whose name says little to most people. */
const FACILITY_WORDS: Readonly<Record<string, string>> = {
  WIN32: 'a Win32 error',
  WINDOWSUPDATE: 'Windows Update',
  SETUPAPI: 'the setup of drivers and Windows',
  ITF: 'the meaning depends on the program part that returned it',
  DXGI: 'graphics',
  NTWIN32: 'a Win32 error',
  USERMODE_LICENSING: 'licences',
};
const facilityWords = (names: string | undefined): string => {
  if (names === undefined || names === 'NULL') return '';
  const all = names.split(', ');
  return `, ${all.map((name) => `FACILITY_${name}`).join(' or ')}${FACILITY_WORDS[all[0] ?? ''] === undefined ? '' : ` (${FACILITY_WORDS[all[0] ?? ''] ?? ''})`}`;
};

/** Numbers of Win32 and of fast fails have no bits that mean something. */
const PLAIN_NUMBERS: Readonly<Partial<Record<StatusKind, string>>> = {
  win32: 'a number of Win32',
  fastfail: 'why a program or the kernel stopped itself',
};

/** An HRESULT has one severity bit, an NTSTATUS two (winerror.h, ntstatus.h). No NTSTATUS by name and the top bits 10: an HRESULT. */
function bitWords(knowledge: Knowledge, code: number, kind: StatusKind | undefined): string {
  const numbers = kind && PLAIN_NUMBERS[kind];
  if (numbers !== undefined) return numbers;
  const hresult = kind === 'hresult' || (code >>> 30 === 2 && !knowledge.ntstatus(code) && knowledge.exception(code) === undefined) || code >>> 16 === 0x8007;
  const severity = hresult ? (code >>> 31 === 1 ? 'failure' : 'success') : (SEVERITIES[code >>> 30] ?? '');
  // Bit 29 marks codes that programs make up; their facilities are their own.
  if ((code & 0x2000_0000) !== 0) return `${severity}, a program’s own`;
  return `${severity}${facilityWords(knowledge.facility(hresult ? 'hresult' : 'ntstatus', code))}`;
}

const GENERAL_STATUS: Reading = {
  causes: ['the code names what went wrong, not who did it: look where it was returned or raised'],
  look: [['k', 'who returned or raised it']],
  fix: ['program', 'system'],
};

type Named = ReturnType<typeof statusEntries>[number];
/** Tables that share one space of numbers: exceptions are NTSTATUS. A Win32 error 3 and a fast fail 3 are different things. */
const SPACES: Readonly<Record<StatusKind, string>> = { exception: 'nt', ntstatus: 'nt', hresult: 'hresult', win32: 'win32', fastfail: 'fastfail' };
const sameSpace = (one: Named, other: Named): boolean => SPACES[one.kind] === SPACES[other.kind];

interface StatusNames {
  readonly name: string;
  readonly otherNames: readonly string[];
  readonly kind: string;
  readonly says: string;
}
function statusNames(knowledge: Knowledge, first: Named | undefined, entries: readonly Named[], fallback: string): StatusNames {
  const same = first === undefined ? [] : entries.filter((one) => sameSpace(one, first));
  const others = same.filter((one) => one.entry.name !== first?.entry.name).map(({ kind, entry }) => `${entry.name} (${KINDS[kind].label})`);
  return {
    name: first?.entry.name ?? fallback,
    otherNames: [...(first?.entry.also ?? []), ...others],
    kind: first ? KINDS[first.kind].label : 'Code',
    says: [first, ...same].find((one) => one?.entry.gloss)?.entry.gloss ?? (first?.kind === 'fastfail' ? fastFailWords(knowledge, first.entry.code) : ''),
  };
}

/** The kinds of fast fail are the first arguments of 0x139. */
const FAST_FAIL_STOP = 0x139;
const FAST_FAIL_STATUS = 0xc0000409;
const fastFailWords = (knowledge: Knowledge, code: number): string =>
  knowledge.bugCheck(FAST_FAIL_STOP)?.subCodes.find(({ param, value }) => param === 1 && value === BigInt(code))?.meaning ?? '';

/** The same number elsewhere, and where this one is met. */
function statusRelatives(knowledge: Knowledge, code: number, first: Named | undefined, entries: readonly Named[]): SeeAlso[] {
  if (first?.kind === 'fastfail')
    return [
      { path: `code/${hexText(FAST_FAIL_STOP)}/${hexText(code)}`, text: `Stop code KERNEL_SECURITY_CHECK_FAILURE with ${hexText(code)}` },
      statusLink(knowledge, FAST_FAIL_STATUS),
    ];
  const elsewhere = entries
    .filter((one) => first !== undefined && !sameSpace(one, first))
    .map(({ kind, entry }) => ({ path: `status/${hexText(code)}/${kind}`, text: `The same number elsewhere: ${entry.name} (${KINDS[kind].label})` }));
  const stop = first !== undefined && SPACES[first.kind] === 'nt' ? knowledge.bugCheck(code) : undefined;
  return [...elsewhere, ...(stop ? [{ path: `code/${hexText(stop.code)}`, text: `Stop code ${stop.name}` }] : [])];
}

/** A page for every number: where no table names it, its bits are read. */
export function statusPage(knowledge: Knowledge, code: number, wanted?: StatusKind): CodePage {
  const entries = statusEntries(knowledge, code);
  const first = entries.find(({ kind }) => kind === wanted) ?? entries[0];
  const inner = wrappedError(knowledge, code);
  const own = STATUS_READINGS[first?.kind === 'fastfail' ? FAST_FAIL_STATUS : code];
  const reading = own ?? GENERAL_STATUS;
  return {
    path: `status/${hexText(code)}${wanted === undefined ? '' : `/${wanted}`}`,
    code,
    ...statusNames(knowledge, first, entries, inner?.name ?? `0x${hexText(code).toUpperCase()}`),
    family: bitWords(knowledge, code, first?.kind),
    stopped: null,
    known: first !== undefined || inner !== undefined ? 'documented' : 'unlisted',
    arguments: [],
    chosen: null,
    cases: [],
    causes: reading.causes,
    general: own === undefined,
    look: reading.look.map(([line, shows]) => ({ line, shows })),
    steps: stepsOf(reading),
    trap: reading.trap ?? null,
    processors: [],
    seeAlso: [...(inner ? [inner.link] : []), ...statusRelatives(knowledge, code, first, entries)],
    source: creditOf(knowledge, first ? KINDS[first.kind].table : 'ntstatus'),
  };
}
