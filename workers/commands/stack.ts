/** `k` and its kin. Layout: headings and columns of current WinDbg, as in the public texts that stack.test.ts cites. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, missing } from '../base/found.ts';
import { formatVa } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { InlinedFunction, SourceLine } from '../symbols/provider.ts';
import { NarrowSpace } from '../memory/narrowspace.ts';
import type { Context, Session } from '../target/target.ts';
import { isNarrow, isWow64 } from '../target/wow64.ts';
import type { Frame, Stack } from '../unwind/frame.ts';
import { valueOf } from './arguments.ts';
import { address, frameName, nameText } from './names.ts';
import { readTrapFrameAt } from './records.ts';
import { type CommandContext, type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

export interface StackStyle {
  readonly args: boolean;
  readonly childSp: boolean;
  /** Source lines and displacements; `kc` has neither. */
  readonly displacement: boolean;
  readonly source: boolean;
  readonly trapFrames: boolean;
  /** Bytes of stack between a frame and the one it called. */
  readonly size: boolean;
  readonly parameters: boolean;
}

/** `k` followed by the letters of learn.microsoft.com/windows-hardware/drivers/debuggercmds/k--kb--kc--kd--kp--kp--kv--display-stack-backtrace-. */
export function styleOf(name: string): StackStyle {
  const has = (letter: string): boolean => name.slice(1).includes(letter);
  return {
    args: has('b') || has('v'),
    childSp: !has('b') && !has('c'),
    displacement: !has('c'),
    source: !has('c') && !has('L'),
    trapFrames: has('v'),
    size: has('f'),
    parameters: has('p') || has('P'),
  };
}

/** Words for how a frame was found, where it is not by the registers or unwind data. WinDbg says nothing of it. */
const TRUST_WORDS: Readonly<Record<Frame['trust'], string | undefined>> = {
  context: undefined,
  'unwind-info': undefined,
  given: undefined,
  'frame-pointer': 'by frame pointer',
  'scan-call-checked': 'scan, call before it checked',
  scan: 'scan only',
};

const isWide = (session: Session): boolean => session.memory.pointerSize === 8;

export function valueSpan(session: Session, value: Found<bigint>): Span {
  if (value.ok) return address(session, va(value.value));
  return { span: 'missing', reason: value.missing, text: isWide(session) ? '????????`????????' : '????????' };
}

const ARGS_WIDE = ': Args to Child                                                           : ';
const ARGS_NARROW = 'Args to Child              ';

function heading(style: StackStyle, wide: boolean): string {
  if (!style.childSp && !style.args) return ' # Call Site';
  const size = style.size ? '  Memory ' : '';
  const sp = style.childSp ? (wide ? 'Child-SP          ' : 'ChildEBP ') : '';
  const ret = wide ? 'RetAddr               ' : 'RetAddr      ';
  const args = style.args ? (wide ? ARGS_WIDE : ARGS_NARROW) : '';
  // x86 texts name no column behind the return address, and always show the frame.
  return wide ? ` # ${size}${sp}${ret}${args}Call Site` : ` # ${size}${sp || 'ChildEBP '}${ret}${args}`;
}

const noArgument = missing({ why: 'not-computed', detail: 'the frame has no home slots to read' });
const noBase = missing({ why: 'not-computed', detail: 'no outer frame tells where the frame begins' });

/** x64 prints the stack pointer; x86 where the caller's ebp is saved: two words below the caller's stack pointer. */
function childSpan(session: Session, frame: Frame, outer: Frame | undefined): Span {
  if (isWide(session)) return address(session, frame.sp);
  return valueSpan(session, outer ? { ok: true, value: vaAdd(outer.sp, -8) } : noBase);
}

/** Copies of a system service's arguments, below its trap frame. */
const SERVICE_HOME = 0x70;
/** The trap frame between a handler and what it interrupted: it holds the outer frame's instruction pointer. */
function trapFrameAt(session: Session, frame: Frame, outer: Frame | undefined): Va | undefined {
  if (outer?.boundary === undefined || outer.boundary === 'context-record') return undefined;
  return [frame.sp, vaAdd(frame.sp, SERVICE_HOME)].find((at) => {
    const trap = readTrapFrameAt(session, at);
    return trap.ok && trap.value.registers['rip'] === outer.ip;
  });
}

function placeSpanOf(session: Session, frame: Frame, style: StackStyle): Span {
  const named = frameName(session, frame);
  if (!named) return { span: 'address', at: frame.ip, text: `0x${formatVa(frame.ip, session.memory.pointerSize)}` };
  return { span: 'module', name: named.module, text: style.displacement ? nameText(named) : named.base };
}

