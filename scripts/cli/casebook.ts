/** What several dumps say together, for `--casebook`: a text, or a line of JSON a group (docs/casebook.schema.json). */
import { driveSync } from '../../workers/base/job.ts';
import { buildCasebook, type CaseGroup } from '../../workers/verdict/casebook/book.ts';
import { changeWords, driverHistory } from '../../workers/verdict/casebook/drivers.ts';
import { type DumpFacts, keptOr } from '../../workers/verdict/casebook/facts.ts';
import { type CaseEvidence, stopOf } from '../../workers/verdict/casebook/finding.ts';
import type { Likeness } from '../../workers/verdict/casebook/likeness.ts';
import { sayCase } from '../../workers/verdict/casebook/words.ts';
import { MARK, section, SURENESS } from './text.ts';

export interface Summarised {
  /** As the command line printed it. */
  readonly name: string;
  readonly facts: DumpFacts;
}

const groupsOf = (dumps: readonly Summarised[], nowMs: number): readonly CaseGroup[] => {
  const facts = new Map(dumps.map(({ facts: one }) => [one.id, one]));
  return driveSync(buildCasebook([...facts.values()], [], nowMs));
};
const timeOf = (one: DumpFacts): string => {
  const ms = keptOr(one.crashTimeMs);
  return ms === undefined ? 'time not told' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
};

export function casebookText(dumps: readonly Summarised[], nowMs: number): string {
  const names = namesOf(dumps);
  let pc = 0;
  return groupsOf(dumps, nowMs)
    .map((group) => groupText(group, group.kind === 'pc' ? `PC ${String(++pc)}` : titleOf(group), names))
    .join('\n\n');
}

const namesOf = (dumps: readonly Summarised[]): ReadonlyMap<string, string> =>
  new Map(dumps.map(({ name, facts }) => [facts.id, name.split(/[\\/]/).at(-1) ?? name]));
const titleOf = ({ kind, dumps }: CaseGroup): string =>
  kind === 'program' ? `Program ${dumps[0]?.drivers[0]?.name ?? 'without a name'}` : 'A dump of its own';

function groupText(group: CaseGroup, title: string, names: ReadonlyMap<string, string>): string {
  const { verdict, dumps } = group;
  const line = ({ says, weighs, shows }: CaseEvidence): string => {
    const [first] = shows;
    const proof = first
      ? `  [${names.get(first.dump) ?? first.dump}: ${first.command}${shows.length > 1 ? `, and ${String(shows.length - 1)} more` : ''}]`
      : '';
    return `${MARK[weighs]} ${sayCase(says).helper}${proof}`;
  };
  return [
    `${title}: ${String(dumps.length)} ${dumps.length === 1 ? 'dump' : 'dumps'}`,
    ...(group.weakest ? [`  One PC, since ${likenessWords(group.weakest)}`] : []),
    `${SURENESS[verdict.sureness]}: ${sayCase(verdict.headline).owner}`,
    ...section(
      'Dumps',
      dumps.map((one) => `${timeOf(one)}  ${stopOf(one)}  ${one.verdict.signature}  ${names.get(one.id) ?? one.file}`),
    ),
    ...section('Evidence', verdict.evidence.map(line)),
    ...section('Against it', verdict.against.map(line)),
    ...section(
      'Could also be',
      verdict.rivals.map((rival) => sayCase(rival.why).owner),
    ),
    ...section(
      'Would settle it',
      verdict.wouldSettle.map((text) => sayCase(text).owner),
    ),
    ...section(
      'What to do',
      verdict.steps.map((step, index) => `${String(index + 1)}. ${sayCase(step.says).owner}${step.copy === undefined ? '' : `\n     ${step.copy}`}`),
    ),
    ...section('Drivers that changed between two dumps', driverLines(dumps)),
  ].join('\n');
}

const likenessWords = ({ all, others, agrees }: Likeness): string =>
  [
    `${String(all.both)} of ${String(all.either)} drivers are in both of the least alike (${String(others.both)} of ${String(others.either)} of other makers)`,
    ...(agrees.length > 0 ? [`alike too: ${agrees.join(', ')}`] : []),
  ].join('; ');

const driverLines = (dumps: readonly DumpFacts[]): string[] =>
  driverHistory(dumps).map((diff) => `${timeOf(diff.from)} to ${timeOf(diff.to)}: ${diff.changes.map((change) => changeWords(change, diff)).join(', ')}`);

/** A line a group; `kind` tells it from the lines of the dumps. */
export function casebookLines(dumps: readonly Summarised[], nowMs: number): string[] {
  const names = new Map(dumps.map(({ name, facts }) => [facts.id, name]));
  const fileOf = (id: string): string => names.get(id) ?? id;
  const lineOf = ({ says, weighs, shows }: CaseEvidence): unknown => ({
    text: sayCase(says).helper,
    weighs,
    shows: shows.map(({ dump, command }) => ({ file: fileOf(dump), command })),
  });
  return groupsOf(dumps, nowMs).map(({ kind, dumps: members, verdict, signatures, weakest }) =>
    JSON.stringify({
      kind: 'casebook',
      group: kind,
      files: members.map(({ id }) => fileOf(id)),
      alike: weakest ? { drivers: weakest.all, others: weakest.others, sameBuilds: weakest.sameBuilds, agrees: weakest.agrees } : null,
      signatures: signatures.map(({ signature, dumps: alike }) => ({ signature, files: alike.map(({ id }) => fileOf(id)) })),
      verdict: {
        rule: verdict.rule,
        headline: sayCase(verdict.headline).owner,
        sureness: verdict.sureness,
        cause: verdict.cause,
        culprit: verdict.module === undefined && verdict.part === undefined ? null : { module: verdict.module ?? null, part: verdict.part ?? null },
        in: verdict.in.map(fileOf),
        of: verdict.of,
        evidence: verdict.evidence.map(lineOf),
        against: verdict.against.map(lineOf),
        rivals: verdict.rivals.map(({ module, part, why }) => ({ module: module ?? null, part: part ?? null, why: sayCase(why).owner })),
        wouldSettle: verdict.wouldSettle.map((text) => sayCase(text).owner),
        steps: verdict.steps.map(({ says }) => sayCase(says).owner),
      },
    }),
  );
}
