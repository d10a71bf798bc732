/**
 * Figures that can be counted and may only fall: bytes read of each fixture until the first facts and until the verdict.
 * bench/ratchet.json holds the ceilings; a test compares, `npm run bench -- --ratchet` lowers them to what was seen.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { ArraySource, type ByteSource } from '../workers/bytes/source.ts';
import { CountedSource, engineFor } from '../workers/testing/node/enginefor.ts';
import { PlanSource } from '../workers/testing/node/plansource.ts';
import { LARGE_FIXTURES } from './fixtures/large.ts';

const FILE = new URL('./ratchet.json', import.meta.url);
/** A read-ahead more or less is no change worth a word. */
const SLACK = 256 * 1024;

export interface BytesRead {
  readonly facts: number;
  readonly verdict: number;
}
export interface Ratchet {
  readonly bytesRead: Readonly<Record<string, BytesRead>>;
  readonly gzipBytes: Readonly<Record<string, number>>;
}

export const readRatchet = (): Ratchet => JSON.parse(readFileSync(FILE, 'utf8')) as Ratchet;

export const RATCHET_FIXTURES: readonly (readonly [name: string, open: () => ByteSource])[] = [
  ['sample.dmp', () => new ArraySource(new Uint8Array(readFileSync(new URL('../public/sample.dmp', import.meta.url))), 'sample.dmp')],
  ...LARGE_FIXTURES.map(({ name, plan }) => [name, (): ByteSource => new PlanSource(plan(), name)] as const),
];

/** Opens to the verdict without symbols. */
export async function countBytes(below: ByteSource): Promise<BytesRead> {
  const source = new CountedSource(below);
  let goOn = (): void => undefined;
  const engine = engineFor(source, { after: new Promise((resolve) => (goOn = resolve)) });
  await engine.open(new Uint8Array(0), source.name);
  const facts = source.bytesRead;
  goOn();
  const verdict = await engine.verdict();
  if (!verdict.ok) throw new Error(`${source.name}: ${verdict.problem.code}`);
  return { facts, verdict: source.bytesRead };
}

/** Lowers what fell; answers what rose. */
export async function lowerRatchet(): Promise<string[]> {
  const before = readRatchet();
  const rose: string[] = [];
  const bytesRead: Record<string, BytesRead> = {};
  for (const [name, open] of RATCHET_FIXTURES) {
    const seen = await countBytes(open());
    const held = before.bytesRead[name] ?? { facts: Infinity, verdict: Infinity };
    if (seen.facts > held.facts || seen.verdict > held.verdict) rose.push(`${name}: ${JSON.stringify(seen)} over ${JSON.stringify(held)}`);
    bytesRead[name] = { facts: Math.min(held.facts, seen.facts + SLACK), verdict: Math.min(held.verdict, seen.verdict + SLACK) };
  }
  writeFileSync(FILE, `${JSON.stringify({ ...before, bytesRead }, null, 2)}\n`);
  return rose;
}