interface Row {
  readonly frame: Frame;
  /** The caller. */
  readonly outer: Frame | undefined;
  readonly inner: Frame | undefined;
  /** The row's number: inlined functions have numbers of their own. */
  readonly number: number;
}

/** Four home slots between colons on x64, three words of the stack on x86. */
function argumentSpans(session: Session, frame: Frame): readonly Span[] {
  const colon = isWide(session) ? [text(': ')] : [];
  const slots = Array.from({ length: isWide(session) ? 4 : 3 }, (_, slot) => valueSpan(session, frame.args[slot] ?? noArgument));
  return [...colon, ...slots.flatMap((span) => [span, text(' ')]), ...colon];
}

/** One frame as its style prints it. */
export function frameLine(session: Session, { frame, outer, inner, number }: Row, style: StackStyle): OutputNode {
  const wide = isWide(session);
  const spans: Span[] = [text(`${numberText(number)}${style.size ? sizeText(frame, inner) : ''} `)];
  const base = style.childSp || (style.args && !wide);
  if (base) spans.push(childSpan(session, frame, outer), text(' '));
  if (base || style.args) spans.push(valueSpan(session, frame.returnAddress), text('     '));
  if (style.args) spans.push(...argumentSpans(session, frame));
  const source = frame.symbol.ok ? frame.symbol.value.source : undefined;
  spans.push(placeSpanOf(session, frame, style), ...(style.source ? sourceSpans(source) : []));
  const trap = style.trapFrames ? trapFrameAt(session, frame, outer) : undefined;
  if (trap !== undefined) spans.push(text(' (TrapFrame @ '), address(session, trap), text(')'));
  return line(...spans, ...trustSpans(frame));
}

const numberText = (number: number): string => number.toString(16).padStart(2, '0');

/** Words and dashes of the width of an address stand where an inlined function has none. */
const NO_ADDRESS = {
  wide: { first: '(Inline Function)', other: '--------`--------' },
  narrow: { first: '(Inline)', other: '--------' },
} as const;

/** A function inlined into a frame, as WinDbg lists it. */
function inlinedLine(session: Session, { frame, inner, number }: Row, { inlined, style }: { inlined: InlinedFunction; style: StackStyle }): OutputNode {
  const wide = isWide(session);
  const { first, other } = wide ? NO_ADDRESS.wide : NO_ADDRESS.narrow;
  const spans: Span[] = [text(`${numberText(number)}${style.size ? sizeText(frame, inner) : ''} `)];
  const base = style.childSp || (style.args && !wide);
  if (base) spans.push(text(`${first} `));
  if (base || style.args) spans.push(text(`${base ? other : first}     `));
  if (style.args) spans.push(text(wide ? `: ${`${other} `.repeat(4)}: ` : `${other} `.repeat(3)));
  spans.push(inlinedSpan(frame, inlined, style), ...(style.source ? sourceSpans(inlined.source) : []));
  return line(...spans);
}

function inlinedSpan({ place }: Frame, { name, displacement }: InlinedFunction, style: StackStyle): Span {
  if (!name.ok) return { span: 'missing', reason: name.missing, text: '(inlined function without a name)' };
  const module = place?.module.name ?? '';
  const base = `${module}!${name.value}`;
  return { span: 'module', name: module, text: style.displacement ? nameText({ module, base, displacement }) : base };
}

function trustSpans(frame: Frame): readonly Span[] {
  const words = [frame.generated ? 'JIT code' : undefined, TRUST_WORDS[frame.trust]].filter((word) => word !== undefined);
  return words.length > 0 ? [text(`  [${words.join('; ')}]`)] : [];
}

/** Empty for the innermost frame and where the stack was changed. */
function sizeText(frame: Frame, inner: Frame | undefined): string {
  const size = inner && frame.sp >= inner.sp ? frame.sp - inner.sp : undefined;
  return (size !== undefined && size < 0x100000n ? size.toString(16) : '').padStart(10);
}

function sourceSpans(source: Found<SourceLine> | undefined): readonly Span[] {
  return source?.ok ? [text(` [${source.value.file} @ ${source.value.line}] `)] : [];
}

/** Longest cycle of a recursion that is looked for, and how often it must come before its repetitions are folded. */
const MAX_CYCLE = 8;
const MIN_TIMES = 4;

