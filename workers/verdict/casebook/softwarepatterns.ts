/** Patterns that speak for software: one module again and again, one place again and again. */
import { standardLine, waves } from '../../knowledge/guides/waves.ts';
import { windbgName } from '../../modules/names.ts';
import { buildOf, builtMs } from './drivers.ts';
import { type DumpFacts, isKernel, type KeptDriver } from './facts.ts';
import { CaseFinding, crashArgs, opposeOthers, ownProof } from './finding.ts';
import type { Part, Sureness } from '../verdict.ts';
import { watchArgs, whoseLine } from '../words/lines.ts';
import { tally } from './tally.ts';
import { caseText } from './words.ts';

const isSure = ({ sureness }: { readonly sureness: Sureness }): boolean => sureness === 'likely' || sureness === 'certain';
/** A program's own file is what its dumps were grouped by: that it repeats says nothing. */
function culpritOf(one: DumpFacts): string | undefined {
  const module = one.verdict.sureness === 'not-known' ? undefined : one.verdict.module?.toLowerCase();
  return !isKernel(one) && module === one.drivers[0]?.name.toLowerCase() ? undefined : module;
}
const moduleIn = (one: DumpFacts, module: string): KeptDriver | undefined => one.drivers.find(({ name }) => name.toLowerCase() === module.toLowerCase());

/** Half of the crashes and at least two: fewer is a coincidence that its own verdict tells better. */
export const isMost = (members: readonly DumpFacts[], crashes: readonly DumpFacts[]): boolean => members.length >= 2 && members.length * 2 >= crashes.length;

/** How sure the culprit of single verdicts is as that of all: proved only where each crash proves it. */
function surenessOf(members: readonly DumpFacts[], crashes: readonly DumpFacts[]): Sureness {
  if (members.length === crashes.length && members.every(({ verdict }) => verdict.sureness === 'certain')) return 'certain';
  return members.length * 5 >= crashes.length * 3 && members.some(({ verdict }) => isSure(verdict)) ? 'likely' : 'possible';
}

export function oneModule(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const [top] = tally(crashes, culpritOf);
  if (!top || !isMost(top.items, crashes)) return undefined;
  const members = top.items;
  const module = members[0]?.verdict.module ?? top.key;
  const f = new CaseFinding('one-module', caseText('c-module', { module, k: String(members.length), n: String(crashes.length) }), members, crashes);
  const cause = tally(members, ({ verdict }) => verdict.cause)[0]?.key ?? 'not-known';
  f.judge(cause, surenessOf(members, crashes)).blame(module);
  for (const { items } of tally(members, ({ code, verdict }) => `${code ?? ''} ${verdict.signature}`)) showEqual(f, items);
  showSamePlace(f, module);
  const builds = showBuilds(f, module);
  opposeOthers(f);
  return addRivals(f, module, builds).settle(caseText('s-mark', {}));
}

/** Crashes that are alike make one line. */
function showEqual(f: CaseFinding, items: readonly DumpFacts[]): void {
  const [one] = items;
  const times = items.length === 1 ? '' : `${String(items.length)} times `;
  if (one) f.show(caseText('e-one', { ...crashArgs(one), times }), items.map(ownProof));
}

function addRivals(f: CaseFinding, module: string, builds: number): CaseFinding {
  const part = tally(f.members, ({ verdict }) => verdict.part)[0]?.key;
  if (part) f.rival({ module, part }, caseText('r-device', { module }));
  if (f.all.some((one) => !f.members.includes(one) && pointsToHardware(one))) f.rival({ part: 'ram' }, caseText('r-ram', {}));
  const feature = f.members.find(({ verdict }) => verdict.feature !== undefined)?.verdict.feature;
  addSteps(f, { module, builds, part, feature });
  if (feature !== undefined) return f.settle(caseText('s-older-build', { module, feature }));
  return f.settle(builds > 1 ? caseText('s-other-device', { module }) : caseText('s-other-build', { module }));
}

interface Blamed {
  readonly module: string;
  /** How many of it were tried. */
  readonly builds: number;
  readonly part: Part | undefined;
  /** Instructions that the processor lacks. */
  readonly feature: string | undefined;
}

/** Where other builds crash as well, one more tells nothing: then it is the device's turn; not so where all of them need what the processor lacks. */
function addSteps(f: CaseFinding, { module, builds, part, feature }: Blamed): void {
  const from = f.members.find(({ verdict }) => verdict.from !== undefined)?.verdict.from ?? 'its maker';
  if (f.cause !== 'driver-bug') f.step(caseText('d-collect', {}));
  else if (feature !== undefined) {
    f.step(caseText('d-driver-older', { module, feature, from }), whoseLine(module));
    if (part === 'gpu') f.step(caseText('d-gpu-stock', {}));
  } else if (part === 'gpu') {
    f.step(caseText('d-gpu-stock', {}));
    if (builds > 1) f.step(caseText('d-gpu-cool', {})).step(caseText('d-gpu-card', {}));
    else f.step(caseText('d-gpu-from', { from })).step(caseText('d-gpu-older', {}));
  } else if (builds > 1) f.step(caseText('d-device-swap', { module })).step(caseText('d-driver-remove', { module }));
  else f.step(caseText('d-driver-from', { who: module, from }), whoseLine(module)).step(caseText('d-driver-remove', { module }));
}

