/** User dumps that no public corpus has, made by the builder: Windows on ARM64, full memory, handles, comments, times out of order. */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { Binary, utf16 } from '../testing/build/binary.ts';
import { arm64Context, x64Context, x86Context } from '../testing/build/context.ts';
import { buildMinidump, type MinidumpSpec } from '../testing/build/minidump.ts';
import { buildPe } from '../testing/build/pe.ts';
import { flatten } from '../testing/build/sparse.ts';
import type { Target } from './target.ts';
import { openUser, readFirstUser } from './user.ts';

const TIME = Date.UTC(2026, 10, 1) / 1000;
const stack = (address: bigint, length = 0x100) => ({ address, bytes: Uint8Array.from({ length }, (_, index) => index) });

function open(spec: Partial<MinidumpSpec> & Pick<MinidumpSpec, 'threads'>): Target {
  const plan = buildMinidump({ arch: 'x64', time: TIME, processId: 77, modules: [], ...spec });
  const result = driveSync(openUser(new ArraySource(flatten(plan))));
  if (!result.ok) throw new Error(result.problem.code);
  return result.value;
}

describe('user dumps made by hand', () => {
  it('of Windows on ARM64', () => {
    const context = arm64Context({ sp: 0x7000_0010n, pc: 0x7ff6_0000_1234n, lr: 0x7ff6_0000_2000n, x: [1n, 2n] });
    const target = open({
      arch: 'arm64',
      build: 26100,
      threads: [{ id: 5, stack: stack(0x7000_0000n), context }],
      exception: { threadId: 5, code: 0xc0000005, address: 0x7ff6_0000_1234n, parameters: [0n, 0x10n], context },
      modules: [{ base: 0x7ff6_0000_0000n, size: 0x10000, name: 'C:\\app\\my app.exe', timestamp: 3, version: [1, 2, 3, 4] }],
    });
    expect(target.arch).toBe('arm64');
    expect(target.os.name).toMatchObject({ ok: true, value: expect.stringContaining('Windows 11') });
    const registers = target.context.ok ? target.context.value.registers : {};
    expect([registers['pc'], registers['sp'], registers['lr'], registers['x0'], registers['x1']]).toEqual([
      0x7ff6_0000_1234n,
      0x7000_0010n,
      0x7ff6_0000_2000n,
      1n,
      2n,
    ]);
    expect(target.modules.find(va(0x7ff6_0000_1234n))).toMatchObject({
      rva: 0x1234,
      module: { name: 'my_app', imageName: 'my app.exe', version: { ok: true, value: '1.2.3.4' } },
    });
    expect(target.uptimeSeconds).toEqual({ ok: true, value: 120 });
  });

  it('of full memory: bytes in the order of the list, PDB identity from the image where the writer copied none', () => {
    const pe = buildPe({
      name: 'tool.exe',
      timestamp: 0x5555,
      functions: [{ name: 'main' }],
      pdb: { file: 'tool.pdb', guid: '00112233-4455-6677-8899-aabbccddeeff', age: 9 },
    });
    const base = 0x7ff6_0000_0000n;
    const target = open({
      fullMemory: true,
      threads: [{ id: 5, stack: stack(0x7000_0000n), context: x64Context({ rsp: 0x7000_0010n, rip: base + 0x4000n }) }],
      modules: [{ base, size: pe.sizeOfImage, name: 'C:\\tool.exe', timestamp: 0x5555 }],
      memory: pe.segments.map(({ rva, bytes }) => ({ address: base + BigInt(rva), bytes })),
    });
    expect([...target.memory.read(va(0x7000_0020n), 4).bytes]).toEqual([0x20, 0x21, 0x22, 0x23]);
    expect(target.modules.modules[0]?.identity.pdb).toEqual({ ok: true, value: { file: 'tool.pdb', guid: '00112233-4455-6677-8899-aabbccddeeff', age: 9 } });
    expect(target.dumpType).toEqual({ ok: true, value: 2 });
  });

  it('reads PEB and command line where their memory is there', () => {
    const text = '"C:\\tool.exe" -x';
    const block = new Binary().zeros(0x1000).finish();
    const view = new DataView(block.buffer, block.byteOffset);
    const at = 0x1_0000n;
    view.setBigUint64(0x60, at + 0x200n, true); // TEB.ProcessEnvironmentBlock
    view.setBigUint64(0x200 + 0x20, at + 0x400n, true); // PEB.ProcessParameters
    view.setUint16(0x400 + 0x70, text.length * 2, true);
    view.setBigUint64(0x400 + 0x78, at + 0x800n, true);
    block.set(utf16(text), 0x800);
    const target = open({
      threads: [{ id: 5, teb: at, stack: stack(0x7000_0000n), context: x64Context({ rsp: 0x7000_0010n, rip: 1n }) }],
      memory: [{ address: at, bytes: block }],
    });
    expect(target.process).toMatchObject({ id: { ok: true, value: 77 }, peb: { ok: true, value: at + 0x200n }, commandLine: { ok: true, value: text } });
  });

  it('without exception, with handles, comment and a start after its end', () => {
    const target = open({
      arch: 'x86',
      createTime: TIME + 5,
      threads: [{ id: 9, stack: stack(0x10_0000n), context: x86Context({ eip: 0x401000, esp: 0x10_0010 }), name: 'main' }],
      handles: [
        { handle: 4n, type: 'Event', name: '' },
        { handle: 8n, type: 'Event', name: '\\BaseNamedObjects\\secret' },
        { handle: 12n, type: 'File', name: '\\Device\\C' },
      ],
      regions: [
        { base: 0x10000n, size: 0x3000n, state: 0x1000, protect: 4, type: 0x20000 },
        { base: 0x13000n, size: 0x1000n, state: 0x10000, protect: 1, type: 0 },
      ],
      comment: 'asked for by Ann',
      unloaded: [{ base: 0x6000_0000n, size: 0x1000, name: 'C:\\gone.dll', timestamp: 4 }],
    });
    expect(target.exception).toBeNull();
    expect(target.uptimeSeconds.ok).toBe(false);
    expect(target.threads[0]).toMatchObject({
      name: { ok: true, value: 'main' },
      context: { ok: true, value: { registers: { eip: 0x401000n, esp: 0x10_0010n } } },
    });
    expect(target.modules.findUnloaded(va(0x6000_0800n))).toMatchObject({ name: 'gone.dll', end: 0x6000_1000n });
    const facts = new Map(target.facts.map((fact) => [`${fact.group}/${fact.name}`, fact]));
    expect(facts.get('handles/types')?.value).toEqual({ ok: true, value: 'Event 2, File 1' });
    expect(facts.get('memory/committed')?.value).toEqual({ ok: true, value: '12288 bytes' });
    expect(facts.get('comment/CommentStreamA')).toMatchObject({ privacy: 'person', value: { ok: true, value: 'asked for by Ann' } });
    expect(target.facts.some((fact) => fact.value.ok && fact.value.value.includes('secret'))).toBe(false);
  });

  it('of a processor that is not read is refused by its name', () => {
    const bytes = flatten(
      buildMinidump({ arch: 'x64', time: TIME, processId: 1, modules: [], threads: [{ id: 1, stack: stack(0x1000n), context: x64Context({ rip: 1n }) }] }),
    );
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const directory = view.getUint32(12, true);
    for (let index = 0; index < view.getUint32(8, true); index++)
      if (view.getUint32(directory + index * 12, true) === 7) view.setUint16(view.getUint32(directory + index * 12 + 8, true), 1, true);
    expect(readFirstUser(new ArraySource(bytes))).toMatchObject({ ok: false, problem: { code: 'UNSUPPORTED_KIND', detail: expect.stringContaining('MIPS') } });
  });

  it('without SystemInfoStream goes by the flags of a context', () => {
    const bytes = flatten(
      buildMinidump({
        arch: 'x64',
        time: TIME,
        processId: 1,
        modules: [],
        threads: [{ id: 1, stack: stack(0x1000n), context: x64Context({ rip: 1n, rsp: 0x1010n }) }],
      }),
    );
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const directory = view.getUint32(12, true);
    for (let index = 0; index < view.getUint32(8, true); index++)
      if (view.getUint32(directory + index * 12, true) === 7) view.setUint32(directory + index * 12, 0, true);
    const first = readFirstUser(new ArraySource(bytes));
    expect(first.ok && first.value.arch).toBe('x64');
    expect(first.ok && first.value.os.build).toEqual({ ok: false, missing: { why: 'stream-absent', stream: 'SystemInfoStream' } });
  });
});
