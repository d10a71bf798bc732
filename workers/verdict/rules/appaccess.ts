/** Memory that an application may not use, and pages of its files that did not come. */
import { hex } from '../../base/hex.ts';
import { imageOf } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { appName, blameFrame, headApp, ownProgram } from './app.ts';
import { addressBit, changedCode, pointerBit } from './bits.ts';
import { ACCESS_WORDS, faultPlace, showFault, showInstruction, showNoOperand } from './evidence.ts';
import type { Rule } from './rule.ts';

export const accessViolation: Rule = (c, f) => {
  const reported = showFault(c, f);
  const kind = showInstruction(c, f).real ?? reported;
  if (changedCode(c, f) || otherCodeRan(c, f) || addressBit(c, f, kind) || pointerBit(c, f)) return;
  sayAccess(c, f, kind?.words ?? 'unknown');
  const { access } = c.fault;
  const actor = blameFrame(c, f);
  headApp(c, f, actor);
  if (kind?.flippedBit !== undefined || inSharedLibrary(c)) lessSure(f);
  // The stack and the heap of a program hold what the program wrote there: it jumped into its own data.
  if (!actor && !c.fault.place && access === 'execute') ownProgram(c, f);
  f.oppose('a-hardware-could', {});
};

function sayAccess(c: Case, f: Finding, kind: string): void {
  const { address, access } = c.fault;
  if (address === undefined) return;
  f.say('x-app-av', { access: access ? ACCESS_WORDS[access] : 'use', kind, address: hex(address) });
  if (access === 'execute') f.say('x-app-exec', { address: hex(address) });
}

/** ntdll holds the heap, the loader and the locks: they work on data of the whole process, not only on what the caller gave. */
const inSharedLibrary = (c: Case): boolean => c.fault.place !== undefined && /^ntdll/i.test(imageOf(c.fault.place.module));

function lessSure(f: Finding): void {
  if (f.sureness === 'likely') f.sureness = 'possible';
  f.rival({ part: 'ram' }, text('r-ram', {}));
}

/** The file's own code cannot have done what was reported. */
function otherCodeRan(c: Case, f: Finding): boolean {
  if (!showNoOperand(c, f)) return false;
  if (c.fault.place) f.victim = imageOf(c.fault.place.module);
  f.head('h-app-code', { app: appName(c), place: faultPlace(c) })
    .judge('hardware', 'possible')
    .blame(undefined, 'cpu')
    .rival({ part: 'ram' }, text('r-ram', {}))
    .rival({}, text('r-code-changed', {}));
  f.oppose('a-single-dump', {});
  return true;
}

/** ntstatus.h: what the network redirector answers when a share is gone. */
const NETWORK: ReadonlySet<number> = new Set([
  0xc00000b5, 0xc00000bc, 0xc00000be, 0xc00000c4, 0xc00000c9, 0xc00000cc, 0xc000020c, 0xc000020d, 0xc0000205, 0xc000023c, 0xc000023d,
]);

export const inPage: Rule = (c, f) => {
  showFault(c, f);
  const given = c.target.exception?.parameters[2];
  const what = given === undefined ? 'a page of a file' : c.status(given);
  if (given !== undefined && NETWORK.has(Number(given & 0xffff_ffffn))) {
    f.head('h-share', { app: appName(c), what }).judge('storage', 'likely');
    return;
  }
  f.head('h-disk', { name: c.name, what }).judge('storage', 'likely').blame(undefined, 'disk').rival({ part: 'ram' }, text('r-ram', {}));
};
