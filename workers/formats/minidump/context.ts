/** CONTEXT records to registers, for every processor and writer. */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import { ARM, ARM64, ARM64_BREAKPAD_OLD, ARM_BREAKPAD, type ContextLayout, registerAt, X64, X86, X86_SHORT } from '../context/layouts.ts';
import type { MinidumpArch } from './names.ts';

export interface CpuContext {
  readonly arch: MinidumpArch;
  readonly layout: string;
  readonly flags: number;
  /** By WinDbg's names; registers that ContextFlags does not vouch for are left out. */
  readonly registers: Readonly<Record<string, bigint>>;
  readonly unknown: readonly string[];
  /** Bytes behind the fixed part: XSTATE. */
  readonly extraBytes: number;
}

const LAYOUTS: Readonly<Record<MinidumpArch, readonly ContextLayout[]>> = {
  x64: [X64],
  x86: [X86, X86_SHORT],
  arm64: [ARM64, ARM64_BREAKPAD_OLD],
  arm: [ARM, ARM_BREAKPAD],
};
/** CONTEXT_ALL of any processor with XSTATE is under 16 KiB (AMX tiles make 8 KiB). */
const MAX_CONTEXT = 65_536;

const flagsOf = (bytes: Uint8Array, layout: ContextLayout): number => viewOf(bytes).getUint32(layout.flagsOffset, true);

/** The layout whose size fits and whose processor bit is set; where no bit fits, the first by size. */
function chooseLayout(bytes: Uint8Array, arch: MinidumpArch): ContextLayout | undefined {
  const fitting = LAYOUTS[arch].filter((layout) => bytes.length >= layout.size);
  const named = fitting.find((layout) => (flagsOf(bytes, layout) & layout.cpuFlag) >>> 0 === layout.cpuFlag);
  return named ?? (fitting[0] && flagsOf(bytes, fitting[0]) === 0 ? fitting[0] : undefined);
}

export function parseContext(bytes: Uint8Array, arch: MinidumpArch): Found<CpuContext> {
  const layout = chooseLayout(bytes, arch);
  if (!layout) return notValid(`CONTEXT of ${arch}`, `${bytes.length} bytes`, LAYOUTS[arch].map((one) => `${one.name} of ${one.size} bytes`).join(' or '));
  const flags = flagsOf(bytes, layout);
  // Writers that set the processor's bit alone (Breakpad on macOS) mean everything.
  const names = Object.values(layout.parts).reduce((all, bit) => all | bit, 0);
  const everything = (flags & names) === 0;
  const view = viewOf(bytes);
  const registers: Record<string, bigint> = {};
  const unknown: string[] = [];
  for (const row of layout.rows) {
    const bit = layout.parts[row[3]] ?? 0;
    if (everything || (flags & bit) !== 0) registers[row[0]] = registerAt(view, row);
    else unknown.push(row[0]);
  }
  return found({ arch, layout: layout.name, flags, registers, unknown, extraBytes: bytes.length - layout.size });
}

/** A CONTEXT at a location of the file. No location, or one of size 0, means that the writer saved none. */
export function readContext(source: ByteSource, at: { readonly size: number; readonly rva: number }, arch: MinidumpArch): Found<CpuContext> {
  if (at.size === 0 || at.rva === 0) return missing({ why: 'not-written-by', writer: 'the writer of this dump', what: 'CONTEXT' });
  return thenFound(readExactly(source, at.rva, Math.min(at.size, MAX_CONTEXT)), (bytes) => parseContext(bytes, arch));
}

/** The processor that a CONTEXT is of, by its flags: for files whose SystemInfoStream is lost. */
export function guessArch(bytes: Uint8Array): MinidumpArch | undefined {
  for (const arch of ['x64', 'arm64', 'x86', 'arm'] as const) {
    const context = parseContext(bytes, arch);
    if (context.ok && context.value.flags !== 0) return arch;
  }
  return undefined;
}
