/** Facts of dumps that nobody has, for tests of the casebook: a PC of forty drivers, changed where a test says so. */
import type { DumpFacts, KeptDriver, KeptVerdict } from '../../verdict/casebook/facts.ts';

export const DAY = 86_400_000;
export const FIRST_DAY = Date.UTC(2026, 0, 10, 12);

/** Thirty of Microsoft's and ten of other makers, the last two of them in no table. */
export function driversOf(pc: string): KeptDriver[] {
  const microsoft = Array.from({ length: 30 }, (_, at) => ({ name: `ms${String(at)}.sys`, timestamp: 0x5000_0000 + at, maker: 'Microsoft' }));
  const others = Array.from({ length: 10 }, (_, at) => ({
    name: `${pc}${String(at)}.sys`,
    timestamp: 0x6000_0000 + at,
    ...(at < 8 ? { maker: 'Example' } : {}),
  }));
  return [...microsoft, ...others];
}

export interface Made extends Partial<Omit<DumpFacts, 'verdict'>> {
  readonly pc?: string;
  /** Days after the first. */
  readonly day?: number;
  readonly verdict?: Partial<KeptVerdict>;
}

let made = 0;

export function crash({ pc = 'a', day = 0, verdict = {}, ...more }: Made = {}): DumpFacts {
  const id = more.id ?? `${pc}-${String(++made).padStart(4, '0')}`;
  return {
    id,
    file: `${id}.dmp`,
    sizeBytes: 1_000_000,
    kind: 'kernel-triage',
    live: false,
    arch: 'x64',
    system: 'Windows 10 22H2',
    build: 19045,
    processors: 16,
    cpuMaker: 'AuthenticAMD',
    memory: '4176049 pages in 12 runs',
    crashTimeMs: FIRST_DAY + day * DAY,
    uptimeSeconds: 3600,
    code: '0xd1',
    codeName: 'DRIVER_IRQL_NOT_LESS_OR_EQUAL',
    process: 'System',
    cpu: 5,
    nonPagedPool: 70_000,
    pagedPool: 60_000,
    committed: 900_000,
    verdict: {
      headline: `headline of ${id}`,
      helper: `helper of ${id}`,
      sureness: 'not-known',
      cause: 'not-known',
      rule: 'made',
      signature: `${more.code ?? '0xd1'}/no-place`,
      bucket: 'made',
      evidence: [{ id: 'e-made', says: 'made', command: 'k', weighs: 'decides' }],
      ...verdict,
    },
    drivers: driversOf(pc),
    ...more,
  };
}

/** A crash that its own evidence lays at a driver's door. */
export const blamed = (module: string, offset: string, more: Made = {}): DumpFacts =>
  crash({
    ...more,
    verdict: { sureness: 'likely', cause: 'driver-bug', module, place: { module, offset }, signature: `d1/${module}+${offset.slice(2)}`, ...more.verdict },
  });
