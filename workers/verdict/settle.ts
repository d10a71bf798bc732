/** What would settle the matter: a bigger dump, a test, more files. */
import { imageOf } from './actors.ts';
import type { Case } from './case.ts';
import type { Finding } from './finding.ts';
import type { Part } from './verdict.ts';

/** What a bigger dump would show, a code at a time (playbook of dump kinds). */
const BIGGER: Readonly<Record<number, string>> = {
  0x9f: 'every driver of the device and the waiting threads',
  0x101: 'what the silent processor was doing',
  0x133: 'the samples of what took the time',
  0x19: 'the neighbouring pool blocks',
  0xc2: 'the pool block and its neighbours',
  0xc5: 'the pool lists',
  0x13a: 'the heap block and its neighbours',
  0x139: 'the damaged object and its owner',
  0x109: 'the changed bytes',
  0x10d: 'the framework’s own log of the driver',
  0xef: 'the process and the thread that ended it',
  0xf4: 'the process and the thread that ended it',
  0xe2: 'all threads and what they wait for',
  0x1c8: 'all threads and what they wait for',
  0x50: 'the page tables of the address',
  0x1a: 'the page tables around the address',
};
/** Where the user side decides. */
const WIDER: Readonly<Record<number, string>> = {
  0xef: 'the memory of the program that ended',
  0xf4: 'the memory of the program that ended',
  0xc000021a: 'the memory of the part that ended',
};
const REPEATS: ReadonlySet<string> = new Set(['hardware', 'memory-corruption', 'not-known', 'driver-bug', 'firmware']);

const BY_PART_SETTLES: Partial<Readonly<Record<Part, 's-memtest' | 's-smart' | 's-live-watchdog'>>> = {
  ram: 's-memtest',
  disk: 's-smart',
  gpu: 's-live-watchdog',
};
const NAMES_HELP: ReadonlySet<string> = new Set(['driver-bug', 'not-known', 'application-bug', 'memory-corruption', 'hang']);

/**
 * Stops whose own data name the driver or the part: a single file of them proves what many of another kind only suggest. 0x9F with 3 holds
 * the request and its device, 0x10D the framework's data, 0xC4 and its like what Verifier saw, 0x124 the hardware's record.
 */
const PROVES_ALONE: ReadonlySet<number> = new Set([0x10d, 0xc4, 0xc6, 0xc9, 0xe6, 0x124]);
const provesAlone = (c: Case): boolean => PROVES_ALONE.has(c.code) || (c.code === 0x9f && c.params[0] === 3n);
/** A display driver that hung: driver and owner tag are the same whatever broke. */
const TAGGED: ReadonlySet<number> = new Set([0x116, 0x117, 0x141, 0xea]);
/** What has to be the same in more dumps: of a processor or memory in doubt its own number, as the place in the code changes or is the finder's. */
export function witnessOf(c: Case, { culprit, sureness }: Finding): 'tag' | 'place' | 'cpu' | 'ram' | undefined {
  if (sureness === 'certain' || provesAlone(c)) return undefined;
  if (TAGGED.has(c.code)) return 'tag';
  return culprit?.part === 'cpu' || culprit?.part === 'ram' ? culprit.part : 'place';
}
const SEVERAL = { tag: undefined, place: 's-several', cpu: 's-several-cpu', ram: 's-several-ram' } as const;
function several(c: Case, f: Finding): void {
  const witness = witnessOf(c, f);
  const id = witness && SEVERAL[witness];
  if (id) f.settle(id, {});
}

export function addSettlers(c: Case, f: Finding): void {
  if (f.cause === 'live-dump' || (f.cause === 'manual' && f.headline.id !== 'h-manual-hang')) return;
  biggerDumps(c, f);
  if (f.cause === 'manual') return;
  const part = f.culprit?.part;
  const byPart = part === undefined ? undefined : BY_PART_SETTLES[part];
  if (byPart !== undefined) f.settle(byPart, {});
  if (c.kernel) kernelSettlers(c, f);
  else if (f.cause === 'hardware') several(c, f);
  namesMissing(c, f);
}

function biggerDumps(c: Case, f: Finding): void {
  const bigger = BIGGER[c.code];
  const sampled = f.headline.id === 'h-dpc-windows' || f.headline.id === 'h-dpc-driver';
  if (c.target.kind === 'kernel-triage' && bigger !== undefined && !sampled) f.settle('s-kernel-dump', { what: bigger });
  const wider = WIDER[c.code];
  if (wider !== undefined) f.settle('s-full-dump', { what: wider });
  if (!c.kernel && f.cause === 'hang') f.settle('s-full-user', { what: 'what every thread waits for' });
}

function kernelSettlers(c: Case, f: Finding): void {
  if (f.cause === 'storage' || f.rule === 'whea') f.settle('s-event-log', {});
  if (REPEATS.has(f.cause)) several(c, f);
  if (f.cause === 'memory-corruption' && c.code !== 0x109) f.settle('s-verifier', {});
}

function namesMissing(c: Case, f: Finding): void {
  if (f.sureness === 'certain' || !NAMES_HELP.has(f.cause)) return;
  const nameless = c.actors.filter((actor) => actor.trusted && !actor.frame.symbol.ok).map((actor) => imageOf(actor.module));
  const modules = [...new Set(nameless)].slice(0, 4).join(', ');
  if (modules !== '') f.settle('s-symbols', { modules });
}
