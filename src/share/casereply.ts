/**
 * A helper's reply made of a group of the casebook, as headed lists. By default it holds what is public and the names of known drivers;
 * times, unknown names, file names and notes only where they are ticked, as in a share link.
 */
import type { CaseGroup } from '../../workers/verdict/casebook/book.ts';
import type { DumpFacts } from '../../workers/verdict/casebook/facts.ts';
import type { CaseEvidence } from '../../workers/verdict/casebook/finding.ts';
import { changeWords, driverHistory, isCrash, keptOr, sayCase, stopOf } from '../engine/casevalues.ts';
import { c } from '../text/casebook.ts';
import { formatDate, formatUtc } from '../text/format.ts';
import { s } from '../text/share.ts';
import { CAUSE, SURENESS, WEIGHT } from '../text/words.ts';
import type { Outline, Section } from './outline.ts';
import { Cleaner, forms, OF_WINDOWS, type Replacement } from './redact.ts';

export type ReplyAddition = 'time' | 'names' | 'file' | 'notes';
const REPLY_ADDITIONS: readonly ReplyAddition[] = ['time', 'names', 'file', 'notes'];

const MAX_CRASHES = 40;
const MAX_NAMES = 12;
const MAX_CHANGES = 20;

/** Modules that no public table names; the kernel under its own name is public. */
function unknownModules(dumps: readonly DumpFacts[]): string[] {
  const names = dumps.flatMap(({ drivers, verdict: { module, place } }) => {
    const unknown = drivers.filter(({ maker }) => maker === undefined).map(({ name }) => name);
    const known = new Set(drivers.flatMap(({ name, maker }) => (maker === undefined ? [] : [name.toLowerCase()])));
    const named = [module, place?.module].filter((name): name is string => name !== undefined && !known.has(name.toLowerCase()));
    return [...unknown, ...named];
  });
  return [...new Set(names)];
}

/** What is replaced by words of the same shape, the same one each time. */
function replacements(group: CaseGroup, ticked: ReadonlySet<ReplyAddition>): Replacement[] {
  const processes = new Set(group.dumps.flatMap(({ process }) => keptOr<string>(process) ?? []).filter((name) => !OF_WINDOWS.has(name.toLowerCase())));
  return [
    ...(ticked.has('names') ? [] : unknownModules(group.dumps).flatMap((name, index) => forms(name, `private${index + 1}`))),
    ...(ticked.has('names') ? [] : [...processes].flatMap((name) => forms(name, 'the-process'))),
    ...(ticked.has('file') ? [] : group.dumps.flatMap(({ file }) => forms(file, 'the-dump'))),
  ];
}

export function replyOutline(group: CaseGroup, ticked: ReadonlySet<ReplyAddition>): Outline {
  const cleaner = new Cleaner(replacements(group, ticked));
  const clean = (text: string): string => cleaner.clean(text);
  const { verdict } = group;
  const nameOf = dumpNames(group, ticked);
  const line = ({ says, weighs, shows }: CaseEvidence): string => {
    const proof = shows.slice(0, 3).map(({ dump, command }) => `${nameOf(dump)}: ${clean(command)}`);
    return `${WEIGHT[weighs].word}: ${clean(sayCase(says).helper)}${proof.length > 0 ? ` [${proof.join('; ')}]` : ''}`;
  };
  // A change's line holds its note, a fresh driver's the time of the first crash.
  const allowed = ({ says: { args } }: CaseEvidence): boolean =>
    (ticked.has('notes') || args['what'] === undefined) && (ticked.has('time') || args['days'] === undefined);
  const sections: readonly Section[] = [
    facts(group, ticked),
    { key: 'crashes', title: c.replyHeads.crashes, form: 'list', lines: crashLines(group, ticked, nameOf).map(clean) },
    { key: 'evidence', title: c.replyHeads.evidence, form: 'list', lines: [...verdict.evidence, ...verdict.against].filter(allowed).map(line) },
    { key: 'rivals', title: c.replyHeads.rivals, form: 'list', lines: verdict.rivals.map(({ why }) => clean(sayCase(why).helper)) },
    { key: 'settle', title: c.replyHeads.settle, form: 'list', lines: verdict.wouldSettle.map((text) => clean(sayCase(text).owner)) },
    { key: 'steps', title: c.replyHeads.steps, form: 'numbered', lines: verdict.steps.map(({ says }) => clean(sayCase(says).owner)) },
    { key: 'changes', title: c.replyHeads.changes, form: 'list', lines: changeLines(group, nameOf).map(clean) },
    {
      key: 'notes',
      title: c.replyHeads.notes,
      form: 'list',
      lines: ticked.has('notes') ? group.marks.map(({ atMs, text }) => `${formatDate(atMs)}: ${text}`) : [],
    },
  ];
  return { headline: clean(sayCase(verdict.headline).owner), sureness: verdict.sureness, sections: sections.filter(({ lines }) => lines.length > 0) };
}