/** How many frames from `at` on repeat with period `cycle`, the first time included. */
function runLength(frames: readonly Frame[], at: number, cycle: number): number {
  let end = at + cycle;
  while (end < frames.length && frames[end]?.ip === frames[end - cycle]?.ip) end += 1;
  return end - at;
}

interface Fold {
  readonly cycle: number;
  readonly times: number;
}

function foldAt(frames: readonly Frame[], at: number): Fold | undefined {
  for (let cycle = 1; cycle <= MAX_CYCLE && at + cycle < frames.length; cycle++) {
    const times = Math.floor(runLength(frames, at, cycle) / cycle);
    if (times >= MIN_TIMES) return { cycle, times };
  }
  return undefined;
}

/** The number of each frame's first row, and behind the last the count of rows. */
function rowNumbers(frames: readonly Frame[]): readonly number[] {
  const numbers = [0];
  for (const [index, frame] of frames.entries()) numbers.push((numbers[index] ?? 0) + (frame.inlined?.length ?? 0) + 1);
  return numbers;
}

/** The row that WinDbg numbers so, and the frame that it belongs to. */
export function findRow(
  session: Session,
  frames: readonly Frame[],
  number: number,
  style: StackStyle,
): { readonly index: number; readonly node: OutputNode } | undefined {
  const numbers = rowNumbers(frames);
  const index = numbers.findLastIndex((first) => first <= number);
  const frame = frames[index];
  const first = numbers[index] ?? 0;
  const node = frame && rowsOf(session, { frame, outer: frames[index + 1], inner: frames[index - 1], number: first }, style)[number - first];
  return node && { index, node };
}

/** The number of a frame's own row, behind those of the functions inlined into it. */
export const numberOfFrame = (frames: readonly Frame[], index: number): number => (rowNumbers(frames)[index + 1] ?? 1) - 1;

/** The functions inlined into a frame, then the frame: the bytes of stack are counted for the first of them. */
function rowsOf(session: Session, row: Row, style: StackStyle): readonly OutputNode[] {
  const { inlined = [] } = row.frame;
  const at = (rank: number): Row => ({ ...row, inner: rank === 0 ? row.inner : row.frame, number: row.number + rank });
  return [...inlined.map((each, rank) => inlinedLine(session, at(rank), { inlined: each, style })), frameLine(session, at(inlined.length), style)];
}

/** Rows of frames; a recursion is shown once more than once, the rest of it as a note (WinDbg prints every frame). */
function frameNodes(session: Session, frames: readonly Frame[], style: StackStyle): readonly OutputNode[] {
  const nodes: OutputNode[] = [];
  const numbers = rowNumbers(frames);
  const show = (index: number): void => {
    const frame = frames[index];
    if (frame) nodes.push(...rowsOf(session, { frame, outer: frames[index + 1], inner: frames[index - 1], number: numbers[index] ?? 0 }, style));
  };
  for (let at = 0; at < frames.length;) {
    const fold = foldAt(frames, at);
    const shown = fold ? fold.cycle * 2 : 1;
    for (let index = at; index < at + shown; index++) show(index);
    at += shown;
    if (!fold) continue;
    const hidden = fold.cycle * (fold.times - 2);
    const what = fold.cycle === 1 ? 'this frame' : `these ${fold.cycle} frames`;
    nodes.push(
      note(`… ${what} repeated ${fold.times - 2} times more (frames ${numbers[at]?.toString(16)} to ${((numbers[at + hidden] ?? 0) - 1).toString(16)})`),
    );
    at += hidden;
  }
  return nodes;
}

/** The whole stack with its heading; runs of one repeated place are folded, and the end says why it ended. */
export function stackNodes(session: Session, stack: Stack, style: StackStyle): readonly OutputNode[] {
  if (stack.frames.length === 0) return [note(`no frames: ${stack.ended.detail}`)];
  const nodes: OutputNode[] = [line(heading(style, isWide(session))), ...frameNodes(session, stack.frames, style)];
  if (style.parameters) nodes.push(note('parameters are named by private symbols only; kb shows the values that stand in their places'));
  if (stack.ended.reason !== 'root' && stack.ended.reason !== 'end-of-stack') nodes.push(note(`the walk ended here: ${stack.ended.detail}`));
  return nodes;
}

const FRAMES_SHOWN = 256;
const MOST_FRAMES = 0xffff;

