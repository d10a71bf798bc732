/**
 * Published analyses as facts (code, arguments, frames → bucket and module): the rules for buckets are fed with each case as far
 * as a record of that kind can drive them. Differences stand in a list with their reasons, which may only shrink.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { found } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
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
const GRAPHICS: ReadonlySet<number> = new Set([0x116, 0x117, 0x141]);
const MACHINERY =
  /^nt!(KeBugCheck|KiBugCheck|KiPageFault|KiFastFail|KiRaiseSecurity|MiSystemFault|MmAccessFault|KiExceptionDispatch|KiGeneralProtection|RtlpHeapHandle|KiInterrupt)/;

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
  // A display driver is known by the pointer in the second argument.
  if (GRAPHICS.has(Number(one.code)) && one.MODULE_NAME !== null) {
    const inside = at(one.params?.[1] ?? '0') & ~0xfffn;
    modules.push({ name: one.MODULE_NAME, imageName: image(one.MODULE_NAME), base: inside.toString(16), end: (inside + 0x1000n).toString(16) });
  }
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

const lower = (text: string | null | undefined): string => (text ?? '').toLowerCase();
/** 6.x wrote the platform before the bucket and an offset behind it; wrong symbols name no bucket at all. */
const usable = cases.filter(
  (one) => one.code !== null && (one.frames?.length ?? 0) > 1 && one.FAILURE_BUCKET_ID !== null && !/^(X64|WRONG)_|\+[0-9a-f]+$/.test(one.FAILURE_BUCKET_ID),
);

/** Why a case comes out otherwise. `record`: the published text does not hold what the rule reads. */
const DIFFERENT: Readonly<Record<string, string>> = {
  k007: 'WinDbg prints "(null)", a slip of its own, where the kind of the address belongs; INVALID here',
  k026: 'as k007',
  k011: 'words of one code, NULLAPC_KAPC_NEGATIVE, are not built',
  k016: 'words of one code, KERNEL_LOCK_ENTRY_LEAKED_…, are not built',
  k029: 'words of one code, EXRESOURCE_TIMEOUT_OWNERTHREAD, are not built; WinDbg names the swap of the waiting thread, here Ntfs which waits',
  k013: 'PAGED_IP needs the page tables (record); BAD_IP without them',
  k022: 'WinDbg compared code with an image and took a patch for damage; no image here (record)',
  k031: 'STACKPTR_ERROR needs the stack limits (record); WinDbg then names the dispatcher, here the routine that found the damage',
  k041: 'WinDbg went along the device stack (record)',
  k071: 'Driver Verifier and the owner of the queued work are not in the text (record)',
  k085: 'the name of the verifier rule and XDV are not in the text (record)',
};
const LIVE = new Set(['k020', 'k029']);

describe.skipIf(cases.length === 0)('published analyses', () => {
  const judged = usable.map((one) => {
    const ours = lower(driveSync(judge(consoleFor(one).session)).bucket);
    // The attribute that marks a live dump stands in its header, which a text does not show.
    const theirs = lower(one.FAILURE_BUCKET_ID).replace(LIVE.has(one.id) ? /^lkd_/ : /^$/, '');
    return { id: one.id, same: ours.replace(/^lkd_/, '') === theirs, ours, theirs };
  });
  it('agree, but for the listed ones', () => {
    expect(judged.filter(({ same, id }) => !same && DIFFERENT[id] === undefined)).toEqual([]);
  });
  it('list no case that agrees', () => {
    expect(judged.filter(({ same, id }) => same && DIFFERENT[id] !== undefined).map(({ id }) => id)).toEqual([]);
  });
  it('are counted', () => {
    const agreed = judged.filter(({ same }) => same).length;
    console.log(`${agreed} of ${judged.length} published buckets agree`);
    expect(judged.length).toBeGreaterThanOrEqual(27);
    expect(agreed).toBeGreaterThanOrEqual(16);
  });
});
