/** The readers that meet bytes from outside. Each goes as deep as it can: what is read lazily is asked for. */
import { type Found, valueOf } from '../../base/found.ts';
import { TypeListing } from '../../commands/typelines.ts';
import { openLocals } from '../../formats/pdb/locals.ts';
import { SparseSpace } from '../../memory/sparsespace.ts';
import { SortedModuleList } from '../../modules/modulelist.ts';
import type { LayoutFile } from '../../types/layouts/layoutfile.ts';
import { openPdbTypes } from '../../types/pdbtypes.ts';
import { TypedMemory } from '../../types/typedview.ts';
import { rva, va, vaAdd } from '../../base/address.ts';
import { driveSync } from '../../base/job.ts';
import { refuse, reply } from '../../base/problem.ts';
import { ArraySource } from '../../bytes/source.ts';
import type { Decoder } from '../../code/decoder.ts';
import { loadLateCode } from '../../commands/lateparts.ts';
import { runCommand } from '../../commands/run.ts';
import type { SymbolControl } from '../../commands/spec.ts';
import { SPECS } from '../../commands/specs.ts';
import { listArchive, unpackDump } from '../../formats/archive/archive.ts';
import { archiveKind } from '../../formats/archive/kind.ts';
import { isCab, openCab } from '../../formats/cab/cab.ts';
import { extractEntry } from '../../formats/cab/extract.ts';
import { readModules } from '../../formats/pdb/modules.ts';
import { readNature } from '../../formats/pdb/nature.ts';
import { openPdb, type PdbFile } from '../../formats/pdb/pdb.ts';
import { readPlaces } from '../../formats/pdb/sections.ts';
import { sourceUrl } from '../../formats/pdb/sources.ts';
import { walkTraceAnnotations } from '../../formats/pdb/traceannotations.ts';
import { readCodeViews } from '../../formats/pe/debug.ts';
import { readExports } from '../../formats/pe/exports.ts';
import { openPeFile } from '../../formats/pe/file.ts';
import { readVersion } from '../../formats/pe/version.ts';
import type { Knowledge } from '../../knowledge/knowledge.ts';
import { openLines } from '../../symbols/lines.ts';
import { missingParts } from '../../symbols/imageparts.ts';
import { openPartialImage } from '../../symbols/partialimage.ts';
import { packFromPdb } from '../../symbols/pack/frompdb.ts';
import { packFromSym } from '../../symbols/pack/fromsym.ts';
import { openSymLines } from '../../symbols/symlines.ts';
import { PackTable } from '../../symbols/pack/table.ts';
import { NO_SYMBOLS } from '../../symbols/provider.ts';
import { openTarget, readFirst } from '../../target/open.ts';
import { findPersonal } from '../../target/personal.ts';
import { createSession } from '../../target/session.ts';
import type { Session } from '../../target/target.ts';
import { buildCasebook } from '../../verdict/casebook/book.ts';
import { collectFacts } from '../../verdict/casebook/collect.ts';
import { checkDump } from '../../verdict/casebook/file.ts';
import { readPasted } from '../../verdict/explain/pasted.ts';
import { judge } from '../../verdict/judge.ts';
import type { Outcome, Parser } from './check.ts';
import { unwindImage, unwindPdb } from './unwinding.ts';

await loadLateCode();

const THREADS = 4;
const MODULES = 16;
const FRAMES = 256;
const COMMANDS_A_RUN = 3;
/** Places asked for names, lines and inlined functions. */
const PLACES = 64;
const PLACE_STEP = 0x35;
const UNPACKED_LIMIT = 64 * 1024 * 1024;

export interface Tools {
  readonly decoder: Decoder;
  readonly knowledge: Knowledge;
  readonly layouts: Found<LayoutFile>;
}

const starts = (bytes: Uint8Array, ...texts: readonly string[]): boolean =>
  texts.some((text) => [...text].every((char, index) => bytes[index] === char.charCodeAt(0)));

const symbolControl: SymbolControl = {
  path: () => '',
  setPath: (_of, path) => reply(path),
  folderState: () => 'not-picked',
  noisy: () => false,
  setNoisy: () => undefined,
  log: () => [],
  request: () => undefined,
};

