/** From an opened dump to a verdict: gather, read by the code's rule, add what holds for all, name bucket and signature. */
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import type { Session } from '../target/target.ts';
import { imageOf, isThirdParty, placeWords } from './actors.ts';
import { addSteps } from './advice.ts';
import { bucketOf, signatureOf } from './bucket.ts';
import { type Case, gatherCase, slice } from './case.ts';
import { Finding } from './finding.ts';
import { followedCase } from './followed.ts';
import { findKernelSuspect } from './kernelsuspect.ts';
import { addOverlay } from './overlay.ts';
import { isLive, ruleFor } from './rules/index.ts';
import { opposeOther } from './rules/owners.ts';
import { notMyFault } from './rules/process.ts';
import { hang } from './rules/user.ts';
import { looksOf } from './playbook.ts';
import { processTold } from './processname.ts';
import { addSettlers, witnessOf } from './settle.ts';
import { hangBucket } from './userbucket.ts';
import type { Sureness, Verdict } from './verdict.ts';
import { suspectsOf } from './watch.ts';
import { text } from './words.ts';

export function* judge(session: Session): Job<Verdict> {
  const c = yield* gatherCase(session);
  yield slice('Weighing the evidence');
  const { name, rule } = ruleFor(c);
  const f = new Finding(name);
  opening(c, f);
  rule(c, f);
  yield slice('Weighing the evidence');
  opposeNoted(c, f);
  deliberate(c, f);
  yield* closing(c, f);
  yield slice('Naming the verdict');
  return yield* verdictOf(c, f);
}

/** The same dump read as a hang: what waits, whatever exception it holds. */
export function* judgeHang(session: Session): Job<Verdict> {
  const c = yield* gatherCase(session);
  yield slice('Looking for who waits');
  const f = new Finding('hang');
  hang(c, f);
  yield* closing(c, f);
  return { ...(yield* verdictOf(c, f)), bucket: hangBucket(c) };
}

/** The stop itself, as read. */
function opening(c: Case, f: Finding): void {
  if (!c.target.bugCheck || c.code === 0) return;
  const [p1, p2, p3, p4] = c.params.map(hex);
  f.show(text('e-code', { name: c.name, p1: p1 ?? '', p2: p2 ?? '', p3: p3 ?? '', p4: p4 ?? '' }), '.bugcheck', { weighs: 'for' });
  if (c.entry) f.say('x-gist', { name: c.name, gist: c.entry.gist });
}

/** NotMyFault stops Windows for practice: whatever the code says, it was on purpose. */
function deliberate(c: Case, f: Finding): void {
  const test = c.kernel ? notMyFault(c) : undefined;
  if (!test) return;
  if (test.process !== undefined) f.show(text('e-notmyfault', { process: test.process }), 'lmvm myfault', { weighs: 'decides' });
  if (test.actor) f.show(text('e-myfault-stack', { place: placeWords(test.actor) }), 'k', { weighs: 'decides' });
  f.head('h-manual', { name: c.name, what: 'the test tool Sysinternals NotMyFault was used' })
    .judge('manual', test.process !== undefined ? 'certain' : 'likely')
    .blame('myfault.sys');
  f.rivals.length = 0;
  f.against.length = 0;
  if (test.process === undefined) f.oppose('a-no-tester', {});
}

/** The driver that the kernel noted is another than the one that is blamed; a part of Windows in that place is only the one that was called. */
function opposeNoted(c: Case, f: Finding): void {
  const blamed = f.culprit?.module;
  const noted = blamed === undefined || !f.evidence.some(({ id }) => id === 'e-kernel-suspect') ? undefined : findKernelSuspect(c)?.image;
  const module = noted === undefined ? undefined : c.target.modules.byName(noted);
  if (blamed === undefined || !module || !isThirdParty(module, c.session) || imageOf(module).toLowerCase() === blamed.toLowerCase()) return;
  opposeOther(c, f, { what: 'the fault', image: blamed, other: imageOf(module) });
  f.weaken();
}

function* closing(c: Case, f: Finding): Job<void> {
  if (c.target.bugCheck && c.code !== 0 && f.cause !== 'manual') f.detector ??= 'ntoskrnl.exe';
  addOverlay(c, f);
  yield slice('Looking for what to do next');
  addSteps(c, f);
  addSettlers(c, f);
  if (!c.kernel) {
    stackModules(c, f);
    return;
  }
  nameVictim(c, f);
  if (isLive(c) && f.rule !== 'by-hand' && !f.explanation.some((one) => one.id === 'x-live')) f.say('x-live', {});
  sayProcess(c, f);
  sayRepeat(c, f);
}

const REPEAT = { tag: 'x-repeat-tag', place: 'x-repeat', cpu: 'x-repeat-cpu', ram: 'x-repeat-ram' } as const;
/** What one file of the kind is worth, and what to compare in the next. */
function sayRepeat(c: Case, f: Finding): void {
  const witness = f.cause === 'live-dump' || f.cause === 'manual' ? undefined : witnessOf(c, f);
  if (witness && f.explanation.length < 5) f.say(REPEAT[witness], {});
}

/** The stop took down the program that ran, where no rule knows of a nearer victim. A wanted stop and a live report take down none. */
function nameVictim(c: Case, f: Finding): void {
  const name = processTold(c.target);
  if (f.victim !== undefined || c.code === 0 || f.cause === 'manual' || f.rule === 'by-hand' || isLive(c)) return;
  if (name.ok && isProgram(name.value)) f.victim = name.value;
}

const isProgram = (process: string): boolean => process !== '' && !/^(system|idle)$/i.test(process);

/** Who happened to run, where nothing has said it yet and it is worth a sentence. */
function sayProcess(c: Case, f: Finding): void {
  const name = processTold(c.target);
  if (!name.ok || !isProgram(name.value) || f.cause === 'manual' || f.explanation.length >= 4) return;
  if (!f.evidence.some((one) => one.id === 'e-process')) f.say('x-process', { process: name.value });
}

/** Names on the stack, for what they are: on the stack. */
function stackModules(c: Case, f: Finding): void {
  const names = [...new Set(c.actors.filter((actor) => actor.trusted).map((actor) => imageOf(actor.module)))].slice(0, 6);
  if (names.length > 0) f.show(text('e-frames', { modules: names.join(', ') }), 'k', { weighs: 'context' });
}

/** The rules leave these open. */
const OPEN: ReadonlySet<Sureness> = new Set(['possible', 'not-known']);

function* verdictOf(c: Case, f: Finding): Job<Verdict> {
  const bucket = bucketOf(yield* followedCase(c), f);
  return {
    headline: f.headline,
    explanation: f.explanation.slice(0, 5),
    sureness: f.sureness,
    cause: f.cause,
    ...(f.place ? { place: f.place } : {}),
    ...(f.culprit && Object.keys(f.culprit).length > 0 ? { culprit: f.culprit } : {}),
    ...(f.detector === undefined ? {} : { detector: f.detector }),
    ...(f.victim === undefined ? {} : { victim: f.victim }),
    evidence: f.evidence,
    against: f.against,
    rivals: f.rivals,
    wouldSettle: f.wouldSettle,
    steps: f.steps,
    looks: OPEN.has(f.sureness) || f.headline.id === 'h-manual-hang' ? looksOf(c) : [],
    suspects: suspectsOf(c, f),
    rule: f.rule,
    bucket,
    signature: signatureOf(c, f),
  };
}
