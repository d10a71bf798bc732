/** Dumps by the PC that they come from, and by signature. */
import type { Job } from '../../base/job.ts';
import { type DumpFacts, inTime, isCrash, isKernel, keptOr } from './facts.ts';
import { type Likeness, likeness, onePcShare, type Profile, Profiles, ranMeanwhile } from './likeness.ts';
import { collect, tally } from './tally.ts';

export interface Group {
  /** `pc`: kernel dumps with like drivers. `program`: dumps of one application, which list no drivers. `alone`: a dump that tells neither. */
  readonly kind: 'pc' | 'program' | 'alone';
  /** The id of its earliest dump. */
  readonly id: string;
  readonly dumps: readonly DumpFacts[];
  /** The PC's name, where the reader has given one. */
  readonly name?: string;
  /** How the least alike neighbours in time are alike: why they are thought of as one PC. Absent where there is one dump. */
  readonly weakest?: Likeness;
}

/** What the reader says of a dump: which PC it is of. It beats the driver lists. */
export interface Placing {
  readonly dump: string;
  readonly pc: string;
}

interface Growing {
  readonly name?: string;
  readonly members: Profile[];
  /** The two members that were joined on the least likeness. */
  weakest: { readonly share: number; readonly pair: readonly [Profile, Profile] } | undefined;
}
interface Fit {
  readonly member: Profile;
  readonly share: number;
}

/** A PC's drivers change as time goes on: a dump is compared with the latest of a group, and with its first. */
const LATEST = 3;
/** A list of fewer was cut or not written. */
const LEAST_DRIVERS = 20;

/** The most alike of the members compared; none where one of all ran while the other stopped. */
function fits({ members }: Growing, profile: Profile): Fit | undefined {
  let best: Fit | undefined;
  const compare = (member: Profile | undefined): void => {
    const alike = member && onePcShare(member, profile);
    if (member && alike !== undefined && (!best || alike > best.share)) best = { member, share: alike };
  };
  for (let back = 1; back <= LATEST; back++) compare(members.at(-back));
  if (members.length > LATEST) compare(members[0]);
  return best && !members.some((member) => ranMeanwhile(member.facts, profile.facts)) ? best : undefined;
}

function place(groups: Growing[], profile: Profile): void {
  let best: { readonly group: Growing; readonly fit: Fit } | undefined;
  for (const group of groups) {
    const fit = fits(group, profile);
    if (fit && (!best || fit.share > best.fit.share)) best = { group, fit };
  }
  if (!best) {
    groups.push({ members: [profile], weakest: undefined });
    return;
  }
  const { group, fit } = best;
  group.members.push(profile);
  if (!group.weakest || fit.share < group.weakest.share) group.weakest = { share: fit.share, pair: [fit.member, profile] };
}

/** The program's file, the processor's kind and the family of systems: one program on Linux and on Windows are two. */
function programOf(facts: DumpFacts): string | undefined {
  const name = facts.drivers[0]?.name ?? keptOr(facts.process);
  return name === undefined ? undefined : `${name.toLowerCase()} ${facts.arch} ${keptOr(facts.system)?.split(' ')[0] ?? ''}`;
}

/** Dumps placed between two breaths. */
const SLICE = 32;

export function* groupDumps(facts: readonly DumpFacts[], placings: readonly Placing[] = []): Job<Group[]> {
  const profiles = new Profiles();
  const named = new Map(placings.map(({ dump, pc }) => [dump, pc]));
  const pcs = namedPcs(facts, named, profiles);
  const programs = new Map<string, DumpFacts[]>();
  const alone: DumpFacts[] = [];
  for (const [index, one] of inTime(facts).entries()) {
    if (index % SLICE === 0) yield { progress: 'Comparing the driver lists', done: index, of: facts.length };
    if (isKernel(one) && named.has(one.id)) continue;
    const program = isKernel(one) ? undefined : programOf(one);
    if (isKernel(one) && one.drivers.length >= LEAST_DRIVERS) place(pcs, profiles.of(one));
    else if (program === undefined) alone.push(one);
    else collect(programs, program, one);
  }
  const groups = [...pcs.map(pcGroup), ...[...programs.values()].map((dumps) => made('program', dumps)), ...alone.map((one) => made('alone', [one]))];
  return groups.sort((a, b) => b.dumps.length - a.dumps.length || (a.id < b.id ? -1 : 1));
}

/** The PCs that the reader has named, each with the dumps that were put there; others of like drivers join them. */
function namedPcs(facts: readonly DumpFacts[], named: ReadonlyMap<string, string>, profiles: Profiles): Growing[] {
  const byName = new Map<string, Profile[]>();
  for (const one of inTime(facts)) {
    const name = isKernel(one) ? named.get(one.id) : undefined;
    if (name !== undefined) collect(byName, name, profiles.of(one));
  }
  return [...byName].map(([name, members]) => ({ name, members, weakest: undefined }));
}

function pcGroup({ name, members, weakest }: Growing): Group {
  const dumps = inTime(members.map(({ facts }) => facts));
  return { ...made('pc', dumps), ...(name === undefined ? {} : { name }), ...(weakest ? { weakest: likeness(...weakest.pair) } : {}) };
}

const made = (kind: Group['kind'], dumps: readonly DumpFacts[]): Group => ({ kind, id: dumps[0]?.id ?? '', dumps });

export interface SignatureGroup {
  readonly signature: string;
  readonly dumps: readonly DumpFacts[];
}

/** Equal signatures together, the most frequent first. */
export const bySignature = (dumps: readonly DumpFacts[]): SignatureGroup[] =>
  tally(dumps, ({ verdict }) => verdict.signature).map(({ key, items }) => ({ signature: key, dumps: items }));

export const crashesOf = (group: Group): DumpFacts[] => group.dumps.filter(isCrash);
