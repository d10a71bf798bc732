/**
 * Code in memory beside the image file's. Relocations, imports and retpolines change code as well (48 ff 15 → 4c 8b 15 / e8,
 * 0f 1f 44 → e8), so only three kinds of change are told: a single bit in a single byte, a breakpoint, and a jump that the image does not have.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { viewOf } from '../bytes/struct.ts';
import type { Session } from '../target/target.ts';
import { onlyBit } from './address.ts';

interface CodeBit {
  readonly kind: 'bit';
  readonly at: Va;
  readonly found: number;
  readonly wanted: number;
  readonly bit: number;
}
export interface CodeJump {
  readonly kind: 'jump';
  readonly at: Va;
  readonly to: Va;
}

/** INT 3 where the image has other code: a debugger or a tool put it there (SDM volume 2, "INT n"). */
interface CodeBreakpoint {
  readonly kind: 'breakpoint';
  readonly at: Va;
}

const INT3 = 0xcc;
const AROUND = 32;

/** Around `at`; undefined where the image is not at hand, is the same, or differs in another way. */
export function findCodeChange(session: Session, at: Va): CodeBit | CodeJump | CodeBreakpoint | undefined {
  const place = session.target.modules.find(at);
  const image = place && session.symbols.image(place.module);
  if (!place || !image?.ok || image.value.writable(place.rva)) return undefined;
  const before = Math.min(AROUND, place.rva);
  const start = vaAdd(at, -before);
  const wanted = image.value.readRva((place.rva - before) as typeof place.rva, before + AROUND);
  const { bytes } = session.target.memory.read(start, wanted.length);
  const changed = Array.from(bytes.keys()).filter((index) => index < wanted.length && bytes[index] !== wanted[index]);
  const [first] = changed;
  if (first === undefined) return undefined;
  if (changed.length === 1) return oneByte(vaAdd(start, first), bytes[first] ?? 0, wanted[first] ?? 0);
  const to = isCall(wanted.subarray(first)) ? undefined : jumpTarget(bytes.subarray(first), vaAdd(start, first));
  const outside = to !== undefined && session.target.modules.find(to)?.module !== place.module;
  return outside ? { kind: 'jump', at: vaAdd(start, first), to } : undefined;
}

function oneByte(at: Va, found: number, wanted: number): CodeBit | CodeBreakpoint | undefined {
  if (found === INT3) return { kind: 'breakpoint', at };
  const bit = onlyBit(BigInt(found ^ wanted));
  return bit === undefined ? undefined : { kind: 'bit', at, found, wanted, bit };
}

/** Where the image has a call or a padding that the loader rewrites. */
const isCall = (bytes: Uint8Array): boolean =>
  bytes[0] === 0xe8 || bytes[0] === 0xe9 || bytes[0] === 0xff || (bytes[0] === 0x48 && bytes[1] === 0xff) || (bytes[0] === 0x0f && bytes[1] === 0x1f);

/** jmp rel32, jmp [rip+0] with the address behind it, mov rax,imm64 / jmp rax: the forms that hooks use. */
function jumpTarget(bytes: Uint8Array, at: Va): Va | undefined {
  const view = viewOf(bytes);
  if (bytes[0] === 0xe9 && bytes.length >= 5) return vaAdd(at, 5 + view.getInt32(1, true));
  if (bytes[0] === 0xff && bytes[1] === 0x25 && bytes.length >= 14 && view.getInt32(2, true) === 0) return va(view.getBigUint64(6, true));
  const viaRax = bytes[0] === 0x48 && bytes[1] === 0xb8 && bytes[10] === 0xff && bytes[11] === 0xe0;
  return viaRax ? va(view.getBigUint64(2, true)) : undefined;
}
