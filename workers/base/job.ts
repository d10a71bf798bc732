/** Work that takes time: a generator that yields between slices of at most 50 ms (design §3). */
export type Step =
  | { readonly progress: string; readonly done: number; readonly of: number | null }
  | { readonly need: 'symbols'; readonly module: string; readonly key: string }
  | { readonly need: 'bytes'; readonly from: number; readonly length: number }
  /** A part of the program that is loaded at its first use. */
  | { readonly need: 'code'; readonly loading: Promise<unknown> };

export type Job<T> = Generator<Step, T, unknown>;

export interface DriveOptions {
  /** Polled between steps; true ends the job with CANCELLED. */
  readonly cancelled?: () => boolean;
  readonly onStep?: (step: Step) => void;
  /** Lets the event loop run. Given by the entry, since a pure rung knows no timers. */
  readonly breathe?: () => Promise<void>;
}

export type JobResult<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly code: 'CANCELLED' };

/** Runs a job to its end, giving way between steps. */
export async function drive<T>(job: Job<T>, options: DriveOptions = {}): Promise<JobResult<T>> {
  for (;;) {
    if (options.cancelled?.()) {
      job.return(undefined as never);
      return { done: false, code: 'CANCELLED' };
    }
    const next = job.next();
    if (next.done) return { done: true, value: next.value };
    options.onStep?.(next.value);
    if ('need' in next.value && next.value.need === 'code') await next.value.loading;
    await options.breathe?.();
  }
}

/** Runs a job at once, for tests and for callers that cannot wait. */
export function driveSync<T>(job: Job<T>): T {
  for (;;) {
    const next = job.next();
    if (next.done) return next.value;
  }
}
