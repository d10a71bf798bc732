/** `!lmi`: what a module's headers say, and what became of its symbols (learn.microsoft.com, "!lmi"). */
import { vaAdd } from '../base/address.ts';
import { type Found, thenFound, valueOf } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { refuse, reply } from '../base/problem.ts';
import { peInMemory, type PeBytes, readPe, readPeFile } from '../formats/pe/bytes.ts';
import { type DebugEntry, parseCodeView, readDebugEntries } from '../formats/pe/debug.ts';
import { type PeHeaders, readPeHeaders } from '../formats/pe/headers.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Module } from '../modules/module.ts';
import type { SymbolStatus } from '../symbols/provider.ts';
import type { Session } from '../target/target.ts';
import { addressOf } from './arguments.ts';
import { crashTimeOf, isDate } from './modules.ts';
import { plainAddress } from './names.ts';
import { formatTime } from './numbers.ts';
import { type CommandSpec, line, note, type OutputNode, type Span } from './spec.ts';

const LABEL = 15;
const labelled = (name: string, ...value: (Span | string)[]): OutputNode => line(`${name.padStart(LABEL)}: `, ...value);
const below = (text: string): OutputNode => line(' '.repeat(LABEL + 2) + text);

/** IMAGE_DEBUG_TYPE_* as WinDbg spells them (PE format, "Debug Type"). */
const DEBUG_TYPES: Readonly<Record<number, string>> = {
  1: 'COFF',
  2: 'CODEVIEW',
  3: 'FPO',
  4: 'MISC',
  5: 'EXCEPTION',
  6: 'FIXUP',
  7: 'OMAP_TO_SRC',
  8: 'OMAP_FROM_SRC',
  9: 'BORLAND',
  11: 'CLSID',
  12: 'VC_FEATURE',
  13: 'POGO',
  14: 'ILTCG',
  15: 'MPX',
  16: 'REPRO',
  17: 'EMBEDDED',
  19: 'PDBCHECKSUM',
  20: 'EX_DLLCHARACTERISTICS',
};
const CODEVIEW = 2;
const REPRO = 16;
const MACHINES: Readonly<Record<number, string>> = { 0x14c: 'I386', 0x8664: 'X64', 0xaa64: 'ARM64', 0x1c4: 'ARM' };

/** IMAGE_FILE_* bits that WinDbg spells out behind the number. */
const DEBUG_STRIPPED = 0x200;
/** fStripped of the DBI stream's flags (microsoft-pdb, dbi.h). */
const DBI_STRIPPED = 2;

/** The image as it lies in memory: the dump's own, or that filled from an image file at hand. */
function imageOf(memory: AddressSpace, module: Module): PeBytes {
  return peInMemory(module.imageName, (at, length) => {
    const read = memory.read(vaAdd(module.base, at), length);
    return read.missing ? { bytes: read.bytes.subarray(0, read.got), missing: read.missing } : { bytes: read.bytes };
  });
}

function headerLines(headers: PeHeaders, reproducible: boolean): readonly OutputNode[] {
  const { machine, timestamp, sizeOfImage, checkSum, characteristics } = headers;
  const stamp = hexDigits(timestamp, 8);
  return [
    labelled('Machine Type', `${machine}${MACHINES[machine] ? ` (${MACHINES[machine]})` : ''}`),
    labelled(
      'Time Stamp',
      reproducible ? `${stamp} (This is a reproducible build file hash, not a true timestamp)` : `${stamp} ${formatTime(timestamp * 1000, false)}`,
    ),
    labelled('Size', sizeOfImage.toString(16)),
    labelled('CheckSum', checkSum.toString(16)),
    labelled('Characteristics', `${characteristics.toString(16)} ${characteristics & DEBUG_STRIPPED ? 'stripped' : ''} `),
  ];
}

/** What only the dump's list of modules tells, where the headers are not in the dump. */
function listLines({ identity, checksum }: Module, why: Extract<Found<PeHeaders>, { ok: false }>): readonly OutputNode[] {
  const pe = valueOf(identity.pe);
  return [
    ...(pe ? [labelled('Time Stamp', hexDigits(pe.timestamp, 8)), labelled('Size', pe.sizeOfImage.toString(16))] : []),
    ...(checksum.ok ? [labelled('CheckSum', checksum.value.toString(16))] : []),
    labelled('Image Type', { span: 'missing', reason: why.missing, text: 'DEFERRED - the image is not in the dump, and no image file is at hand' }),
  ];
}

function codeViewWords(image: PeBytes, entry: DebugEntry): readonly string[] {
  const data = valueOf(entry.rva === 0 ? readPeFile(image, entry.fileOffset, entry.sizeBytes) : readPe(image, entry.rva, entry.sizeBytes));
  const record = data && valueOf(parseCodeView(data));
  if (!record) return [' [Data not mapped]'];
  const identity = record.kind === 'RSDS' ? `RSDS - GUID: {${record.guid.toUpperCase()}}` : `NB10 - Sig: ${record.timestamp.toString(16)}`;
  return [` ${identity}`, `Age: ${record.age.toString(16)}, Pdb: ${record.path}`];
}

