/** `lm`, `lmvm`, `ln`: modules and nearest symbols. */
import { type Va, rva, vaAdd } from '../base/address.ts';
import { hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Module, UnloadedModule } from '../modules/module.ts';
import type { SymbolTable } from '../symbols/provider.ts';
import type { Session } from '../target/target.ts';
import { knownAs } from '../verdict/actors.ts';
import { addressOf } from './arguments.ts';
import { address, placeSpan } from './names.ts';
import { formatTime } from './numbers.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

/** WinDbg pads the status column to this width; the symbol file follows where one is loaded. */
const STATUS_WIDTH = 23;
const NAME_WIDTH = 8;
const IMAGE_WIDTH = 12;

interface ListRequest {
  readonly verbose: boolean;
  readonly loadedOnly: boolean;
  readonly kernelOnly: boolean;
  readonly userOnly: boolean;
  /** `t`: time stamps in place of symbols; `n`: image names; `f`: paths. */
  readonly columns: string;
  readonly at: string | undefined;
  readonly pattern: string | undefined;
}

/** Options after `lm`: letters in any order, then `m PATTERN` or `a ADDRESS` (learn.microsoft.com, "lm (List Loaded Modules)"). */
function parseOptions(tail: string): ListRequest | undefined {
  const words = tail
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  let letters = '';
  let pattern: string | undefined;
  let at: string | undefined;
  while (words.length > 0) {
    const word = words.shift() ?? '';
    if (!/^[a-zA-Z0-9]+$/.test(word) || /[^vmaokuftlnDi1]/.test(word)) return undefined;
    letters += word;
    if (word.endsWith('m')) pattern = words.splice(0).join(' ');
    else if (word.endsWith('a')) at = words.splice(0).join(' ');
  }
  const has = (letter: string): boolean => letters.includes(letter);
  const columns = [...'tnf'].filter(has).join('');
  return { verbose: has('v'), loadedOnly: has('o'), kernelOnly: has('k'), userOnly: has('u'), columns, at, pattern };
}

/** `*`, `?` and `[…]`-free wildcards over a whole name, case-insensitive, without backtracking blow-up. */
export function matchesPattern(name: string, pattern: string): boolean {
  const subject = name.toLowerCase();
  const wanted = pattern.toLowerCase();
  let at = 0;
  let inPattern = 0;
  let starAt = -1;
  let resume = 0;
  while (at < subject.length) {
    const char = wanted[inPattern];
    if (char === '*') {
      starAt = inPattern++;
      resume = at;
    } else if (char === '?' || char === subject[at]) {
      at += 1;
      inPattern += 1;
    } else if (starAt >= 0) {
      inPattern = starAt + 1;
      at = ++resume;
    } else return false;
  }
  return /^\**$/.test(wanted.slice(inPattern));
}

function statusText(session: Session, module: Module): string {
  const status = session.symbols.status(module);
  if (status.state === 'ready') return { pdb: '(pdb symbols)', exports: '(export symbols)', sym: '(sym symbols)' }[status.kind];
  return status.state === 'failed' ? '(no symbols)' : '(deferred)';
}

function symbolFile(session: Session, module: Module): string {
  const status = session.symbols.status(module);
  return status.state === 'ready' ? status.origin : '';
}

export const crashTimeOf = (session: Session): number | undefined => (session.target.crashTime.ok ? session.target.crashTime.value : undefined);

/** Behind the name: the symbols, or with t, n, f the time stamp, file name or path. */
function columnsText(session: Session, module: Module, columns: string): string {
  if (columns === '') return `   ${statusText(session, module).padEnd(STATUS_WIDTH)}${symbolFile(session, module)}`;
  const { pe } = module.identity;
  const name = columns.includes('f') ? ` ${module.path}` : columns.includes('n') ? ` ${module.imageName.padEnd(IMAGE_WIDTH)}` : ' ';
  return columns.includes('t') ? `${name} ${pe.ok ? timestampText(pe.value.timestamp, crashTimeOf(session)) : 'not in the dump'}` : name;
}

function moduleLine(session: Session, module: Module, columns = ''): OutputNode {
  const end = vaAdd(module.base, module.size);
  return line(
    address(session, module.base),
    ' ',
    address(session, end),
    '   ',
    { span: 'command', line: `lmvm ${module.name}`, text: module.name.padEnd(NAME_WIDTH) },
    columnsText(session, module, columns),
  );
}

const LABEL_WIDTH = 18;
const label = (name: string, value: string | Span): OutputNode => line(`    ${`${name}:`.padEnd(LABEL_WIDTH)}`, value);
const gapSpan = (missing: { readonly missing: Parameters<typeof describeMissing>[0] }): Span => ({
  span: 'missing',
  reason: missing.missing,
  text: 'not in the dump',
});
const YEAR_1995 = 788_918_400;
const HASH_WORDS = ' (This is a reproducible build file hash, not a timestamp)';

