/** Streams that no public file holds, laid down byte by byte from their public layouts. */
import { describe, expect, it } from 'vitest';
import { ArraySource } from '../../bytes/source.ts';
import { Binary } from '../../testing/build/binary.ts';
import { parseContext } from './context.ts';
import { type MinidumpFile, readMinidump } from './file.ts';
import { readMemory64List } from './memory.ts';
import { parseCodeView } from './modules.ts';
import { dumpFlagNames, streamName } from './names.ts';
import { readComments, readFunctionTables, readVmCounters } from './process.ts';
import { readThreadInfos, readThreads } from './threads.ts';
import { readAssertion, readCrashpadInfo, readMacBootargs, readMacCrashInfo, readUnrealContext } from './vendor.ts';

/** A file of one stream; `more` stands at offset 0x1000. */
function fileOf(type: number, stream: Uint8Array, more: Uint8Array = new Uint8Array()): MinidumpFile {
  const out = new Binary().u32(0x504d444d).u32(0xa793).u32(2).u32(32).u32(0).u32(1).u64(0n);
  out.u32(type).u32(stream.length).u32(0x100).u32(0).u32(0).u32(0);
  const bytes = new Uint8Array(0x1000 + more.length);
  bytes.set(out.finish());
  bytes.set(stream, 0x100);
  bytes.set(more, 0x1000);
  const opened = readMinidump(new ArraySource(bytes));
  if (!opened.ok) throw new Error(opened.problem.code);
  return opened.value;
}
const wide = (text: string, units: number): Uint8Array => {
  const bytes = new Uint8Array(units * 2);
  [...text].forEach((letter, index) => new DataView(bytes.buffer).setUint16(index * 2, letter.charCodeAt(0), true));
  return bytes;
};
const latin = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** MinidumpUTF8String */
const utf8String = (text: string): Uint8Array => new Binary().u32(text.length).append(latin(text)).u8(0).finish();

