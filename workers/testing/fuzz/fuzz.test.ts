/** Every built fixture: undamaged, cut at 64 places, 50 seeded mutations. `npm run fuzz` does a thousand, and the corpus. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadLayouts } from '../../types/layouts/load.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';
import { fixtures } from '../build/fixtures.ts';
import { type Failure, type Parser, check } from './check.ts';
import { cuts, mutations } from './mutations.ts';
import { parsers } from './parsers.ts';

const SEED = 20240305;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const clock = { now: cpuMs, memory: () => process.memoryUsage().arrayBuffers };
let all: Parser[] = [];
beforeAll(async () => {
  all = parsers({ decoder: createDecoder(decoderModule()), knowledge: await loadKnowledge(), layouts: await loadLayouts('x64') });
});

describe('mutations', () => {
  const bytes = Uint8Array.from({ length: 9000 }, (_, index) => index & 0xff);
  it('are the same for the same seed, and differ between seeds', () => {
    const labels = (seed: number): string[] => [...mutations(bytes, seed, 40)].map((each) => each.label);
    expect(labels(7)).toEqual(labels(7));
    expect(labels(7).map((label) => label.split(':')[1])).not.toEqual(labels(8).map((label) => label.split(':')[1]));
    expect(new Set(labels(7)).size).toBe(40);
  });
  it('leave the original alone, and change something nearly always', () => {
    const before = bytes.slice();
    const changed = [...mutations(bytes, 3, 200)].filter((each) => Buffer.compare(each.bytes, before) !== 0).length;
    expect(bytes).toEqual(before);
    expect(changed).toBeGreaterThan(180);
  });
  it('cut from nothing to the last byte', () => {
    const lengths = [...cuts(bytes, 64)].map((each) => each.bytes.length);
    expect([lengths[0], lengths.at(-1), lengths.length]).toEqual([0, 8999, 64]);
  });
});

describe('check', () => {
  const damaged = { label: 'x', bytes: new Uint8Array(1) };
  const parser = (run: Parser['run']): Parser => ({ name: 'planted', accepts: () => true, run });
  it('catches what a reader may not do', () => {
    const throws = parser(() => {
      throw new RangeError('offset is outside');
    });
    expect(check(throws, damaged, 'f', clock)?.why).toContain('RangeError');
    expect(
      check(
        parser(() => ({ ok: false, problem: { code: 'DEFECT', detail: '' } })),
        damaged,
        'f',
        clock,
      )?.why,
    ).toContain('DEFECT');
    let time = 0;
    const slow = { now: () => (time += 2001), memory: () => 0 };
    expect(
      check(
        parser(() => ({ ok: true })),
        damaged,
        'f',
        slow,
      )?.why,
    ).toContain('2001 ms');
    expect(
      check(
        parser(() => ({ ok: false, problem: { code: 'TRUNCATED', detail: '' } })),
        damaged,
        'f',
        clock,
      ),
    ).toBeUndefined();
  });
});

describe.each(fixtures().map((fixture) => [fixture.name, fixture] as const))('%s', (name, fixture) => {
  it('is read, and its damaged copies are answered', () => {
    const bytes = fixture.bytes();
    const readers = all.filter((parser) => parser.accepts(bytes));
    expect(readers.length).toBe(1);
    const failures: Failure[] = [];
    // Kernel dumps of megabytes get fewer: the same readers meet the same layouts in the small ones.
    const count = bytes.length > 1_000_000 ? 12 : 30;
    for (const reader of readers) {
      expect(reader.run(bytes)).toMatchObject({ ok: true });
      for (const damages of [cuts(bytes, 64), mutations(bytes, SEED, count)]) {
        for (const damaged of damages) {
          const failure = check(reader, damaged, name, clock);
          if (failure) failures.push(failure);
        }
      }
    }
    expect(failures).toEqual([]);
  });
});
