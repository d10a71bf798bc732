/**
 * The budgets that can be counted (ARCHITECTURE.md): bytes read of a file until the first facts and until the verdict, blocks held,
 * live memory. On built dumps, which have modules, stacks and a fault to find, and on sparse ones of a tool outside the repository.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCK_SIZE, BlockCache } from '../bytes/blockcache.ts';
import type { ByteSource } from '../bytes/source.ts';
import { type KernelOptions, kernelOf } from '../testing/build/kernelscene.ts';
import { driverFault } from '../testing/build/scenes.ts';
import type { SparsePlan } from '../testing/build/sparse.ts';
import { userFullMemory } from '../testing/build/userscenes.ts';
import { corpusBytes, corpusRoot, hasCorpus } from '../testing/node/corpus.ts';
import { CountedSource, engineFor } from '../testing/node/enginefor.ts';
import { PlanSource } from '../testing/node/plansource.ts';
import { writeSparse } from '../testing/node/sparsefile.ts';
import { FileSource } from '../worlds/node/filesource.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const FIRST_FACTS = 2 * MIB;
const VERDICT = 32 * MIB;

const root = fileURLToPath(new URL('../..', import.meta.url));
const places = [process.env['FAULTLINE_SPARSEDUMP'], join(corpusRoot, '../tools/sparsedump/sparsedump.mjs')];
const tool = places.find((place): place is string => place !== undefined && existsSync(place));
if (!tool) console.warn('SKIPPED: no sparsedump tool; its dumps of 5 and 64 GB are not opened');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-budget-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Opens to the verdict and the stack; the bytes asked of the file at each station. */
async function measure(below: ByteSource) {
  const source = new CountedSource(below);
  let goOn = (): void => undefined;
  const engine = engineFor(source, { after: new Promise((resolve) => (goOn = resolve)) });
  const facts = await engine.open(new Uint8Array(0), source.name);
  const atFacts = source.bytesRead;
  goOn();
  const verdict = await engine.verdict();
  const stack = await engine.stack(null);
  const modules = await engine.modules();
  if (!facts.ok || !verdict.ok || !stack.ok || !modules.ok)
    throw new Error(JSON.stringify([facts, verdict, stack].map((reply) => (reply.ok ? 'ok' : reply.problem))));
  return { facts: facts.value, verdict: verdict.value, stack: stack.value, modules: modules.value, atFacts, atVerdict: source.bytesRead };
}

describe('bytes read of built dumps', () => {
  const scene = driverFault();
  const cases = (['full', 'bitmap-full', 'bitmap-kernel'] as const).flatMap((kind) => [4, 64].map((size) => [kind, size] as const));
  it.each(cases)('%s of %i GB: modules, stack and verdict as described, within the budget', async (kind, gigabytes) => {
    const options: KernelOptions = { kind, sizeBytes: gigabytes * GIB, marks: 16 };
    const plan = kernelOf(scene, options).dump;
    expect(plan.size).toBeGreaterThan(gigabytes * GIB * 0.95);
    const seen = await measure(new PlanSource(plan));
    expect(seen.atFacts).toBeLessThanOrEqual(FIRST_FACTS);
    expect(seen.atVerdict).toBeLessThanOrEqual(VERDICT);
    expect(seen.facts.bugCheck).toMatchObject({ code: scene.bugCheck, params: [...scene.params] });
    expect(seen.modules.loaded.map((module) => [module.imageName, module.base, module.size])).toEqual(
      scene.modules.map((module) => [module.name, module.base, module.size]),
    );
    const from = scene.stack.frames.findIndex((frame) => frame.ip === seen.stack.frames[0]?.ip);
    expect(from).toBeGreaterThanOrEqual(0);
    const described = scene.stack.frames.slice(from);
    expect(seen.stack.frames.slice(0, described.length).map((frame) => [frame.ip, frame.sp])).toEqual(described.map((frame) => [frame.ip, frame.sp]));
    expect(seen.stack.frames.slice(1, 4).map((frame) => frame.trust)).toEqual(['unwind-info', 'unwind-info', 'unwind-info']);
    expect(seen.verdict.culprit?.module).toBe('examplenic.sys');
  });

  it.each([
    [5, 1],
    [16, 200_000],
  ])('a minidump of %i GB in %i ranges', async (gigabytes, ranges) => {
    const seen = await measure(new PlanSource(userFullMemory(gigabytes * GIB, ranges)));
    expect(seen.atFacts).toBeLessThanOrEqual(FIRST_FACTS);
    expect(seen.atVerdict).toBeLessThanOrEqual(VERDICT);
    expect(seen.facts.exception?.code).toBe(0xc0000005);
    expect(seen.stack.frames[0]?.module).toBe('exampleapp');
  });
});

