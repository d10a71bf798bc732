/** `dv`: the parameters and local variables of the scope's procedure, where private symbols tell them. */
import { type Va, va } from '../base/address.ts';
import { type Found, mapFound, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { readRegister } from '../expr/sessionscope.ts';
import { type LocalScope, type LocalVariable, openLocals } from '../formats/pdb/locals.ts';
import type { Session } from '../target/target.ts';
import { openPdbTypes, type PdbTypes } from '../types/pdbtypes.ts';
import type { Type } from '../types/type.ts';
import { TypedMemory } from '../types/typedview.ts';
import { frameBaseOf, registerOf } from './cvregisters.ts';
import { frameScope } from './frames.ts';
import { matchesPattern } from './modules.ts';
import { address } from './names.ts';
import { type CommandSpec, line, note, type OutputNode, type Span, text } from './spec.ts';
import { cWords, isScalar, scalarSpans, valueSpans } from './typewords.ts';

interface Wanted {
  readonly types: boolean;
  readonly places: boolean;
  readonly kinds: boolean;
  readonly pattern: string;
}

/** Where a variable is: in memory, or its value itself in a register. */
type Where = { readonly at: Va } | { readonly register: string; readonly value: bigint };

interface Scope {
  readonly session: Session;
  readonly locals: LocalScope;
  readonly types: PdbTypes;
}

/** The instruction of the scope; of a caller's frame the call, since the place it returns to may be another block. */
function scopePlace(session: Session): Found<Va> {
  const ip = readRegister(session, { x64: 'rip', x86: 'eip', arm64: 'pc', arm: 'pc' }[session.target.arch]);
  if (!ip) return missing({ why: 'not-computed', detail: 'no register context is set' });
  return mapFound(ip, (value) => va(session.scope?.source === 'frame' ? value - 1n : value));
}

function openScope(session: Session): Found<Scope> {
  return thenFound(scopePlace(session), (at) => {
    const place = session.target.modules.find(at);
    if (!place) return notValid('instruction pointer', hex(at), 'a place in a module');
    return thenFound(session.symbols.pdb(place.module), (pdb) =>
      thenFound(openLocals(pdb), (finder) =>
        thenFound(finder.find(place.rva), (locals) => mapFound(openPdbTypes(pdb, place.module.name), (types) => ({ session, locals, types }))),
      ),
    );
  });
}

function registerValue(session: Session, name: string | undefined, number: number): Found<bigint> {
  if (name === undefined) return missing({ why: 'not-computed', detail: `CodeView's register ${number} is not one that can be shown` });
  return readRegister(session, name) ?? missing({ why: 'not-computed', detail: `${name} is not known in this scope` });
}

function whereOf({ session, locals }: Scope, { place, isParameter }: LocalVariable): Found<Where> {
  const { arch } = session.target;
  switch (place.kind) {
    case 'gone':
      return missing({ why: 'not-computed', detail: 'the compiler keeps the value nowhere at this instruction' });
    case 'parts':
      return missing({ why: 'not-computed', detail: 'the value is split over several registers' });
    case 'register': {
      const register = registerOf(arch, place.register);
      return mapFound(registerValue(session, register, place.register), (value) => ({ register: register ?? '', value }));
    }
    case 'memory':
      return mapFound(registerValue(session, registerOf(arch, place.register), place.register), (value) => ({ at: va(value + BigInt(place.offset)) }));
    case 'frame': {
      const base = isParameter ? locals.parameterBase : locals.localBase;
      const register = frameBaseOf(arch, base);
      if (register === undefined) return missing({ why: 'not-computed', detail: 'the frame has no base register: its place is computed by frame data' });
      return mapFound(registerValue(session, register, base), (value) => ({ at: va(value + BigInt(place.offset)) }));
    }
  }
}

function valueOf({ session, types }: Scope, type: Found<Type>, where: Found<Where>): readonly Span[] {
  const problem = !where.ok ? where : !type.ok ? type : undefined;
  if (problem) return [{ span: 'missing', reason: problem.missing, text: `<${describeMissing(problem.missing)}>` }];
  if (!where.ok || !type.ok) return [];
  const memory = new TypedMemory(types, session.memory);
  if ('at' in where.value) return valueSpans(session, memory, { at: where.value.at, type: type.value });
  if (isScalar(type.value) && type.value.sizeBytes <= 8) {
    return scalarSpans(session, memory, type.value, BigInt.asUintN(Math.max(1, type.value.sizeBytes) * 8, where.value.value));
  }
  return [text(hex(where.value.value))];
}

const PLACE_WIDTH = 17;

function placeSpan(session: Session, where: Found<Where>): Span {
  if (!where.ok) return text('<unavailable>'.padEnd(PLACE_WIDTH));
  return 'at' in where.value ? address(session, where.value.at) : text(`@${where.value.register}`.padEnd(PLACE_WIDTH));
}

/** Compilers that optimize write a variable twice, for old debuggers and for new ones: the one that lives somewhere is told. */
function distinct(variables: readonly LocalVariable[]): readonly LocalVariable[] {
  const byName = new Map<string, LocalVariable>();
  for (const variable of variables) {
    const known = byName.get(variable.name);
    if (!known || known.place.kind === 'gone') byName.set(variable.name, variable);
  }
  return [...byName.values()];
}

function variableNodes(scope: Scope, wanted: Wanted): OutputNode[] {
  const rows = distinct(scope.locals.variables).filter(({ name }) => matchesPattern(name, wanted.pattern));
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  const isPlain = !wanted.types && !wanted.places && !wanted.kinds;
  return rows.map((variable) => {
    const type = scope.types.type(variable.type);
    const where = whereOf(scope, variable);
    return line(
      ...(wanted.kinds ? [`prv ${variable.isParameter ? 'param' : 'local'}  `] : []),
      ...(wanted.places ? [placeSpan(scope.session, where), ' '] : []),
      ...(wanted.types ? [`${type.ok ? cWords(type.value) : '<unknown type>'} `] : []),
      isPlain ? variable.name.padStart(width) : variable.name,
      ' = ',
      ...valueOf(scope, type, where),
    );
  });
}

function parseWanted(tail: string): Reply<Wanted> {
  const words = tail.trim().split(/\s+/);
  const options = words.filter((word) => word.startsWith('/'));
  const unknown = options.find((word) => !/^\/[tviV]+$/.test(word));
  if (unknown !== undefined) return refuse('BAD_ARGUMENT', `dv has the options /t, /v and /i, not ${unknown}`, { at: 3 });
  const has = (letter: string): boolean => options.some((word) => word.toLowerCase().includes(letter));
  return reply({ types: has('t'), places: has('v'), kinds: has('i'), pattern: words.find((word) => word !== '' && !word.startsWith('/')) ?? '*' });
}

const variablesCommand: CommandSpec = {
  name: 'dv',
  aliases: [],
  group: 'stack',
  summary: 'parameters and local variables of the scope, where private symbols tell them; /t types, /v places, /i kinds',
  args: [{ name: 'options and pattern', kind: 'text', optional: true, summary: '/t /v /i, then a pattern of names' }],
  needs: ['context', 'modules'],
  examples: [{ line: 'dv', fixture: 'sample' }],
  *run({ session }, tail) {
    const wanted = parseWanted(tail);
    if (!wanted.ok) return wanted;
    const scope = openScope(yield* frameScope(session));
    if (!scope.ok) return reply([line('Private symbols are required for locals.'), note(describeMissing(scope.missing))]);
    const nodes = variableNodes(scope.value, wanted.value);
    return reply(nodes.length > 0 ? nodes : [note('this procedure has no variables of that name')]);
  },
};

export const VARIABLE_COMMANDS: readonly CommandSpec[] = [variablesCommand];
