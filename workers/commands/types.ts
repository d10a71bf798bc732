/** `dt`: types, their fields, and what lies at an address in their words. */
import { type Va, vaAdd } from '../base/address.ts';
import { type Found, mapFound, thenFound } from '../base/found.ts';
import { formatVa, hexDigits } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Module } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import { type EnumType, nameOf, type StructType, type Type, type TypeTable } from '../types/type.ts';
import { TypedMemory, type TypedView } from '../types/typedview.ts';
import { addressOf } from './arguments.ts';
import { matchesPattern } from './modules.ts';
import { ROWS_PER_SLICE, rowsStep } from './names.ts';
import { type CommandSpec, line, note, type OutputNode } from './spec.ts';
import { TypeListing, type TypeOptions } from './typelines.ts';
import { typeWords, verboseWords } from './typewords.ts';

interface Request {
  readonly options: TypeOptions;
  readonly module: string | undefined;
  readonly name: string;
  /** What follows the name: fields and an address, in any order. */
  readonly words: readonly string[];
  /** -l: the field that leads to the next one. */
  readonly list: string | undefined;
  /** -s: only types of this size. */
  readonly sizeBytes: number | undefined;
}

const ALL = Number.MAX_SAFE_INTEGER;
const MAX_DEPTH = 9;
const MAX_NAMES = 4096;
const MAX_LIST = 1024;
const LIST_RULE = '-'.repeat(45);

interface Flags {
  verbose: boolean;
  omitOffsets: boolean;
  elements: number;
  depth: number;
  followPointers: boolean;
}

/** Letters of one option word: `-r2`, `-ca10`, `-yoi`. Those that change nothing here are taken and left. */
function takeOptions(word: string, flags: Flags): boolean {
  for (const [, letter = '', digits = ''] of word.slice(1).matchAll(/([a-z])(\d*)/g)) {
    if (letter === 'v') flags.verbose = true;
    else if (letter === 'o') flags.omitOffsets = true;
    else if (letter === 'a') flags.elements = digits === '' ? ALL : Number(digits);
    else if (letter === 'r') Object.assign(flags, { depth: Math.min(MAX_DEPTH, digits === '' ? MAX_DEPTH : Number(digits)), followPointers: true });
    else if (letter === 'b') Object.assign(flags, { depth: MAX_DEPTH, followPointers: false, elements: ALL });
    else if (!'cdeinty'.includes(letter)) return false;
  }
  return /^-([a-z]\d*)+$/.test(word);
}

/** Template arguments may hold blanks: brackets keep a name together. */
function splitWords(tail: string): string[] {
  const words: string[] = [];
  let depth = 0;
  let word = '';
  for (const char of tail) {
    depth += '<('.includes(char) ? 1 : '>)'.includes(char) ? -1 : 0;
    if (/\s/.test(char) && depth <= 0) {
      words.push(word);
      word = '';
    } else word += char;
  }
  return [...words, word].filter((one) => one !== '');
}

