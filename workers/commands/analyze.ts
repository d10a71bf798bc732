/** `!analyze`: the verdict and its facts, as WinDbg prints them; `-show` explains a code. */
import { va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { BugCheckEntry } from '../knowledge/knowledge.ts';
import { gatherCase } from '../verdict/case.ts';
import { followedCase, followedContext } from '../verdict/followed.ts';
import { followUp, passedOver } from '../verdict/followup.ts';
import { judge } from '../verdict/judge.ts';
import { readArguments } from '../verdict/explain/arguments.ts';
import { type ParameterReading, readParameters } from '../verdict/parameters.ts';
import type { Session } from '../target/target.ts';
import { BLANK, two } from './analyzelabel.ts';
import type { Analysis } from './analysis.ts';
import { labelNodes, verdictNotes } from './analyzelabels.ts';
import { hangNodes } from './analyzehang.ts';
import { blamedLines } from './analyzesubject.ts';
import { valueOf } from './arguments.ts';
import { plainAddress } from './names.ts';
import { type OutputNode, type Span, line, note, text } from './spec.ts';

const STARS = '*'.repeat(79);
const BANNER_WIDTH = 77;
const TITLE_AT = 24;

function box(title: string): readonly OutputNode[] {
  const middle = `*${' '.repeat(TITLE_AT)}${title.padEnd(BANNER_WIDTH - TITLE_AT)}*`;
  const empty = `*${' '.repeat(BANNER_WIDTH)}*`;
  return [STARS, empty, middle, empty, STARS].map((row) => line(row));
}

/** Argument lines: `Arg1: 0000000000000028, memory referenced`. */
function argumentLines(session: Session, parameters: readonly ParameterReading[]): readonly OutputNode[] {
  return parameters.map((row, index) => line(`Arg${index + 1}: `, plainAddress(session, row.value), row.meaning === '' ? '' : `, ${row.meaning}`));
}

const sentence = (gist: string): string => `${gist.charAt(0).toUpperCase()}${gist.slice(1)}.`;
function description(entry: BugCheckEntry | undefined, code: number): readonly OutputNode[] {
  return [line(`${entry?.name ?? 'Unknown bugcheck code'} (${code.toString(16)})`), ...(entry ? [line(sentence(entry.gist))] : [])];
}

const titleOf = ({ target }: Session): readonly OutputNode[] => box(target.bugCheck ? 'Bugcheck Analysis' : 'Exception Analysis');

function* gather(session: Session, read: Pick<Analysis, 'verdict' | 'waits'>): Job<Analysis> {
  const stopped = yield* gatherCase(session);
  const own = yield* followedCase(stopped);
  const followed = own === stopped ? undefined : followedContext(stopped);
  return { session, case: own, followed, followUp: followUp(own), passedOver: passedOver(own), ...read };
}

function* short(session: Session): Job<Reply<readonly OutputNode[]>> {
  const analysis = yield* gather(session, { verdict: yield* judge(session) });
  return reply([...titleOf(session), ...shortNodes(analysis)]);
}

/** `-v`, and `-v -hang`: what stands under the box. */
function verboseNodes(analysis: Analysis): readonly OutputNode[] {
  const { session } = analysis;
  const { bugCheck } = session.target;
  const head = bugCheck
    ? [
        BLANK,
        ...description(session.knowledge.bugCheck(bugCheck.code), bugCheck.code),
        line('Arguments:'),
        ...argumentLines(session, readParameters(session)),
        BLANK,
        line('Debugging Details:'),
        line('-'.repeat(18)),
      ]
    : [];
  return [...titleOf(session), ...head, BLANK, BLANK, ...labelNodes(analysis)];
}

function* verbose(session: Session): Job<Reply<readonly OutputNode[]>> {
  return reply(verboseNodes(yield* gather(session, { verdict: yield* judge(session) })));
}

/** `-hang`: the waits instead of the exception; with -v among all labels. */
function* hang(session: Session, all: boolean): Job<Reply<readonly OutputNode[]>> {
  const { nodes, verdict } = yield* hangNodes(session);
  if (all) return reply(verboseNodes(yield* gather(session, { verdict, waits: nodes })));
  return reply([...titleOf(session), BLANK, ...nodes, ...two('FAILURE_BUCKET_ID', verdict.bucket), ...verdictNotes(verdict)]);
}

const parameterSpans = (value: bigint, index: number): readonly Span[] => [
  text(index === 0 ? '' : ', '),
  { span: 'address', at: va(value), text: value.toString(16) },
];

/** The form without -v: the code, whom it names, and no details. */
function shortNodes(analysis: Analysis): readonly OutputNode[] {
  const { bugCheck } = analysis.session.target;
  const code = bugCheck ? [line(`BugCheck ${bugCheck.code.toString(16).toUpperCase()}, {`, ...bugCheck.params.flatMap(parameterSpans), '}'), BLANK] : [];
  return [
    BLANK,
    line('Use ', { span: 'command', line: '!analyze -v', text: '!analyze -v' }, ' to get detailed debugging information.'),
    BLANK,
    ...code,
    ...blamedLines(analysis),
    BLANK,
    line('Followup:     MachineOwner'),
    line('---------'),
  ];
}

/** `!analyze -show [CODE [P1 P2 P3 P4]]`: name, meaning and arguments of a code, from the tables; without a code this dump's. */
function show(session: Session, words: readonly string[]): Reply<readonly OutputNode[]> {
  const own = session.target.bugCheck;
  const values: bigint[] = [];
  for (const word of words) {
    const value = valueOf(session, word);
    if (!value.ok) return value;
    values.push(value.value);
  }
  if (values.length === 0 && own)
    return reply([...description(session.knowledge.bugCheck(own.code), own.code), line('Arguments:'), ...argumentLines(session, readParameters(session))]);
  const [first, ...params] = values;
  if (first === undefined) return refuse('BAD_ARGUMENT', 'a bug check code is wanted: !analyze -show d1', { at: 15 });
  const code = Number(first & 0xffff_ffffn);
  const entry = session.knowledge.bugCheck(code);
  if (!entry) return refuse('BAD_ARGUMENT', `${hex(code)} is in no public list of bug checks`, { at: 15 });
  const rows = readArguments(session.knowledge, entry, params).map(({ index, meaning, value, reads }) =>
    line(`Arg${index}: `, plainAddress(session, value ?? 0n), `, ${meaning}${reads === undefined ? '' : `: ${reads}`}`),
  );
  const some = params.length < 4 ? [note('arguments that were not given stand as zeros')] : [];
  return reply([...description(entry, code), line('Arguments:'), ...rows, ...some]);
}

/** The options as they were typed. */
export function* analyzeAnswer(session: Session, tail: string): Job<Reply<readonly OutputNode[]>> {
  const words = tail
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words[0]?.toLowerCase() === '-show') return show(session, words.slice(1));
  const unknown = words.find((word) => !['-v', '-f', '-hang'].includes(word.toLowerCase()));
  if (unknown !== undefined)
    return refuse('BAD_ARGUMENT', `${unknown} is not an option of !analyze here; -v, -hang and -show CODE are`, { at: tail.indexOf(unknown) + 9 });
  const has = (option: string): boolean => words.some((word) => word.toLowerCase() === option);
  if (has('-hang')) return yield* hang(session, has('-v'));
  return yield* has('-v') ? verbose(session) : short(session);
}