/** Reproducible builds put a hash in the timestamp: called a date only where it can be one. */
export function isDate(timestamp: number, crashTime: number | undefined): boolean {
  const newest = crashTime === undefined ? 0xffff_ffff : crashTime / 1000 + 86_400;
  return timestamp >= YEAR_1995 && timestamp <= newest;
}

function timestampText(timestamp: number, crashTime: number | undefined): string {
  const digits = hexDigits(timestamp, 8).toUpperCase();
  if (isDate(timestamp, crashTime)) return `${formatTime(timestamp * 1000, false)} (${digits})`;
  return `${digits}${HASH_WORDS}`;
}

export function moduleDetails(session: Session, module: Module): readonly OutputNode[] {
  const { pe, pdb } = module.identity;
  const stamp = pe.ok ? timestampText(pe.value.timestamp, crashTimeOf(session)) : undefined;
  const hashed = stamp?.endsWith(HASH_WORDS) === true;
  const nodes = [
    moduleLine(session, module),
    line(`    Image path: ${module.path}`),
    line(`    Image name: ${module.imageName}`),
    ...(hashed ? [line('    Image was built with /Brepro flag.')] : []),
    label('Timestamp', stamp ?? (pe.ok ? '' : gapSpan(pe))),
    label('CheckSum', module.checksum.ok ? hexDigits(module.checksum.value, 8).toUpperCase() : gapSpan(module.checksum)),
    label('ImageSize', hexDigits(module.size, 8).toUpperCase()),
    label('File version', module.version.ok ? module.version.value : gapSpan(module.version)),
    label('PDB', pdb.ok ? `${pdb.value.file} {${pdb.value.guid.toUpperCase()}} ${pdb.value.age}` : gapSpan(pdb)),
  ];
  const known = knownAs(module.imageName, session.knowledge);
  if (known) nodes.push(note(`Known as: ${known.words}${known.believed ? ' (believed)' : ''}`));
  return nodes;
}

const unloadedLine = (session: Session, module: UnloadedModule): OutputNode =>
  line(address(session, module.start), ' ', address(session, module.end), `   ${module.name}`);

function chooseModules(session: Session, request: ListRequest): Reply<readonly Module[]> {
  const { modules } = session.target.modules;
  if (request.at !== undefined) {
    const at = addressOf(session, request.at);
    if (!at.ok) return at;
    const place = session.target.modules.find(at.value);
    return reply(place ? [place.module] : []);
  }
  const sorted = [...modules].filter((module) => inHalf(session, module, request)).sort((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : 0));
  const { pattern } = request;
  if (pattern === undefined || pattern === '') return reply(sorted);
  return reply(sorted.filter((module) => matchesPattern(module.name, pattern) || matchesPattern(module.imageName, pattern)));
}

/** `k` keeps the kernel's half of the address space, `u` the other; both or neither keep all. */
function inHalf(session: Session, module: Module, { kernelOnly, userOnly }: ListRequest): boolean {
  if (kernelOnly === userOnly) return true;
  const kernel = module.base >= (session.memory.pointerSize === 8 ? 0xffff_0000_0000_0000n : 0x8000_0000n);
  return kernel === kernelOnly;
}

function listModules(session: Session, request: ListRequest): Reply<readonly OutputNode[]> {
  const chosen = chooseModules(session, request);
  if (!chosen.ok) return chosen;
  const wide = session.memory.pointerSize === 8;
  // WinDbg's link back to the whole list stands where a pattern was given.
  const head = [
    ...(request.pattern ? [line({ span: 'command', line: 'lm', text: 'Browse full module list' })] : []),
    line(wide ? 'start             end                 module name' : 'start    end        module name'),
  ];
  const rows = chosen.value.flatMap((module) => (request.verbose ? moduleDetails(session, module) : [moduleLine(session, module, request.columns)]));
  const unloaded =
    request.loadedOnly || request.at !== undefined
      ? []
      : session.target.modules.unloaded.filter((module) => !request.pattern || matchesPattern(module.name, request.pattern));
  const tail = unloaded.length > 0 ? [line(''), line('Unloaded modules:'), ...unloaded.map((module) => unloadedLine(session, module))] : [];
  if (rows.length === 0 && tail.length === 0)
    return reply([...head, note(request.at === undefined ? 'no module has such a name' : 'the address lies in no module')]);
  return reply([...head, ...rows, ...tail]);
}

