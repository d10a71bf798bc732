/** `lm`, `lmvm`, `ln`: modules and nearest symbols. */
import { type Va, rva, vaAdd } from '../base/address.ts';
import { hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Module, UnloadedModule } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import { addressOf } from './arguments.ts';
import { address, placeSpan } from './names.ts';
import { formatTime } from './numbers.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

/** WinDbg pads the status column to this width and prints nothing behind it where no symbol file is loaded. */
const STATUS_WIDTH = 22;
const NAME_WIDTH = 8;

interface ListRequest {
  readonly verbose: boolean;
  readonly loadedOnly: boolean;
  readonly kernelOnly: boolean;
  readonly userOnly: boolean;
  readonly at: string | undefined;
  readonly pattern: string | undefined;
}

/** Options after `lm`: letters in any order, then `m PATTERN` or `a ADDRESS` (learn.microsoft.com, "lm (List Loaded Modules)"). */
function parseOptions(tail: string): ListRequest | undefined {
  const words = tail.trim().split(/\s+/).filter((word) => word !== '');
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
  return { verbose: letters.includes('v'), loadedOnly: letters.includes('o'), kernelOnly: letters.includes('k'), userOnly: letters.includes('u'), at, pattern };
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
  return status.state === 'ready' ? `   ${status.origin}` : '';
}

function moduleLine(session: Session, module: Module): OutputNode {
  const end = vaAdd(module.base, module.size);
  const status = statusText(session, module);
  return line(address(session, module.base), ' ', address(session, end), '   ', { span: 'command', line: `lmvm ${module.name}`, text: module.name.padEnd(NAME_WIDTH) }, `   ${status.padEnd(STATUS_WIDTH)}${symbolFile(session, module)}`);
}

const LABEL_WIDTH = 18;
const label = (name: string, value: string | Span): OutputNode => line(`    ${`${name}:`.padEnd(LABEL_WIDTH)}`, value);
const gapSpan = (missing: { readonly missing: Parameters<typeof describeMissing>[0] }): Span => ({ span: 'missing', reason: missing.missing, text: 'not in the dump' });
const YEAR_1995 = 788_918_400;

/** Reproducible builds put a hash in the timestamp: called a date only where it can be one. */
function timestampText(timestamp: number, crashTime: number | undefined): string {
  const digits = hexDigits(timestamp, 8).toUpperCase();
  const newest = crashTime === undefined ? 0xffff_ffff : crashTime / 1000 + 86_400;
  if (timestamp >= YEAR_1995 && timestamp <= newest) return `${formatTime(timestamp * 1000, false)} (${digits})`;
  return `${digits} (This is a reproducible build file hash, not a timestamp)`;
}

export function moduleDetails(session: Session, module: Module): readonly OutputNode[] {
  const { pe, pdb } = module.identity;
  const crashTime = session.target.crashTime.ok ? session.target.crashTime.value : undefined;
  const nodes = [
    moduleLine(session, module),
    line(`    Image path: ${module.path}`),
    line(`    Image name: ${module.imageName}`),
    label('Timestamp', pe.ok ? timestampText(pe.value.timestamp, crashTime) : gapSpan(pe)),
    label('CheckSum', module.checksum.ok ? hexDigits(module.checksum.value, 8).toUpperCase() : gapSpan(module.checksum)),
    label('ImageSize', hexDigits(module.size, 8).toUpperCase()),
    label('File version', module.version.ok ? module.version.value : gapSpan(module.version)),
    label('PDB', pdb.ok ? `${pdb.value.file} {${pdb.value.guid.toUpperCase()}} ${pdb.value.age}` : gapSpan(pdb)),
  ];
  const driver = session.knowledge.driver(module.imageName);
  if (driver) nodes.push(note(`Known as: ${driver.vendor}, ${driver.product}${driver.believed ? ' (believed)' : ''}`));
  return nodes;
}

const unloadedLine = (session: Session, module: UnloadedModule): OutputNode => line(address(session, module.start), ' ', address(session, module.end), `   ${module.name}`);

function chooseModules(session: Session, request: ListRequest): Reply<readonly Module[]> {
  const { modules } = session.target.modules;
  if (request.at !== undefined) {
    const at = addressOf(session, request.at);
    if (!at.ok) return at;
    const place = session.target.modules.find(at.value);
    return reply(place ? [place.module] : []);
  }
  const sorted = [...modules].sort((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : 0));
  const { pattern } = request;
  if (pattern === undefined || pattern === '') return reply(sorted);
  return reply(sorted.filter((module) => matchesPattern(module.name, pattern) || matchesPattern(module.imageName, pattern)));
}

function listModules(session: Session, request: ListRequest): Reply<readonly OutputNode[]> {
  const chosen = chooseModules(session, request);
  if (!chosen.ok) return chosen;
  const wide = session.memory.pointerSize === 8;
  const head = [...(request.verbose ? [line('Browse full module list')] : []), line(wide ? 'start             end                 module name' : 'start    end        module name')];
  const rows = chosen.value.flatMap((module) => (request.verbose ? moduleDetails(session, module) : [moduleLine(session, module)]));
  const unloaded = request.loadedOnly || request.at !== undefined ? [] : session.target.modules.unloaded.filter((module) => !request.pattern || matchesPattern(module.name, request.pattern));
  const tail = unloaded.length > 0 ? [line(''), line('Unloaded modules:'), ...unloaded.map((module) => unloadedLine(session, module))] : [];
  if (rows.length === 0 && tail.length === 0) return reply([...head, note(request.at === undefined ? 'no module has such a name' : 'the address lies in no module')]);
  return reply([...head, ...rows, ...tail]);
}

const listCommand: CommandSpec = {
  name: 'lm',
  aliases: [],
  group: 'modules',
  summary: 'modules; m PATTERN by name, a ADDRESS by address, v with details, o loaded only',
  args: [{ name: 'options', kind: 'flags', optional: true, summary: 'kv m nv*' }],
  needs: ['modules'],
  examples: [{ line: 'lm', fixture: 'sample' }, { line: 'lm kv m n*', fixture: 'sample' }],
  *run({ session }, tail) {
    const request = parseOptions(tail);
    return request ? listModules(session, request) : refuse('BAD_ARGUMENT', 'options of lm are v, o, k, u, then m PATTERN or a ADDRESS', { at: 3 });
  },
};

const detailCommand: CommandSpec = {
  name: 'lmvm',
  aliases: ['lmv m'],
  group: 'modules',
  summary: 'everything known of a module',
  args: [{ name: 'module', kind: 'pattern', optional: false, summary: 'name, * and ? are wildcards' }],
  needs: ['modules'],
  examples: [{ line: 'lmvm nt', fixture: 'sample' }],
  *run({ session }, tail) {
    const pattern = tail.trim();
    if (pattern === '') return refuse('BAD_ARGUMENT', 'a module name is wanted: lmvm nt', { at: 4 });
    return listModules(session, { verbose: true, loadedOnly: false, kernelOnly: false, userOnly: false, at: undefined, pattern });
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
  const nodes: OutputNode[] = [line('(', address(session, start), ')   ', name, exact ? '' : `+0x${hit.value.displacement.toString(16)}`)];
  if (exact) nodes.push(line('Exact matches:'), line('    ', name));
  return nodes;
}

export const MODULE_COMMANDS: readonly CommandSpec[] = [listCommand, detailCommand, nearestCommand];
