/** Minidumps through LLVM's own reader, obj2yaml. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from './binary.ts';
import { buildMinidump } from './minidump.ts';
import { type SparsePlan, flatten, readPlan } from './sparse.ts';
import { userCrashArm64, userCrashX64, userCrashX86, userFullMemory } from './userscenes.ts';

const tool = spawnSync('obj2yaml', ['--version']).status === 0;
if (!tool) console.warn('SKIPPED: obj2yaml is not installed; minidumps are not read by a second reader');

function yamlOf(plan: SparsePlan): string {
  const folder = mkdtempSync(join(tmpdir(), 'mdmp-'));
  try {
    writeFileSync(join(folder, 'x.dmp'), flatten(plan));
    return execFileSync('obj2yaml', [join(folder, 'x.dmp')], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!tool)('minidumps as LLVM reads them', () => {
  it('x64', () => {
    const text = yamlOf(buildMinidump(userCrashX64().spec));
    expect(text).toContain('Processor Arch:  AMD64');
    expect(text.match(/Thread Id: +0x1A2C/gi)?.length).toBe(2);
    expect(text).toContain("Module Name:     'C:\\Games\\Example\\exampleapp.exe'");
    expect(text).toContain('Time Date Stamp: 1704989236');
    expect(text).toMatch(/CodeView Record: 525344533412A0651111224283334444555566660100000065/);
    expect(text).toMatch(/Exception Code: +0xC0000005\s+Exception Address: 0x7FF63A2040A9\s+Number of Parameters: 2\s+Parameter 0: +0x1\s+Parameter 1: +0x10/);
    expect(text.match(/Type: +(UnloadedModuleList|MiscInfo|MemoryList|0x18)/g)?.length).toBe(4);
  });

  it('x86 and ARM64', () => {
    const x86 = yamlOf(buildMinidump(userCrashX86().spec));
    expect(x86).toMatch(/Processor Arch: +X86/);
    expect(x86).toContain('Vendor ID:       GenuineIntel');
    expect(x86).toContain('Exception Address: 0x401086');
    const arm64 = yamlOf(buildMinidump(userCrashArm64().spec));
    expect(arm64).toMatch(/Processor Arch: +ARM64/);
    expect(arm64).toContain('Build Number:    22631');
  });
});

describe('full memory', () => {
  it('lists ranges in order and keeps their bytes where the sizes add up to', () => {
    // minidumpapiset.h by hand: header 32 bytes; directory entries {type, size, rva}; Memory64List {count, base, {start, size}…}
    const plan = userFullMemory(0x20000);
    const u = (at: number, width: number): bigint => get(readPlan(plan, at, width), 0, width);
    const [count, directory] = [Number(u(8, 4)), Number(u(12, 4))];
    const rows = Array.from({ length: count }, (_, index) => [Number(u(directory + index * 12, 4)), Number(u(directory + index * 12 + 8, 4))] as const);
    const at = rows.find(([type]) => type === 9)?.[1] ?? 0;
    const ranges = Number(u(at, 8));
    let offset = Number(u(at + 8, 8));
    let before = -1n;
    for (let index = 0; index < ranges; index++) {
      const [start, size] = [u(at + 16 + index * 16, 8), Number(u(at + 24 + index * 16, 8))];
      expect(start > before).toBe(true);
      before = start;
      if (start === 0x7ff6_3a20_0000n) expect(String.fromCharCode(...readPlan(plan, offset, 2))).toBe('MZ');
      offset += size;
    }
    expect(offset).toBe(plan.size);
  });
});