const listCommand: CommandSpec = {
  name: 'lm',
  aliases: ['lmv', 'lmo', 'lmk', 'lmu', 'lmt', 'lmn', 'lmf', 'lmtn', 'lmkv', 'lmuv', 'lmD', 'lmm', 'lma', 'lmkm', 'lmum'],
  group: 'modules',
  summary: 'modules; m PATTERN by name, a ADDRESS by address, v with details, o loaded only, k or u one half, t n f other columns',
  args: [{ name: 'options', kind: 'flags', optional: true, summary: 'kv m nv*' }],
  needs: ['modules'],
  examples: [
    { line: 'lm', fixture: 'sample' },
    { line: 'lm kv m n*', fixture: 'sample' },
  ],
  *run({ session }, tail, typed = 'lm') {
    const request = parseOptions(`${typed.slice(2)} ${tail}`);
    return request ? listModules(session, request) : refuse('BAD_ARGUMENT', 'options of lm are v, o, k, u, t, n, f, then m PATTERN or a ADDRESS', { at: 3 });
  },
};

const detailCommand: CommandSpec = {
  name: 'lmvm',
  aliases: ['lmDvm'],
  group: 'modules',
  summary: 'everything known of a module',
  args: [{ name: 'module', kind: 'pattern', optional: false, summary: 'name, * and ? are wildcards' }],
  needs: ['modules'],
  examples: [{ line: 'lmvm nt', fixture: 'sample' }],
  *run({ session }, tail) {
    const pattern = tail.trim();
    if (pattern === '') return refuse('BAD_ARGUMENT', 'a module name is wanted: lmvm nt', { at: 4 });
    return listModules(session, { verbose: true, loadedOnly: false, kernelOnly: false, userOnly: false, columns: '', at: undefined, pattern });
  },
};

const nearestCommand: CommandSpec = {
  name: 'ln',
  aliases: [],
  group: 'symbols',
  summary: 'the symbol at or before an address',
  args: [{ name: 'address', kind: 'expression', optional: false, summary: 'an address' }],
  needs: ['modules'],
  examples: [{ line: 'ln nt', fixture: 'sample' }],
  *run({ session }, tail) {
    const at = addressOf(session, tail);
    return at.ok ? reply(nearest(session, at.value)) : at;
  },
};

function nearest(session: Session, at: Va): readonly OutputNode[] {
  const place = session.target.modules.find(at);
  if (!place) {
    const gone = session.target.modules.findUnloaded(at);
    return [note(gone ? `the address lies in ${gone.name}, which was unloaded` : 'the address lies in no module')];
  }
  const table = session.symbols.table(place.module);
  const hit = table.ok ? table.value.nearest(rva(place.rva)) : table;
  if (!hit.ok) return [line('(', address(session, at), ')   ', placeSpan(session, at) ?? text('')), note(describeMissing(hit.missing))];
  const start = vaAdd(at, -hit.value.displacement);
  const exact = hit.value.displacement === 0;
  const name: Span = { span: 'module', name: place.module.name, text: `${place.module.name}!${hit.value.name}` };
  const after = table.ok ? nextSymbol(table.value, { at: place.rva, start: place.rva - hit.value.displacement, end: place.module.size }) : undefined;
  const next: readonly (Span | string)[] = after
    ? ['   |  (', address(session, vaAdd(place.module.base, after.at)), `)   ${place.module.name}!${after.name}`]
    : [];
  const { source } = hit.value;
  const nodes: OutputNode[] = source?.ok ? [line(`${source.value.file}(${source.value.line})`)] : [];
  nodes.push(line('(', address(session, start), ')   ', name, exact ? '' : `+0x${hit.value.displacement.toString(16)}`, ...next));
  if (exact) nodes.push(line('Exact matches:'), line('    ', name));
  return nodes;
}

interface Stretch {
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** The first symbol behind `at`: starts only rise with the address, so the place where they change is found by halving. */
function nextSymbol(table: SymbolTable, { at, start, end }: Stretch): { readonly at: number; readonly name: string } | undefined {
  const startAt = (where: number): number => {
    const hit = table.nearest(rva(where));
    return hit.ok ? where - hit.value.displacement : start;
  };
  let same = at;
  let other = at + 1;
  while (other < end && startAt(other) === start) [same, other] = [other, at + (other - at) * 2];
  if (other >= end) return undefined;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (startAt(middle) === start) same = middle;
    else other = middle;
  }
  const hit = table.nearest(rva(other));
  return hit.ok && hit.value.displacement === 0 ? { at: other, name: hit.value.name } : undefined;
}

export const MODULE_COMMANDS: readonly CommandSpec[] = [listCommand, detailCommand, nearestCommand];
