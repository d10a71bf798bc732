/**
 * The driver that the kernel itself noted when it stopped: TRIAGE_DUMP64.BrokenDriverOffset of a small dump, else nt!KiBugCheckDriver
 * (a PUNICODE_STRING that KeBugCheckEx fills where the fault lies in a driver), where the kernel's symbols are loaded.
 */
import { type Va, vaAdd } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { readUnicode } from '../modules/loadedlist.ts';
import type { Case } from './case.ts';

export interface KernelSuspect {
  readonly image: string;
  readonly command: string;
}

const bare = (path: string): string => path.replace(/^.*[\\/]/, '');

export function findKernelSuspect(c: Case): KernelSuspect | undefined {
  const fact = c.target.facts.find((one) => one.name === 'BrokenDriver')?.value;
  if (fact?.ok && fact.value !== '') return { image: bare(fact.value), command: `lmvm ${bare(fact.value).replace(/\.sys$/i, '')}` };
  const at = bugCheckDriver(c);
  return at === undefined ? undefined : imageNamedAt(c, at);
}

/** A driver's name in a UNICODE_STRING: Length +0, Buffer behind the alignment of a pointer. */
export function imageNamedAt(c: Case, at: Va): KernelSuspect | undefined {
  const { memory } = c.target;
  const length = memory.u16(at);
  const buffer = memory.pointer(vaAdd(at, memory.pointerSize));
  const name = length.ok && buffer.ok ? readUnicode(memory, length.value, buffer.value) : undefined;
  return name?.ok && /^[\x20-\x7e]+$/.test(name.value) && buffer?.ok ? { image: bare(name.value), command: `du ${hex(buffer.value)}` } : undefined;
}

/** Address of the UNICODE_STRING. */
function bugCheckDriver(c: Case): Va | undefined {
  const nt = c.target.modules.byName('nt');
  const table = nt && c.session.symbols.table(nt);
  const rva = table?.ok ? table.value.byName('KiBugCheckDriver') : undefined;
  if (!nt || !rva?.ok) return undefined;
  const pointer = c.target.memory.pointer(vaAdd(nt.base, rva.value));
  return pointer.ok && pointer.value !== 0n ? pointer.value : undefined;
}
