/** User-mode dumps: the exception decides; Linux signals and Mach exceptions are named, not taken for NTSTATUS. */
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isScanned, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { ACCESS_WORDS, faultPlace, showFault, showInstruction } from './evidence.ts';
import { endedItself, signalName } from '../signals.ts';
import { findRecursion } from './exception.ts';
import type { Rule } from './rule.ts';

/** The program: the dump's process name, else the first module. */
export function appName(c: Case): string {
  if (c.target.process.name.ok) return c.target.process.name.value.replace(/^.*[\\/]/, '');
  const [first] = c.target.modules.modules;
  return first ? imageOf(first) : 'the program';
}

const isApp = (c: Case, image: string): boolean => image.toLowerCase() === appName(c).toLowerCase();

/** The innermost frame that is not Windows' or the system library's own. */
const ownActor = (c: Case): Actor | undefined => c.actors.find((actor) => actor.trusted && actor.thirdParty);

/** Blames the module at the fault, else the first frame above the system libraries; a scanned frame is only a suspect. */
function blameFrame(c: Case, f: Finding): Actor | undefined {
  const actor = ownActor(c);
  const at = c.fault.place;
  const atOwn = at && actor && actor.module === at.module;
  if (!actor) {
    if (at) f.victim = imageOf(at.module);
    f.judge('application-bug', 'not-known');
    return undefined;
  }
  f.place ??= { module: imageOf(actor.module), offset: actor.offset, ...(actor.frame.symbol.ok ? { symbol: actor.frame.symbol.value.name } : {}) };
  f.blame(imageOf(actor.module)).judge('application-bug', atOwn ? 'likely' : isScanned(actor) ? 'possible' : 'likely');
  f.show(text('e-suspect', { who: c.who(imageOf(actor.module)), place: placeWords(actor), trust: actor.frame.trust }), 'k', {
    how: isScanned(actor) ? 'inferred' : 'read',
  });
  if (isScanned(actor)) f.oppose('a-scan', {});
  return actor;
}

/** What a program raises itself is its own, even where its frame on the stack is not proved. */
function ownProgram(c: Case, f: Finding): void {
  const program = c.target.modules.modules.find((module) => isApp(c, imageOf(module)));
  if (program) f.blame(imageOf(program));
  f.judge('application-bug', 'possible');
}

function headApp(c: Case, f: Finding, actor: Actor | undefined): void {
  const app = appName(c);
  const image = actor ? imageOf(actor.module) : c.fault.place ? imageOf(c.fault.place.module) : 'code of no module';
  if (isApp(c, image)) f.head('h-app-own', { app, name: c.name, place: faultPlace(c) });
  else f.head('h-app', { app, name: c.name, who: c.who(image), place: faultPlace(c) });
}

function showThread(c: Case, f: Finding): void {
  const index = c.target.crashThread;
  if (index.ok && c.target.threads.length > 1) {
    f.show(text('e-thread', { thread: String(index.value), count: String(c.target.threads.length) }), '~', { weighs: 'context' });
  }
}

const accessViolation: Rule = (c, f) => {
  const kind = showFault(c, f);
  showInstruction(c, f);
  const { address, access } = c.fault;
  if (address !== undefined) {
    f.say('x-app-av', { access: access ? ACCESS_WORDS[access] : 'use', kind: kind?.words ?? 'unknown', address: hex(address) });
    if (access === 'execute') f.say('x-app-exec', { address: hex(address) });
  }
  headApp(c, f, blameFrame(c, f));
  f.oppose('a-hardware-could', {});
};

const failFast: Rule = (c, f) => {
  showFault(c, f);
  const code = c.target.exception?.parameters[0];
  const named = code === undefined ? undefined : c.knowledge.fastFail(Number(code & 0xffff_ffffn))?.name;
  const what = named ?? (code === undefined ? 'stack check' : `code ${hex(code)}`);
  f.show(text('e-subcode', { meaning: what, index: '0', value: hex(code ?? 0n) }), '.exr -1', { how: 'table', weighs: 'decides' });
  const actor = blameFrame(c, f);
  if (!actor) ownProgram(c, f);
  f.head('h-app-failfast', { app: appName(c), what, place: actor ? placeWords(actor) : faultPlace(c) });
};

