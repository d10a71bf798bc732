/** What the page may ask without a dump: a page about a code, the list of all codes, and what a pasted text means. */
import { formatVa } from '../base/hex.ts';
import { findCommand } from '../commands/run.ts';
import { SPECS } from '../commands/specs.ts';
import type { BugCheckEntry, Knowledge, StatusKind } from '../knowledge/knowledge.ts';
import { type CodePage, bugCheckPage } from '../verdict/explain/page.ts';
import { type Pasted, readPasted } from '../verdict/explain/pasted.ts';
import { statusPage } from '../verdict/explain/statuspage.ts';
import { say } from '../verdict/words.ts';
import { guideOf } from '../verdict/words/guides.ts';
import { FAMILIES } from '../verdict/explain/families.ts';
import type { CodeAddress, CodeRow, CodeView, PastedView } from './analysis.ts';

const HEX = /^(?:0x)?([0-9a-f]{1,16})$/i;
const hexValue = (text: string): bigint | undefined => {
  const digits = HEX.exec(text)?.[1];
  return digits === undefined ? undefined : BigInt(`0x${digits}`);
};

const STATUS_KINDS: readonly StatusKind[] = ['ntstatus', 'exception', 'fastfail', 'win32', 'hresult'];
const kindOf = (text: string | undefined): StatusKind | undefined => STATUS_KINDS.find((kind) => kind === text);

function view(page: CodePage): CodeView {
  return {
    ...page,
    arguments: page.arguments.map(({ index, meaning, value, reads }) => ({
      index,
      meaning,
      value: value === undefined ? null : formatVa(value, 8).replace('`', ''),
      reads: reads ?? null,
    })),
    cases: page.cases.map((row) => ({ ...row, value: row.value.toString(16) })),
    look: page.look.map((one) => ({ ...one, here: findCommand(one.line, SPECS) !== undefined })),
    steps: page.steps.map((step) => ({ words: say(step.text), copy: step.copy ?? null, guide: guideOf(step.text) ?? null })),
  };
}

/** The page at an address, or undefined where it is neither a number nor a name of a list. */
export function codeView(knowledge: Knowledge, address: CodeAddress): CodeView | undefined {
  const [first = '', ...rest] = address.parts;
  if (address.view === 'status') {
    const value = hexValue(first);
    const named = knowledge.statusByName(first);
    if (value === undefined) return named && view(statusPage(knowledge, named.entry.code, named.kind));
    return view(statusPage(knowledge, Number(value & 0xffff_ffffn), kindOf(rest[0])));
  }
  const params = rest.slice(0, 4).map(hexValue);
  const given = params.every((one) => one !== undefined) ? params : [];
  const value = hexValue(first);
  const code = value === undefined ? knowledge.bugCheckByName(first)?.code : Number(value & 0xffff_ffffn);
  return code === undefined ? undefined : view(bugCheckPage(knowledge, code, given));
}

const STOPPED = { yes: 'stop', no: 'report', either: 'stop or report' } as const;
const stoppedOf = (entry: BugCheckEntry): string => STOPPED[entry.liveDump ? 'no' : entry.sometimesLive ? 'either' : 'yes'];

/** Every code of every table: bug checks first. */
export function codeRows(knowledge: Knowledge): readonly CodeRow[] {
  const stops = knowledge.bugChecks.map((entry) => ({
    path: `code/${entry.code.toString(16)}`,
    code: entry.code,
    name: entry.name,
    kind: stoppedOf(entry),
    says: entry.gist,
    family: FAMILIES[entry.family].label,
  }));
  const statuses = STATUS_KINDS.flatMap((kind) =>
    knowledge.statusCodes(kind).map(({ code, name, gloss }) => ({
      path: `status/${code.toString(16)}/${kind}`,
      code,
      name,
      kind,
      says: gloss ?? '',
      family: knowledge.facility(kind === 'hresult' ? 'hresult' : 'ntstatus', code) ?? '',
    })),
  );
  return [...stops, ...statuses];
}

function pathOf({ stop, status }: Pasted): string | null {
  if (stop) return ['code', stop.code, ...stop.params].map((part) => (typeof part === 'string' ? part : part.toString(16))).join('/');
  return status === undefined ? null : ['status', status.code.toString(16), ...(status.kind === undefined ? [] : [status.kind])].join('/');
}

type ModuleWords = PastedView['modules'][number];
function moduleWords(knowledge: Knowledge, file: string): ModuleWords {
  const driver = knowledge.driver(file);
  if (driver) {
    const { vendor, product, believed, microsoft, update } = driver;
    return { file, vendor, product, believed, microsoft, update: update ?? null };
  }
  const application = knowledge.userModule(file);
  if (!application) return { file, vendor: null, product: null, believed: false, microsoft: false, update: null };
  return { file, vendor: application.vendor, product: application.product, believed: true, microsoft: application.vendor === 'Microsoft', update: null };
}

/** What a pasted text says, with the page of the code in it. */
export function pastedView(knowledge: Knowledge, text: string): PastedView {
  const pasted = readPasted(text, knowledge);
  const path = pathOf(pasted);
  const [name, ...parts] = path?.split('/') ?? [];
  const page = name === 'code' || name === 'status' ? codeView(knowledge, { view: name, parts }) : undefined;
  return {
    kind: pasted.kind,
    path,
    page: page ?? null,
    program: pasted.program ?? null,
    bucket: pasted.bucket ?? null,
    power: pasted.power ?? null,
    notes: pasted.notes,
    modules: pasted.modules.map((file) => moduleWords(knowledge, file)),
  };
}
