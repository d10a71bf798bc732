/** Every built file by name: for fuzzing, the bench and tests that go over all of them. */
import { armTriage } from './armscene.ts';
import { kernelOf } from './kernelscene.ts';
import { buildMinidump } from './minidump.ts';
import { smallPdb } from './pdb.ts';
import { triageOf } from './scene.ts';
import { SCENES, driverFault, exampleNic } from './scenes.ts';
import { flatten } from './sparse.ts';
import { userCrashArm64, userCrashX64, userCrashX86, userFullMemory } from './userscenes.ts';

export interface Fixture {
  readonly name: string;
  bytes(): Uint8Array;
}

export function fixtures(): Fixture[] {
  const triage = SCENES.flatMap((make): Fixture[] => {
    const scene = make();
    const name = `${scene.title}-${scene.bugCheck.toString(16)}`;
    return (['extracted', 'direct'] as const).map((style) => ({ name: `triage-${style}-${name}.dmp`, bytes: () => triageOf(scene, { style }).bytes }));
  });
  const kernel = (['full', 'bitmap-full', 'bitmap-kernel', 'live'] as const).map((kind): Fixture => {
    const whole = kind === 'full' || kind === 'bitmap-full' ? { sizeBytes: 4 * 1024 * 1024 } : {};
    return { name: `kernel-${kind}.dmp`, bytes: () => flatten(kernelOf(driverFault(), { kind, ...whole }).dump) };
  });
  return [
    ...triage,
    { name: 'triage-arm64-1c8.dmp', bytes: () => armTriage().built.bytes },
    { name: 'triage-arm64-d1-direct.dmp', bytes: () => armTriage(0xd1, 'direct').built.bytes },
    ...kernel,
    { name: 'user-x64.dmp', bytes: () => flatten(buildMinidump(userCrashX64().spec)) },
    { name: 'user-x64-full.dmp', bytes: () => flatten(userFullMemory(0x20000)) },
    { name: 'user-x86.dmp', bytes: () => flatten(buildMinidump(userCrashX86().spec)) },
    { name: 'user-arm64.dmp', bytes: () => flatten(buildMinidump(userCrashArm64().spec)) },
    { name: 'examplenic.sys', bytes: () => exampleNic().image.file },
    { name: 'small.pdb', bytes: smallPdb },
    { name: 'examplenic.partial', bytes: () => partOf(exampleNic().image.file, 0x400) },
  ];
}

/** The first bytes of a file, as an image of which only parts were fetched is kept (symbols/partialimage.ts says how). */
function partOf(file: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(40 + length);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode('FLPART1\0'));
  view.setUint32(8, file.length, true);
  view.setUint32(16, 1, true);
  view.setUint32(32, length, true);
  out.set(file.subarray(0, length), 40);
  return out;
}