function facts({ verdict, dumps }: CaseGroup, ticked: ReadonlySet<ReplyAddition>): Section {
  const [first] = dumps;
  const system = first ? [keptOr<string>(first.system), first.arch, keptOr<string>(first.cpuMaker)].filter((part) => part !== undefined).join(', ') : '';
  const rows: readonly (readonly [string, string])[] = [
    [s.labels.sureness, SURENESS[verdict.sureness].word],
    [s.labels.cause, CAUSE[verdict.cause]],
    [c.replyHeads.crashes, `${verdict.in.length} of ${verdict.of}`],
    [s.labels.system, system],
    [s.labels.time, ticked.has('time') ? spanWords(dumps) : ''],
  ];
  const held = rows.filter(([, value]) => value !== '');
  return { key: 'facts', title: c.replyHeads.verdict, form: 'facts', labels: held.map(([label]) => label), lines: held.map(([, value]) => value) };
}

function spanWords(dumps: readonly DumpFacts[]): string {
  const times = dumps.flatMap(({ crashTimeMs }) => keptOr<number>(crashTimeMs) ?? []);
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined ? '' : `${formatUtc(first)} to ${formatUtc(last)}`;
}

/** "crash 3", or the file where its name is ticked. */
function dumpNames({ dumps }: CaseGroup, ticked: ReadonlySet<ReplyAddition>): (id: string) => string {
  const names = new Map(dumps.map(({ id, file }, index) => [id, ticked.has('file') ? file : `dump ${index + 1}`]));
  return (id) => names.get(id) ?? 'a dump';
}

/** A line a signature; with times or file names a line a crash, since each then says more. */
function crashLines({ dumps, signatures }: CaseGroup, ticked: ReadonlySet<ReplyAddition>, nameOf: (id: string) => string): string[] {
  const stop = (one: DumpFacts): string => `${stopOf(one)}, ${one.verdict.signature} (${SURENESS[one.verdict.sureness].word})`;
  const lines =
    ticked.has('time') || ticked.has('file')
      ? dumps.filter(isCrash).map((one) => {
          const at = keptOr<number>(one.crashTimeMs);
          return `${nameOf(one.id)}${ticked.has('time') && at !== undefined ? ` ${formatUtc(at)}` : ''}: ${stop(one)}`;
        })
      : signatures.flatMap(({ dumps: [first, ...rest] }) => (first ? [`${rest.length + 1} × ${stop(first)}: ${namesOf([first, ...rest], nameOf)}`] : []));
  return lines.length > MAX_CRASHES ? [...lines.slice(0, MAX_CRASHES), c.more(lines.length - MAX_CRASHES)] : lines;
}
function namesOf(dumps: readonly DumpFacts[], nameOf: (id: string) => string): string {
  const names = dumps.slice(0, MAX_NAMES).map(({ id }) => nameOf(id));
  return dumps.length > MAX_NAMES ? `${names.join(', ')} ${c.more(dumps.length - MAX_NAMES)}` : names.join(', ');
}

function changeLines({ kind, dumps }: CaseGroup, nameOf: (id: string) => string): string[] {
  const history = kind === 'pc' ? driverHistory(dumps).slice(0, MAX_CHANGES) : [];
  return history.map((diff) => `${nameOf(diff.from.id)} to ${nameOf(diff.to.id)}: ${diff.changes.map((change) => changeWords(change, diff)).join(', ')}`);
}

/** Which additions this group has anything for. */
export function offeredReplies(group: CaseGroup): readonly ReplyAddition[] {
  const offered: Readonly<Record<ReplyAddition, boolean>> = {
    time: group.dumps.some(({ crashTimeMs }) => keptOr<number>(crashTimeMs) !== undefined),
    names: replacements(group, new Set(['file'])).length > 0,
    file: true,
    notes: group.marks.length > 0,
  };
  return REPLY_ADDITIONS.filter((key) => offered[key]);
}