function debugLines(image: PeBytes, entries: Found<readonly DebugEntry[]>): readonly OutputNode[] {
  if (!entries.ok) return [line(' '.repeat(LABEL + 2), { span: 'missing', reason: entries.missing, text: `(${describeMissing(entries.missing)})` })];
  return entries.value.flatMap((entry) => {
    const numbers = `${entry.sizeBytes.toString(16).padStart(6)},${entry.rva.toString(16).padStart(6)},${entry.fileOffset.toString(16).padStart(8)}`;
    const [beside = '', under] =
      entry.type === CODEVIEW ? codeViewWords(image, entry) : [`${entry.type === REPRO ? ' Reproducible build' : ' '}[Data not mapped]`];
    const head = line(`${(DEBUG_TYPES[entry.type] ?? String(entry.type)).padStart(LABEL + 6)}${numbers}${beside}`);
    return under === undefined ? [head] : [head, line(' '.repeat(LABEL) + under)];
  });
}

const KINDS = { pdb: 'PDB', exports: 'EXPORT', sym: 'SYM' } as const;

/** Of a PDB: whether names of the program's own makers stand in it, or the public ones only. */
function report(session: Session, module: Module, status: Extract<SymbolStatus, { state: 'ready' }>): string {
  if (status.kind === 'exports') return 'export symbols';
  const pdb = valueOf(session.symbols.pdb(module));
  const dbi = pdb && valueOf(pdb.dbi);
  return status.kind === 'sym' || !dbi || dbi.header.flags & DBI_STRIPPED ? 'public symbols' : 'private symbols & lines';
}

function symbolLines(session: Session, module: Module): readonly OutputNode[] {
  const status = session.symbols.status(module);
  if (status.state === 'ready') {
    const words = status.kind === 'exports' ? 'PDB not found' : 'Symbols loaded successfully.';
    return [
      labelled('Symbol Type', `${KINDS[status.kind].padEnd(8)} - ${words}`),
      below(status.origin),
      labelled('Load Report', report(session, module, status)),
      ...(status.kind === 'exports' ? [] : [below(status.origin)]),
    ];
  }
  if (status.state !== 'failed')
    return [
      labelled('Symbol Type', `DEFERRED - ${status.state === 'not-asked' ? 'symbol load deferred' : 'being fetched'}`),
      labelled('Load Report', 'no symbols loaded'),
    ];
  return [
    labelled('Symbol Type', 'NONE     - PDB not found'),
    labelled('Load Report', 'no symbols loaded'),
    note(`${status.code}: ${status.detail}`),
    note(
      { span: 'command', line: '!sym noisy', text: '!sym noisy' },
      ' shows every probe; ',
      { span: 'command', line: `.reload /f ${module.name}`, text: `.reload /f ${module.name}` },
      ' asks again.',
    ),
  ];
}

/** Where the record that would tell is not in the dump, a stamp that can be no date is none. */
function isReproducible(session: Session, { timestamp }: PeHeaders, entries: Found<readonly DebugEntry[]>): boolean {
  return (entries.ok && entries.value.some((entry) => entry.type === REPRO)) || !isDate(timestamp, crashTimeOf(session));
}

function moduleLines(session: Session, module: Module): readonly OutputNode[] {
  const image = imageOf(session.memory, module);
  const headers = readPeHeaders(image);
  const entries = thenFound(headers, (value) => readDebugEntries(image, value));
  const inDump = readPeHeaders(imageOf(session.target.memory, module)).ok;
  const type = inDump ? 'MEMORY   - Image read successfully from loaded memory.' : 'FILE     - Image read successfully from a file at hand.';
  return [
    labelled('Module', module.name),
    labelled('Base Address', plainAddress(session, module.base)),
    labelled('Image Name', module.imageName),
    ...(headers.ok
      ? [
          ...headerLines(headers.value, isReproducible(session, headers.value, entries)),
          line('Debug Data Dirs: Type  Size     VA  Pointer'),
          ...debugLines(image, entries),
          labelled('Image Type', type),
        ]
      : listLines(module, headers)),
    ...symbolLines(session, module),
  ];
}

export const lmiCommand: CommandSpec = {
  name: '!lmi',
  aliases: [],
  group: 'symbols',
  summary: 'a module\u2019s headers, debug records and what became of its symbols',
  args: [{ name: 'module', kind: 'pattern', optional: false, summary: 'a module\u2019s name or an address in it' }],
  needs: ['modules'],
  examples: [{ line: '!lmi nt', fixture: 'sample' }],
  *run({ session }, tail) {
    const wanted = tail.trim();
    if (wanted === '') return refuse('BAD_ARGUMENT', 'a module\u2019s name or an address is wanted', { at: 4 });
    const { modules } = session.target;
    const at = modules.byName(wanted) ? undefined : addressOf(session, wanted);
    const module = modules.byName(wanted) ?? (at?.ok ? modules.find(at.value)?.module : undefined);
    const head = line(`Loaded Module Info: [${wanted}] `);
    return reply(module ? [head, ...moduleLines(session, module)] : [head, line(`${wanted} not found`)]);
  },
};
