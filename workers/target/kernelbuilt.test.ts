/** Built kernel dumps: what the builder wrote is what the target tells. */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../bytes/source.ts';
import { type BuiltKernelScene, type KernelOptions, kernelOf } from '../testing/build/kernelscene.ts';
import { PRCB_ADDRESS, triageOf } from '../testing/build/scene.ts';
import { driverFault } from '../testing/build/scenes.ts';
import { flatten, readPlan, type SparsePlan } from '../testing/build/sparse.ts';
import { openTarget, readFirst } from './open.ts';
import type { Target } from './target.ts';

const IN_MEMORY = 64 * 1024 * 1024;
const planSource = (plan: SparsePlan): ByteSource =>
  plan.size <= IN_MEMORY ? new ArraySource(flatten(plan)) : { name: 'built', size: plan.size, readBlock: (offset, length) => readPlan(plan, offset, length) };

function open(source: ByteSource): Target {
  const opened = driveSync(openTarget(source));
  if (!opened.ok) throw new Error(opened.problem.detail);
  return opened.value;
}

const scene = driverFault();
const build = (options: KernelOptions): { built: BuiltKernelScene; cache: BlockCache; target: Target } => {
  const built = kernelOf(scene, options);
  const cache = new BlockCache(planSource(built.dump));
  return { built, cache, target: open(cache) };
};

describe.each(['full', 'bitmap-full', 'bitmap-kernel', 'live'] as const)('a built %s dump', (kind) => {
  const { built, target } = build({ kind });

  it('is of its kind', () => {
    expect(target.kind).toBe({ full: 'kernel-full', 'bitmap-full': 'kernel-bitmap-full', 'bitmap-kernel': 'kernel-bitmap', live: 'kernel-bitmap' }[kind]);
    expect(target.live).toEqual({ ok: true, value: kind === 'live' });
    expect(target.oddities).toEqual([]);
  });

  it('holds every byte that was written', () => {
    for (const { address, bytes } of built.expected) expect(target.memory.read(va(address), bytes.length)).toEqual({ bytes, got: bytes.length });
  });

  it('lists its modules with their identities', () => {
    expect(target.modules.modules.map((module) => [module.imageName, module.path, module.base, module.size, valueOf(module.checksum)])).toEqual(
      scene.modules.map((module) => [module.name, module.path, module.base, module.size, module.checksum]),
    );
    expect(target.modules.modules[0]?.name).toBe('nt');
    for (const [index, module] of target.modules.modules.entries()) {
      expect(valueOf(module.identity.pe)).toEqual({ timestamp: scene.modules[index]?.timestamp, sizeOfImage: scene.modules[index]?.size });
    }
    const pdb = target.modules.byName('examplenic')?.identity.pdb;
    expect(pdb && valueOf(pdb)).toEqual({
      file: 'examplenic.pdb',
      guid: '7b6b0d3e-2f54-4c19-a2c8-10b1d0e5f904',
      age: 3,
    });
    const unloaded = target.modules.unloaded.map(({ name, start, end }) => ({ name, start, end }));
    expect(unloaded).toEqual(scene.unloaded.map(({ name, start, end }) => ({ name, start, end })));
  });

  it('tells the processor, thread and process that crashed', () => {
    expect(valueOf(target.processor)).toBe(scene.processor);
    expect(target.threads).toHaveLength(scene.processors);
    const thread = target.threads[valueOf(target.crashThread) ?? -1];
    expect([thread?.id, thread?.object, thread && valueOf(thread.stackRange)]).toEqual([
      scene.thread.id,
      scene.thread.address,
      { low: scene.thread.stackLimit, high: scene.thread.stackBase },
    ]);
    expect([valueOf(target.process.name), valueOf(target.process.id), target.process.object]).toEqual([
      scene.process.imageName,
      scene.process.id,
      scene.process.address,
    ]);
    expect(target.kernelPointers['KiProcessorBlock']).toBe(built.addresses['KiProcessorBlock']);
    expect(target.memory.pointer(target.kernelPointers['KiProcessorBlock'] ?? va(0n))).toEqual({ ok: true, value: PRCB_ADDRESS(0) });
  });

  it('takes the registers of the trap frame that repeats the stop code', () => {
    const context = valueOf(target.context);
    expect([context?.source, context?.at, context?.registers['rip']]).toEqual(['trap-frame', scene.trapFrame, scene.params[3]]);
    expect(valueOf(target.headerContext)?.registers['rip']).toBe(scene.registers.rip);
  });

  it('walks processes and their threads, each in its own memory', () => {
    const walks = target.kernelWalks;
    if (!walks) throw new Error('no walks');
    const processes = valueOf(driveSync(walks.processes()));
    expect(processes?.ended).toBeUndefined();
    const rows = processes?.items.map((process) => {
      const threads = valueOf(driveSync(walks.threads(process.object ?? va(0n))));
      return `${valueOf(process.name)} ${valueOf(process.id)} ${threads?.items.length} ${threads?.ended?.why}`;
    });
    const expected: [string, number, number][] = [
      ['System', 4, 5],
      ['smss.exe', 0x1d4, 1],
      ['csrss.exe', 0x240, 3],
      ['wininit.exe', 0x294, 1],
      ['services.exe', 0x2e0, 2],
      ['lsass.exe', 0x2f4, 3],
      ['svchost.exe', 0x368, 2],
      ['explorer.exe', 0x11a8, 4],
      ['examplegame.ex', 0x1f3c, 5],
    ];
    expect(rows?.map((row) => row.replace(' undefined', ''))).toEqual(expected.map((row) => row.join(' ')));
    const smss = processes?.items.find((process) => valueOf(process.name) === 'smss.exe');
    const own = walks.space((smss?.directoryTableBase && valueOf(smss.directoryTableBase)) ?? 0n);
    expect([...own.read(va(0x7ffb10001000n), 4).bytes]).toEqual([0x4c, 0x8b, 0xd1, 0xb8]);
    expect(target.memory.read(va(0x7ffb10001000n), 4).got).toBe(0);
  });
});