/** Every line that a command gives as its example. */
const LINES = SPECS.flatMap((spec) => spec.examples.map((example) => example.line));

/** Reads what a page would show of the target. */
function useSession(session: Session): void {
  const { target } = session;
  for (const module of target.modules.modules.slice(0, MODULES)) {
    void module.identity.pdb;
    void target.memory.read(module.base, 0x1000);
    void target.modules.find(vaAdd(module.base, module.size - 1));
  }
  driveSync(session.crashStack());
  for (const thread of target.threads.slice(0, THREADS)) if (thread.context.ok) driveSync(session.walk(thread.context.value, FRAMES));
  for (const range of target.memory.ranges().slice(0, 64)) void target.memory.read(range.start, 64);
  for (const param of target.bugCheck?.params ?? []) void target.memory.u64(va(param));
}

/** Which commands run on this file: different ones on different damage, the same on the same. */
function linesFor(bytes: Uint8Array): string[] {
  let sum = bytes.length;
  for (let at = 0; at < bytes.length; at += 61) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) >>> 0;
  return Array.from({ length: COMMANDS_A_RUN }, (_, index) => LINES[(sum + index * 7) % LINES.length] ?? 'k');
}

/** As much as the readers of text get of a file: they take any bytes, and the damage is mostly at the start. */
const TEXT_BYTES = 4096;
function readTexts(bytes: Uint8Array, knowledge: Knowledge): void {
  const head = bytes.subarray(0, TEXT_BYTES);
  driveSync(findPersonal(new ArraySource(head, 'fuzz.dmp')));
  readPasted(new TextDecoder('latin1').decode(head), knowledge);
}

function runDump(bytes: Uint8Array, { decoder, knowledge, layouts }: Tools): Outcome {
  readTexts(bytes, knowledge);
  const source = new ArraySource(bytes, 'fuzz.dmp');
  readFirst(source);
  const opened = driveSync(openTarget(source));
  if (!opened.ok) return opened;
  const session = createSession({ target: opened.value, symbols: NO_SYMBOLS, decoder, knowledge, layouts });
  useSession(session);
  const facts = collectFacts(session, driveSync(judge(session)), 'fuzz');
  driveSync(buildCasebook([facts, { ...facts, id: 'twin' }], [], 0));
  if (!checkDump(facts)) return refuse('DEFECT', 'what the casebook keeps of it would be refused when it is read again');
  for (const line of linesFor(bytes)) {
    const answer = driveSync(runCommand({ session, specs: SPECS, symbolControl }, line));
    if (!answer.ok && answer.problem.code === 'DEFECT') return answer;
  }
  return { ok: true };
}

function runPe(bytes: Uint8Array): Outcome {
  const opened = openPeFile(new ArraySource(bytes, 'fuzz.exe'));
  if (!opened.ok) return opened;
  const { headers } = opened.value;
  readCodeViews(opened.value, headers);
  readExports(opened.value, headers);
  readVersion(opened.value, headers);
  unwindImage(opened.value);
  return { ok: true };
}

/** A kept image of which only parts are here, and what would be asked for next. */
function runPartialImage(bytes: Uint8Array): Outcome {
  const source = openPartialImage(new ArraySource(bytes, 'fuzz.exe'));
  if (!source) return refuse('BAD_PE', 'no parts of an image');
  missingParts(source);
  const file = openPeFile(source);
  if (!file.ok) return file;
  readCodeViews(file.value, file.value.headers);
  return { ok: true };
}

/** What is read of a PDB beside names and lines. */
function usePdb(pdb: PdbFile): void {
  sourceUrl(pdb, String.raw`c:\projects\a.c`);
  readNature(pdb);
  const { sections } = valueOf(readPlaces(pdb)) ?? { sections: [] };
  for (const module of (valueOf(readModules(pdb)) ?? []).slice(0, MODULES))
    for (const annotation of walkTraceAnnotations(pdb, module, sections)) void annotation;
}

