/** User minidumps as targets: the corpus against its oracle, then files made by hand. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { driveSync } from '../base/job.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../bytes/source.ts';
import { corpusBytes, corpusJson, corpusList, corpusRoot, hasCorpus } from '../testing/node/corpus.ts';
import type { Target } from './target.ts';
import { openUser, readFirstUser } from './user.ts';

type Json = Record<string, unknown>;
/** Files that are no readable dump, with the code that says so. */
const REFUSED: Readonly<Record<string, string>> = {
  'radare2-npe_r_mdmp.c-364_1.dmp': 'TRUNCATED',
  'radare2-npe_w_bin_mdmp.c-111_1.dmp': 'TRUNCATED',
  'radare2-trunc_memory64.dmp': 'TRUNCATED',
  'rustminidump-invalid-range.dmp': 'TRUNCATED',
};
const all = hasCorpus ? corpusList('user').filter((name) => name.endsWith('.dmp')) : [];
const readable = all.filter((name) => !(name in REFUSED));

function open(name: string): Target {
  const result = driveSync(openUser(new ArraySource(corpusBytes(`user/${name}`), name)));
  if (!result.ok) throw new Error(`${name}: ${result.problem.code}`);
  return result.value;
}

describe.skipIf(!hasCorpus)('user dumps of the corpus', () => {
  it.each(Object.entries(REFUSED))('%s is refused as %s', (name, code) => {
    const source = new ArraySource(corpusBytes(`user/${name}`));
    expect(readFirstUser(source)).toMatchObject({ ok: false, problem: { code } });
    expect(driveSync(openUser(source))).toMatchObject({ ok: false, problem: { code } });
  });

  it('a signal that was sent carries its sender, no address: the exception is where the thread stood', () => {
    // raise(SIGABRT): the field holds pid 0x5be6 (23526, also the thread's id) and uid 0x4d144.
    const { exception, context } = open('breakpad-linux_raise_sigabrt.dmp');
    expect(exception?.address).toBe(0x7f5a_a172_c20bn);
    expect(context.ok && context.value.registers['rip']).toBe(0x7f5a_a172_c20bn);
  });

  it.each(readable)('%s: exception, context, threads and modules of the oracle', (name) => {
    const target = open(name);
    const oracle = corpusJson<Json>(`user/oracle/${name.replace(/\.dmp$/, '.json')}`);
    const exception = oracle['exception'] as Json | undefined;
    expect(target.modules.modules.map((module) => hex(module.base))).toEqual((oracle['modules'] as Json[]).map((module) => module['base']));
    expect(target.threads.map((thread) => thread.id)).toEqual((oracle['threads'] as Json[]).map((thread) => thread['id']));
    if (!exception) {
      expect(target.exception).toBeNull();
      return;
    }
    expect(target.exception && `0x${target.exception.code.toString(16).padStart(8, '0')}`).toBe(exception['code']);
    expect(target.crashThread).toEqual({ ok: true, value: exception['thread_index'] });
    const context = exception['context'] as Json;
    const registers = target.context.ok ? target.context.value.registers : {};
    expect(hex(registers['rip'] ?? registers['eip'] ?? registers['pc'] ?? -1n)).toBe(context['pc']);
    expect(hex(registers['rsp'] ?? registers['esp'] ?? registers['sp'] ?? -1n)).toBe(context['sp']);
    expect(target.context.ok && target.context.value.source).toBe('exception');
    const place = target.modules.find(va(registers['rip'] ?? registers['eip'] ?? registers['pc'] ?? 0n));
    const said = place ? `${place.module.imageName}+${hex(place.rva)}` : null;
    expect(said).toBe(exception['pc_module'] ?? null);
  });

  it.each(readable)('%s survives structuredClone but for its functions', (name) => {
    const { streams, facts, oddities, exception, threads, os } = open(name);
    expect(structuredClone({ streams, facts, oddities, exception, threads, os })).toEqual({ streams, facts, oddities, exception, threads, os });
  });

  it('reads memory where the ranges say it is', () => {
    const target = open('wine-write-normal.dmp');
    const oracle = corpusJson<{ memory_list: { ranges: { start: string; size: number; rva: number }[] } }>('user/oracle/wine-write-normal.json');
    const bytes = corpusBytes('user/wine-write-normal.dmp');
    for (const { start, size, rva } of oracle.memory_list.ranges.filter((_, index) => index % 97 === 0)) {
      expect(Buffer.from(target.memory.read(va(BigInt(start)), size).bytes).equals(Buffer.from(bytes.subarray(rva, rva + size)))).toBe(true);
    }
  });

  it('cuts sign-extended parameters of x86 to 32 bits', () => {
    expect(open('breakpad-minidump_32bit_crash_addr.dmp').exception?.parameters).toEqual([1n, 0x45n]);
  });

  it('says whose registers stand in for a missing exception', () => {
    const hang = open('wine-hang-deadlock.dmp');
    expect(hang.exception).toBeNull();
    expect(hang.threads[0]?.context.ok).toBe(false);
    expect(hang.context).toMatchObject({ ok: true, value: { source: 'thread' } });
    expect(hang.oddities.join('\n')).toContain('no exception in the dump: the registers are those of thread 1');
    expect(hang.live).toEqual({ ok: false, missing: { why: 'stream-absent', stream: 'ExceptionStream' } });
  });

  it('does not take Wine’s copy of the exception’s registers for a thread’s own', () => {
    const target = open('wine-write-normal.dmp');
    const copies = target.threads.filter((thread) => !thread.context.ok && thread.context.missing.why === 'not-valid');
    expect(copies.length).toBe(1);
    expect(target.crashThread.ok && copies[0]?.index !== target.crashThread.value).toBe(true);
  });

  it.each([
    ['breakpad-minidump2.dmp', 'Windows XP Service Pack 2', 'Windows (dbghelp.dll), for Breakpad'],
    ['breakpad-tiny-exe-with-cet-xsave.dmp', 'Windows 11 21H2', 'Crashpad 0.8.0'],
    ['symbolicator-windows.dmp', 'Windows Server 2016', 'Windows (dbgcore.dll) 10.0.14321.1024, for Breakpad'],
    ['radare2-calc.dmp', 'Windows 7 SP1', 'Windows debugger (dbgeng.dll) 10.0.14321.1024'],
    ['wine-write-normal.dmp', 'Windows 7 SP1', 'Wine'],
    ['electron-linux.dmp', 'Ubuntu 16.04.1 LTS, Linux 4.4.0-38-generic', 'Breakpad'],
    ['breakpad-linux_inline.dmp', 'Linux 5.10.28', 'Crashpad 0.8.0'],
    ['symbolicator-macos-no-fp.dmp', 'macOS 15.7.4 (24G517)', 'Crashpad 0.8.0'],
    ['rustminidump-linux-mini.dmp', undefined, 'minidump-writer (Mozilla)'],
    ['symbolic-unreal-UE4Minidump.dmp', 'Windows 10 1803', 'Windows (dbgcore.dll) 10.0.17134.1, for Unreal Engine'],
  ])('%s: %s, written by %s', (name, os, writer) => {
    const target = open(name);
    if (os !== undefined) expect(target.os.name).toEqual({ ok: true, value: os });
    expect(target.writer).toEqual({ ok: true, value: writer });
  });

  it('gives time, process and uptime', () => {
    const target = open('symbolicator-windows.dmp');
    expect(target.crashTime).toEqual({ ok: true, value: Date.UTC(2018, 2, 22, 10, 7, 53) });
    expect(target.uptimeSeconds).toEqual({ ok: true, value: 1 });
    expect(target.process.name).toEqual({ ok: true, value: 'crash.exe' });
    expect(target.process.id).toEqual({ ok: true, value: 1928 });
    expect(open('wine-write-normal.dmp').uptimeSeconds.ok).toBe(false);
    expect(open('electron-linux.dmp').process.id).toEqual({ ok: true, value: 30658 });
  });

  it('marks a dump that was only asked for as taken of a living process', () => {
    expect(open('lldb-linux-x86_64_not_crashed.dmp').live).toEqual({ ok: true, value: true });
    expect(open('radare2-calc.dmp').live).toEqual({ ok: true, value: true });
    expect(open('lldb-sigsegv.dmp').live).toEqual({ ok: true, value: false });
  });

  it('shares nothing of the program or its user as public', () => {
    const target = open('symbolic-unreal-UE4Minidump.dmp');
    const facts = new Map(target.facts.filter((fact) => fact.group === 'Unreal').map((fact) => [fact.name, fact]));
    for (const name of ['UserName', 'MachineId', 'EpicAccountId', 'CommandLine', 'GameName', 'ExecutableName', 'BaseDir', 'CrashGUID']) {
      if (facts.has(name)) expect([name, facts.get(name)?.privacy]).toEqual([name, 'person']);
    }
    expect(facts.get('EngineVersion')?.privacy).toBe('public');
    const words = /bruno|kevin|abeing|Users|home|OneDrive/i;
    for (const name of readable) {
      const leaked = open(name).facts.filter((fact) => fact.privacy !== 'person' && fact.value.ok && words.test(fact.value.value));
      expect(leaked.map((fact) => `${name} ${fact.group} ${fact.name}`)).toEqual([]);
    }
  });
});