const isAddress = (word: string): boolean => /^(0x)?[0-9a-f`]+$/i.test(word) && /\d/.test(word);

function parseRequest(tail: string): Request | string {
  const flags: Flags = { verbose: false, omitOffsets: false, elements: 0, depth: 0, followPointers: false };
  const words: string[] = [];
  let list: string | undefined;
  let sizeBytes: number | undefined;
  let prefix = false;
  const given = splitWords(tail);
  for (let word = given.shift(); word !== undefined; word = given.shift()) {
    if (word === '-l') list = given.shift();
    else if (word === '-s') sizeBytes = Number.parseInt(given.shift() ?? '', 16);
    else if (/^-[a-z]/.test(word)) {
      if (!takeOptions(word, flags)) return `dt has no option ${word}`;
      prefix = word.includes('y');
    } else {
      words.push(prefix ? `${word}*` : word);
      prefix = false;
    }
  }
  // The address may stand first: dt 0x0100297c MYTYPE1
  if (words[0] !== undefined && words[1] !== undefined && isAddress(words[0])) words.push(words.shift() ?? '');
  const [full, ...rest] = words;
  if (full === undefined) return 'a type is wanted: dt nt!_EPROCESS';
  const cut = full.indexOf('!');
  const module = cut < 0 ? undefined : full.slice(0, cut);
  return { options: flags, module, name: full.slice(cut + 1), words: rest, list, sizeBytes };
}

interface Place {
  readonly module: Module;
  readonly types: TypeTable;
}

/** Modules in which the name is looked for: the one that is named, else the kernel or the program first, then all that have types. */
function modulesOf(session: Session, name: string | undefined): Reply<readonly Place[]> {
  const { modules } = session.target;
  if (name !== undefined) {
    const module = modules.byName(name);
    if (!module) return refuse('BAD_ARGUMENT', `there is no module ${name}`, { at: 3 });
    const types = session.types.of(module);
    return types.ok ? reply([{ module, types: types.value }]) : refuse('BAD_ARGUMENT', describeMissing(types.missing), { at: 3 });
  }
  const all = modules.modules.map((module) => ({ module, types: session.types.of(module) }));
  const places = all.flatMap(({ module, types }): Place[] => (types.ok ? [{ module, types: types.value }] : []));
  if (places.length > 0) return reply(places);
  const [first] = all;
  return refuse('BAD_ARGUMENT', `no module has types${first && !first.types.ok ? `: ${describeMissing(first.types.missing)}` : ''}`, { at: 3 });
}

/** Says so where the layout is not that of the module's own PDB. */
function originNotes({ types }: Place): OutputNode[] {
  return types.instead ? [note(`${types.origin}: ${describeMissing(types.instead)}`)] : [];
}

function* listNames(places: readonly Place[], request: Request): Job<Reply<readonly OutputNode[]>> {
  const notes = places.flatMap(originNotes);
  const nodes: OutputNode[] = [];
  for (const place of places) {
    for (const name of yield* place.types.names()) {
      if (!matchesPattern(name, request.name)) continue;
      const type = request.options.verbose || request.sizeBytes !== undefined ? place.types.find(name) : undefined;
      const size = type?.ok ? type.value.sizeBytes : 0;
      if (request.sizeBytes !== undefined && size !== request.sizeBytes) continue;
      const full = `${place.module.name}!${name}`;
      const column = request.options.verbose ? `           ${hexDigits(size, 3)} ` : '          ';
      nodes.push(line(column, { span: 'command', line: `dt ${full}`, text: full }));
      if (nodes.length % ROWS_PER_SLICE === 0) yield rowsStep(nodes.length, MAX_NAMES);
      if (nodes.length >= MAX_NAMES) return reply([...notes, ...nodes, note(`only the first ${MAX_NAMES} names are shown`)]);
    }
  }
  return nodes.length > 0 ? reply([...notes, ...nodes]) : refuse('BAD_ARGUMENT', `no type matches ${request.name}`, { at: 3 });
}

/** A type, or data of which the address is known. */
interface Named {
  readonly place: Place;
  readonly type: Type;
  readonly at?: Va;
}

const exactly = (wanted: string) => {
  const lower = wanted.toLowerCase();
  return (name: string): boolean => name.toLowerCase() === lower;
};

/** Types first, then typedefs and global data. */
function* findNamed(places: readonly Place[], name: string): Job<Named | undefined> {
  for (const place of places) {
    const type = place.types.find(name);
    if (type.ok) return { place, type: type.value };
  }
  for (const place of places) {
    const [known] = yield* place.types.globals(exactly(name), 1);
    const type = known?.type();
    if (known && type?.ok) return { place, type: type.value, ...(known.rva === undefined ? {} : { at: vaAdd(place.module.base, known.rva) }) };
  }
  return undefined;
}

/** Words that name fields of the type, and the rest, which is the address. */
function splitFields(type: Type, words: readonly string[]): { readonly fields: readonly string[]; readonly address: string } {
  const fields = type.kind === 'struct' ? type.fields() : undefined;
  const known = (word: string): boolean => {
    const head = word.split(/[.[]/)[0]?.toLowerCase() ?? '';
    if (!fields?.ok || head === '') return false;
    if (/[*?]/.test(head)) return !/[()@+]/.test(word);
    const isPrefix = word === `${head}.`;
    return fields.value.some((field) => (isPrefix ? field.name.toLowerCase().startsWith(head) : field.name.toLowerCase() === head));
  };
  return { fields: words.filter(known), address: words.filter((word) => !known(word)).join(' ') };
}

/** What stands at the address and, with -l, at those that its list leads to. */
function* showAt(session: Session, { place, type, at: own }: Named, request: Request): Job<Reply<readonly OutputNode[]>> {
  const { fields, address } = splitFields(type, request.words);
  const at = address !== '' ? addressOf(session, address) : own === undefined ? undefined : reply(own);
  if (at && !at.ok) return at;
  const memory = new TypedMemory(place.types, session.memory);
  const listing = new TypeListing(session, memory, request.options);
  listing.nodes.push(...originNotes(place));
  if (type.kind !== 'struct') showScalar(listing, { type, at: at?.value }, request.options.verbose);
  else if (request.list === undefined || !at) yield* listing.struct(type, at?.value, fields);
  else yield* showList(listing, memory, { type, at: at.value, link: request.list, fields });
  return reply(listing.nodes);
}

function showScalar(listing: TypeListing, { type, at }: { type: Type; at: Va | undefined }, isVerbose: boolean): void {
  if (at !== undefined) listing.values({ type, at });
  else if (type.kind === 'enum') showEnum(listing, type, isVerbose);
  else listing.nodes.push(line(isVerbose ? verboseWords(type) : typeWords(type)));
}

interface ListWanted {
  readonly type: StructType;
  readonly at: Va;
  /** The field that leads to the next one. */
  readonly link: string;
  readonly fields: readonly string[];
}

function* showList(listing: TypeListing, memory: TypedMemory, { type, at, link, fields }: ListWanted): Job<void> {
  const seen = new Set<Va>();
  for (let here = at; here !== 0n && !seen.has(here) && seen.size < MAX_LIST;) {
    seen.add(here);
    listing.nodes.push(line(`${link} at 0x${formatVa(here, memory.space.pointerSize)}`), line(LIST_RULE));
    yield* listing.struct(type, here, fields);
    const next = nextOf(memory.viewAs(type, here), link);
    if (!next.ok) {
      listing.nodes.push(note(describeMissing(next.missing)));
      return;
    }
    here = next.value;
  }
}

/** A pointer to a LIST_ENTRY leads into the middle of the next struct; one to the struct itself to its start. */
function nextOf(view: TypedView, path: string): Found<Va> {
  return thenFound(view.place(path), ({ type }) =>
    mapFound(view.pointer(path), (next) => {
      const to = type.kind === 'pointer' ? type.to() : undefined;
      const link = view.address(path.replace(/\.\w+$/, ''));
      const isEntry = to?.ok === true && nameOf(to.value) === '_LIST_ENTRY' && link.ok;
      return isEntry ? vaAdd(next, view.at - link.value) : next;
    }),
  );
}

function showEnum(listing: TypeListing, type: EnumType, isVerbose: boolean): void {
  const values = type.values();
  if (isVerbose) listing.nodes.push(line(verboseWords(type)));
  for (const { name, value } of values.ok ? values.value : []) listing.nodes.push(line(`   ${name} = 0n${value}`));
}

const typeCommand: CommandSpec = {
  name: 'dt',
  aliases: [],
  group: 'symbols',
  summary: 'a type, its fields, what lies at an address in its words; -r2 deeper, -v more, -a arrays, -l along a list',
  args: [
    { name: 'type', kind: 'pattern', optional: false, summary: 'nt!_EPROCESS; * and ? list names' },
    { name: 'fields and address', kind: 'text', optional: true, summary: 'fields (Pcb.Header, Image*), then an address' },
  ],
  needs: ['modules'],
  examples: [
    { line: 'dt nt!_IRP', fixture: 'sample' },
    { line: 'dt nt!_KWAIT*', fixture: 'sample' },
    { line: 'dt nt!_EPROCESS @$proc ImageFileName UniqueProcessId', fixture: 'sample' },
  ],
  *run({ session }, tail) {
    const request = parseRequest(tail);
    if (typeof request === 'string') return refuse('BAD_ARGUMENT', request, { at: 3 });
    const places = modulesOf(session, request.module);
    if (!places.ok) return places;
    if (/[*?]/.test(request.name)) return yield* listNames(places.value, request);
    const named = yield* findNamed(places.value, request.name);
    if (!named)
      return refuse('BAD_ARGUMENT', `${places.value.map(({ types }) => types.origin).join(', ')}: there is no type or data named ${request.name}`, { at: 3 });
    return yield* showAt(session, named, request);
  },
};

export const TYPE_COMMANDS: readonly CommandSpec[] = [typeCommand];