describe('built dumps of damage and size', () => {
  it('name the page that lacks', () => {
    const stack = scene.stack.address;
    const names = 0xffffb30c41a00000n;
    const { target } = build({ kind: 'bitmap-kernel', leaveOut: [stack], pagedOut: [names] });
    expect(target.memory.read(va(stack), 8).missing).toMatchObject({ why: 'not-in-dump', space: 'physical', whileTranslating: stack });
    expect(target.memory.read(va(names), 8).missing).toEqual({ why: 'paged-out', va: names });
    // Names paged out: the modules are there, known by their base.
    expect(target.modules.modules.length).toBe(scene.modules.length);
    expect(target.modules.modules[0]?.imageName).toMatch(/^unknown_/);
    expect(target.headerContext.ok).toBe(true);
    expect(valueOf(target.context)?.source).toBe('header');
  });

  it.each(['full', 'bitmap-full', 'bitmap-kernel'] as const)('of 64 GB (%s) are opened within 32 MiB', (kind) => {
    const { target, cache } = build({ kind, sizeBytes: 64 * 2 ** 30, marks: 8 });
    expect(target.modules.modules.length).toBe(scene.modules.length);
    expect(valueOf(target.processor)).toBe(scene.processor);
    expect(cache.counters.bytesRead).toBeLessThanOrEqual(32 * 2 ** 20);
  });

  it('hold secondary data behind the last page', () => {
    const triage = triageOf(scene).bytes;
    const chain = triage.slice(new DataView(triage.buffer, triage.byteOffset).getUint32(0x2004, true)); // from SizeOfDump on
    const { target } = build({ kind: 'bitmap-kernel', blobs: chain });
    expect(target.blobs.map((blob) => [blob.guid, blob.size])).toEqual(scene.blobs.map((blob) => [blob.guid.toLowerCase(), blob.data.length]));
  });

  it('say that KDBG is encoded, and still list modules and what the header tells', () => {
    const { built } = build({ kind: 'bitmap-kernel' });
    const bytes = flatten(built.dump);
    const tag = [0x4b, 0x44, 0x42, 0x47];
    let hits = 0;
    for (let at = bytes.indexOf(0x4b); at >= 0; at = bytes.indexOf(0x4b, at + 1)) {
      if (!tag.every((byte, index) => bytes[at + index] === byte)) continue;
      bytes.fill(0xa5, at, at + 4);
      hits += 1;
    }
    expect(hits).toBe(1);
    const target = open(new ArraySource(bytes));
    expect(target.facts.find((fact) => fact.group === 'KDBG')?.value).toMatchObject({
      ok: false,
      missing: { why: 'not-valid', got: expect.stringContaining('encoded') as string },
    });
    expect(target.modules.modules.length).toBe(scene.modules.length);
    expect(target.processor.ok).toBe(false);
    expect(valueOf(target.context)?.source).toBe('trap-frame');
  });

  it('say that they are cut', () => {
    const { built } = build({ kind: 'bitmap-kernel' });
    const short = open(new ArraySource(flatten(built.dump).subarray(0, built.dump.size - 0x5000)));
    expect(short.oddities.join()).toContain('cut');
  });
});

