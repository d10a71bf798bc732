/** Built dumps through the product's own door: what was described must come out again. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { va } from '../../base/address.ts';
import { driveSync } from '../../base/job.ts';
import { ArraySource, type ByteSource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { NO_SYMBOLS } from '../../symbols/provider.ts';
import { openTarget } from '../../target/open.ts';
import type { Target } from '../../target/target.ts';
import type { Stack } from '../../unwind/frame.ts';
import { walkStack } from '../../unwind/walk.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';
import { PlanSource } from '../node/plansource.ts';
import { armTriage } from './armscene.ts';
import { kernelOf } from './kernelscene.ts';
import { buildMinidump } from './minidump.ts';
import { type Scene, triageOf } from './scene.ts';
import { SCENES, driverFault } from './scenes.ts';
import { type UserScene, userCrashArm64, userCrashX64, userCrashX86, userFullMemory } from './userscenes.ts';

function open(source: ByteSource): Target {
  const result = driveSync(openTarget(source));
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.detail}`);
  return result.value;
}

function walk(target: Target): Stack {
  if (!target.context.ok) throw new Error('no context');
  return driveSync(
    walkStack({
      ...{ arch: target.arch, registers: target.context.value.registers, memory: target.memory, modules: target.modules, symbols: NO_SYMBOLS },
      ...{ decoder: createDecoder(decoderModule()), limit: 64, kernel: target.kind !== 'user' },
    }),
  );
}

/** From the frame in which the context stands. */
function expectedFrames(scene: Scene, target: Target): string[] {
  const rip = target.context.ok ? target.context.value.registers['rip'] : undefined;
  const from = scene.stack.frames.findIndex((frame) => frame.ip === rip);
  return scene.stack.frames.slice(Math.max(0, from)).map((frame) => `${frame.ip.toString(16)} ${frame.sp.toString(16)}`);
}
const seenFrames = (stack: Stack): string[] => stack.frames.map((frame) => `${frame.ip.toString(16)} ${frame.sp.toString(16)}`);

const scenes = SCENES.map((make) => {
  const scene = make();
  return [`${scene.title} ${scene.bugCheck.toString(16)}`, scene] as const;
});

function expectScene(target: Target, scene: Scene): void {
  expect(target.bugCheck).toEqual({ code: scene.bugCheck, params: [...scene.params] });
  expect(target.modules.modules.map((each) => [each.imageName, each.base, each.size])).toEqual(scene.modules.map((each) => [each.name, each.base, each.size]));
  expect(target.process).toMatchObject({ name: { ok: true, value: scene.process.imageName.slice(0, 14) }, id: { ok: true, value: scene.process.id } });
  expect(target.processor).toEqual({ ok: true, value: scene.processor });
  expect(target.crashTime).toEqual({ ok: true, value: Date.parse('2024-03-05T18:42:11.250Z') });
  expect(target.oddities).toEqual([]);
  for (const block of [...scene.memory, scene.stack]) {
    const got = target.memory.read(va(block.address), block.bytes.length);
    expect(Buffer.from(got.bytes).equals(Buffer.from(block.bytes)), `bytes at ${block.address.toString(16)}`).toBe(true);
  }
}

const timestamps = (target: Target): (number | undefined)[] =>
  target.modules.modules.map(({ identity }) => (identity.pe.ok ? identity.pe.value.timestamp : undefined));

describe.each(scenes)('%s', (_, scene) => {
  it.each(['extracted', 'direct'] as const)('as a triage dump, %s', (style) => {
    const target = open(new ArraySource(triageOf(scene, { style }).bytes));
    expect(target.kind).toBe('kernel-triage');
    expectScene(target, scene);
    expect(timestamps(target)).toEqual(scene.modules.map((each) => each.timestamp));
    expect(target.modules.unloaded.map((each) => [each.name, each.start])).toEqual(scene.unloaded.map((each) => [each.name.slice(0, 12), each.start]));
    expect(target.blobs.map((blob) => blob.size)).toEqual(scene.blobs.map((blob) => blob.data.length));
    // Without images the walk rests on calls that precede return addresses; the code beside them is in the dump.
    // A word of data that points into an image is offered too, as a guess ('scan').
    const { frames } = walk(target);
    const sure = frames.filter((frame) => frame.trust !== 'scan').map((frame) => `${frame.ip.toString(16)} ${frame.sp.toString(16)}`);
    expect(sure).toEqual(expectedFrames(scene, target));
  });

  it.each(['full', 'bitmap-full', 'bitmap-kernel', 'live'] as const)('as a %s dump, unwound by its own .pdata', (kind) => {
    const target = open(new PlanSource(kernelOf(scene, { kind }).dump));
    expect(target.kind).toBe({ full: 'kernel-full', 'bitmap-full': 'kernel-bitmap-full', 'bitmap-kernel': 'kernel-bitmap', live: 'kernel-bitmap' }[kind]);
    expect(target.live).toEqual({ ok: true, value: kind === 'live' });
    expectScene(target, scene);
    expect(timestamps(target)).toEqual(scene.modules.map((each) => each.timestamp));
    expect(target.modules.unloaded.map((each) => [each.name, each.start, each.end])).toEqual(scene.unloaded.map((each) => [each.name, each.start, each.end]));
    for (const [index, module] of target.modules.modules.entries()) {
      const pdb = scene.modules[index]?.image.spec.pdb;
      expect(module.identity.pdb, module.name).toMatchObject({ ok: true, value: { age: pdb?.age } });
    }
    expect(seenFrames(walk(target))).toEqual(expectedFrames(scene, target));
  });
});

