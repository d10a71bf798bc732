import { describe, expect, it } from 'vitest';
import { hasCorpus } from '../../testing/node/corpus.ts';
import { functionTexts, unwoundImages } from '../../testing/node/readobj.ts';
import { ImageCode } from '../imagecode.ts';
import { parseUnwindInfo, type UnwindCode, type UnwindInfo } from './unwindinfo.ts';
import { undoFunction, undoLeaf } from './undo.ts';
import { found, missing } from '../../base/found.ts';
import type { Va } from '../../base/address.ts';

/** A code as llvm-readobj --unwind prints it; `frame` for the operands of SET_FPREG. */
function printed(code: UnwindCode, info: UnwindInfo): string {
  const at = `0x${code.at.toString(16).toUpperCase().padStart(2, '0')}`;
  switch (code.op) {
    case 'push':
      return `${at}: PUSH_NONVOL reg=${code.register.toUpperCase()}`;
    case 'alloc':
      return `${at}: ALLOC size=${code.size}`;
    case 'set-frame':
      return `${at}: SET_FPREG reg=${info.frame?.register.toUpperCase()}, offset=0x${info.frame?.offset.toString(16).toUpperCase()}`;
    case 'save':
      return `${at}: SAVE_NONVOL reg=${code.register.toUpperCase()}, offset=0x${code.offset.toString(16).toUpperCase()}`;
    case 'save-xmm':
      return `${at}: SAVE_XMM128 reg=${code.register.toUpperCase()}, offset=0x${code.offset.toString(16).toUpperCase()}`;
    case 'machine-frame':
      return `${at}: PUSH_MACHFRAME errcode=${code.errorCode ? 'yes' : 'no'}`;
  }
}

interface Expected {
  begin: bigint;
  end: bigint;
  version: number;
  prolog: number;
  codes: string[];
  epilogs: string[];
  chained: boolean;
  /** Its unwind RVA leads to another entry. */
  indirect: boolean;
}

function parseExpected(text: string): Expected[] {
  return functionTexts(text).map((block) => {
    const field = (pattern: RegExp): string => pattern.exec(block)?.[1] ?? '';
    const lines = /UnwindCodes \[\n([\s\S]*?)\n\s*\]/.exec(block)?.[1]?.split('\n') ?? [];
    const trimmed = lines.map((one) => one.trim());
    return {
      begin: BigInt(field(/StartAddress: .*\((0x[0-9A-F]+)\)\n/)),
      end: BigInt(field(/EndAddress: .*\((0x[0-9A-F]+)\)\n/)),
      version: Number(field(/Version: (\d+)/)),
      prolog: Number(field(/PrologSize: (\d+)/)),
      codes: trimmed.filter((one) => one.startsWith('0x') && !one.includes('EPILOG')).map((one) => one.replace(/ALLOC_(SMALL|LARGE)/, 'ALLOC')),
      epilogs: trimmed.filter((one) => one.includes('EPILOG')),
      chained: block.includes('Chained {'),
      indirect: (BigInt(field(/UnwindInfoAddress: .*\((0x[0-9A-F]+)\)\n/)) & 1n) === 1n,
    };
  });
}

