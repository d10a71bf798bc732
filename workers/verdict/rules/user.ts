/** User-mode dumps: the exception decides; Linux signals and Mach exceptions are named, not taken for NTSTATUS. */
import { hex } from '../../base/hex.ts';
import { imageOf, isScanned, isThirdParty, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { wordsOf } from '../instruction.ts';
import { faultPlace, setPlace, showFault, showInstruction } from './evidence.ts';
import { RUST_PANIC } from '../throwinfo.ts';
import { endedItself, signalName } from '../signals.ts';
import { accessViolation, inPage } from './appaccess.ts';
import { appName, blameFrame, headApp, isAlone, isApp, ofSomebody, ownActor, ownProgram } from './app.ts';
import { callerOfRuntime, ENGINE_DAMAGED, runtimeEnd, showClr, showHeapFailure, showPanic, showStowed, showThrow } from './errors.ts';
import { findRecursion } from './exception.ts';
import { showLocks } from './locks.ts';
import { findRepeated } from '../repeated.ts';
import type { Rule } from './rule.ts';

function showThread(c: Case, f: Finding): void {
  const index = c.target.crashThread;
  if (index.ok && c.target.threads.length > 1) {
    f.show(text('e-thread', { thread: String(index.value), count: String(c.target.threads.length) }), '~', { weighs: 'context' });
  }
}

/** Fast-fail codes that tell of data found damaged (winnt.h): cookies, lists, stacks, reference counts, trees, heaps. */
const DAMAGE_FOUND: ReadonlySet<bigint> = new Set([0n, 1n, 2n, 3n, 4n, 0xen, 0x1dn, 0x23n, 0x32n]);

const inWindows = (c: Case): boolean => c.fault.place !== undefined && !isThirdParty(c.fault.place.module, c.session);

/** Windows' own code found its data damaged: who called it need not be who wrote there. */
function onlyFound(c: Case, f: Finding): void {
  if (c.fault.place) f.detector = imageOf(c.fault.place.module);
  const actor = ownActor(c);
  if (actor) f.rival({ module: imageOf(actor.module) }, text('r-driver', { who: c.who(imageOf(actor.module)) }));
  f.judge('memory-corruption', 'possible')
    .oppose('a-reported-by', { module: f.detector ?? 'ntdll.dll' })
    .rival({ part: 'ram' }, text('r-ram', {}));
}

const failFast: Rule = (c, f) => {
  if (endedByLanguage(c, f)) return;
  showFault(c, f);
  const code = c.target.exception?.parameters[0];
  const named = code === undefined ? undefined : c.knowledge.fastFail(Number(code & 0xffff_ffffn))?.name;
  const what = named ?? (code === undefined ? 'stack check' : `code ${hex(code)}`);
  f.show(text('e-subcode', { meaning: what, index: '0', value: hex(code ?? 0n) }), '.exr -1', { how: 'table', weighs: 'decides' });
  if (code !== undefined && DAMAGE_FOUND.has(code) && inWindows(c)) {
    onlyFound(c, f);
    f.head('h-app-failfast', { app: appName(c), what, place: faultPlace(c) });
    return;
  }
  const actor = blameFrame(c, f);
  if (!actor) ownProgram(c, f);
  f.head('h-app-failfast', { app: appName(c), what, place: actor ? placeWords(actor) : faultPlace(c) });
};

/** A panic, or a call of the C runtime that ends the program: named by functions on the stack. True where one was found. */
function endedByLanguage(c: Case, f: Finding): boolean {
  const panic = showPanic(c, f);
  const end = panic ? undefined : runtimeEnd(c);
  if (!panic && end === undefined) return false;
  showFault(c, f);
  const actor = callerOfRuntime(c);
  if (actor) blameFrame(c, f);
  else ownProgram(c, f);
  const app = appName(c);
  const place = actor ? placeWords(actor) : faultPlace(c);
  const who = actor ? c.who(imageOf(actor.module)) : 'its runtime';
  if (panic) f.head('h-app-panic', { app, language: panic.language, place: panic.place });
  else f.head(end === 'parameter' ? 'h-app-parameter' : 'h-app-abort', { app, who, place });
  return true;
}

const invalidParameter: Rule = (c, f) => {
  raisedAt(c, f);
  const actor = blameFrame(c, f);
  if (!actor) ownProgram(c, f);
  f.head('h-app-parameter', { app: appName(c), who: actor ? c.who(imageOf(actor.module)) : 'its runtime', place: actor ? placeWords(actor) : faultPlace(c) });
};

/** .NET: the frames are the runtime's; the code is in the managed part of the stack. */
const managed: Rule = (c, f) => {
  raisedAt(c, f);
  const type = showClr(c, f);
  if (type === ENGINE_DAMAGED) onlyFound(c, f);
  else if (!blameFrame(c, f)) ownProgram(c, f);
  f.head('h-app-clr', { app: appName(c), type: type ?? 'of a kind that the dump does not tell' }).say('x-throw', { place: faultPlace(c) });
};

const stowed: Rule = (c, f) => {
  raisedAt(c, f);
  const kept = showStowed(c, f, (image) => !c.knowledge.userModule(image) && isOwnImage(c, image));
  if (!kept) {
    thrown(c, f);
    return;
  }
  if (kept.image === undefined) ownProgram(c, f);
  else f.blame(kept.image).judge('application-bug', 'likely');
  f.head('h-app-stowed', { app: appName(c), code: kept.code, place: kept.place });
};

function isOwnImage(c: Case, image: string): boolean {
  const module = c.target.modules.byName(image);
  return module !== undefined && isThirdParty(module, c.session);
}

const CPP = 0xe06d7363;
/** EH_MAGIC_NUMBER1 to 3 (the C++ runtime's ehdata.h). */
const CPP_MAGIC: ReadonlySet<bigint> = new Set([0x1993_0520n, 0x1993_0521n, 0x1993_0522n]);

const thrown: Rule = (c, f) => {
  raisedAt(c, f);
  const actor = blameFrame(c, f);
  const place = actor ? placeWords(actor) : faultPlace(c);
  if (!actor) ownProgram(c, f);
  const who = actor ? c.who(imageOf(actor.module)) : 'its runtime';
  if (c.target.exception?.code === CPP) {
    const [magic] = c.target.exception.parameters;
    if (magic !== undefined && CPP_MAGIC.has(magic)) f.show(text('e-throw-magic', { magic: hex(magic) }), '.exr -1', { how: 'table' });
    const type = showThrow(c, f);
    if (type === RUST_PANIC) f.head('h-app-panic', { app: appName(c), language: 'Rust', place });
    else f.head('h-app-throw-cpp', { app: appName(c), who, place, type: type === undefined ? '' : ` of type ${type}` });
  } else f.head('h-app-throw', { app: appName(c), name: c.name, who, place });
  f.say('x-throw', { place });
};

/** RaiseException and the like only carry the error out: where they stand is the detector, not the place of the fault. */
function raisedAt(c: Case, f: Finding): void {
  if (c.fault.place) f.detector = imageOf(c.fault.place.module);
  setPlace(c, f);
}

const stackOverflow: Rule = (c, f) => {
  showFault(c, f);
  const repeats = showRepeats(c, f);
  const actor = blameFrame(c, f);
  f.head(repeats ? 'h-app-stack' : 'h-app-stack-plain', {
    app: appName(c),
    who: repeats?.module ?? (actor ? imageOf(actor.module) : 'code of no module'),
    place: repeats?.place ?? faultPlace(c),
  });
  if (actor) return;
  f.judge('application-bug', 'possible');
  if (repeats?.thirdParty) f.blame(repeats.module).oppose('a-leftovers', {});
};

interface Repeats {
  readonly place: string;
  readonly module: string;
  readonly thirdParty: boolean;
}

/** What turns in a circle: by frames, else by the words on the stack. */
function showRepeats(c: Case, f: Finding): Repeats | undefined {
  const recursion = findRecursion(c);
  if (recursion) {
    const args = { count: String(recursion.count), frames: String(c.stack.frames.length), place: recursion.place };
    f.show(text('e-recursion', args), 'k', { weighs: 'decides', how: 'derived' });
    return recursion;
  }
  const repeated = findRepeated(c);
  if (repeated) f.show(text('e-recursion-words', { place: repeated.place, count: String(repeated.count) }), 'k', { weighs: 'for', how: 'inferred' });
  return repeated;
}

const heapCorruption: Rule = (c, f) => {
  showFault(c, f);
  showHeapFailure(c, f);
  f.say('x-heap', {}).head('h-app-heap', { app: appName(c), place: faultPlace(c) });
  onlyFound(c, f);
};

/** In a module of the program, or in a routine that it proves to have called: an assertion. In Windows' own break routine alone: a debugger came in. */
const breakpoint: Rule = (c, f) => {
  const actor = ownActor(c);
  if (actor && c.fault.place?.module === actor.module) {
    trapped(c, f);
    return;
  }
  raisedAt(c, f);
  if (actor && !isScanned(actor)) {
    const by = { who: c.who(imageOf(actor.module)), place: faultPlace(c), from: placeWords(actor) };
    f.show(text('e-break-called', by), 'k', { weighs: 'decides' });
    blameFrame(c, f);
    f.head('h-app-trap', { app: appName(c), instruction: faultPlace(c), place: placeWords(actor) });
    return;
  }
  const breaking = !actor && c.fault.place !== undefined && /^ntdll/i.test(imageOf(c.fault.place.module));
  if (breaking) f.show(text('e-break', { place: faultPlace(c) }), 'k', { weighs: 'decides', how: 'inferred' });
  f.head('h-app-break', { app: appName(c), place: faultPlace(c) }).judge('manual', breaking ? 'likely' : 'possible');
  if (!breaking) f.oppose('a-not-seen', { app: appName(c) });
};

/** int 3, ud2, brk in the program's own code. */
function trapped(c: Case, f: Finding): void {
  showFault(c, f);
  showInstruction(c, f);
  const instruction = c.instruction ? wordsOf(c.instruction) : 'breakpoint';
  f.show(text('e-trap-instruction', { instruction, place: faultPlace(c) }), `u ${hex(c.fault.ip ?? 0n)} L1`, { weighs: 'decides', from: ['e-instruction'] });
  blameFrame(c, f);
  f.head('h-app-trap', { app: appName(c), instruction, place: faultPlace(c) });
}

/** Of Windows Error Reporting for a program that does not answer. */
const APPLICATION_HANG = 0xcfffffff;
/** Crashpad's code of a dump that the program asked for. */
const CRASHPAD_SIMULATED = 0x0517a7ed;
/** Breakpad's of a dump taken on request. */
const DUMP_REQUESTED = 0xffffffff;
const NO_ERROR: ReadonlySet<number> = new Set([0, APPLICATION_HANG, CRASHPAD_SIMULATED, DUMP_REQUESTED]);

export const hang: Rule = (c, f) => {
  const failed = c.target.exception !== null && !NO_ERROR.has(c.target.exception.code);
  f.head(failed ? 'h-app-hang-error' : 'h-app-hang', { app: appName(c) }).judge('hang', 'possible');
  showLocks(c, f, appName(c));
  if (f.headline.id !== 'h-app-deadlock') f.oppose('a-one-moment', {});
  if (!c.target.exception) f.show(text('e-no-exception', {}), '.exr -1', { weighs: 'for' });
  showThread(c, f);
  const actor = ownActor(c);
  if (actor) f.show(text('e-suspect', { who: c.who(imageOf(actor.module)), place: placeWords(actor), trust: actor.frame.trust }), 'k', { weighs: 'context' });
};

/** The loader's own frames stand on the stack: which file did not fit, they do not tell. */
const loader: Rule = (c, f) => {
  showFault(c, f);
  const status = c.status(c.target.exception?.code ?? 0);
  f.say('x-loader', { status });
  const actor = blameFrame(c, f);
  if (actor) headApp(c, f, actor);
  else {
    f.head('h-app-loader', { app: appName(c), what: status }).judge('application-bug', 'possible');
    f.oppose('a-not-seen', { app: appName(c) });
  }
};

const outOfMemory: Rule = (c, f) => {
  showFault(c, f);
  f.head('h-app-memory', { app: appName(c), name: c.name, place: faultPlace(c) }).judge('resource-exhaustion', 'likely');
  f.oppose('a-memory-of-pc', {});
};

/** NTSTATUS and compiler codes to readings. */
const WINDOWS: Readonly<Record<number, Rule>> = {
  0xc0000005: accessViolation,
  0xc0000006: inPage,
  0xc00000fd: stackOverflow,
  0xc0000409: failFast,
  0xc0000602: failFast,
  0xc0000374: heapCorruption,
  0x80000003: breakpoint,
  0x80000004: breakpoint,
  0x4000001f: breakpoint,
  [APPLICATION_HANG]: hang,
  0xe06d7363: thrown,
  0xe0434352: managed,
  0xe0434f4d: managed,
  0x80131506: managed,
  0x80131623: managed,
  0xc000027b: stowed,
  0xc000000d: invalidParameter,
  0xc0000417: invalidParameter,
  0x20474343: thrown,
  0x0eedfade: thrown,
  0xc0000135: loader,
  0xc0000142: loader,
  0xc0000139: loader,
  0xc06d007e: loader,
  0xc06d007f: loader,
  0xc0000017: outOfMemory,
  0xc000012d: outOfMemory,
  0xe0000008: outOfMemory,
};

const posix: Rule = (c, f) => {
  if (c.target.exception?.code === DUMP_REQUESTED || c.target.exception?.code === 0) {
    hang(c, f);
    return;
  }
  if (isTrapInstruction(c)) {
    f.say('x-signal', { signal: signalName(c.target) ?? c.name });
    trapped(c, f);
    return;
  }
  const kind = showFault(c, f);
  showInstruction(c, f);
  f.say('x-signal', { signal: signalName(c.target) ?? c.name });
  if (kind && c.fault.address !== undefined) f.say('x-app-touch', { kind: kind.words, plain: kind.plain, address: hex(c.fault.address) });
  const actor = blameFrame(c, f);
  headApp(c, f, actor);
  if (endedItself(c.target) && !actor) ownProgram(c, f);
};

const isTrapInstruction = (c: Case): boolean => c.instruction !== undefined && /^(ud[012]?|int3|int 3|brk|udf)$/.test(c.instruction.mnemonic);

export const userMode: Rule = (c, f) => {
  const { exception } = c.target;
  if (!exception || exception.code === CRASHPAD_SIMULATED) {
    hang(c, f);
    return;
  }
  const parameters = exception.parameters.map((value) => hex(value)).join(', ');
  f.show(text('e-exception', { name: c.name, place: faultPlace(c), parameters: parameters === '' ? 'none' : parameters }), '.exr -1', { weighs: 'for' });
  if (c.target.os.family !== 'Windows') posix(c, f);
  else (WINDOWS[exception.code] ?? other)(c, f);
  showThread(c, f);
  showInjected(c, f);
};

/** Kinds of modules that another program puts into this one. */
const INJECTED: ReadonlySet<string> = new Set([
  'av',
  'edr',
  'dlp',
  'security',
  'overlay',
  'capture',
  'hook',
  'anticheat',
  'adware',
  'malware',
  'lsp',
  'sandbox',
]);
const MOST_NAMES = 6;

function showInjected(c: Case, f: Finding): void {
  const names = c.target.modules.modules.map(imageOf).filter((image) => INJECTED.has(c.knowledge.userModule(image)?.kind ?? '') && !isApp(c, image));
  if (names.length > 0)
    f.show(text('e-injected', { names: [...new Set(names)].slice(0, MOST_NAMES).map(c.who).join(', ') }), 'lm', { weighs: 'context', how: 'table' });
}

/** Raised in the system call itself: who passed the handle stands above. */
const INVALID_HANDLE = 0xc0000008;

/** Integers (0xC0000094) and floating point (0xC000008E). */
const DIVIDED_BY_ZERO: ReadonlySet<number> = new Set([0xc0000094, 0xc000008e]);

/** The processor's or the system's own codes: the place of the fault tells. */
const met: Rule = (c, f) => {
  showFault(c, f);
  showInstruction(c, f);
  if (DIVIDED_BY_ZERO.has(c.target.exception?.code ?? 0)) f.say('x-app-divide', {});
  const actor = blameFrame(c, f);
  headApp(c, f, actor);
  if (actor) return;
  if (isAlone(c)) ownProgram(c, f);
  else if (c.target.exception?.code === INVALID_HANDLE) ofSomebody(c, f);
};

/** RaiseException delivers what the program itself raises. */
const raised: Rule = (c, f) => {
  raisedAt(c, f);
  const actor = blameFrame(c, f);
  if (!actor) ownProgram(c, f);
  const place = actor ? placeWords(actor) : faultPlace(c);
  const code = c.status(c.target.exception?.code ?? 0);
  f.head('h-app-raise', { app: appName(c), code, who: actor ? c.who(imageOf(actor.module)) : 'its runtime' }).say('x-throw', { place });
};

/** Codes without a reading of their own. */
const other: Rule = (c, f) => {
  const { place } = c.fault;
  if (isTrapInstruction(c) && ownActor(c)?.module === place?.module) trapped(c, f);
  else if (place && /^kernelbase|^kernel32/i.test(imageOf(place.module))) raised(c, f);
  else met(c, f);
};
