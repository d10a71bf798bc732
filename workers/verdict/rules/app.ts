/** The program of an application dump, and which of the modules on its stack is answerable. */
import { type Actor, imageOf, isScanned, isThirdParty, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { faultPlace } from './evidence.ts';

/** The program: the dump's process name, else the first module. */
export function appName(c: Case): string {
  if (c.target.process.name.ok) return c.target.process.name.value.replace(/^.*[\\/]/, '');
  const [first] = c.target.modules.modules;
  return first ? imageOf(first) : 'the program';
}

export const isApp = (c: Case, image: string): boolean => image.toLowerCase() === appName(c).toLowerCase();

/** The innermost frame that is not Windows' or the system library's own. */
export const ownActor = (c: Case): Actor | undefined => c.actors.find((actor) => actor.trusted && actor.thirdParty);

/** Blames the module at the fault, else the first frame above the system libraries; a scanned frame is only a suspect. */
export function blameFrame(c: Case, f: Finding): Actor | undefined {
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
export function ownProgram(c: Case, f: Finding): void {
  const program = c.target.modules.modules.find((module) => isApp(c, imageOf(module)));
  if (program) f.blame(imageOf(program));
  f.judge('application-bug', 'possible').oppose('a-not-seen', { app: appName(c) });
}

/** An error of the process's own code, where no step of it is proved. */
export const ofSomebody = (c: Case, f: Finding): void => void f.judge('application-bug', 'possible').oppose('a-not-seen', { app: appName(c) });

/** Nobody else's module is in the process: whose code it was is no question. */
export const isAlone = (c: Case): boolean => c.target.modules.modules.every((module) => isApp(c, imageOf(module)) || !isThirdParty(module, c.session));

export function headApp(c: Case, f: Finding, actor: Actor | undefined): void {
  const app = appName(c);
  const image = actor ? imageOf(actor.module) : c.fault.place ? imageOf(c.fault.place.module) : 'code of no module';
  if (isApp(c, image)) f.head('h-app-own', { app, name: c.name, place: faultPlace(c) });
  else f.head('h-app', { app, name: c.name, who: c.who(image), place: faultPlace(c) });
}
