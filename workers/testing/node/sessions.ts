/** Sessions over real bytes: the public sample, built minidumps, corpus files. No symbols but what a test hands in. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { NO_SYMBOLS } from '../../symbols/provider.ts';
import { openTarget } from '../../target/open.ts';
import { createSession } from '../../target/session.ts';
import type { Session } from '../../target/target.ts';
import { loadLayouts } from '../../types/layouts/load.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';
import { x64Context } from '../build/context.ts';
import { kernelOf } from '../build/kernelscene.ts';
import { buildMinidump } from '../build/minidump.ts';
import { deadlockC4, leakC4 } from '../build/kernelstate.ts';
import type { Scene } from '../build/scene.ts';
import { power9f } from '../build/scenes.ts';
import { flatten } from '../build/sparse.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const sampleBytes = (): Uint8Array => new Uint8Array(readFileSync(join(root, 'public', 'sample.dmp')));
const knowledge = await loadKnowledge();
const layouts = await loadLayouts('x64');

export function sessionOf(bytes: Uint8Array, name: string): Session {
  const opened = driveSync(openTarget(new ArraySource(bytes, name)));
  if (!opened.ok) throw new Error(`${name}: ${opened.problem.code} ${opened.problem.detail}`);
  return createSession({ target: opened.value, symbols: NO_SYMBOLS, decoder: createDecoder(decoderModule()), knowledge, layouts });
}

const EXE = 0x7ff6_1000_0000n;
const NTDLL = 0x7ff9_6000_0000n;
const STACK = 0x55_5f11_f000n;

/** A made application that read through a null pointer: two threads, code at both places, a stack with a return address. */
export function userBytes(): Uint8Array {
  const words = (...values: readonly bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(values).buffer);
  const registers = { rip: EXE + 0x1010n, rsp: STACK, rax: 0n, rbx: 1n, user: true };
  const waiting = { rip: NTDLL + 0x9d14n, rsp: STACK + 0x2000n, user: true };
  const plan = buildMinidump({
    ...{ arch: 'x64', build: 19045, time: Date.UTC(2024, 5, 1) / 1000, processId: 0xde4 },
    modules: [
      { base: EXE, size: 0x8000, name: String.raw`C:\tools\example.exe`, timestamp: 0x6600_0000, version: [1, 2, 3, 4] },
      { base: NTDLL, size: 0x20_0000, name: String.raw`C:\Windows\System32\ntdll.dll`, timestamp: 0x1234_5678 },
    ],
    threads: [
      { id: 0x7ac, stack: { address: STACK, bytes: words(EXE + 0x2000n, 0n, 0n, 0n, NTDLL + 0x5_2651n, 0n, 0n, 0n) }, context: x64Context(registers) },
      { id: 0x898, stack: { address: STACK + 0x2000n, bytes: words(NTDLL + 0x5_2651n, 0n, 0n, 0n) }, context: x64Context(waiting) },
    ],
    exception: { threadId: 0x7ac, code: 0xc0000005, address: EXE + 0x1010n, parameters: [0n, 0n], context: x64Context(registers) },
  });
  return flatten(plan);
}

export const userSession = (): Session => sessionOf(userBytes(), 'example.dmp');
const wholes = new Map<string, Uint8Array>();
/** A scene in a dump of all memory. */
function wholeSession(name: string, make: () => Scene): Session {
  const bytes = wholes.get(name) ?? flatten(kernelOf(make(), { kind: 'bitmap-full', sizeBytes: 4 * 1024 * 1024 }).dump);
  wholes.set(name, bytes);
  return sessionOf(bytes, `${name}.dmp`);
}
/** A held power request with its devices. */
export const powerSession = (): Session => wholeSession('power', power9f);
/** A driver that left pool blocks behind, and a kernel that counted them. */
export const leakSession = (): Session => wholeSession('leak', leakC4);
/** Two locks that two threads took in opposite orders. */
export const deadlockSession = (): Session => wholeSession('deadlock', deadlockC4);
export const sampleSession = (): Session => sessionOf(sampleBytes(), 'sample.dmp');
