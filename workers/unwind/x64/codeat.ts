import type { Va } from '../../base/address.ts';
import type { Found } from '../../base/found.ts';
import type { Walker } from '../walker.ts';
import type { UnwindTables } from './undo.ts';
import type { RuntimeFunction } from './unwindinfo.ts';

export interface CodeSpot {
  readonly code: UnwindTables & { lookup(at: number): Found<RuntimeFunction | undefined> };
  readonly rva: number;
}

/** The code over an address: of a module, or made at run time. */
export function codeAt(walker: Walker, ip: Va): CodeSpot | undefined {
  const here = walker.code.at(ip);
  if (here) return { code: here.image, rva: here.place.rva };
  const code = walker.dynamicCode(ip);
  return code && { code, rva: code.rva(ip) };
}
