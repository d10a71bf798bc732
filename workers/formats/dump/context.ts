/**
 * CONTEXT records of kernel dumps as registers by WinDbg's names.
 * Only the groups that ContextFlags announces are taken, so that a register nobody wrote is absent.
 */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { viewOf } from '../../bytes/struct.ts';
import { ARM, ARM64, type ContextLayout, registerAt, X64, X86 } from '../context/layouts.ts';
import { FILLER32 } from './filler.ts';

export type DumpArch = 'x64' | 'x86' | 'arm64' | 'arm';

export interface ContextRecord {
  readonly flags: number;
  readonly registers: Readonly<Record<string, bigint>>;
}

const CONTROL = 1;
const LAYOUTS: Readonly<Record<DumpArch, ContextLayout>> = { x64: X64, arm64: ARM64, x86: X86, arm: ARM };

/** Bytes that a CONTEXT of this processor takes in a kernel dump. */
export function contextSize(arch: DumpArch): number {
  return LAYOUTS[arch].size;
}

export function parseContext(data: Uint8Array, arch: DumpArch): Found<ContextRecord> {
  const layout = LAYOUTS[arch];
  if (data.length < layout.size) return missing({ why: 'outside-file', at: 0, length: layout.size, fileSize: data.length });
  const view = viewOf(data);
  const flags = view.getUint32(layout.flagsOffset, true);
  if (flags === FILLER32) return missing({ why: 'not-written-by', writer: 'the dump writer', what: 'CONTEXT' });
  if ((flags & layout.cpuFlag) === 0 || (flags & CONTROL) === 0) {
    return notValid('ContextFlags', hex(flags), `bit ${hex(layout.cpuFlag)} (${arch}) and CONTEXT_CONTROL`);
  }
  const registers: Record<string, bigint> = {};
  for (const row of layout.rows) {
    const [name, , , part] = row;
    if ((flags & (layout.parts[part] ?? 0)) !== 0) registers[name] = registerAt(view, row);
  }
  return found({ flags, registers });
}