const thrown: Rule = (c, f) => {
  showFault(c, f);
  const actor = blameFrame(c, f);
  const place = actor ? placeWords(actor) : faultPlace(c);
  if (!actor) ownProgram(c, f);
  f.head('h-app-throw', { app: appName(c), name: c.name, who: actor ? c.who(imageOf(actor.module)) : 'its runtime', place }).say('x-throw', { place });
};

const stackOverflow: Rule = (c, f) => {
  showFault(c, f);
  const recursion = findRecursion(c);
  if (recursion) {
    const args = { count: String(recursion.count), frames: String(c.stack.frames.length), place: recursion.place };
    f.show(text('e-recursion', args), 'k', { weighs: 'decides', how: 'derived' });
  }
  const actor = blameFrame(c, f);
  f.head('h-app-stack', {
    app: appName(c),
    who: recursion?.module ?? (actor ? imageOf(actor.module) : 'code of no module'),
    place: recursion?.place ?? faultPlace(c),
  });
  if (f.sureness === 'not-known') f.judge('application-bug', 'possible');
};

const heapCorruption: Rule = (c, f) => {
  showFault(c, f);
  const actor = ownActor(c);
  f.say('x-heap', {})
    .head('h-app-heap', { app: appName(c), place: faultPlace(c) })
    .judge('memory-corruption', 'possible');
  if (c.fault.place) f.detector = imageOf(c.fault.place.module);
  if (actor) f.rival({ module: imageOf(actor.module) }, text('r-driver', { who: c.who(imageOf(actor.module)) }));
  f.oppose('a-reported-by', { module: f.detector ?? 'ntdll.dll' });
};

const breakpoint: Rule = (c, f) => {
  showFault(c, f);
  f.head('h-app-break', { app: appName(c), place: faultPlace(c) }).judge('manual', 'possible');
  const actor = ownActor(c);
  if (actor && c.fault.place?.module === actor.module) f.blame(imageOf(actor.module)).judge('application-bug', 'possible');
};

export const hang: Rule = (c, f) => {
  f.head('h-app-hang', { app: appName(c) }).judge('hang', 'possible');
  showThread(c, f);
  const actor = ownActor(c);
  if (actor) f.show(text('e-suspect', { who: c.who(imageOf(actor.module)), place: placeWords(actor), trust: actor.frame.trust }), 'k', { weighs: 'context' });
};

const loader: Rule = (c, f) => {
  showFault(c, f);
  f.say('x-loader', { status: c.status(c.target.exception?.code ?? 0) });
  headApp(c, f, blameFrame(c, f));
};

const outOfMemory: Rule = (c, f) => {
  showFault(c, f);
  f.head('h-app-memory', { app: appName(c), name: c.name, place: faultPlace(c) }).judge('resource-exhaustion', 'likely');
};

const inPage: Rule = (c, f) => {
  showFault(c, f);
  const status = c.target.exception?.parameters[2];
  f.head('h-disk', { name: c.name, what: status === undefined ? 'a page of a file' : c.status(status) })
    .judge('storage', 'likely')
    .blame(undefined, 'disk')
    .rival({ part: 'ram' }, text('r-ram', {}));
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
  0xcfffffff: hang,
  0xe06d7363: thrown,
  0xe0434352: thrown,
  0xe0434f4d: thrown,
  0xc000027b: thrown,
  0x20474343: thrown,
  0x0eedfade: thrown,
  0xc0000135: loader,
  0xc0000139: loader,
  0xc06d007e: loader,
  0xc06d007f: loader,
  0xc0000017: outOfMemory,
  0xe0000008: outOfMemory,
};

const DUMP_REQUESTED = 0xffffffff;

const posix: Rule = (c, f) => {
  if (c.target.exception?.code === DUMP_REQUESTED || c.target.exception?.code === 0) {
    hang(c, f);
    return;
  }
  showFault(c, f);
  showInstruction(c, f);
  f.say('x-signal', { signal: signalName(c.target) ?? c.name });
  const actor = blameFrame(c, f);
  headApp(c, f, actor);
  if (endedItself(c.target) && !actor) ownProgram(c, f);
};

const CRASHPAD_SIMULATED = 0x0517a7ed;

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
};

/** Other codes; those that RaiseException delivers are the program's own. */
const other: Rule = (c, f) => {
  showFault(c, f);
  showInstruction(c, f);
  const actor = blameFrame(c, f);
  headApp(c, f, actor);
  const raised = c.fault.place && /^kernelbase|^kernel32/i.test(imageOf(c.fault.place.module));
  if (!actor && raised) ownProgram(c, f);
};
