import { describe, expect, it } from 'vitest';
import { at, handmade } from '../testing/node/handmade.ts';

// r-Techsupport/rTS_Wiki, "BSOD guide": rtwlanu.sys, `u` and `ub` at the faulting instruction.
const rtwlanu = handmade({
  modules: [{ name: 'rtwlanu', base: 'fffff806`697b0000', end: 'fffff806`6a000000' }],
  memory: {
    'fffff806`697f82f1':
      '33c0 488b5c2430 4883c420 5f c3 cc cc 4883ec28 488b5260 488b8958070000 4885d2 7414 488b81d40d0000 488b89500d0000 ff15f0904700 4883c428',
  },
  context: { registers: { rip: at('fffff806`697f8304') } },
});

describe('u', () => {
  const text = [
    'rtwlanu+0x48304:',
    'fffff806`697f8304 488b5260        mov     rdx,qword ptr [rdx+60h]',
    'fffff806`697f8308 488b8958070000  mov     rcx,qword ptr [rcx+758h]',
    'fffff806`697f830f 4885d2          test    rdx,rdx',
    'fffff806`697f8312 7414            je      rtwlanu+0x48328 (fffff806`697f8328)',
    'fffff806`697f8314 488b81d40d0000  mov     rax,qword ptr [rcx+0DD4h]',
    'fffff806`697f831b 488b89500d0000  mov     rcx,qword ptr [rcx+0D50h]',
    'fffff806`697f8322 ff15f0904700    call    qword ptr [rtwlanu+0x4c1418 (fffff806`69c71418)]',
    'fffff806`697f8328 4883c428        add     rsp,28h',
  ];
  it.each(['u fffff806`697f8304', 'u @rip', 'u', 'u rtwlanu+48304 L8', 'u fffff806697f8304 fffff806697f8328'])('%s', (line) =>
    expect(rtwlanu.run(line)).toEqual(text),
  );
  it('names what an instruction refers to', () => {
    // MicrosoftDocs, "!acxkd": AudioCodec!AcxDeviceAddCircuit (without its source line, which needs private symbols).
    const made = handmade({
      modules: [{ name: 'AudioCodec', base: 'fffff800`7eac0000', end: 'fffff800`7eae0000' }],
      names: { 'fffff800`7ead1120': 'AudioCodec!AcxDeviceAddCircuit', 'fffff800`7eadbd00': 'AudioCodec!AcxFunctions' },
      memory: { 'fffff800`7ead1120': '4889542410 48894c2408 4883ec38 b808000000 486bc046 488d0dc2ab0000' },
    });
    expect(made.run('u fffff8007ead1120 L6')).toEqual([
      'AudioCodec!AcxDeviceAddCircuit:',
      'fffff800`7ead1120 4889542410      mov     qword ptr [rsp+10h],rdx',
      'fffff800`7ead1125 48894c2408      mov     qword ptr [rsp+8],rcx',
      'fffff800`7ead112a 4883ec38        sub     rsp,38h',
      'fffff800`7ead112e b808000000      mov     eax,8',
      'fffff800`7ead1133 486bc046        imul    rax,rax,46h',
      'fffff800`7ead1137 488d0dc2ab0000  lea     rcx,[AudioCodec!AcxFunctions (fffff800`7eadbd00)]',
    ]);
  });
  it('writes a label where a function begins', () => {
    const made = handmade({
      modules: [{ name: 'drv', base: 'fffff800`00000000', end: 'fffff800`00010000' }],
      names: { 'fffff800`00001000': 'drv!First', 'fffff800`00001001': 'drv!Second' },
      memory: { 'fffff800`00001000': 'c3c3' },
    });
    expect(made.run('u drv!First L2')).toEqual(['drv!First:', 'fffff800`00001000 c3              ret', 'drv!Second:', 'fffff800`00001001 c3              ret']);
  });
  it('x86', () => {
    // MicrosoftDocs, "!chkimg" (an old text: "[eax]" stands for what current WinDbg writes as "byte ptr [eax]", "js" has one blank).
    const made = handmade({
      arch: 'x86',
      modules: [{ name: 'win32k', base: 'bf800000', end: 'bfa00000' }],
      names: { bf920e48: 'win32k!HFDBASIS32::vHalveStepSize' },
      memory: { bf920e48: '0000 0000 0000 0000 7808 d3780c c20400' },
    });
    expect(made.run('u win32k!HFDBASIS32::vHalveStepSize L7')).toEqual([
      'win32k!HFDBASIS32::vHalveStepSize:',
      ...['48', '4a', '4c', '4e'].map((low) => `bf920e${low} 0000            add     byte ptr [eax],al`),
      'bf920e50 7808            js      win32k!HFDBASIS32::vHalveStepSize+0x12 (bf920e5a)',
      'bf920e52 d3780c          sar     dword ptr [eax+0Ch],cl',
      'bf920e55 c20400          ret     4',
    ]);
  });
  it('says why it stops', () =>
    expect(rtwlanu.run('u fffff806`697f8328').slice(-2)).toEqual(['fffff806`697f832c ??              ???', expect.stringContaining('not in this dump')]));
});

describe('ub', () => {
  it('prints the instructions before', () => {
    expect(rtwlanu.run('ub fffff806`697f8304')).toEqual([
      'rtwlanu+0x482f1:',
      'fffff806`697f82f1 33c0            xor     eax,eax',
      'fffff806`697f82f3 488b5c2430      mov     rbx,qword ptr [rsp+30h]',
      'fffff806`697f82f8 4883c420        add     rsp,20h',
      'fffff806`697f82fc 5f              pop     rdi',
      'fffff806`697f82fd c3              ret',
      'fffff806`697f82fe cc              int     3',
      'fffff806`697f82ff cc              int     3',
      'fffff806`697f8300 4883ec28        sub     rsp,28h',
    ]);
  });
  it('names what a jump goes through', () => {
    // MicrosoftDocs, bug check 0x116.
    const made = handmade({
      modules: [{ name: 'nvlddmkm', base: 'fffff801`63ec0000', end: 'fffff801`66000000' }],
      memory: { 'fffff801`6470c132': 'cccc 48ff254d2deaff cc 48ff252d2eeaff cc 48ff257d2deaff cc' },
    });
    expect(made.run('ub fffff8016470c14c')).toEqual([
      'nvlddmkm+0x84c132:',
      'fffff801`6470c132 cc              int     3',
      'fffff801`6470c133 cc              int     3',
      'fffff801`6470c134 48ff254d2deaff  jmp     qword ptr [nvlddmkm+0x6eee88 (fffff801`645aee88)]',
      'fffff801`6470c13b cc              int     3',
      'fffff801`6470c13c 48ff252d2eeaff  jmp     qword ptr [nvlddmkm+0x6eef70 (fffff801`645aef70)]',
      'fffff801`6470c143 cc              int     3',
      'fffff801`6470c144 48ff257d2deaff  jmp     qword ptr [nvlddmkm+0x6eeec8 (fffff801`645aeec8)]',
      'fffff801`6470c14b cc              int     3',
    ]);
  });
  it('says when the code is not there', () => expect(rtwlanu.answer('ub 1000')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } }));
});
