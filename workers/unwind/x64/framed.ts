/**
 * A function with a frame register, found by a scan, so that the register is not known: its frame is looked for on the stack. First
 * where it is if the function takes no more stack than its prolog does; else upward, where a saved frame pointer that points further
 * up lies below a return address (code of Mono and of other compilers at run time).
 */
import { type Va, va, vaAdd } from '../../base/address.ts';
import { checkCall } from '../scan.ts';
import { keptRegisters } from '../kept.ts';
import type { Next, RawFrame, Walker } from '../walker.ts';
import { codeAt, type CodeSpot } from './codeat.ts';
import { undoFunction } from './undo.ts';
import type { RuntimeFunction, UnwindInfo } from './unwindinfo.ts';

const WORD = 8;
/** A larger frame is not looked for: stale pairs would only multiply. */
const MAX_WORDS = 512;

/** Where the frame lies if no stack is taken but by the prolog. */
function fixedBase({ codes }: UnwindInfo, sp: Va): Va | undefined {
  const set = codes.find((code) => code.op === 'set-frame');
  return (
    set &&
    vaAdd(
      sp,
      codes.reduce((sum, code) => (code.op === 'alloc' && code.at > set.at ? sum + code.size : sum), 0),
    )
  );
}

interface Framed {
  readonly spot: CodeSpot;
  readonly entry: RuntimeFunction;
  readonly frame: NonNullable<UnwindInfo['frame']>;
  /** The lowest place where the frame's base can lie. */
  readonly first: Va;
}

/** The function of a return address, where it has a frame register that is not known. */
function framedFunction(walker: Walker, { ip, sp, registers }: RawFrame): Framed | undefined {
  const spot = codeAt(walker, ip);
  const entry = spot?.code.lookup(spot.rva - 1);
  if (!spot || !entry?.ok || !entry.value) return undefined;
  const info = spot.code.info(entry.value);
  const first = info.ok ? fixedBase(info.value, sp) : undefined;
  if (!info.ok || !info.value.frame || first === undefined || registers[info.value.frame.register] !== undefined) return undefined;
  return { spot, entry: entry.value, frame: info.value.frame, first };
}

/** The caller if the frame's base lies `word` words above the lowest place: undefined where that cannot be. */
function callerAt(walker: Walker, frame: RawFrame, framed: Framed, word: number): RawFrame | undefined {
  const { spot, entry, first } = framed;
  const { register, offset } = framed.frame;
  const base = vaAdd(first, word * WORD);
  const registers = { ...frame.registers, rip: frame.ip, rsp: frame.sp, [register]: base + BigInt(offset) };
  const undone = undoFunction(spot.code, entry, spot.rva, { registers, read: walker.read });
  if (!undone.ok) return undefined;
  const { rip: ip = 0n, rsp: sp = 0n, [register]: saved = 0n } = undone.value.registers;
  const chained = saved > base && walker.onStack(va(saved), frame.sp);
  if (sp <= frame.sp || !walker.onStack(va(sp), frame.sp) || !walker.mayReturnTo(va(ip)) || (word > 0 && !chained)) return undefined;
  const check = checkCall(walker, va(ip));
  if (check === 'no-call') return undefined;
  return { ip: va(ip), sp: va(sp), trust: check === 'call' ? 'scan-call-checked' : 'scan', registers: keptRegisters('x64', undone.value.registers) };
}

/** The caller of `frame`, which is a return address found by a scan. */
export function framedStep(walker: Walker, frame: RawFrame): Next | undefined {
  const framed = framedFunction(walker, frame);
  for (let word = 0; framed && word < MAX_WORDS; word++) {
    const caller = callerAt(walker, frame, framed, word);
    if (caller) return { kind: 'frame', frame: caller };
  }
  return undefined;
}
