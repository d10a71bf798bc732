/** Damaged user dumps: cut at 64 places and changed by 50 seeded mutations each, they answer with known codes or a whole Target. */
import { describe, expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../bytes/source.ts';
import { corpusBytes, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { va } from '../base/address.ts';
import { openUser, readFirstUser } from './user.ts';

const CODES = new Set(['EMPTY', 'ALL_ZERO', 'NOT_A_DUMP', 'TRUNCATED', 'UNSUPPORTED_KIND']);
const SMALL = 140_000;
const CUTS = 64;
const MUTATIONS = Number(process.env['FAULTLINE_FUZZ'] ?? 50);
const names = hasCorpus ? corpusList('user').filter((name) => name.endsWith('.dmp')) : [];

function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Refuses reads that no careful parser asks for. */
class StrictSource implements ByteSource {
  readonly name = 'damaged.dmp';
  readonly size: number;
  readonly #inner: ArraySource;
  constructor(bytes: Uint8Array) {
    this.#inner = new ArraySource(bytes);
    this.size = bytes.length;
  }
  readBlock(offset: number, length: number): Uint8Array {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || length > 64 * 1024 * 1024) throw new Error(`read of ${length} at ${offset}`);
    return this.#inner.readBlock(offset, length);
  }
}

function check(bytes: Uint8Array): void {
  const source = new BlockCache(new StrictSource(bytes));
  const first = readFirstUser(source);
  const whole = driveSync(openUser(source));
  for (const result of [first, whole]) if (!result.ok) expect(CODES).toContain(result.problem.code);
  if (!whole.ok) return;
  const { value } = whole;
  expect(value.streams.length).toBeLessThanOrEqual(1024);
  const registers = value.context.ok ? value.context.value.registers : {};
  for (const at of Object.values(registers).slice(0, 4)) {
    value.memory.read(va(at), 64);
    value.modules.find(va(at));
  }
  structuredClone({ facts: value.facts, streams: value.streams, oddities: value.oddities, threads: value.threads, process: value.process });
}

/** Half of the changes hit the header, the directory and the streams' beginnings, where the counts are. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const out = bytes.slice();
  const extreme = [0, 1, 0x7f, 0x80, 0xff];
  for (let change = 0; change <= random(6); change++) {
    const at = random(2) === 0 ? random(Math.min(out.length, 2048)) : random(out.length);
    const length = [1, 2, 4, 8][random(4)] ?? 1;
    for (let index = 0; index < length && at + index < out.length; index++)
      out[at + index] = random(3) === 0 ? random(256) : (extreme[random(extreme.length)] ?? 0);
  }
  return out;
}

describe.skipIf(!hasCorpus)('damaged user dumps', () => {
  it.each(names)('%s', (name) => {
    const whole = corpusBytes(`user/${name}`);
    if (whole.length > SMALL) return;
    for (let cut = 0; cut < CUTS; cut++) check(whole.subarray(0, Math.floor((whole.length * cut) / CUTS)));
    const random = seeded([...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
    for (let round = 0; round < MUTATIONS; round++) check(mutate(whole, random));
  });
});
