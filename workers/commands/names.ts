/** How addresses and places are named in answers: `nt!KeBugCheckEx+0x5`, `rtwlanu+0x48304`, or nothing. */
import { type Va, rva, va } from '../base/address.ts';
import { formatVa, hex } from '../base/hex.ts';
import type { Step } from '../base/job.ts';
import type { Session } from '../target/target.ts';
import type { Frame } from '../unwind/frame.ts';
import type { Span } from './spec.ts';

/** An address as a link, in WinDbg's form for the target's width. */
export function address(session: Session, at: Va | bigint): Span {
  return { span: 'address', at: at as Va, text: formatVa(at, session.memory.pointerSize) };
}

/** An address without the backtick, as `!analyze` and `.exr` print it. */
export function plainAddress(session: Session, at: Va | bigint): Span {
  const width = session.memory.pointerSize * 2;
  const masked = BigInt.asUintN(width * 4, at);
  return { span: 'address', at: at as Va, text: masked.toString(16).padStart(width, '0') };
}

/** Rows between two yields of a listing: well under 50 ms. */
export const ROWS_PER_SLICE = 256;
export const rowsStep = (done: number, of: number): Step => ({ progress: 'Reading rows', done, of });

export interface Named {
  /** WinDbg's module name. */
  readonly module: string;
  /** "nt!KeBugCheckEx" or "rtwlanu" where no symbol is known. */
  readonly base: string;
  readonly displacement: number;
}

/** Module and nearest symbol of an address; undefined where it lies in no module. */
export function findName(session: Session, at: Va): Named | undefined {
  const place = session.target.modules.find(at);
  if (!place) return undefined;
  const table = session.symbols.table(place.module);
  const hit = table.ok ? table.value.nearest(rva(place.rva)) : undefined;
  if (hit?.ok) return { module: place.module.name, base: `${place.module.name}!${hit.value.name}`, displacement: hit.value.displacement };
  return { module: place.module.name, base: place.module.name, displacement: place.rva };
}

/**
 * A frame by the name that the walk gave it: a return address behind a call that ends its function belongs to that
 * function, not to the one whose first byte it is.
 */
export function frameName(session: Session, frame: Frame): Named | undefined {
  const module = (frame.place ?? session.target.modules.find(va(frame.ip - 1n)))?.module;
  if (!frame.symbol.ok || !module) return findName(session, frame.ip);
  const { name, displacement } = frame.symbol.value;
  return { module: module.name, base: `${module.name}!${name}`, displacement };
}

/** `base` or `base+0x5`. */
export function nameText(named: Named): string {
  return named.displacement === 0 ? named.base : `${named.base}+${hex(named.displacement)}`;
}

/** The name of a place as a span that links to its module's listing; undefined where there is none. */
export function placeSpan(session: Session, at: Va): Span | undefined {
  const named = findName(session, at);
  return named && { span: 'module', name: named.module, text: nameText(named) };
}
