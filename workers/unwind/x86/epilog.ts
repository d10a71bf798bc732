/**
 * From an instruction of x86 forward to the function's return, where nothing but the end of a frame lies between: pops, leave,
 * mov esp,ebp, add esp. What those instructions would do is done.
 */
import { type Va, va } from '../../base/address.ts';
import type { Registers } from '../frame.ts';

/** By the low three bits of 58+r. */
const POPPED = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
const MAX_INSTRUCTIONS = 12;
export const EPILOG_BYTES = 32;

interface State {
  readonly registers: Record<string, bigint>;
  read(at: Va): bigint | undefined;
}

interface Form {
  readonly bytes: readonly number[];
  /** Bytes in all. */
  readonly length: number;
  /** False where a value that it needs is not at hand. */
  run(state: State, code: Uint8Array): boolean;
}

function pop(state: State, name: string): boolean {
  const esp = state.registers['esp'];
  const value = esp === undefined ? undefined : state.read(va(esp));
  if (esp === undefined || value === undefined) return false;
  state.registers['esp'] = esp + 4n;
  state.registers[name] = value;
  return true;
}

function leave(state: State): boolean {
  const ebp = state.registers['ebp'];
  if (ebp === undefined) return false;
  state.registers['esp'] = ebp;
  return true;
}

function add(state: State, bytes: bigint): boolean {
  const esp = state.registers['esp'];
  if (esp !== undefined) state.registers['esp'] = BigInt.asUintN(32, esp + bytes);
  return esp !== undefined;
}

const viewOf = (code: Uint8Array): DataView => new DataView(code.buffer, code.byteOffset, code.byteLength);
const FORMS: readonly Form[] = [
  { bytes: [0x8b, 0xe5], length: 2, run: leave },
  { bytes: [0x89, 0xec], length: 2, run: leave },
  { bytes: [0xc9], length: 1, run: (state) => leave(state) && pop(state, 'ebp') },
  { bytes: [0x83, 0xc4], length: 3, run: (state, code) => add(state, BigInt(viewOf(code).getInt8(2))) },
  { bytes: [0x81, 0xc4], length: 6, run: (state, code) => add(state, BigInt(viewOf(code).getInt32(2, true))) },
  ...POPPED.map((name, index): Form => ({ bytes: [0x58 + index], length: 1, run: (state) => name !== 'esp' && pop(state, name) })),
];

/** Bytes of arguments that a return instruction takes off; undefined where the code is none. */
function returnDrop(code: Uint8Array): bigint | undefined {
  if (code[0] === 0xc3) return 0n;
  return code[0] === 0xc2 && code.length >= 3 ? BigInt(viewOf(code).getUint16(1, true)) : undefined;
}

/** The registers behind the return; undefined where the code does something else first. */
export function runToReturn(code: Uint8Array, registers: Registers, read: State['read']): Registers | undefined {
  const state: State = { registers: { ...registers }, read };
  let at = 0;
  for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
    const rest = code.subarray(at);
    const drop = returnDrop(rest);
    if (drop !== undefined) return pop(state, 'eip') && add(state, drop) ? state.registers : undefined;
    const form = FORMS.find((one) => rest.length >= one.length && one.bytes.every((byte, index) => rest[index] === byte));
    if (!form || !form.run(state, rest)) return undefined;
    at += form.length;
  }
  return undefined;
}
