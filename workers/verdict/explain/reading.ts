/** How an expert reads a stop: what is usually behind it, where to look, what to do, and the mistake that is often made. */
import type { StepId } from './steps.ts';

/** A console line with `{1}` to `{4}` for the arguments of the stop, and what it shows. */
export type Look = readonly [line: string, shows: string];

export interface Reading {
  /** What is behind it, most frequent first. */
  readonly causes: readonly string[];
  readonly look: readonly Look[];
  /** In order; each stands for one to three steps. */
  readonly fix: readonly StepId[];
  /** What is often concluded and is wrong. */
  readonly trap?: string;
}

export type Readings = Readonly<Record<number, Reading>>;