describe.skipIf(!hasCorpus)('unwind data of real x64 images, against llvm-readobj', () => {
  it('equals function by function', () => {
    let functions = 0;
    let indirect = 0;
    const images = unwoundImages('x86_64');
    for (const { path, text, file } of images) {
      const image = new ImageCode(file);
      const base = file.headers.imageBase;
      // The reader goes on to the end of the section, the table to the directory's size.
      const count = image.directory.ok ? image.directory.value.count : 0;
      for (const wanted of parseExpected(text).slice(0, count)) {
        const begin = Number(wanted.begin - base);
        const entry = image.lookup(begin);
        if (!entry.ok || !entry.value) throw new Error(`${path}: no entry at ${begin.toString(16)}`);
        if (wanted.indirect) {
          expect(entry.value.unwind & 1).toBe(0);
          indirect += 1;
          continue;
        }
        expect([path, entry.value.begin, entry.value.end]).toEqual([path, begin, Number(wanted.end - base)]);
        const info = image.info(entry.value);
        if (wanted.version !== 1 && wanted.version !== 2) {
          expect(info.ok).toBe(false);
          continue;
        }
        if (!info.ok) throw new Error(`${path}: ${JSON.stringify(info.missing)}`);
        expect(info.value.codes.map((code) => printed(code, info.value))).toEqual(wanted.codes);
        expect(info.value).toMatchObject({ version: wanted.version, prologSize: wanted.prolog });
        expect(info.value.chained !== undefined).toBe(wanted.chained);
        if (wanted.epilogs[0]) expect(wanted.epilogs[0]).toContain(`length=0x${info.value.epilogs?.size.toString(16).toUpperCase()}`);
        functions += 1;
      }
    }
    console.log(`unwind data: ${functions} functions of ${images.length} images equal, ${indirect} indirect entries resolved`);
    expect(functions).toBeGreaterThan(1000);
  });
});