describe.skipIf(!tool)('bytes read of sparse dumps', () => {
  const cases = [
    ...['full64', 'bmp64', 'bmpkernel64'].flatMap((kind) => ['5G', '64G'].map((size) => [kind, size, []] as const)),
    ['mdmp', '5G', ['--ranges', '1000']] as const,
  ];
  it.each(cases)('%s of %s', async (kind, size, more) => {
    const file = join(folder, `${kind}-${size}.dmp`);
    execFileSync(process.execPath, [tool ?? '', kind, file, size, ...more]);
    const source = new FileSource(file);
    try {
      const seen = await measure(source);
      expect(source.size).toBeGreaterThan(kind === 'bmpkernel64' ? GIB : 4.9 * GIB);
      expect(seen.atFacts).toBeLessThanOrEqual(FIRST_FACTS);
      expect(seen.atVerdict).toBeLessThanOrEqual(VERDICT);
    } finally {
      source.close();
      rmSync(file, { force: true });
    }
  });
});

describe('the block cache', () => {
  /** Hands out buffers of its own, as a file does. */
  class Blank implements ByteSource {
    readonly name = 'blank';
    readonly size = 4 * GIB;
    readBlock(_offset: number, length: number): Uint8Array {
      return new Uint8Array(length);
    }
  }
  it('holds 1024 blocks at most, each with no more memory than its own', () => {
    const cache = new BlockCache(new Blank());
    const buffers = new Map<ArrayBufferLike, number>();
    // Two blocks in a row make it read ahead; then far on, so that of what was read ahead one block stays in use.
    for (let group = 0; group < 1500; group++) {
      cache.readBlock(group * 32 * BLOCK_SIZE, 8);
      const block = cache.readBlock((group * 32 + 1) * BLOCK_SIZE, 8);
      buffers.set(block.buffer, block.buffer.byteLength);
      expect(cache.heldBlocks).toBeLessThanOrEqual(1024);
    }
    expect(Math.max(...buffers.values())).toBe(BLOCK_SIZE);
  });
});

interface Heap {
  readonly opened: boolean;
  readonly loaded: number;
  readonly opening: number;
  readonly full: number;
}

describe('live memory in a process of its own', () => {
  const plans: readonly (readonly [string, () => SparsePlan])[] = [
    ['a kernel dump of 4 GB', () => kernelOf(driverFault(), { kind: 'bitmap-kernel', sizeBytes: 4 * GIB }).dump],
    ['a full dump of 64 GB', () => kernelOf(driverFault(), { kind: 'full', sizeBytes: 64 * GIB }).dump],
    ['a bitmap dump of 64 GB', () => kernelOf(driverFault(), { kind: 'bitmap-full', sizeBytes: 64 * GIB }).dump],
    ['a minidump of 16 GB in 200,000 ranges', () => userFullMemory(16 * GIB, 200_000)],
  ];
  const heapOf = (file: string): Heap =>
    JSON.parse(
      execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', join(root, 'workers/testing/node/heapmain.ts'), file], { cwd: root, encoding: 'utf8' }),
    ) as Heap;
  /** The budgets are over the block cache; the figures hold it, so there is a margin. */
  function expectWithin(heap: Heap): void {
    expect(heap.opened).toBe(true);
    expect(heap.opening).toBeLessThanOrEqual(64 * MIB);
    expect(heap.full).toBeLessThanOrEqual(256 * MIB);
    console.log(`live MiB: engine ${(heap.loaded / MIB).toFixed(1)}, opening ${(heap.opening / MIB).toFixed(1)}, full ${(heap.full / MIB).toFixed(1)}`);
  }
  it.each(plans)('%s', (_name, plan) => {
    const file = join(folder, 'heap.dmp');
    writeSparse(plan(), file);
    expectWithin(heapOf(file));
    rmSync(file);
  });
  it.skipIf(!hasCorpus)('a minidump of 187 threads', () => {
    const file = join(folder, 'heap.dmp');
    writeFileSync(file, corpusBytes('user/gallipoli-unity-crash.dmp'));
    expectWithin(heapOf(file));
    rmSync(file);
  });
});