/** Reads a file by position, counting nothing: the cache counts. */
class FileSource implements ByteSource {
  readonly name = 'sparse.dmp';
  readonly size: number;
  readonly #handle: number;
  constructor(path: string) {
    this.size = statSync(path).size;
    this.#handle = openSync(path, 'r');
  }
  readBlock(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    return bytes.subarray(0, readSync(this.#handle, bytes, 0, bytes.length, offset));
  }
  close(): void {
    closeSync(this.#handle);
  }
}

const tool = join(dirname(corpusRoot), 'tools', 'sparsedump', 'sparsedump.mjs');
const hasTool = existsSync(tool);
if (!hasTool) console.warn('SKIPPED: no sparsedump beside the corpus; the 16 GB minidump is not made');

describe.skipIf(!hasTool)('a 16 GB minidump of 200,000 ranges', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mdmp-'));
  let source: FileSource | undefined;
  let lastMark = { va: '', off: 0 };
  beforeAll(() => {
    const out = join(folder, 'big.dmp');
    lastMark = (JSON.parse(execFileSync(process.execPath, [tool, 'mdmp', out, '16G', '--ranges', '200000']).toString()) as { lastMark: typeof lastMark })
      .lastMark;
    source = new FileSource(out);
  });
  afterAll(() => {
    source?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens within the budget of bytes', () => {
    if (!source) throw new Error('not made');
    const first = new BlockCache(source);
    expect(readFirstUser(first).ok).toBe(true);
    expect(first.counters.bytesRead).toBeLessThanOrEqual(2 * 1024 * 1024);
    const whole = new BlockCache(source);
    const opened = driveSync(openUser(whole));
    expect(opened.ok && opened.value.memory.ranges().length).toBe(200_000);
    expect(whole.counters.bytesRead).toBeLessThanOrEqual(32 * 1024 * 1024);
    const mark = opened.ok ? opened.value.memory.read(va(BigInt(lastMark.va)), 19).bytes : new Uint8Array();
    expect(new TextDecoder().decode(mark)).toBe(`VA:${lastMark.va.slice(2).padStart(16, '0')}`);
    console.log(`16 GB minidump: first ${first.counters.bytesRead} bytes, whole ${whole.counters.bytesRead} bytes`);
  });
});

describe('user dumps', () => {
  it('say what a file that is none begins with', () => {
    const code = (bytes: Uint8Array): string => {
      const result = readFirstUser(new ArraySource(bytes));
      return result.ok ? 'ok' : result.problem.code;
    };
    expect(code(new Uint8Array(0))).toBe('EMPTY');
    expect(code(new Uint8Array(64))).toBe('ALL_ZERO');
    expect(code(new TextEncoder().encode('just text'))).toBe('NOT_A_DUMP');
    expect(code(new TextEncoder().encode('MDMP'))).toBe('TRUNCATED');
  });
});