describe('undoing one function', () => {
  const stack = (words: Record<number, bigint>) => (at: Va) => {
    const word = words[Number(at)];
    return word === undefined ? missing({ why: 'not-in-dump', space: 'virtual', at }) : found(word);
  };
  const tables = (bytes: number[], code: number[] = []): Parameters<typeof undoFunction>[0] => ({
    info: () => parseUnwindInfo(Uint8Array.from(bytes)),
    code: (at, length) => Uint8Array.from(code).subarray(at - 0x1000, at - 0x1000 + length),
    root: (entry) => entry,
    find: () => undefined,
  });
  const entry = { begin: 0x1000, end: 0x1100, unwind: 0x2000 };

  it('takes a leaf down', () => {
    const result = undoLeaf({ rip: 1n, rsp: 0x100n, rbx: 7n }, stack({ 0x100: 0xabcn }));
    expect(result).toEqual({ ok: true, value: { registers: { rip: 0xabcn, rsp: 0x108n, rbx: 7n }, machineFrame: false } });
  });
  it('undoes push and alloc in the body and only what the prolog has done within it', () => {
    // push rbx (at 1); sub rsp,20h (at 5)
    const data = [0x01, 5, 2, 0, 5, 0x32, 1, 0x30];
    const words = { 0x100: 0x111n, 0x108: 0x222n, 0x120: 0x333n, 0x128: 0x444n };
    const read = stack(words);
    const at = (offset: number): unknown => {
      const result = undoFunction(tables(data), entry, 0x1000 + offset, { registers: { rip: 0n, rsp: 0x100n, rbx: 9n }, read });
      return result.ok ? result.value.registers : result.missing;
    };
    expect(at(0)).toEqual({ rip: 0x111n, rsp: 0x108n, rbx: 9n });
    expect(at(1)).toEqual({ rip: 0x222n, rsp: 0x110n, rbx: 0x111n });
    expect(at(5)).toEqual({ rip: 0x444n, rsp: 0x130n, rbx: 0x333n });
  });
  it('uses the frame register where there is one, and refuses where it is not known', () => {
    // push rbp (1); lea rbp,[rsp+20h] as frame register with offset 0x20 (6)
    const data = [0x01, 6, 2, 0x25, 6, 0x03, 1, 0x50];
    const read = stack({ 0x200: 0x5555n, 0x208: 0x777n });
    const good = undoFunction(tables(data), entry, 0x1050, { registers: { rip: 0n, rsp: 0x40n, rbp: 0x220n }, read });
    expect(good).toMatchObject({ ok: true, value: { registers: { rip: 0x777n, rsp: 0x210n, rbp: 0x5555n } } });
    const bad = undoFunction(tables(data), entry, 0x1050, { registers: { rip: 0n, rsp: 0x40n }, read });
    expect(bad).toMatchObject({ ok: false, missing: { why: 'not-valid', what: 'register rbp' } });
  });
  it('sees an epilog by its code', () => {
    // pop rbx; ret at the start of the body
    const data = [0x01, 0, 2, 0, 0, 0x32, 0, 0x30];
    const result = undoFunction(tables(data, [0x5b, 0xc3]), entry, 0x1000, { registers: { rip: 0n, rsp: 0x100n }, read: stack({ 0x100: 5n, 0x108: 6n }) });
    expect(result).toMatchObject({ ok: true, value: { registers: { rbx: 5n, rip: 6n, rsp: 0x110n } } });
  });
  it.each([
    ['an early way out inside the prolog', [0x01, 8, 2, 0, 8, 0x32, 1, 0x30], [0x5b, 0xc3]],
    ['ret behind the prefix of bound checks', [0x01, 0, 2, 0, 0, 0x32, 0, 0x30], [0x5b, 0xf2, 0xc3]],
    ['a tail call with a REX prefix that changes nothing', [0x01, 0, 2, 0, 0, 0x32, 0, 0x30], [0x5b, 0x48, 0xe9, 0, 0x10, 0, 0]],
  ])('sees %s', (_what, data, code) => {
    const at = 0x1004;
    const placed = [0x90, 0x90, 0x90, 0x90, ...code];
    const result = undoFunction(tables(data, placed), entry, at, { registers: { rip: 0n, rsp: 0x100n }, read: stack({ 0x100: 5n, 0x108: 6n }) });
    expect(result).toMatchObject({ ok: true, value: { registers: { rbx: 5n, rip: 6n, rsp: 0x110n } } });
  });
  it('believes version 2 where it says that there is no epilog', () => {
    // Epilogs of two bytes, one at the function's end (100h bytes on): the pop and ret at its start are none.
    const data = [0x02, 0, 4, 0, 2, 0x16, 0, 0x06, 0, 0x32, 0, 0x30];
    const read = stack({ 0x100: 5n, 0x120: 7n, 0x128: 8n });
    const body = undoFunction(tables(data, [0x5b, 0xc3]), entry, 0x1000, { registers: { rip: 0n, rsp: 0x100n }, read });
    expect(body).toMatchObject({ ok: true, value: { registers: { rbx: 7n, rip: 8n, rsp: 0x130n } } });
  });
  it('takes the registers that the processor pushed', () => {
    const data = [0x01, 0, 1, 0, 0, 0x1a];
    const read = stack({ 0x108: 0xf00dn, 0x120: 0x9000n });
    const result = undoFunction(tables([...data, 0, 0]), entry, 0x1040, { registers: { rip: 0n, rsp: 0x100n }, read });
    expect(result).toEqual({ ok: true, value: { registers: { rip: 0xf00dn, rsp: 0x9000n }, machineFrame: true } });
  });
  it('ends on a chain that bites its tail', () => {
    const data = [0x21, 0, 0, 0, 0x00, 0x10, 0, 0, 0x00, 0x11, 0, 0, 0x00, 0x20, 0, 0];
    expect(undoFunction(tables(data), entry, 0x1040, { registers: { rip: 0n, rsp: 0x100n }, read: stack({}) })).toMatchObject({
      ok: false,
      missing: { what: 'chain of unwind data' },
    });
  });
  it('never throws and always ends on mutated data', () => {
    let seed = 99;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    let parsed = 0;
    for (let round = 0; round < 20_000; round++) {
      const data = [0x01, 6, 4, 0x25, 6, 0x03, 5, 0x01, 2, 0, 1, 0x50, 0, 0, 0, 0];
      for (let change = 0; change < 4; change++) data[random(data.length)] = random(256);
      if (random(4) === 0) data.length = random(data.length);
      const info = parseUnwindInfo(Uint8Array.from(data));
      parsed += info.ok ? 1 : 0;
      const code = Array.from({ length: 16 }, () => random(256));
      const result = undoFunction(tables(data, code), entry, 0x1000 + random(0x100), {
        registers: { rip: 0n, rsp: BigInt(random(0x1000)) * 8n, rbp: 0x220n },
        read: (at) => (at % 3n === 0n ? missing({ why: 'not-in-dump', space: 'virtual', at }) : found(at * 7n)),
      });
      expect(typeof result.ok).toBe('boolean');
    }
    expect(parsed).toBeGreaterThan(1000);
  });
});