describe('streams laid down by hand', () => {
  it('ThreadExList is read where no ThreadList is', () => {
    const row = new Binary().u32(11).u32(1).u32(0).u32(0).u64(0x7ffen).u64(0x1000n).u32(16).u32(0x500).u32(0).u32(0).u64(0n).u64(0n).finish();
    const threads = readThreads(fileOf(8, new Binary().u32(2).append(row).append(row).finish()));
    expect(threads).toMatchObject({ ok: true, value: { count: 2, entries: [{ threadId: 11, teb: 0x7ffen, stackRva: 0x500 }, { threadId: 11 }] } });
  });

  it('a list with padding behind its count', () => {
    const row = new Binary().u32(7).u32(0).u32(0).u32(0).u64(0n).u64(0x2000n).u32(0).u32(0).u32(0).u32(0).finish();
    expect(readThreads(fileOf(3, new Binary().u32(1).u32(0).append(row).finish()))).toMatchObject({
      ok: true,
      value: { entries: [{ threadId: 7, stackStart: 0x2000n }] },
    });
  });

  it('ThreadInfoList steps by the size of entry that the header states', () => {
    const row = (id: number): Uint8Array =>
      new Binary().u32(id).u32(0).u32(0).u32(0x103).u64(1n).u64(0n).u64(2n).u64(3n).u64(0x401000n).u64(0xfn).u64(0xffn).finish();
    const stream = new Binary().u32(16).u32(72).u32(2).u32(0).append(row(1)).append(row(2)).finish();
    expect(readThreadInfos(fileOf(17, stream))).toMatchObject({
      ok: true,
      value: {
        entries: [
          { threadId: 1, exitStatus: 0x103 },
          { threadId: 2, startAddress: 0x401000n },
        ],
      },
    });
    const wild = new Binary().u32(16).u32(8).u32(0xffffffff).u32(0).finish();
    expect(readThreadInfos(fileOf(17, wild))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });

  it('comments of both kinds end at their NUL', () => {
    expect(readComments(fileOf(10, latin('hello\0rest')))).toEqual([{ stream: 'CommentStreamA', text: 'hello' }]);
    expect(readComments(fileOf(11, wide('hi', 10)))).toEqual([{ stream: 'CommentStreamW', text: 'hi' }]);
  });

  it('CodeView NB10 and records too short', () => {
    const nb10 = new Binary().append(latin('NB10')).u32(0).u32(0x3c7f6b82).u32(2).append(latin('old.pdb\0')).finish();
    expect(parseCodeView(nb10)).toEqual({ ok: true, value: { kind: 'NB10', timestamp: 0x3c7f6b82, age: 2, file: 'old.pdb' } });
    expect(parseCodeView(latin('RSDS'))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    expect(parseCodeView(latin('AB'))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });

  it('Memory64List with a wild count or base', () => {
    const wild = new Binary().u64(0xffff_ffff_ffffn).u64(0x1000n).u64(0x5000n).u64(8n).finish();
    expect(readMemory64List(fileOf(9, wild, new Uint8Array(8)))).toMatchObject({
      ok: true,
      value: { entries: [{ start: 0x5000n, size: 8, fileOffset: 0x1000 }] },
    });
    const outside = new Binary().u64(1n).u64(0xffff_ffff_ffff_fff0n).u64(0n).u64(8n).finish();
    expect(readMemory64List(fileOf(9, outside))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });

  it('function tables step over native descriptors and entries', () => {
    const table = (at: bigint, entries: number): Binary =>
      new Binary()
        .u64(at)
        .u64(at + 0x100n)
        .u64(at)
        .u32(entries)
        .u32(4)
        .zeros(88)
        .zeros(entries * 12)
        .zeros(4);
    const stream = new Binary().u32(24).u32(32).u32(88).u32(12).u32(2).u32(0).append(table(0x1000n, 3).finish()).append(table(0x9000n, 1).finish()).finish();
    expect(readFunctionTables(fileOf(13, stream))).toMatchObject({
      ok: true,
      value: {
        ranges: [
          { minimum: 0x1000n, entries: 3 },
          { minimum: 0x9000n, entries: 1 },
        ],
      },
    });
  });

  it('VM counters of revision 1 have no virtual size', () => {
    const first = new Binary().u16(1).u16(0).u32(5).zeros(64).u64(0x777n).finish();
    expect(readVmCounters(fileOf(22, first))).toMatchObject({ ok: true, value: { first: { pageFaultCount: 5, privateUsage: 0x777n }, second: { ok: false } } });
  });

  it('an assertion of Breakpad, and one that is all zero', () => {
    const stream = new Binary().append(wide('x > 0', 128)).append(wide('f', 128)).append(wide('a.cc', 128)).u32(42).u32(2).finish();
    expect(readAssertion(fileOf(0x47670002, stream))).toEqual({
      ok: true,
      value: { expression: 'x > 0', function: 'f', file: 'a.cc', line: 42, type: 'pure virtual call' },
    });
    expect(readAssertion(fileOf(0x47670002, new Uint8Array(776))).ok).toBe(false);
  });

  it('Crashpad’s annotations of the process and of a module', () => {
    // At 0x1000: dictionary {key, value}; module list of one; its info with a list, a dictionary and an object.
    const strings = new Map([
      ['channel', 0x1200],
      ['beta', 0x1220],
      ['url', 0x1240],
      ['x', 0x1260],
      ['listed', 0x1280],
      ['object', 0x12a0],
    ]);
    const at = (text: string): number => strings.get(text) ?? 0;
    const more = new Uint8Array(0x400);
    const put = (offset: number, bytes: Uint8Array): void => more.set(bytes, offset - 0x1000);
    for (const [text, offset] of strings) put(offset, utf8String(text));
    put(0x1300, new Binary().u32(4).append(latin('text')).finish());
    put(0x1000, new Binary().u32(1).u32(at('channel')).u32(at('beta')).finish());
    put(0x1020, new Binary().u32(1).u32(3).u32(28).u32(0x1040).finish());
    put(0x1040, new Binary().u32(1).u32(8).u32(0x1080).u32(12).u32(0x10a0).u32(16).u32(0x10c0).finish());
    put(0x1080, new Binary().u32(1).u32(at('listed')).finish());
    put(0x10a0, new Binary().u32(1).u32(at('url')).u32(at('x')).finish());
    put(0x10c0, new Binary().u32(1).u32(at('object')).u16(1).u16(0).u32(0x1300).finish());
    const stream = new Binary().u32(1).zeros(32).u32(12).u32(0x1000).u32(16).u32(0x1020).u32(0).u64(0xffff_0000_0000_0000n).finish();
    expect(readCrashpadInfo(fileOf(0x43500001, stream, more))).toMatchObject({
      ok: true,
      value: {
        annotations: [{ name: 'channel', value: { ok: true, value: 'beta' } }],
        modules: [
          {
            moduleIndex: 3,
            list: ['listed'],
            annotations: [
              { name: 'url', value: { ok: true, value: 'x' } },
              { name: 'object', value: { ok: true, value: 'text' } },
            ],
          },
        ],
        addressMask: { ok: true, value: 0xffff_0000_0000_0000n },
      },
    });
  });

  it('Crashpad lists that all point to the same bytes do not multiply', () => {
    // 2,000 links to one module whose dictionary has 1,000 entries: two million, were each list bounded by itself.
    const [links, entries] = [2000, 1000];
    const list = new Binary().u32(links);
    for (let index = 0; index < links; index++) list.u32(index).u32(28).u32(0x9000);
    const dictionary = new Binary().u32(entries);
    for (let index = 0; index < entries; index++) dictionary.u32(0).u32(0);
    const more = new Uint8Array(0xc000);
    more.set(list.finish());
    more.set(
      new Binary()
        .u32(1)
        .u32(0)
        .u32(0)
        .u32(4 + entries * 8)
        .u32(0x9100)
        .u32(0)
        .u32(0)
        .finish(),
      0x8000,
    );
    more.set(dictionary.finish(), 0x8100);
    const stream = new Binary()
      .u32(1)
      .zeros(32)
      .u32(0)
      .u32(0)
      .u32(4 + links * 12)
      .u32(0x1000)
      .finish();
    const info = readCrashpadInfo(fileOf(0x43500001, stream, more));
    const read = info.ok ? info.value.modules.reduce((sum, module) => sum + module.annotations.length, 0) : -1;
    expect(read).toBeGreaterThan(1000);
    expect(read).toBeLessThanOrEqual(16_384);
  });

  it('boot arguments and crash info of macOS', () => {
    const boot = new Binary().u32(0x4d7a0002).u64(0x1000n).finish();
    expect(readMacBootargs(fileOf(0x4d7a0002, boot, new Binary().u32(8).append(wide('-v a', 4)).finish()))).toEqual({ ok: true, value: '-v a' });
    const info = new Binary()
      .u32(0x4d7a0001)
      .u32(1)
      .u32(16)
      .u32(16 + 18)
      .u32(0x1000)
      .zeros(152)
      .finish();
    const record = new Binary().u64(0n).u64(4n).append(latin('/lib\0abort()\0\0\0\0')).zeros(2).finish();
    expect(readMacCrashInfo(fileOf(0x4d7a0001, info, record))).toMatchObject({ ok: true, value: [['/lib', 'abort()', '', '', '']] });
  });

  it('an Unreal stream without XML says so', () => {
    expect(readUnrealContext(fileOf(0x10000, new Uint8Array(64)))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    expect(readUnrealContext(fileOf(0x10000, wide('<a>b</a>', 40)))).toEqual({ ok: true, value: '<a>b</a>' });
  });

  it('ContextFlags decide which registers are known', () => {
    const bytes = new Uint8Array(1232);
    const view = new DataView(bytes.buffer);
    view.setUint32(48, 0x100001, true);
    view.setBigUint64(248, 0x1234n, true);
    const context = parseContext(bytes, 'x64');
    expect(context).toMatchObject({ ok: true, value: { registers: { rip: 0x1234n, rsp: 0n } } });
    expect(context.ok && context.value.registers['rax']).toBeUndefined();
    expect(context.ok && context.value.unknown).toContain('rax');
  });

  it('names streams and flags', () => {
    expect(streamName(0x4767000a)).toBe('LinuxDsoDebug');
    expect(streamName(0x1234)).toBe('Stream 0x1234');
    expect(dumpFlagNames(0n)).toEqual(['MiniDumpNormal']);
    expect(dumpFlagNames(0x2000_0000_0002n)).toEqual(['MiniDumpWithFullMemory', '0x200000000000']);
  });
});
