/** Runs a piece of work several times and answers the median, so that one slow run does not decide. */
export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export function timed<T>(runs: number, work: () => T): { readonly value: T; readonly timing: Timing } {
  const times: number[] = [];
  let value = runOnce(work, times);
  for (let run = 1; run < runs; run++) value = runOnce(work, times);
  times.sort((a, b) => a - b);
  return { value, timing: { medianMs: times[Math.floor(times.length / 2)] ?? 0, minMs: times[0] ?? 0, maxMs: times.at(-1) ?? 0 } };
}

function runOnce<T>(work: () => T, times: number[]): T {
  const started = performance.now();
  const value = work();
  times.push(performance.now() - started);
  return value;
}

export const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
export const MiB = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2);

/** Rows under headings, in columns. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)));
  const lineOf = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return [lineOf(headings), ...rows.map(lineOf)].join('\n');
}