/** The stack of the scope: the crash's own, or one walked from a context that .cxr, .trap or ~Ns set. */
export function* scopeStack(session: Session, limit: number): Job<Stack> {
  const { context, threads } = session.target;
  const own = !session.scope || (context.ok && context.value === session.scope);
  if (own && limit <= FRAMES_SHOWN) return yield* session.crashStack();
  const scope = session.scope ?? (context.ok ? context.value : undefined);
  if (!scope) return yield* session.crashStack();
  const thread = threads.find((one) => one.context.ok && one.context.value === scope);
  return yield* session.walk(scope, limit, thread?.stackRange.ok ? thread.stackRange.value : scope.stackRange);
}

/** How many frames a line asks for. */
export function frameCount(session: Session, tail: string): Reply<number> {
  if (tail.trim() === '') return reply(FRAMES_SHOWN);
  const count = valueOf(session, tail);
  if (!count.ok) return count;
  return count.value > BigInt(MOST_FRAMES)
    ? refuse('BAD_ARGUMENT', `at most 0x${MOST_FRAMES.toString(16)} frames are shown`, { at: 0 })
    : reply(Number(count.value));
}

/** The session with another scope, and with other eyes on its memory. */
export function sessionView(session: Session, scope: Context | undefined, memory = session.memory): Session {
  const { target, symbols, decoder, knowledge, types } = session;
  return {
    ...{ target, symbols, decoder, knowledge, types, memory, scope, scopeFrame: 0 },
    crashStack: () => session.crashStack(),
    walk: (context, limit, range) => session.walk(context, limit, range),
  };
}

/** The session as 32-bit code sees it: addresses have eight digits. */
export const narrowed = (session: Session): Session => sessionView(session, session.scope, new NarrowSpace(session.memory));

interface Kin {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
}
const KIN: readonly Kin[] = [
  {
    name: 'k',
    aliases: ['kL', 'kM'],
    summary: 'the stack: stack pointer, return address and place of each frame, and how each was found; L hides source lines',
  },
  { name: 'kn', aliases: ['knL'], summary: 'as k, which numbers its frames too' },
  { name: 'kb', aliases: ['kbn', 'kbL', 'kbnL'], summary: 'the stack with the first arguments as they stand in the home slots' },
  { name: 'kv', aliases: ['kvn', 'kvL', 'kvnL'], summary: 'as kb, with stack pointers and the addresses of trap frames' },
  { name: 'kp', aliases: ['kpn', 'kpL'], summary: 'as k; parameters would need private symbols' },
  { name: 'kP', aliases: ['kPn', 'kPL'], summary: 'as k; parameters would need private symbols' },
  { name: 'kf', aliases: ['kfL', 'knf', 'kfn'], summary: 'as k, with the bytes of stack that each frame takes' },
  { name: 'kc', aliases: ['kcL', 'kcn', 'knc'], summary: 'the stack: places only' },
];

function stackCommand({ name, aliases, summary }: Kin): CommandSpec {
  return {
    name,
    aliases,
    group: 'stack',
    summary,
    args: [{ name: 'count', kind: 'expression', optional: true, summary: 'most frames to show' }],
    needs: ['stack'],
    examples: [{ line: name, fixture: 'sample' }, ...(name === 'k' ? [{ line: 'k 3', fixture: 'sample' }] : [])],
    *run(context, tail, typed): Job<Reply<readonly OutputNode[]>> {
      const limit = frameCount(context.session, tail);
      if (!limit.ok) return limit;
      const stack = yield* scopeStack(context.session, limit.value);
      const cut = { ...stack, frames: stack.frames.slice(0, limit.value) };
      const { session } = context;
      const shown = session.scope && isNarrow(session.target, session.scope.registers) ? narrowed(session) : session;
      return reply([...scopeNotice(context), ...stackNodes(shown, cut, styleOf(typed ?? name)), ...guestNote(shown)]);
    },
  };
}

/** 32-bit code of a 64-bit dump has a stack of its own. */
function guestNote(session: Session): readonly OutputNode[] {
  if (!isWide(session) || !isWow64(session.target)) return [];
  return [note('this process runs 32-bit code, whose stack is another: ', { span: 'command', line: '!wow64exts.k', text: '!wow64exts.k' })];
}

function scopeNotice({ session }: CommandContext): readonly OutputNode[] {
  const { scope, target } = session;
  const changed = scope && scope.source !== 'thread' && !(target.context.ok && target.context.value === scope);
  return changed ? [line('  *** Stack trace for last set context - .thread/.cxr resets it')] : [];
}

export const STACK_COMMANDS: readonly CommandSpec[] = KIN.map(stackCommand);
