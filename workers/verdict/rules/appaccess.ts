/** Memory that an application may not use, and pages of its files that did not come. */
import { hex } from '../../base/hex.ts';
import { imageOf } from '../actors.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import type { AddressClass } from '../address.ts';
import { appName, blameFrame, headApp, ofSomebody, ownProgram } from './app.ts';
import { addressBit, changedAt, pointerBit } from './bits.ts';
import { lostNetwork } from './errors.ts';
import { ACCESS_WORDS, faultPlace, showFault, showInstruction, showNoOperand } from './evidence.ts';
import type { Rule } from './rule.ts';
import { isDiskStatus, judgeStatus, ntstatus } from './storage.ts';

export const accessViolation: Rule = (c, f) => {
  const reported = showFault(c, f);
  const kind = showInstruction(c, f).real ?? reported;
  if (codeBit(c, f) || otherCodeRan(c, f) || addressBit(c, f, kind) || pointerBit(c, f)) return;
  sayAccess(c, f, kind);
  const actor = blameFrame(c, f);
  headApp(c, f, actor);
  if (!actor) noStep(c, f, kind);
  if (kind?.flippedBit !== undefined || inSharedLibrary(c)) lessSure(f);
  f.oppose('a-hardware-could', {});
};

/** What no library makes of itself: it was handed in by whoever called. */
const HANDED: ReadonlySet<AddressClass['kind']> = new Set(['null', 'near-null']);

/** The stack and the heap of a program hold what the program wrote there: it jumped into its own data. */
function noStep(c: Case, f: Finding, kind: AddressClass | undefined): void {
  if (!c.fault.place && c.fault.access === 'execute') ownProgram(c, f);
  else if (kind && HANDED.has(kind.kind)) ofSomebody(c, f);
}

/** A code byte of one other bit. Programs are patched on purpose as well, and a jump turned round is one bit: no more than likely. */
function codeBit(c: Case, f: Finding): boolean {
  if (c.fault.ip === undefined || !changedAt(c, f, c.fault.ip)) return false;
  if (c.fault.place) f.victim = imageOf(c.fault.place.module);
  if (f.sureness === 'certain') f.judge('hardware', 'likely').oppose('a-single-dump', {}).rival({}, text('r-code-changed', {}));
  return true;
}

function sayAccess(c: Case, f: Finding, kind: AddressClass | undefined): void {
  const { address, access } = c.fault;
  if (address === undefined) return;
  f.say('x-app-av', {
    access: access ? ACCESS_WORDS[access] : 'use',
    kind: kind?.words ?? 'unknown',
    plain: kind?.plain ?? 'not known',
    address: hex(address),
  });
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

export const inPage: Rule = (c, f) => {
  showFault(c, f);
  const status = c.target.exception?.parameters[2];
  if (status !== undefined && lostNetwork(status)) {
    f.head('h-network-file', { name: c.name, what: c.status(status) }).judge('storage', 'likely');
    return;
  }
  if (status !== undefined && !isDiskStatus(ntstatus(status))) {
    judgeStatus(c, f, ntstatus(status), 3);
    return;
  }
  f.head('h-app-disk', { app: appName(c), name: c.name, what: status === undefined ? 'a page of a file' : c.status(status) })
    .judge('storage', 'likely')
    .blame(undefined, 'disk')
    .rival({ part: 'ram' }, text('r-ram', {}));
};
