/** The readers that meet bytes from outside. Each goes as deep as it can: what is read lazily is asked for. */
import { va, vaAdd } from '../../base/address.ts';
import { type Found, found, missing } from '../../base/found.ts';
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import type { Decoder } from '../../code/decoder.ts';
import { isCab, openCab } from '../../formats/cab/cab.ts';
import { extractEntry } from '../../formats/cab/extract.ts';
import { readCodeViews } from '../../formats/pe/debug.ts';
import { findExceptionDirectory, readExceptionEntry } from '../../formats/pe/exceptions.ts';
import { readExports } from '../../formats/pe/exports.ts';
import { openPeFile } from '../../formats/pe/file.ts';
import { readVersion } from '../../formats/pe/version.ts';
import type { Module } from '../../modules/module.ts';
import { packFromPdb } from '../../symbols/pack/frompdb.ts';
import type { SymbolProvider } from '../../symbols/provider.ts';
import { openTarget, readFirst } from '../../target/open.ts';
import type { Context, Target } from '../../target/target.ts';
import { walkStack } from '../../unwind/walk.ts';
import type { Outcome, Parser } from './check.ts';

const starts = (bytes: Uint8Array, ...texts: readonly string[]): boolean => texts.some((text) => [...text].every((char, index) => bytes[index] === char.charCodeAt(0)));
const none = (module: Module): Found<never> => missing({ why: 'no-symbols', module: module.name, detail: 'none are given to the fuzzer' });

/** No symbols at all: what is not found is said so. */
export const NO_SYMBOLS: SymbolProvider = { revision: 0, status: () => ({ kind: 'none' }), table: none, types: none, image: none } as unknown as SymbolProvider;

const STACK_LIMIT = 256;
const THREADS = 4;
const MODULES = 16;

function walk(target: Target, context: Context, decoder: Decoder): void {
  const { arch, memory, modules } = target;
  driveSync(walkStack({ arch, registers: context.registers, memory, modules, symbols: NO_SYMBOLS, decoder, limit: STACK_LIMIT, kernel: target.kind !== 'user' }));
}

/** Reads what a page would show of the target. */
function useTarget(target: Target, decoder: Decoder): void {
  for (const module of target.modules.modules.slice(0, MODULES)) {
    void module.identity.pdb;
    void target.memory.read(module.base, 0x1000);
    void target.modules.find(vaAdd(module.base, module.size - 1));
  }
  if (target.context.ok) walk(target, target.context.value, decoder);
  for (const thread of target.threads.slice(0, THREADS)) if (thread.context.ok) walk(target, thread.context.value, decoder);
  for (const range of target.memory.ranges().slice(0, 64)) void target.memory.read(range.start, 64);
  for (const param of target.bugCheck?.params ?? []) void target.memory.u64(va(param));
}

function runDump(bytes: Uint8Array, decoder: Decoder): Outcome {
  const source = new ArraySource(bytes, 'fuzz.dmp');
  readFirst(source);
  const opened = driveSync(openTarget(source));
  if (!opened.ok) return opened;
  useTarget(opened.value, decoder);
  return { ok: true };
}

function runPe(bytes: Uint8Array): Outcome {
  const opened = openPeFile(new ArraySource(bytes, 'fuzz.exe'));
  if (!opened.ok) return opened;
  const { headers } = opened.value;
  readCodeViews(opened.value, headers);
  readExports(opened.value, headers);
  readVersion(opened.value, headers);
  const directory = findExceptionDirectory(headers);
  if (directory.ok) readExceptionEntry(opened.value, directory.value, 1);
  return { ok: true };
}

function runCab(bytes: Uint8Array): Outcome {
  const cab = openCab(new ArraySource(bytes, 'fuzz.cab'));
  if (!cab.ok) return cab;
  for (const entry of cab.value.entries.slice(0, 4)) {
    const extracted = driveSync(extractEntry(cab.value, entry, 64 * 1024 * 1024));
    if (!extracted.ok) return extracted;
  }
  return { ok: true };
}

export function parsers(decoder: Decoder): Parser[] {
  return [
    { name: 'dump', accepts: (bytes) => starts(bytes, 'PAGEDU', 'MDMP'), run: (bytes) => runDump(bytes, decoder) },
    { name: 'pe', accepts: (bytes) => starts(bytes, 'MZ'), run: runPe },
    { name: 'pdb', accepts: (bytes) => starts(bytes, 'Microsoft C/C++ MSF'), run: (bytes) => found(driveSync(packFromPdb(new ArraySource(bytes, 'fuzz.pdb')))).value },
    { name: 'cab', accepts: (bytes) => isCab(new ArraySource(bytes)), run: runCab },
  ];
}
