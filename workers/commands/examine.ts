/** `x`: symbols by pattern (learn.microsoft.com, "x (Examine Symbols)"). */
import { type Va, vaAdd } from '../base/address.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Module } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import type { GlobalName } from '../types/type.ts';
import { TypedMemory } from '../types/typedview.ts';
import { matchesPattern } from './modules.ts';
import { address, ROWS_PER_SLICE, rowsStep } from './names.ts';
import { type CommandSpec, line, note, type OutputNode, type Span, text } from './spec.ts';
import { cWords, valueSpans } from './typewords.ts';

const MAX_ROWS = 10_000;

interface Row {
  readonly at: Va;
  readonly name: string;
  /** Absent where the source does not tell. */
  readonly isFunction: boolean | undefined;
  readonly data: GlobalName | undefined;
}

interface Wanted {
  readonly types: boolean;
  /** Functions alone, or data alone. */
  readonly only: 'functions' | 'data' | undefined;
  readonly order: 'found' | 'address' | 'name';
  readonly module: string;
  readonly name: string;
}

function parseWanted(tail: string): Wanted | undefined {
  const words = tail.trim().split(/\s+/);
  const options = words.filter((word) => word.startsWith('/')).join('');
  const pattern = words.filter((word) => word !== '' && !word.startsWith('/')).join(' ');
  if (pattern === '' || !/^[/a-zA-Z]*$/.test(options)) return undefined;
  const has = (letter: string): boolean => options.includes(letter);
  const cut = pattern.indexOf('!');
  return {
    types: has('t'),
    only: has('f') ? 'functions' : has('d') ? 'data' : undefined,
    order: has('n') ? 'name' : has('a') ? 'address' : 'found',
    module: cut < 0 ? '*' : pattern.slice(0, cut),
    name: cut < 0 ? pattern : pattern.slice(cut + 1),
  };
}

function* rowsOf(session: Session, module: Module, wanted: Wanted): Job<readonly Row[]> {
  const table = session.symbols.table(module);
  const types = session.types.of(module);
  const isWanted = (name: string): boolean => matchesPattern(name, wanted.name);
  const globals = types.ok ? (yield* types.value.globals(isWanted, MAX_ROWS)).filter(({ rva }) => rva !== undefined) : [];
  const byName = new Map(globals.map((data) => [data.name, data]));
  const rows: Row[] = [];
  for (const { name, rva, isFunction } of table.ok ? table.value.match(wanted.name, MAX_ROWS) : []) {
    rows.push({ at: vaAdd(module.base, rva), name: `${module.name}!${name}`, isFunction, data: byName.get(name) });
    byName.delete(name);
  }
  for (const data of byName.values()) rows.push({ at: vaAdd(module.base, data.rva ?? 0), name: `${module.name}!${data.name}`, isFunction: false, data });
  if (wanted.only === undefined) return rows;
  return rows.filter(({ isFunction }) => isFunction === undefined || isFunction === (wanted.only === 'functions'));
}

function rowNode(session: Session, module: Module, row: Row, withType: boolean): OutputNode {
  const name: Span = { span: 'module', name: module.name, text: row.name };
  const type = row.data?.type();
  const types = session.types.of(module);
  const typed = type?.ok && types.ok ? { type: type.value, memory: new TypedMemory(types.value, session.memory) } : undefined;
  const label = withType ? [typed ? `${cWords(typed.type)} ` : '<NoType> '] : [];
  if (typed) return line(address(session, row.at), ' ', ...label, name, ' = ', ...valueSpans(session, typed.memory, { at: row.at, type: typed.type }));
  const rest = row.isFunction === false ? ' = <no type information>' : ` (${row.name.slice(module.name.length + 1)})`;
  return line(address(session, row.at), ' ', ...label, name, text(rest));
}

const ORDERS: Readonly<Record<Wanted['order'], (a: Row, b: Row) => number>> = {
  found: () => 0,
  address: (a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0),
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
};

function* examine(session: Session, wanted: Wanted): Job<Reply<readonly OutputNode[]>> {
  const modules = session.target.modules.modules.filter(({ name }) => matchesPattern(name, wanted.module));
  if (modules.length === 0) return refuse('BAD_ARGUMENT', `there is no module ${wanted.module}`, { at: 2 });
  const nodes: OutputNode[] = [];
  for (const module of modules) {
    const rows = [...(yield* rowsOf(session, module, wanted))].sort(ORDERS[wanted.order]);
    for (const row of rows.slice(0, MAX_ROWS - nodes.length)) {
      nodes.push(rowNode(session, module, row, wanted.types));
      if (nodes.length % ROWS_PER_SLICE === 0) yield rowsStep(nodes.length, MAX_ROWS);
    }
    if (nodes.length >= MAX_ROWS) return reply([...nodes, note(`only the first ${MAX_ROWS} names are shown`)]);
  }
  if (nodes.length > 0) return reply(nodes);
  const bare = modules.filter((module) => !session.symbols.table(module).ok).map(({ name }) => name);
  return reply([note(bare.length === 0 ? `no symbol matches ${wanted.name}` : `no symbol matches ${wanted.name}; no symbols are here for ${bare.join(', ')}`)]);
}

const examineCommand: CommandSpec = {
  name: 'x',
  aliases: [],
  group: 'symbols',
  summary: 'symbols by pattern: nt!Mm*; /t types, /f functions or /d data alone, /n by name, /a by address',
  args: [{ name: 'options and pattern', kind: 'pattern', optional: false, summary: 'module!name with * and ?' }],
  needs: ['modules'],
  examples: [{ line: 'x nt!Ke*', fixture: 'sample' }],
  *run({ session }, tail) {
    const wanted = parseWanted(tail);
    return wanted ? yield* examine(session, wanted) : refuse('BAD_ARGUMENT', 'a pattern is wanted: x nt!Mm*', { at: 2 });
  },
};

export const EXAMINE_COMMANDS: readonly CommandSpec[] = [examineCommand];
