/** Whom Driver Verifier is to watch for this dump; in which order, `knowledge/guides/waves` says. */
import { valueOf } from '../base/found.ts';
import { type Wave, waves } from '../knowledge/guides/waves.ts';
import { isLinkDate } from '../modules/linkdate.ts';
import { imageOf, isScanned } from './actors.ts';
import type { Case } from './case.ts';
import type { Finding } from './finding.ts';

/**
 * Stops that Windows finds from a timer, from a check of its own or from the hardware's report: who stands on the stack has no part in
 * them (windows-driver-docs, pages of 0x109, 0x101, 0x9F and 0x124).
 */
const STACK_OF_THE_FINDER: ReadonlySet<number> = new Set([0x109, 0x101, 0x9f, 0x124, 0x9c]);

export function suspectsOf(c: Case, f: Finding): string[] {
  if (!c.kernel || f.cause === 'manual' || f.cause === 'live-dump') return [];
  const named = [f.culprit, ...f.rivals].flatMap((one) => one?.module ?? []);
  const onStack = STACK_OF_THE_FINDER.has(c.code) ? [] : c.suspects.filter((actor) => !isScanned(actor)).map((actor) => imageOf(actor.module));
  return [...new Set([...named, ...onStack])];
}

export function wavesOf(c: Case, f: Finding): readonly Wave[] {
  const crash = valueOf(c.target.crashTime);
  const drivers = c.target.modules.modules.map((module) => {
    const { pe } = module.identity;
    const file = imageOf(module);
    return { file, vendor: c.knowledge.driver(file)?.vendor ?? null, hashed: pe.ok && !isLinkDate(pe.value.timestamp, crash) };
  });
  return waves(drivers, suspectsOf(c, f));
}