describe.each(['extracted', 'direct'] as const)('a built triage dump, %s', (style) => {
  const built = triageOf(scene, { style });
  const source = new ArraySource(built.bytes);
  const target = open(source);

  it('tells what was written', () => {
    expect(target.kind).toBe('kernel-triage');
    expect(target.modules.modules.map((module) => [module.base, module.size, valueOf(module.identity.pe)?.timestamp])).toEqual(
      scene.modules.map((module) => [module.base, module.size, module.timestamp]),
    );
    expect(target.memory.read(va(scene.stack.address), scene.stack.bytes.length).bytes).toEqual(scene.stack.bytes);
    expect([valueOf(target.process.name), valueOf(target.processor), target.threads[0]?.id]).toEqual([
      scene.process.imageName,
      scene.processor,
      scene.thread.id,
    ]);
    expect(valueOf(target.context)).toMatchObject({ source: 'trap-frame', at: scene.trapFrame });
  });

  it('opens or refuses at any cut, with a known code', () => {
    for (let index = 0; index < 64; index++) {
      const cut = Math.floor((built.bytes.length * index) / 64);
      const short = new ArraySource(built.bytes.subarray(0, cut));
      const result = driveSync(openTarget(short));
      if (!result.ok) expect(['EMPTY', 'TRUNCATED']).toContain(result.problem.code);
      else expect(result.value.oddities.join()).not.toBe('');
      readFirst(short);
    }
  });

  it('survives seeded damage', () => {
    let seed = 20261122;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const bytes = built.bytes.slice();
      for (let hit = 0; hit < 8; hit++) bytes[random(round % 2 === 0 ? 0x2100 : bytes.length)] = [0, 0xff, 0x7f, 0x80, random(256)][random(5)] ?? 0;
      const start = performance.now();
      const result = driveSync(openTarget(new ArraySource(bytes)));
      if (result.ok) {
        for (const module of result.value.modules.modules) void module.identity.pdb;
        result.value.memory.read(va(scene.stack.address), 0x1000);
      }
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });
});

it('survives seeded damage of a full dump', () => {
  const built = kernelOf(scene, { kind: 'bitmap-kernel' });
  const whole = flatten(built.dump);
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed % below;
  };
  for (let round = 0; round < 60; round++) {
    const bytes = whole.slice();
    for (let hit = 0; hit < 40; hit++) bytes[random(round % 3 === 0 ? 0x3000 : bytes.length)] = random(256);
    const result = driveSync(openTarget(new ArraySource(bytes)));
    if (!result.ok) continue;
    const walks = result.value.kernelWalks;
    if (walks) driveSync(walks.processes());
    for (const module of result.value.modules.modules.slice(0, 20)) void module.identity.pdb;
  }
});
