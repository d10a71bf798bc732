/** The driver lists of two dumps compared: what came, what went, what is of another build. */
import { isLinkDate } from '../../modules/linkdate.ts';
import { isCrashCopy } from '../../modules/names.ts';
import { DAY_MS, formatDay } from './days.ts';
import { type DumpFacts, isKernel, type KeptDriver, keptOr } from './facts.ts';

export interface DriverChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly maker?: string;
  readonly before?: KeptDriver;
  readonly after?: KeptDriver;
}

export interface DriverDiff {
  readonly from: DumpFacts;
  readonly to: DumpFacts;
  readonly changes: readonly DriverChange[];
  /** In both, of the same build. */
  readonly unchanged: number;
}

const byName = (facts: DumpFacts): ReadonlyMap<string, KeptDriver> =>
  new Map(facts.drivers.filter(({ name }) => !isCrashCopy(name)).map((driver) => [driver.name.toLowerCase(), driver]));

/** A version or time that only one of the two tells makes no change. */
export function isOtherBuild(a: KeptDriver, b: KeptDriver): boolean {
  const told = <T>(x: T | undefined, y: T | undefined): boolean => x !== undefined && y !== undefined && x !== y;
  return told(a.timestamp, b.timestamp) || told(a.version, b.version);
}

/** Lists that are held once stand in both, driver by driver. */
const isSameList = ({ drivers }: DumpFacts, other: DumpFacts): boolean =>
  drivers.length === other.drivers.length && drivers.every((driver, at) => driver === other.drivers[at]);

export function compareDrivers(from: DumpFacts, to: DumpFacts): DriverDiff {
  if (isSameList(from, to)) return { from, to, changes: [], unchanged: byName(to).size };
  const before = byName(from);
  const after = byName(to);
  const changes: DriverChange[] = [];
  let unchanged = 0;
  for (const [name, now] of after) {
    const was = before.get(name);
    if (!was) changes.push(change('added', { after: now }));
    else if (isOtherBuild(was, now)) changes.push(change('changed', { before: was, after: now }));
    else unchanged += 1;
  }
  for (const [name, was] of before) if (!after.has(name)) changes.push(change('removed', { before: was }));
  return { from, to, changes: changes.sort(byWeight), unchanged };
}

function change(kind: DriverChange['kind'], sides: Pick<DriverChange, 'before' | 'after'>): DriverChange {
  const { name = '', maker } = sides.after ?? sides.before ?? {};
  return { kind, name, ...(maker === undefined ? {} : { maker }), ...sides };
}

/** Other makers' first, changed before added before removed. */
const KINDS: readonly DriverChange['kind'][] = ['changed', 'added', 'removed'];
function byWeight(a: DriverChange, b: DriverChange): number {
  const weight = (one: DriverChange): number => (one.maker === 'Microsoft' ? 10 : 0) + KINDS.indexOf(one.kind);
  return weight(a) - weight(b) || a.name.localeCompare(b.name, 'en');
}

export const consecutive = (dumps: readonly DumpFacts[]): DriverDiff[] => dumps.slice(1).map((to, index) => compareDrivers(dumps[index] as DumpFacts, to));

/** What changed from one dump to the next in the drivers that Microsoft does not make: Windows' own change with every update. */
export function driverHistory(dumps: readonly DumpFacts[]): DriverDiff[] {
  return dumps.slice(1).flatMap((to, index) => {
    const from = dumps[index];
    if (!from || !isKernel(from)) return [];
    const diff = compareDrivers(from, to);
    const changes = diff.changes.filter(({ maker }) => maker !== 'Microsoft');
    return changes.length === 0 ? [] : [{ ...diff, changes }];
  });
}

/** "nvlddmkm.sys 2024-10-15 to 2024-11-06", "vgk.sys removed". */
export const changeWords = ({ kind, name, before, after }: DriverChange, { from, to }: DriverDiff): string =>
  kind === 'changed' && before && after ? `${name} ${buildOf(before, from)} to ${buildOf(after, to)}` : `${name} ${kind}`;

/** When an image was linked, in milliseconds; undefined where the stamp cannot be a date, as in reproducible builds. */
export function builtMs(driver: KeptDriver, before: DumpFacts): number | undefined {
  const { timestamp } = driver;
  return timestamp !== undefined && isLinkDate(timestamp, keptOr(before.crashTimeMs)) ? timestamp * 1000 : undefined;
}

/** Version, date of making, or the bare stamp. */
export function buildOf(driver: KeptDriver, dump: DumpFacts): string {
  if (driver.version !== undefined) return driver.version;
  const built = builtMs(driver, dump);
  if (built !== undefined) return formatDay(built);
  return driver.timestamp === undefined ? 'build not told' : `stamp ${driver.timestamp.toString(16)}`;
}

export interface Fresh {
  readonly driver: KeptDriver;
  readonly builtMs: number;
  /** Whole days from its making to the crash: it was installed within them. */
  readonly days: number;
}
const FRESH_DAYS = 30;

/** Drivers of other makers that were built in the month before a crash, the newest first: a driver cannot be installed before it is built. */
export function freshDrivers(crash: DumpFacts): Fresh[] {
  const at = keptOr(crash.crashTimeMs);
  if (at === undefined) return [];
  return crash.drivers
    .flatMap((driver): Fresh[] => {
      const built = driver.maker === 'Microsoft' ? undefined : builtMs(driver, crash);
      const days = built === undefined ? -1 : Math.floor((at - built) / DAY_MS);
      return built !== undefined && days >= 0 && days <= FRESH_DAYS ? [{ driver, builtMs: built, days }] : [];
    })
    .sort((a, b) => a.days - b.days);
}
