import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Assembler } from './assembler.ts';
import { buildPe, imageBytes, rvaIn } from './pe.ts';
import { exampleNic } from './scenes.ts';
import { loadedModules, moduleNamed } from './windows.ts';

const tool = spawnSync('llvm-readobj', ['--version']).status === 0;
if (!tool) console.warn('SKIPPED: llvm-readobj is not installed; images are not read by a second reader');

function readobj(bytes: Uint8Array, ...options: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pe-'));
  try {
    writeFileSync(join(folder, 'x.exe'), bytes);
    return execFileSync('llvm-readobj', [...options, join(folder, 'x.exe')], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('assembler', () => {
  it('writes the bytes of the manual', () => {
    // Encodings looked up by hand in the SDM's opcode tables.
    const bytes = (write: (code: Assembler) => unknown): string => {
      const code = new Assembler();
      write(code);
      return Buffer.from(code.bytes()).toString('hex');
    };
    expect(bytes((code) => code.push('rbx').push('r14'))).toBe('534156');
    expect(bytes((code) => code.subRsp(0x28).subRsp(0x158))).toBe('4883ec284881ec58010000');
    expect(bytes((code) => code.lea('rbp', { base: 'rsp', displacement: 0x80 }))).toBe('488dac2480000000');
    expect(bytes((code) => code.store({ base: 'rsp', displacement: 0x100 }, 'rbx'))).toBe('48899c2400010000');
    expect(bytes((code) => code.load32('rax', { base: 'rcx', displacement: 0x28 }))).toBe('8b4128');
    expect(bytes((code) => code.load('rdx', { base: 'r13', displacement: 0 }))).toBe('498b5500');
    expect(bytes((code) => code.move('rbx', 'rcx'))).toBe('4889cb');
    expect(bytes((code) => code.zero('r8').zero('rcx'))).toBe('4533c033c9');
    expect(bytes((code) => code.immediate32('r9', 5))).toBe('41b905000000');
  });
});

describe('buildPe', () => {
  it('points calls at their functions and the import table', () => {
    const pe = buildPe({
      ...{ name: 'x.sys', timestamp: 1, imports: { 'nt!KeBugCheckEx': 0xfffff80000001234n } },
      functions: [{ name: 'A', prologue: { alloc: 0x28 }, body: (code) => code.call('B').callImport('nt!KeBugCheckEx') }, { name: 'B' }],
    });
    const after = rvaIn(pe, 'A>B');
    const displacement = new DataView(imageBytes(pe, after - 4, 4).buffer).getInt32(0, true);
    expect(after + displacement).toBe(rvaIn(pe, 'B'));
    const afterImport = rvaIn(pe, 'A>nt!KeBugCheckEx');
    const slot = afterImport + new DataView(imageBytes(pe, afterImport - 4, 4).buffer).getInt32(0, true);
    expect(new DataView(imageBytes(pe, slot, 8).buffer).getBigUint64(0, true)).toBe(0xfffff80000001234n);
  });

  it.skipIf(!tool)('makes images that LLVM reads alike', () => {
    const { image } = exampleNic();
    const headers = readobj(image.file, '--file-headers', '--coff-debug-directory', '--sections');
    expect(headers).toContain('Machine: IMAGE_FILE_MACHINE_AMD64');
    expect(headers).toContain('(0x62A4F1B7)');
    expect(headers).toContain('SizeOfImage: 188416');
    // LLVM 14 prints the bytes, later versions the GUID.
    expect(headers).toMatch(/PDBGUID: (\{7B6B0D3E-2F54-4C19-A2C8-10B1D0E5F904\}|\(3E 0D 6B 7B 54 2F 19 4C A2 C8 10 B1 D0 E5 F9 04\))/);
    expect(headers).toContain('PDBAge: 3');
    expect(headers).toContain('examplenic.pdb');
    const nt = moduleNamed(loadedModules(), 'ntoskrnl.exe').pe;
    const unwind = readobj(nt.file, '--unwind');
    expect(unwind.match(/RuntimeFunction \{/g)?.length).toBe(nt.pdata.size / 12);
    // KiPageFault: what its public unwind information is known to say
    expect(unwind).toMatch(/PUSH_MACHFRAME errcode=yes/);
    expect(unwind).toMatch(/SET_FPREG reg=RBP, offset=0x80\s+\S+ ALLOC_LARGE size=344\s+\S+ PUSH_NONVOL reg=RBP/);
    expect(unwind).not.toMatch(/error|invalid/i);
    expect(readobj(nt.file, '--coff-exports')).toContain('Name: KeBugCheckEx');
  });

  it.skipIf(!tool)('gives ordinary modules readable headers', () => {
    for (const { image, name } of loadedModules().filter((_, index) => index % 9 === 0)) {
      expect(readobj(image.file, '--file-headers', '--coff-debug-directory'), name).toContain('PDBFileName:');
    }
  });
});
