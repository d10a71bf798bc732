/** Errors that a program raises itself: C++, .NET, stowed, Rust and Go panics, aborts, and what the heap reports. */
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import { clrException } from '../clr.ts';
import type { Finding } from '../finding.ts';
import { readHeapFailure } from '../heapfailure.ts';
import { readStowed } from '../stowed.ts';
import { readThrown, RUST_PANIC } from '../throwinfo.ts';
import { text } from '../words.ts';

/** Functions by which a language ends its own program: library/std and core of Rust, runtime of Go. */
const PANICS: readonly (readonly [pattern: RegExp, language: 'Rust' | 'Go'])[] = [
  [/^(_*rust_(panic|begin_unwind|start_panic)|rust_begin_unwind|(core|std)::panicking::)/, 'Rust'],
  [/^runtime\.(gopanic|throw|fatalthrow|fatalpanic|fatalerror|sigpanic|dieFromException|panic\w*)$/, 'Go'],
];

export interface Panic {
  readonly language: 'Rust' | 'Go';
  readonly place: string;
}

/** The frame that shows a panic, by its name. */
export function showPanic(c: Case, f: Finding): Panic | undefined {
  for (const actor of c.actors) {
    const { symbol } = actor.frame;
    const hit = actor.trusted && symbol.ok ? PANICS.find(([pattern]) => pattern.test(symbol.value.name)) : undefined;
    if (!hit || !symbol.ok) continue;
    const [, language] = hit;
    f.show(text('e-panic', { symbol: symbol.value.name, language }), 'k', { weighs: 'decides' });
    return { language, place: placeWords(actor) };
  }
  return undefined;
}

/** The thrown type and its text; the type, where it could be read. */
export function showThrow(c: Case, f: Finding): string | undefined {
  const thrown = readThrown(c);
  if (!thrown) return undefined;
  const { type, at, message } = thrown;
  if (type === RUST_PANIC) f.show(text('e-panic', { symbol: type, language: 'Rust' }), `da ${hex(at)}`, { weighs: 'decides', how: 'derived' });
  else f.show(text('e-throw-type', { type }), `db ${hex(at)} L40`, { weighs: 'decides', how: 'derived' });
  if (message) f.show(text('e-throw-message', { message: message.text }), `da ${hex(message.at)}`, { how: 'derived', private: true });
  return type;
}

/** What the runtime raises when it finds its own data damaged. */
export const ENGINE_DAMAGED = 'System.ExecutionEngineException';
/** Codes of thrown exceptions; where the runtime stops the process itself, the code is the HRESULT (eepolicy.cpp of dotnet/runtime). */
const THROWN: ReadonlySet<number> = new Set([0xe0434352, 0xe0434f4d]);

/** .NET: of a thrown exception parameter 0 is the HRESULT. */
export function showClr(c: Case, f: Finding): string | undefined {
  const { code = 0, parameters: [given] = [] } = c.target.exception ?? {};
  if (given === undefined && THROWN.has(code)) return undefined;
  const hresult = THROWN.has(code) ? Number((given ?? 0n) & 0xffff_ffffn) : code;
  const type = clrException(hresult) ?? c.knowledge.hresult(hresult)?.name;
  if (type === undefined) return undefined;
  f.show(text('e-clr', { hresult: hex(hresult), type }), '.exr -1', { weighs: 'decides', how: 'table' });
  return type;
}

export interface Stowed {
  readonly code: string;
  /** The innermost place of the program on the stowed stack. */
  readonly place: string;
  readonly image?: string;
}

/** `own` tells the program's modules from the system's. */
export function showStowed(c: Case, f: Finding, own: (image: string) => boolean): Stowed | undefined {
  const stowed = readStowed(c);
  if (!stowed) return undefined;
  const name = c.knowledge.hresult(stowed.result)?.name;
  const code = name === undefined ? hex(stowed.result) : `${hex(stowed.result)} ${name}`;
  const places = [...stowed.stack, ...(stowed.address === undefined ? [] : [stowed.address])].flatMap((at) => c.target.modules.find(at) ?? []);
  const place = places.find((one) => own(imageOf(one.module))) ?? places[0];
  const where = place ? `${imageOf(place.module)}+${hex(place.rva)}` : 'a place that the dump does not name';
  f.show(text('e-stowed', { at: hex(stowed.at), result: code, place: where }), `dd ${hex(stowed.at)} L4`, { weighs: 'decides', how: 'derived' });
  if (stowed.text !== undefined) f.show(text('e-stowed-text', { message: stowed.text }), `dd ${hex(stowed.at)} L8`, { how: 'derived', private: true });
  return { code, place: where, ...(place && own(imageOf(place.module)) ? { image: imageOf(place.module) } : {}) };
}

/** What kind of damage the heap found, by its own report. */
export function showHeapFailure(c: Case, f: Finding): void {
  const failure = readHeapFailure(c);
  if (!failure) return;
  const block = failure.block === undefined ? '' : ` at ${hex(failure.block)}`;
  f.show(text('e-heap-kind', { at: hex(failure.at), what: failure.words, kind: String(failure.kind), block }), `dd ${hex(failure.at)} L4`, {
    weighs: 'decides',
    how: 'derived',
  });
}

/** The frame above the C runtime's own: who called it. */
export const callerOfRuntime = (c: Case): Actor | undefined => c.actors.find((actor) => actor.trusted && actor.thirdParty);

/** Runtime functions by name, innermost first: which of them ended the program. */
export function runtimeEnd(c: Case): 'parameter' | 'abort' | undefined {
  for (const { frame, trusted } of c.actors) {
    if (!trusted || !frame.symbol.ok) continue;
    if (/_?_?invalid_parameter|_invoke_watson/.test(frame.symbol.value.name)) return 'parameter';
    if (/^_?abort$|terminate$/.test(frame.symbol.value.name)) return 'abort';
  }
  return undefined;
}

/** NTSTATUS of a share that went away (ntstatus.h): I/O timeout, bad network path, network busy, name deleted, disconnected, unreachable … */
const NETWORK: ReadonlySet<number> = new Set([
  ...[0xc00000b5, 0xc00000be, 0xc00000bf, 0xc00000c4, 0xc00000c9, 0xc00000cc, 0xc0000203],
  ...[0xc000020c, 0xc000020d, 0xc000023a, 0xc000023b, 0xc000023c, 0xc000023d, 0xc0000241],
]);

export const lostNetwork = (status: bigint): boolean => NETWORK.has(Number(status & 0xffff_ffffn));
