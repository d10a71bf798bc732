/** "First few characters of the service" (bug check 0x1D5, argument 1): in the argument itself, or where it points; 8-bit or UTF-16. */
import { va } from '../base/address.ts';
import type { Case } from './case.ts';

const MOST_CHARACTERS = 64;

export interface ServiceName {
  readonly name: string;
  /** True where the name may go on. */
  readonly cut: boolean;
}

export function serviceName(c: Case, value: bigint): ServiceName | undefined {
  const held = Uint8Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
  return nameIn(held) ?? nameIn(c.session.memory.read(va(value), MOST_CHARACTERS * 2).bytes);
}

/** Of two characters at least, of those that a service key may hold; nothing may follow the end but zeros or other data. */
function nameIn(bytes: Uint8Array): ServiceName | undefined {
  const step = bytes[1] === 0 ? 2 : 1;
  let name = '';
  for (let at = 0; at + step <= bytes.length; at += step) {
    const code = (bytes[at] ?? 0) + (step === 2 ? (bytes[at + 1] ?? 0) * 0x100 : 0);
    if (code === 0) return name.length < 2 ? undefined : { name, cut: false };
    const letter = String.fromCharCode(code);
    if (!/[\w .-]/.test(letter)) return undefined;
    name += letter;
  }
  return name.length < 2 ? undefined : { name, cut: true };
}