function runPdb(bytes: Uint8Array): Outcome {
  const source = new ArraySource(bytes, 'fuzz.pdb');
  const pack = driveSync(packFromPdb(source));
  const pdb = openPdb(source);
  if (pdb.ok) useTypes(pdb.value, bytes);
  const locals = pdb.ok ? openLocals(pdb.value) : pdb;
  for (let at = 0x1000; locals.ok && at < 0x1000 + PLACES * PLACE_STEP; at += PLACE_STEP) locals.value.find(at);
  if (pdb.ok) unwindPdb(pdb.value);
  const lines = pdb.ok ? openLines(pdb.value) : pdb;
  const table = pack.ok ? new PackTable(pack.value, () => lines) : undefined;
  if (pdb.ok) usePdb(pdb.value);
  askPlaces(table);
  return pack;
}

function runSym(bytes: Uint8Array): Outcome {
  const source = new ArraySource(bytes, 'fuzz.sym');
  const pack = driveSync(packFromSym(source));
  const table = pack.ok ? new PackTable(pack.value, () => openSymLines(source)) : undefined;
  askPlaces(table);
  return pack;
}

function askPlaces(table: PackTable | undefined): void {
  for (let at = 0x1000; at < 0x1000 + PLACES * PLACE_STEP; at += PLACE_STEP) {
    table?.nearest(rva(at));
    table?.inlined(rva(at));
  }
}

const TYPES = 24;

/** Names of types, and some of them laid over the file itself as if it were memory. */
function useTypes(pdb: PdbFile, bytes: Uint8Array): void {
  const types = openPdbTypes(pdb, 'fuzz.pdb');
  if (!types.ok) return;
  const start = va(0x10000n);
  const space = new SparseSpace(new ArraySource(bytes), [{ start, size: bytes.length, fileOffset: 0, origin: 'fuzz' }]);
  const memory = new TypedMemory(types.value, space);
  const session = { target: { modules: new SortedModuleList([], []) }, memory: space } as unknown as Session;
  const names = driveSync(types.value.names());
  for (const name of names.slice(-TYPES)) {
    const type = types.value.find(name);
    if (!type.ok || type.value.kind !== 'struct') continue;
    const options = { verbose: name.length % 2 === 0, omitOffsets: false, elements: 4, depth: 2, followPointers: true };
    driveSync(new TypeListing(session, memory, options).struct(type.value, name.length % 3 === 0 ? undefined : start, []));
  }
}

function runCab(bytes: Uint8Array): Outcome {
  const cab = openCab(new ArraySource(bytes, 'fuzz.cab'));
  if (!cab.ok) return cab;
  for (const entry of cab.value.entries.slice(0, 4)) {
    const extracted = driveSync(extractEntry(cab.value, entry, UNPACKED_LIMIT));
    if (!extracted.ok) return extracted;
  }
  return { ok: true };
}

function runArchive(bytes: Uint8Array): Outcome {
  const listed = driveSync(listArchive(new ArraySource(bytes, 'fuzz.zip')));
  if (!listed.ok) return listed;
  for (const dump of listed.value.dumps.slice(0, 2)) {
    const unpacked = driveSync(unpackDump(dump, () => undefined, UNPACKED_LIMIT));
    if (!unpacked.ok) return unpacked;
  }
  return { ok: true };
}

/** A row a reader. */
export function parsers(tools: Tools): Parser[] {
  return [
    { name: 'dump', accepts: (bytes) => starts(bytes, 'PAGEDU', 'MDMP'), run: (bytes) => runDump(bytes, tools) },
    { name: 'pe', accepts: (bytes) => starts(bytes, 'MZ'), run: runPe },
    { name: 'partial image', accepts: (bytes) => starts(bytes, 'FLPART1'), run: runPartialImage },
    { name: 'pdb', accepts: (bytes) => starts(bytes, 'Microsoft C/C++ MSF', 'Microsoft MSFZ', 'BSJB'), run: runPdb },
    { name: 'cab', accepts: (bytes) => isCab(new ArraySource(bytes)), run: runCab },
    { name: 'sym', accepts: (bytes) => starts(bytes, 'MODULE '), run: runSym },
    { name: 'archive', accepts: (bytes) => archiveKind(bytes.subarray(0, 16)) !== undefined && !isCab(new ArraySource(bytes)), run: runArchive },
  ];
}
