/** Functions that the compiler put into their callers: they have no frame of their own, and WinDbg shows them as if they had. */
import { rva } from '../base/address.ts';
import { type Found, missing } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import type { InlinedFunction, SourceLine, SymbolProvider } from '../symbols/provider.ts';
import type { Frame, Stack } from './frame.ts';
import { isReturnAddress } from './walker.ts';

/** Each may read a little of a PDB. */
const FRAMES_A_STEP = 16;

/** The stack with the inlined functions of each frame, as far as PDBs are at hand. */
export function* addInlined(stack: Stack, symbols: SymbolProvider): Job<Stack> {
  const frames: Frame[] = [];
  // A runaway recursion has thousands of frames at a few places.
  const known = new Map<string, readonly InlinedFunction[]>();
  for (const frame of stack.frames) {
    if (frames.length % FRAMES_A_STEP === FRAMES_A_STEP - 1) yield { progress: 'Looking for inlined functions', done: frames.length, of: stack.frames.length };
    const place = `${frame.ip} ${isReturnAddress(frame)}`;
    const inlined = known.get(place) ?? inlinedAt(frame, symbols);
    known.set(place, inlined);
    frames.push(inlined.length > 0 ? { ...frame, inlined } : frame);
  }
  return { ...stack, frames };
}

function inlinedAt(frame: Frame, symbols: SymbolProvider): readonly InlinedFunction[] {
  if (!frame.place) return [];
  const table = symbols.table(frame.place.module);
  if (!table.ok || !table.value.inlined) return [];
  // The call, not what follows it, says in which function the frame is.
  return table.value.inlined(rva(frame.place.rva - (isReturnAddress(frame) ? 1 : 0)));
}

/** A row of a stack as it is shown: a frame, or a function inlined into it. */
export interface StackRow {
  readonly frame: Frame;
  readonly inlined?: InlinedFunction;
}

const NO_LINES = missing({ why: 'not-computed', detail: 'no line information' });

/** File and line of a row. */
export function sourceOf({ frame, inlined }: StackRow): Found<SourceLine> {
  if (inlined) return inlined.source;
  return (frame.symbol.ok && frame.symbol.value.source) || NO_LINES;
}

/** Rows in the order and numbering of WinDbg: the innermost inlined function first, the frame that holds them last. */
export function listRows(frames: readonly Frame[]): readonly StackRow[] {
  return frames.flatMap((frame) => [...(frame.inlined ?? []).map((inlined) => ({ frame, inlined })), { frame }]);
}
