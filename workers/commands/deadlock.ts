/**
 * `!deadlock`: which locks closed a circle, by the records that Driver Verifier keeps. Layout: windows-driver-docs,
 * devtest/debugging-deadlocks---driver-verifier-detected-violation--c4---0x1001 (flags 1, 2 and 3 add the stacks).
 */
import { type Va, va } from '../base/address.ts';
import { type Found, found, type MissingReason } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { reply } from '../base/problem.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { type LockPath, type LockStep, oppositePaths, pathTo, stackOf } from '../types/kernel/deadlock.ts';
import type { TypedMemory } from '../types/typedview.ts';
import { readParameters } from '../verdict/parameters.ts';
import { commandSpan, gapOr, layoutNotes, pointerSpan } from './devices.ts';
import { findName, plainAddress } from './names.ts';
import { type CommandRun, line, note, type OutputNode, type Span } from './spec.ts';

const VERIFIER_VIOLATION = 0xc4;
const FIRST_ISSUE = 0x1000n;
const LAST_ISSUE = 0x100bn;
const ORDER_VIOLATION = 0x1001n;

/** A thread's path, and the lock that it asks for last where its record is the stack of the crash. */
interface Party {
  readonly path: LockPath;
  readonly asks?: Lock;
}
interface Lock {
  readonly at: Va;
  readonly type: Found<string>;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

class Letters {
  readonly locks: Lock[] = [];

  of(lock: Lock): string {
    const known = this.locks.findIndex(({ at }) => at === lock.at);
    if (known < 0) this.locks.push(lock);
    return LETTERS[known < 0 ? this.locks.length - 1 : known] ?? '?';
  }
}

const lockOf = ({ lock, type }: LockStep): Lock => ({ at: lock, type });

function lockLine(session: Session, letter: string, { at, type }: Lock): OutputNode {
  const named = findName(session, at);
  const name: Span[] = named ? [{ span: 'module', name: named.module, text: ` (${named.base}+0x${hexDigits(named.displacement, 8)})` }] : [];
  const words = type.ok ? found(type.value === 'SpinLock' ? 'Spinlock' : type.value) : type;
  return line(`Lock ${letter} =   `, plainAddress(session, at), ...name, " - Type '", gapOr(words), "'.");
}

const threadSpan = (thread: Found<Va>): Span => (thread.ok && thread.value === 0n ? { span: 'text', text: 'TERMINATED' } : commandSpan('!thread', thread));

function stackNodes(session: Session, words: readonly Va[]): OutputNode[] {
  return words.map((word, index) => {
    const named = findName(session, word);
    const name: Span[] = named ? [{ span: 'module', name: named.module, text: ` ${named.base}+0x${hexDigits(named.displacement, 8)}` }] : [];
    return line(index === 0 ? '    Stack:   ' : '             ', plainAddress(session, word), ...name);
  });
}

function partyNodes(session: Session, { path, asks }: Party, index: number, letters: Letters): OutputNode[] {
  const steps = path.steps.flatMap((step): OutputNode[] => [
    lockLine(session, letters.of(lockOf(step)), lockOf(step)),
    line(''),
    line('    Node:    ', plainAddress(session, step.node.at)),
    line(''),
    ...stackNodes(session, step.stack.length > 0 ? step.stack : stackOf(step.node, 'ParentStackTrace')),
    line(''),
  ]);
  const last = asks
    ? [lockLine(session, letters.of(asks), asks), line(''), line('    Stack:   << Current stack trace - use kb to display it >>'), line('')]
    : [];
  return [line(`Thread ${index}: `, threadSpan(path.thread), ' took locks in the following order:'), line(''), ...steps, ...last];
}

function circleNodes(session: Session, parties: readonly Party[], withStacks: boolean): OutputNode[] {
  const letters = new Letters();
  const orders = parties.map(({ path, asks }) => [...path.steps.map(lockOf), ...(asks ? [asks] : [])].map((lock) => letters.of(lock)).join(' '));
  const head = line(`Deadlock detected (${letters.locks.length} locks in ${parties.length} threads):`);
  if (withStacks) return [head, line(''), ...parties.flatMap((party, index) => partyNodes(session, party, index, letters))];
  return [
    head,
    line(''),
    ...orders.map((order, index) => line(`Thread ${index}: ${order}.`)),
    line(''),
    line('Where:'),
    line(''),
    ...parties.map(({ path }, index) => line(`Thread ${index} = `, threadSpan(path.thread), '.')),
    line(''),
    ...letters.locks.map((lock) => lockLine(session, letters.of(lock), lock)),
  ];
}

const recordsGone = (reason: MissingReason): OutputNode =>
  note(`the verifier’s records cannot be read: ${describeMissing(reason)}. A kernel memory dump holds them, a small one seldom does`);

/** Argument 3 is the record of the lock that this thread holds, argument 2 the lock that it asks for. */
function orderNodes(session: Session, kernel: TypedMemory, args: readonly bigint[], withStacks: boolean): OutputNode[] {
  const [, wanted = 0n, node = 0n] = args;
  const own = pathTo(kernel, va(node));
  if (!own.ok) return [recordsGone(own.missing), ...argumentNodes(session)];
  const held = own.value.steps.at(-1);
  if (!held) return [recordsGone({ why: 'not-valid', what: 'argument 3', got: '0', wanted: 'a record of the verifier' }), ...argumentNodes(session)];
  const { paths, ended } = oppositePaths(kernel, held, va(wanted));
  const type = paths[0]?.steps[0]?.type ?? found('not known');
  const parties: Party[] = [...paths.map((path) => ({ path })), { path: { ...own.value, steps: [held] }, asks: { at: va(wanted), type } }];
  const gone = ended ? [note(`further records cannot be read: ${describeMissing(ended)}`)] : [];
  const longer =
    paths.length > 0 ? [] : [note('no record shows the opposite order of these two locks: the circle goes through more of them, or its record was let go')];
  return [...layoutNotes(kernel), ...circleNodes(session, parties, withStacks), ...longer, ...gone];
}

function argumentNodes(session: Session): OutputNode[] {
  return readParameters(session).map(({ meaning }, index) => note(`argument ${index + 1}: ${meaning}`));
}

export const deadlock: CommandRun = function* ({ session }, tail) {
  const { bugCheck } = session.target;
  const args = bugCheck?.params ?? [0n, 0n, 0n, 0n];
  const issue = BigInt.asUintN(32, args[0]);
  if (bugCheck?.code !== VERIFIER_VIOLATION || issue < FIRST_ISSUE || issue > LAST_ISSUE)
    return reply([note('This is no deadlock stop of Driver Verifier (0xC4, argument 1 from 0x1000 to 0x100b)')]);
  const head = line('issue: ', ...args.flatMap((value): (Span | string)[] => [pointerSpan(found(value)), ' ']));
  const kernel = kernelMemory(session);
  const rest = !kernel.ok
    ? [recordsGone(kernel.missing), ...argumentNodes(session)]
    : issue === ORDER_VIOLATION
      ? orderNodes(session, kernel.value, args, /[123]/.test(tail))
      : [note('a single lock, and no circle of several'), ...argumentNodes(session)];
  return reply([head, line(''), ...rest]);
};
