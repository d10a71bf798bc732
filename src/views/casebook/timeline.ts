/** Crashes and changes on a line of columns, without drawing. */
export interface Timed<T> {
  readonly item: T;
  readonly atMs: number;
}
export interface Slot<T> {
  /** Column, from 0. */
  readonly at: number;
  readonly items: readonly Timed<T>[];
}
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export function spanOf(times: readonly number[]): Span | null {
  if (times.length === 0) return null;
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) {
    fromMs = Math.min(fromMs, time);
    toMs = Math.max(toMs, time);
  }
  return { fromMs, toMs };
}

/** Items of the same column in the order of time; columns in order, empty ones left out. */
export function slots<T>(items: readonly Timed<T>[], span: Span, columns: number): Slot<T>[] {
  const width = Math.max(1, span.toMs - span.fromMs);
  const made = new Map<number, Timed<T>[]>();
  for (const one of [...items].sort((a, b) => a.atMs - b.atMs)) {
    const at = Math.round(((one.atMs - span.fromMs) / width) * Math.max(0, columns - 1));
    const held = made.get(at);
    if (held) held.push(one);
    else made.set(at, [one]);
  }
  return [...made].map(([at, held]) => ({ at, items: held })).sort((a, b) => a.at - b.at);
}
