/** The engine as the worker has it: a file that changes, cancel, and a second dump while the first is being opened. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missing } from '../base/found.ts';
import { SourceError, reply } from '../base/problem.ts';
import type { ByteSource } from '../bytes/source.ts';
import { createDecoder } from '../code/createdecoder.ts';
import type { SymbolControl } from '../commands/spec.ts';
import { loadKnowledge } from '../knowledge/load.ts';
import { NO_SYMBOLS } from '../symbols/provider.ts';
import { type EngineParts, createEngine } from './engine.ts';

const sample = new Uint8Array(readFileSync(new URL('../../public/sample.dmp', import.meta.url)));

/** A file as Firefox and Node show it: what is read is what lies there now. */
class Changing implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  gone = false;
  constructor(name = 'sample.dmp') {
    this.name = name;
    this.bytes = sample.slice();
    this.size = this.bytes.length;
  }
  readBlock(offset: number, length: number): Uint8Array {
    if (this.gone) throw new SourceError('SOURCE_CHANGED', 'the browser could not read on (NotFoundError)');
    return this.bytes.slice(offset, offset + length);
  }
}

const control: SymbolControl = {
  path: () => '',
  folderState: () => 'not-picked',
  setPath: (_of, path) => reply(path),
  noisy: () => false,
  setNoisy: () => undefined,
  log: () => [],
  request: () => undefined,
};

function engineOf(source: () => ByteSource, parts: Partial<EngineParts> = {}) {
  return createEngine({
    openSource: () => reply(source()),
    decoder: () => Promise.resolve(createDecoder(undefined)),
    knowledge: loadKnowledge,
    symbols: NO_SYMBOLS,
    symbolControl: control,
    prepare: () => Promise.resolve(),
    breathe: () => new Promise((done) => setImmediate(done)),
    now: () => performance.now(),
    sha256: () => Promise.resolve(missing({ why: 'not-computed' })),
    version: 'test',
    ...parts,
  });
}

const nothing = new Uint8Array(0);
const codeOf = (answer: { ok: boolean; problem?: { code: string } }): string => (answer.ok ? 'ok' : (answer.problem?.code ?? ''));

describe('a file that changes while it is open', () => {
  it.each(['first', 'last'])('is told before long work and before sharing (%s block)', async (where) => {
    const file = new Changing();
    const engine = engineOf(() => file);
    expect(codeOf(await engine.open(nothing, file.name))).toBe('ok');
    expect(codeOf(await engine.verdict())).toBe('ok');
    const at = where === 'first' ? 0x30 : file.size - 1;
    file.bytes[at] = (file.bytes[at] ?? 0) ^ 0xff;
    const answers = [await engine.stack(null), await engine.run('lm'), await engine.result(), await engine.verdict()];
    expect(answers.map(codeOf)).toEqual(Array(4).fill('SOURCE_CHANGED'));
    // Opened anew it is another dump.
    expect(['ok', 'NOT_A_DUMP', 'TRUNCATED', 'UNSUPPORTED_KIND']).toContain(codeOf(await engine.open(nothing, file.name)));
  });
  it('is told where a read fails', async () => {
    const file = new Changing();
    const engine = engineOf(() => file);
    await engine.open(nothing, file.name);
    file.gone = true;
    expect(codeOf(await engine.verdict())).toBe('SOURCE_CHANGED');
  });
});

describe('late and cancelled work', () => {
  it('never shows the former dump when another was opened meanwhile', async () => {
    const waiting: (() => void)[] = [];
    const names = ['first.dmp', 'second.dmp'];
    const prepare = (session: { target: { source: ByteSource } }): Promise<void> =>
      session.target.source.name === 'first.dmp' ? new Promise((done) => waiting.push(done)) : Promise.resolve();
    const engine = engineOf(() => new Changing(names.shift()), { prepare });
    await engine.open(nothing, 'first.dmp');
    while (waiting.length === 0) await new Promise((done) => setImmediate(done));
    await engine.open(nothing, 'second.dmp');
    expect(await engine.result()).toMatchObject({ ok: true, value: { file: 'second.dmp' } });
    waiting.forEach((done) => done());
    await new Promise((done) => setTimeout(done, 20));
    expect(await engine.result()).toMatchObject({ ok: true, value: { file: 'second.dmp' } });
  });
  it('keeps the later of two that are opened at once', async () => {
    let let1: () => void = () => undefined;
    const slow = new Promise<void>((done) => (let1 = done));
    const names = ['first.dmp', 'second.dmp'];
    let asked = 0;
    const knowledge = async () => {
      if (asked++ === 0) await slow;
      return loadKnowledge();
    };
    const engine = engineOf(() => new Changing(names.shift()), { knowledge });
    const first = engine.open(nothing, 'first.dmp');
    expect(codeOf(await engine.open(nothing, 'second.dmp'))).toBe('ok');
    let1();
    expect(codeOf(await first)).toBe('CANCELLED');
    expect(await engine.result()).toMatchObject({ ok: true, value: { file: 'second.dmp' } });
  });
  it('goes on opening when asked again after a cancel', async () => {
    const file = new Changing();
    const engine = engineOf(() => file);
    await engine.open(nothing, file.name);
    const asked = engine.verdict();
    await engine.cancel();
    expect(codeOf(await asked)).toBe('CANCELLED');
    expect(codeOf(await engine.verdict())).toBe('ok');
  });
  it('answers nothing of a dump that was closed', async () => {
    const file = new Changing();
    const engine = engineOf(() => file);
    await engine.open(nothing, file.name);
    await engine.verdict();
    await engine.close();
    expect(codeOf(await engine.modules())).toBe('NOT_A_DUMP');
  });
});

describe('what the casebook keeps', () => {
  it('is plain JSON, and names equal files alike whatever they are called', async () => {
    const files = [new Changing(), new Changing('renamed.dmp'), new Changing()];
    const other = files[2];
    if (other) other.bytes[other.size - 1] = 0xee;
    const facts = [];
    for (const file of files) {
      const engine = engineOf(() => file);
      await engine.open(nothing, file.name);
      const answer = await engine.summarise();
      if (answer.ok) facts.push(answer.value);
    }
    const [first, renamed, changed] = facts;
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
    expect([renamed?.id, renamed?.file]).toEqual([first?.id, 'renamed.dmp']);
    expect(changed?.id).not.toBe(first?.id);
  });
});

describe('the border', () => {
  it('answers only what structured cloning carries, bytes and all', async () => {
    const file = new Changing();
    const engine = engineOf(() => file);
    const answers: unknown[] = [await engine.open(nothing, file.name), await engine.verdict(), await engine.facts(), await engine.stack(null)];
    answers.push(await engine.registers(), await engine.modules(), await engine.threads(), await engine.streams(), await engine.memoryRanges());
    answers.push(
      await engine.run('!analyze -v'),
      await engine.run('no such command'),
      await engine.complete('l'),
      await engine.commands(),
      await engine.result(),
      await engine.summarise(),
    );
    for (const answer of answers) expect(structuredClone(answer)).toEqual(answer);
  });
});
