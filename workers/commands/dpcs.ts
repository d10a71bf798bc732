/**
 * `!dpcs`: deferred procedure calls that wait on each processor. `!dpcwatchdog`: how long each processor has been at it,
 * and the samples that the watchdog took. KDPC_DATA[0] holds normal DPCs, [1] threaded ones (public type tables of the kernel).
 */
import { isKernelHalf, type Va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, type MissingReason, thenFound, valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import type { Session } from '../target/target.ts';
import type { TypedMemory, TypedView } from '../types/typedview.ts';
import { type Profile, type ProfilePlace, profileOf, profilePlace } from '../verdict/samples.ts';
import { gapOr, pointerSpan } from './devices.ts';
import { placeSpan } from './names.ts';
import { answerProcessors, type Processors } from './processors.ts';
import { type CommandRun, line, note, type OutputNode, type Span, text } from './spec.ts';

const KINDS = ['Normal', 'Threaded'] as const;
/** A queue longer than this goes round. */
const MAX_DPCS = 4096;

interface Queue {
  readonly dpcs: readonly Va[];
  /** Why the queue may go on. */
  readonly ended?: MissingReason;
}

/** From Windows 8.1 on a singly linked list, before that a ring. */
function queueOf(kernel: TypedMemory, prcb: TypedView, kind: number): Queue {
  const link = thenFound(
    thenFound(kernel.types.find('_KDPC'), (type) => kernel.viewOf(type, 0n as Va)),
    (model) => model.address('DpcListEntry'),
  );
  if (!link.ok) return { dpcs: [], ended: link.missing };
  const path = `DpcData[${kind}]`;
  const ring = prcb.address(`${path}.DpcListHead`);
  const end = ring.ok ? ring.value : 0n;
  const dpcs: Va[] = [];
  const seen = new Set<Va>();
  let next = prcb.pointer(ring.ok ? `${path}.DpcListHead.Flink` : `${path}.DpcList.ListHead.Next`);
  while (next.ok && next.value !== end) {
    if (seen.has(next.value) || dpcs.length >= MAX_DPCS) return { dpcs, ended: { why: 'not-valid', what: path, got: 'a loop', wanted: 'an end' } };
    seen.add(next.value);
    dpcs.push(vaAdd(next.value, -link.value));
    next = kernel.space.pointer(next.value);
  }
  return next.ok ? { dpcs } : { dpcs, ended: next.missing };
}

const prefixed = (value: Found<Va>): Span[] => [text('0x'), pointerSpan(value)];

function routineOf(kernel: TypedMemory, dpc: Va): Found<Va> {
  return thenFound(kernel.view('_KDPC', dpc), (view) => view.pointer('DeferredRoutine'));
}

const nameSpans = (session: Session, at: Found<Va>): Span[] => {
  const named = at.ok ? placeSpan(session, at.value) : undefined;
  return named ? [text(' '), named] : [];
};

function queueNodes({ session, kernel }: Processors, number: number, prcb: TypedView): OutputNode[] {
  return KINDS.flatMap((name, kind): OutputNode[] => {
    const { dpcs, ended } = queueOf(kernel, prcb, kind);
    const head = `${String(number).padStart(2)}: ${name.padEnd(8)}: `;
    const rows = dpcs.map((dpc) => {
      const routine = routineOf(kernel, dpc);
      return routine.ok
        ? line(head, ...prefixed(found(dpc)), ' ', ...prefixed(routine), ...nameSpans(session, routine))
        : line('Failed to read DPC at ', { span: 'missing', reason: routine.missing, text: hex(dpc) });
    });
    const last = dpcs.at(-1);
    const told = last !== undefined && !routineOf(kernel, last).ok;
    return ended && !told ? [...rows, note(`${head}the queue cannot be read on: ${describeMissing(ended)}`)] : rows;
  });
}

const QUEUE_HEADING = 'CPU Type      KDPC       Function';

export const dpcs: CommandRun = function* ({ session }) {
  return yield* answerProcessors(session, function* (processors): Job<readonly OutputNode[]> {
    const { prcbs } = processors;
    const rows: OutputNode[] = [];
    for (const [done, [number, prcb]] of prcbs.entries()) {
      rows.push(...queueNodes(processors, number, prcb));
      yield { progress: 'Reading processors', done, of: prcbs.length };
    }
    return rows.length === 0 ? [note('no DPC waits')] : [line(QUEUE_HEADING), ...rows];
  });
};

/** 100-nanosecond units between two clock ticks, by KDBG's KeTimeIncrement. */
function tickLength({ target, memory }: Session): Found<number> {
  const at = target.kernelPointers['KeTimeIncrement'];
  const value = at === undefined ? missing({ why: 'not-computed', detail: 'KDBG does not name KeTimeIncrement' }) : memory.u32(at);
  return thenFound(value, (units) =>
    units === 0 ? missing({ why: 'not-valid', what: 'KeTimeIncrement', got: '0', wanted: 'the length of a tick' }) : found(units),
  );
}

const UNITS_PER_MS = 10_000;
const UNITS_PER_SECOND = 10_000_000;
const RULE = '-'.repeat(50);

/** Ticks by their fields' names: the limits of wdm.h's KDPC_WATCHDOG_INFORMATION and what counts towards them; ticks since the start. */
const COUNTERS: readonly (readonly [field: string, meaning: string])[] = [
  ['DpcTimeCount', 'the DPC that runs'],
  ['DpcTimeLimit', 'allowed for one'],
  ['DpcWatchdogCount', 'at DISPATCH_LEVEL or above'],
  ['DpcWatchdogPeriod', 'allowed in all'],
  ['DpcTime', 'in DPCs since the start'],
  ['InterruptTime', 'in interrupts since the start'],
];

function counterNodes(prcb: TypedView, tick: Found<number>): OutputNode[] {
  return COUNTERS.map(([field, meaning]) => {
    const ticks = prcb.int(field);
    const shown = mapFound(ticks, (value) => `${hex(BigInt.asUintN(32, value))} ticks`);
    const seconds = ticks.ok && tick.ok ? `${((Number(ticks.value) * tick.value) / UNITS_PER_SECOND).toFixed(3)}  ` : '';
    return line(`${field.padEnd(18)} `, gapOr(shown, 18), `${seconds.padStart(12)}${meaning}`);
  });
}

function profileNodes({ target }: Session, { at, samples, shares, inner }: Profile): OutputNode[] {
  const named = (image: string): Span => ({ span: 'module', name: target.modules.byName(image)?.name ?? image, text: image });
  const rows = (list: Profile['shares']): OutputNode[] => list.map(({ image, count }) => line(`${String(count).padStart(8)} of ${samples}  `, named(image)));
  return [
    line('Profile: ', { span: 'command', line: `dps ${hex(at)} L28`, text: hex(at) }, `, ${samples} samples`),
    ...(shares.length === 0 ? [line('  only the kernel stands in them')] : [line('  samples in which a module stands:'), ...rows(shares)]),
    ...(inner.length === 0 ? [] : [line('  innermost but the kernel:'), ...rows(inner)]),
  ];
}

function watchdogNodes(processors: Processors, [number, prcb]: Processors['prcbs'][number], about: Watched): OutputNode[] {
  const { session, kernel } = processors;
  const active = prcb.pointer('DpcData[0].ActiveDpc');
  const routine = thenFound(active, (dpc) => routineOf(kernel, dpc));
  const stats = valueOf(prcb.pointer('IsrDpcStats'));
  const hasStats = stats !== undefined && isKernelHalf(stats);
  const queue = queueNodes(processors, number, prcb);
  const profile = about.place && profileOf(session, prcb.at, about.place);
  return [
    line(RULE),
    line(`CPU#${number}`),
    line(RULE),
    active.ok && active.value === 0n
      ? line('Current DPC: No Active DPC')
      : line('Current DPC: ', ...(active.ok ? prefixed(active) : [gapOr(active)]), ...nameSpans(session, routine)),
    ...counterNodes(prcb, about.tick),
    ...(hasStats ? [line('', { span: 'command', line: `dt nt!_ISRDPCSTATS ${hex(stats)}`, text: `dt nt!_ISRDPCSTATS ${hex(stats)}` })] : []),
    ...(queue.length === 0 ? [] : [line('Pending DPCs:'), line(QUEUE_HEADING), ...queue]),
    ...(profile ? profileNodes(session, profile) : []),
  ];
}

interface Watched {
  readonly tick: Found<number>;
  readonly place: ProfilePlace | undefined;
}

function* allWatched(processors: Processors): Job<readonly OutputNode[]> {
  const { session, prcbs } = processors;
  const about = { tick: tickLength(session), place: profilePlace(session.target) };
  const { tick } = about;
  const nodes: OutputNode[] = [
    tick.ok
      ? line(`All durations are in seconds (1 System tick = ${(tick.value / UNITS_PER_MS).toFixed(6)} milliseconds)`)
      : note(`ticks are not told in seconds: ${describeMissing(tick.missing)}`),
  ];
  for (const [done, one] of prcbs.entries()) {
    nodes.push(...watchdogNodes(processors, one, about));
    yield { progress: 'Reading processors', done, of: prcbs.length };
  }
  if (!about.place) nodes.push(note('no profile: arguments 3 and 4 do not lead to a DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK that the dump holds'));
  return nodes;
}

export const watchdog: CommandRun = function* ({ session }) {
  return yield* answerProcessors(session, allWatched);
};
