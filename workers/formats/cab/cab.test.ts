import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, corpusHas, corpusJson, hasCorpus } from '../../testing/node/corpus.ts';
import { openCab } from './cab.ts';
import { extractEntry } from './extract.ts';

interface CabFacts {
  folders?: [string, number, number][];
  rc: number;
  extracted?: Record<string, { size: number; sha256: string }>;
}

function extractAll(bytes: Uint8Array, maxBytes?: number): { names: Map<string, Uint8Array>; codes: string[] } {
  const names = new Map<string, Uint8Array>();
  const codes: string[] = [];
  const cab = openCab(new ArraySource(bytes));
  if (!cab.ok) return { names, codes: [cab.problem.code] };
  for (const entry of cab.value.entries) {
    const out = driveSync(extractEntry(cab.value, entry, maxBytes));
    if (out.ok) names.set(entry.name, out.value);
    else codes.push(out.problem.code);
  }
  return { names, codes };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!hasCorpus)('cabinets of the corpus', () => {
  const facts = hasCorpus
    ? Object.entries(corpusJson<Record<string, CabFacts>>('symbols/expect/cab_dev.json')).filter(([path]) => corpusHas(`symbols/${path}`))
    : [];
  const whole = facts.filter(([, wanted]) => wanted.rc === 0 && (wanted.folders ?? []).every(([method]) => method !== 'Quantum'));
  // Files whose expectation came from several cabinets of a set, and a signed file with cabinets inside, are no single cabinets.
  const single = whole.filter(([path]) => !/split-|search\.cab/.test(path));

  it('are there', () => expect(single.length).toBeGreaterThan(20));

  it.each(single)('%s gives the expected bytes', (path, wanted) => {
    const { names, codes } = extractAll(corpusBytes(`symbols/${path}`));
    expect(codes).toEqual([]);
    const hashes = new Set([...names.values()].map(sha256));
    for (const { sha256: hash } of Object.values(wanted.extracted ?? {})) expect(hashes).toContain(hash);
  });

  it.each(facts.filter(([, wanted]) => wanted.rc !== 0))('%s is refused or read, never a crash', (path) => {
    const { names, codes } = extractAll(corpusBytes(`symbols/${path}`));
    for (const code of codes) expect(['BAD_CAB', 'TOO_LARGE']).toContain(code);
    for (const bytes of names.values()) expect(bytes.length).toBeLessThan(16 * 1024 * 1024);
  });

  it('keeps to the cap', () => {
    expect(extractAll(corpusBytes('symbols/cab/own/x64-xcpt4.pd_.mszip.cab'), 1000).codes).toEqual(['TOO_LARGE']);
  });

  it('answers cuts and mutations with a typed code', () => {
    const paths = ['symbols/cab/own/x64-O2-demo.pd_.mszip.cab', 'symbols/cab/libmspack/libmspack/test/test_files/cabd/normal_2files_2folders.cab'];
    for (const path of paths) {
      const bytes = corpusBytes(path);
      for (const broken of [...cuts(bytes, 64), ...mutations(bytes, 50)]) {
        for (const code of extractAll(broken, 64 * 1024 * 1024).codes) expect(['BAD_CAB', 'TOO_LARGE']).toContain(code);
      }
    }
  });
});

function* cuts(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  for (let cut = 0; cut < count; cut++) yield bytes.slice(0, Math.floor((bytes.length * cut) / count));
}

/** A linear congruential generator: the same mutations every time. */
function* mutations(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  let seed = 20_261_122;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < count; round++) {
    const copy = bytes.slice();
    for (let change = 0; change < 8; change++) copy[random(change < 4 ? Math.min(256, copy.length) : copy.length)] = random(256);
    yield copy;
  }
}