export const pointsToHardware = ({ verdict }: DumpFacts): boolean => verdict.cause === 'hardware' || verdict.cause === 'memory-corruption';

const placeOf = ({ verdict: { place } }: DumpFacts): string | undefined => place && `${place.module}+${place.offset}`;
/** An offset means the same instruction in the same build only. */
const instructionOf = (one: DumpFacts): string | undefined =>
  one.verdict.place && `${placeOf(one) ?? ''} ${String(moduleIn(one, one.verdict.place.module)?.timestamp)}`;

/** The owner tag of a display driver's stop is the same whatever broke: only an address where the code stood counts. */
const TAGGED: ReadonlySet<string> = new Set(['0x116', '0x117', '0x141']);

/** The registers stood at the place when it failed; any other is a frame of a stack, or where the driver itself called KeBugCheckEx. */
const faulted = ({ verdict }: DumpFacts): boolean => verdict.evidence.some(({ id }) => id === 'e-place');

function showSamePlace(f: CaseFinding, module: string): void {
  const telling = f.members.filter((one) => !TAGGED.has(one.code ?? '') && one.verdict.place?.module.toLowerCase() === module.toLowerCase());
  for (const { items } of tally(telling, instructionOf)) {
    const place = items[0] && placeOf(items[0]);
    const what = items.every(faulted) ? 'the very same instruction' : 'the same place';
    if (items.length >= 2 && place !== undefined) f.show(caseText('e-same-place', { k: String(items.length), what, module, place }), items.map(ownProof));
  }
}

/** The signature without its offset, which moves with the build. */
const faultOf = ({ verdict }: DumpFacts): string => verdict.signature.replace(/\+[0-9a-f]+/, '');

/** The builds of the driver that crash; those in which one and the same fault stands speak against a fault of one build. How many there were. */
function showBuilds(f: CaseFinding, module: string): number {
  const builds = tally(f.members, (one) => moduleIn(one, module)?.timestamp);
  if (builds.length < 2) return builds.length;
  const words = builds.map(({ items }) => {
    const [one] = items;
    const driver = one && moduleIn(one, module);
    return `${one && driver ? buildOf(driver, one) : 'not told'} (${String(items.length)})`;
  });
  const showsOf = (some: typeof builds) =>
    some.flatMap(({ items }) => items.slice(0, 1).map((one) => ({ dump: one.id, command: `lmvm ${windbgName(module)}` })));
  const count = String(builds.length);
  f.show(caseText('e-builds', { module, count, builds: words.join(', ') }), showsOf(builds), 'context');
  const [alike] = tally(f.members, faultOf)
    .map(({ items }) => tally(items, (one) => moduleIn(one, module)?.timestamp))
    .sort((a, b) => b.length - a.length);
  if (alike && alike.length > 1) f.oppose(caseText('a-builds', { module, count: String(alike.length) }), showsOf(alike));
  return builds.length;
}

/** The same instruction again and again, while no verdict names a culprit; of a program also its own. */
export function onePlace(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const [top] = tally(crashes, instructionOf);
  const [first] = top?.items ?? [];
  if (!top || !first || !isMost(top.items, crashes)) return undefined;
  const counts = { k: String(top.items.length), n: String(crashes.length) };
  const place = placeOf(first) ?? 'the same place';
  const f = new CaseFinding('one-place', caseText(isKernel(first) ? 'c-place' : 'c-place-app', { ...counts, place }), top.items, crashes);
  f.judge(first.verdict.cause, isKernel(first) ? 'possible' : 'likely').blame(first.verdict.module);
  for (const one of top.items) f.show(caseText('e-place-each', { ...crashArgs(one), place }), [ownProof(one)]);
  opposeOthers(f);
  f.settle(caseText('s-more', {}));
  if (!isKernel(first)) return f.step(caseText('d-reinstall-app', { app: first.drivers[0]?.name ?? 'the program' }));
  return watch(f.rival({}, caseText('r-driver', {})), first)
    .step(caseText('d-memory-dmp', {}))
    .step(caseText('d-dump-kernel', {}));
}

/** The first wave for Driver Verifier, by the drivers of one of the crashes. */
function watch(f: CaseFinding, crash: DumpFacts): CaseFinding {
  const drivers = crash.drivers.map((one) => {
    const hashed = one.timestamp !== undefined && builtMs(one, crash) === undefined;
    return { file: one.name, vendor: one.maker ?? null, hashed };
  });
  const [wave] = waves(drivers, []);
  return wave ? f.step(caseText('d-verifier-these', watchArgs(wave.files)), standardLine(wave.files)) : f.step(caseText('d-verifier-on', {}));
}
