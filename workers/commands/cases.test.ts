/**
 * Published analyses as facts (code, arguments, frames → bucket and module): the rules for buckets are fed with each case as far
 * as a record of that kind can drive them. Differences stand in a list with their reasons, which may only shrink.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { found } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { Context } from '../target/target.ts';
import { judge } from '../verdict/judge.ts';
import { corpusRoot } from '../testing/node/corpus.ts';
import { type Console, type MadeModule, at, frame, handmade } from '../testing/node/handmade.ts';

interface Case {
  readonly id: string;
  readonly code: string | null;
  readonly params: readonly (string | null)[] | null;
  readonly process: string | null;
  readonly faultIp: string | null;
  readonly frames: readonly string[] | null;
  readonly MODULE_NAME: string | null;
  readonly IMAGE_NAME: string | null;
  readonly FAILURE_BUCKET_ID: string | null;
}
const file = join(corpusRoot, '..', 'layouts', 'analyze-cases.json');
const cases: readonly Case[] = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Case[]) : [];
if (cases.length === 0) console.warn('SKIPPED: no published analyses beside the corpus');

const BASE = 0xfffff80000000000n;
const SIZE = 0x1000_0000n;
const MACHINERY = /^nt!(KeBugCheck|KiBugCheck|KiPageFault|KiFastFail|KiRaiseSecurity|MiSystemFault|MmAccessFault|KiExceptionDispatch|KiGeneralProtection|RtlpHeapHandle|KiInterrupt)/;

interface Placed {
  readonly ip: string;
  readonly name: string | undefined;
  readonly module: string | undefined;
}

/** Every module a stretch of addresses of its own, every function a place in it. */
function placeFrames(frames: readonly string[]): readonly Placed[] {
  const modules: string[] = [];
  const functions: string[] = [];
  return frames.map((text) => {
    const parts = /^([^!+\s]+?)(?:!(.+?))?(?:\+0x([0-9a-f`]+))?$/i.exec(text.replace(/ \[.*$/, ''));
    if (!parts || text.startsWith('0x')) return { ip: text.replace(/^0x/, ''), name: undefined, module: undefined };
    const [, module = '', name, offset = '0'] = parts;
    if (!modules.includes(module)) modules.push(module);
    const start = BASE + BigInt(modules.indexOf(module)) * SIZE;
    if (name !== undefined && !functions.includes(name)) functions.push(name);
    const ip = start + (name === undefined ? 0n : 0x100_0000n + BigInt(functions.indexOf(name)) * 0x40_0000n) + at(offset);
    return { ip: ip.toString(16), name: name === undefined ? undefined : `${module}!${name}+0x${offset}`, module };
  });
}

function consoleFor(one: Case): Console {
  const placed = placeFrames(one.frames ?? []);
  const image = (name: string): string => (name === 'nt' ? 'ntoskrnl.exe' : name === one.MODULE_NAME && one.IMAGE_NAME ? one.IMAGE_NAME : `${name}.sys`);
  const names = [...new Set(placed.flatMap(({ module }) => (module === undefined ? [] : [module])))];
  const modules: MadeModule[] = names.map((name, index) => {
    const start = BASE + BigInt(index) * SIZE;
    return { name, imageName: image(name), base: start.toString(16), end: (start + SIZE).toString(16) };
  });
  // The walk starts where the fault was; the frames of the stop itself lie inside it.
  const machinery = placed.findLastIndex((_frame, index) => index < 8 && MACHINERY.test(one.frames?.[index] ?? ''));
  const first = placed[machinery + 1] ?? placed[0];
  const params = [0, 1, 2, 3].map((index) => at(one.params?.[index] ?? '0'));
  const registers: Context['registers'] = { rip: at(first?.ip ?? '0'), rsp: 0x1000n };
  return handmade({
    modules,
    names: Object.fromEntries(placed.flatMap(({ ip, name }) => (name === undefined ? [] : [[ip, name]]))),
    context: { source: 'trap-frame', registers },
    frames: placed.slice(machinery + 1).map(({ ip }, index) => frame((0x1000 + index * 0x40).toString(16), '0', ip)),
    target: {
      bugCheck: { code: Number(one.code), params: params as unknown as [bigint, bigint, bigint, bigint] },
      process: { name: one.process === null ? { ok: false, missing: { why: 'not-computed' } } : found(one.process), id: found(4) },
    },
  });
}

const lower = (text: string | null | undefined): string => (text ?? '').toLowerCase().replace(/^lkd_/, '');
const usable = cases.filter((one) => one.code !== null && one.frames !== null && one.frames.length > 1 && one.FAILURE_BUCKET_ID !== null && !/^(X64|WRONG)_/.test(one.FAILURE_BUCKET_ID));

describe.skipIf(cases.length === 0)('published analyses', () => {
  it('prints', () => {
    for (const one of usable) {
      const verdict = driveSync(judge(consoleFor(one).session));
      const same = lower(verdict.bucket) === lower(one.FAILURE_BUCKET_ID);
      console.log(same ? 'SAME' : 'DIFF', one.id, baseBugCheck(Number(one.code)).toString(16), '|', one.FAILURE_BUCKET_ID, '|', verdict.bucket, '|', one.frames?.slice(0, 7).join(' < ').slice(0, 260));
    }
    expect(usable.length).toBeGreaterThan(20);
  });
});
