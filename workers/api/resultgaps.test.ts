/** A gap is a gap in the record, never a zero: dumps of physical memory, and threads of which a writer saved half the registers. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { found, missing } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { loadKnowledge } from '../knowledge/load.ts';
import { createDecoder } from '../code/createdecoder.ts';
import { NO_SYMBOLS } from '../symbols/provider.ts';
import { createSession } from '../target/session.ts';
import { openTarget } from '../target/open.ts';
import type { Target } from '../target/target.ts';
import { kernelOf } from '../testing/build/kernelscene.ts';
import { driverFault } from '../testing/build/scenes.ts';
import { PlanSource } from '../testing/node/plansource.ts';
import { judge } from '../verdict/judge.ts';
import { toResult } from './result.ts';

const schema = JSON.parse(readFileSync(new URL('../../docs/result.schema.json', import.meta.url), 'utf8')) as object;
const valid = new Ajv({ strict: false }).compile(schema);

async function recordOf(change: (target: Target) => Target): Promise<Record<string, unknown>> {
  const opened = driveSync(openTarget(new PlanSource(kernelOf(driverFault(), { kind: 'full', sizeBytes: 2 ** 28 }).dump)));
  if (!opened.ok) throw new Error(opened.problem.detail);
  const knowledge = await loadKnowledge();
  const session = createSession({ target: change(opened.value), symbols: NO_SYMBOLS, decoder: createDecoder(undefined), knowledge });
  const verdict = driveSync(judge(session));
  const stack = driveSync(session.crashStack());
  const parts = { target: session.target, knowledge, stack, verdict, engine: { version: 'test', millis: 1 } };
  return { ...toResult({ file: 'x.dmp', sha256: missing({ why: 'not-computed', detail: 'not asked for' }), ...parts }) };
}

describe('gaps of the record', () => {
  it('does not tell 0 ranges of a dump that is all physical memory', async () => {
    const record = await recordOf((target) => target);
    expect(record['memory']).toMatchObject({ ranges: { missing: 'not-computed' } });
    expect((record['memory'] as { bytes: number }).bytes).toBeGreaterThan(1_000_000);
    expect(valid(record), JSON.stringify(valid.errors)).toBe(true);
  });
  it('does not tell 0 for an instruction pointer that was not saved', async () => {
    const record = await recordOf((target) => {
      const [first, ...rest] = target.threads;
      if (!first) throw new Error('the scene has threads');
      return { ...target, threads: [{ ...first, context: found({ source: 'thread', registers: { rsp: 0x1000n }, unknown: ['rip'] }) }, ...rest] };
    });
    expect((record['threads'] as unknown[])[0]).toMatchObject({ ip: { missing: 'not-computed' }, sp: '0x1000' });
    expect(valid(record), JSON.stringify(valid.errors)).toBe(true);
  });
});