describe('a machine of 64 GB', () => {
  it.each(['full', 'bitmap-full'] as const)('opens as a %s dump within the budget of reading', (kind) => {
    const scene = driverFault();
    const built = kernelOf(scene, { kind, sizeBytes: 64 * 2 ** 30 });
    const source = new PlanSource(built.dump);
    const target = open(source);
    expectScene(target, scene);
    expect(source.bytesRead).toBeLessThan(32 * 2 ** 20);
    for (const { address, bytes } of built.expected.filter((_, index) => index % 11 === 0)) {
      expect(Buffer.from(target.memory.read(va(address), bytes.length).bytes).equals(Buffer.from(bytes))).toBe(true);
    }
  });
});

describe('gaps', () => {
  it('tell a page left out from a page paged out', () => {
    const stack = driverFault().stack.address;
    const target = open(
      new PlanSource(
        kernelOf(driverFault(), { leaveOut: [stack], pagedOut: [0xffffb30c41a01000n], writes: [{ address: 0xffffb30c41a01000n, bytes: new Uint8Array(16) }] })
          .dump,
      ),
    );
    expect(target.memory.u64(va(stack))).toMatchObject({ ok: false, missing: { why: 'not-in-dump' } });
    expect(target.memory.u64(va(0xffffb30c41a01000n))).toMatchObject({ ok: false, missing: { why: 'paged-out' } });
    expect(target.memory.u64(va(0xffff_c000_0000_0000n))).toMatchObject({ ok: false, missing: { why: 'not-present' } });
  });
});

describe('user dumps', () => {
  const cases: readonly (readonly [string, UserScene])[] = [
    ['x64', userCrashX64()],
    ['x86', userCrashX86()],
    ['arm64', userCrashArm64()],
  ];
  it.each(cases)('%s: exception, modules, threads and stack', (arch, { spec, frames }) => {
    const target = open(new PlanSource(buildMinidump(spec)));
    expect([target.kind, target.arch]).toEqual(['user', arch]);
    expect(target.exception).toMatchObject({ code: 0xc0000005, address: spec.exception?.address, parameters: [...(spec.exception?.parameters ?? [])] });
    expect(target.modules.modules.map((each) => [each.path, each.base, each.size])).toEqual(spec.modules.map((each) => [each.name, each.base, each.size]));
    for (const [index, module] of target.modules.modules.entries()) {
      const { timestamp, pdb } = spec.modules[index] ?? {};
      expect(module.identity.pe).toMatchObject({ ok: true, value: { timestamp } });
      expect(module.identity.pdb).toMatchObject({ ok: true, value: { guid: pdb?.guid, age: pdb?.age } });
    }
    expect(target.threads.map((each) => each.id)).toEqual(spec.threads.map((each) => each.id));
    expect(target.process.id).toEqual({ ok: true, value: spec.processId });
    for (const block of spec.memory ?? [])
      expect(Buffer.from(target.memory.read(va(block.address), block.bytes.length).bytes).equals(Buffer.from(block.bytes))).toBe(true);
    // Frame pointers alone do not tell where an ARM64 caller's frame begins.
    const place = ({ ip, sp }: { ip: bigint; sp: bigint }): string => (arch === 'arm64' ? ip.toString(16) : `${ip.toString(16)} ${sp.toString(16)}`);
    expect(walk(target).frames.map(place)).toEqual(frames.map(place));
  });

  it('full memory: the same stack from Memory64List, and 5 GB of it opened without reading it', () => {
    const source = new PlanSource(userFullMemory(5 * 2 ** 30));
    const target = open(source);
    expect(source.size).toBeGreaterThan(5 * 2 ** 30);
    expect(source.bytesRead).toBeLessThan(2 * 2 ** 20);
    expect(seenFrames(walk(target))).toEqual(userCrashX64().frames.map((frame) => `${frame.ip.toString(16)} ${frame.sp.toString(16)}`));
  });
});

describe('an ARM64 triage dump', () => {
  it.each(['extracted', 'direct'] as const)('%s', (style) => {
    const scene = armTriage(0x1c8, style);
    const target = open(new ArraySource(scene.built.bytes));
    expect([target.arch, target.bugCheck?.code, target.bugCheck?.params[0]]).toEqual(['arm64', 0x1c8, 7000n]);
    expect(target.process).toMatchObject({ name: { ok: true, value: 'System' }, id: { ok: true, value: 4 } });
    expect(target.processor).toEqual({ ok: true, value: 5 });
    expect(walk(target).frames.map((frame) => frame.ip)).toEqual(scene.frames.map((frame) => frame.ip));
  });
});

describe('parts that no file of the corpus has', () => {
  it("the data page is memory, and what lies behind the last blob is nobody's", () => {
    const scene = driverFault();
    const page = { address: 0xffffe08100001000n, bytes: new Uint8Array(0x1000).fill(7) };
    const staleTail = new TextEncoder().encode('another file');
    const built = triageOf(scene, { style: 'direct', change: (spec) => ({ ...spec, brokenDriver: 'examplenic.sys', dataPage: page, staleTail }) });
    const target = open(new ArraySource(built.bytes));
    expect(target.memory.read(va(page.address), 0x1000).bytes).toEqual(page.bytes);
    expect(target.blobs.length).toBe(scene.blobs.length);
    expect(target.facts.some((fact) => fact.value.ok && fact.value.value.includes('examplenic.sys'))).toBe(true);
  });
});

describe('public/sample.dmp', () => {
  it('is what scripts/build/sample.ts writes', () => {
    const file = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'public', 'sample.dmp');
    expect(Buffer.compare(readFileSync(file), triageOf(driverFault()).bytes)).toBe(0);
    expect(readFileSync(file).length).toBeLessThan(300_000);
  });
});
