import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { arm64Context, x64Context, x86Context } from '../testing/build/context.ts';
import { exceptionRecord64 } from '../testing/build/dumpheader.ts';
import { put } from '../testing/build/binary.ts';
import { at, handmade } from '../testing/node/handmade.ts';

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
/** "rax=… rbx=…" of a published text as registers. */
const registersOf = (text: string): Record<string, bigint> =>
  Object.fromEntries([...text.matchAll(/(\w+)=([0-9a-f]+)/g)].map(([, name = '', value = '']) => [name, BigInt(`0x${value}`)]));

// InsightEngineering, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED (0x7e): … misuse of RtlFillMemory".
const CXR = `rax=4141414141414139 rbx=0000000000006000 rcx=0000000002530001
rdx=4141414141414141 rsi=ffffe009a68dc000 rdi=ffffe009a68dffe0
rip=fffff8076624f3d4 rsp=ffffa1088a4aee30 rbp=0000000000000000
 r8=3be6192c0436d050  r9=0000000000000000 r10=ffffe0099a6002d0
r11=ffffe009a68dc000 r12=ffffe009a68dfb00 r13=ffffe0099a6002c0
r14=0000000000000001 r15=ffffe0099a6002c0
iopl=0         nv up ei pl nz na po nc
cs=0010  ss=0018  ds=002b  es=002b  fs=0053  gs=002b             efl=00050206
nt!RtlpHpVsFreeChunkInsert+0x1b4:
fffff807\`6624f3d4 3300            xor     eax,dword ptr [rax] ds:002b:41414141\`41414139=????????`;

const heap = handmade({
  modules: [{ name: 'nt', base: 'fffff807`66000000', end: 'fffff807`67046000', imageName: 'ntkrnlmp.exe' }],
  names: { 'fffff807`6624f3d4': 'nt!RtlpHpVsFreeChunkInsert+0x1b4' },
  memory: {
    'fffff807`6624f3d4': '3300',
    'ffffa108`8a4ae410': hex(x64Context({ ...registersOf(CXR.split('iopl')[0] ?? ''), eflags: 0x50206 })),
    'ffffa108`8a4aebf8': hex(exceptionRecord64(0xc0000005, at('fffff8076624f3d4'), [0n, at('ffffffffffffffff')])),
  },
  context: { registers: { rip: at('fffff807`6624f3d4'), rsp: 0n } },
});

describe('.cxr', () => {
  it('prints the published registers, and makes them the scope', () => {
    expect(heap.run('.cxr 0xffffa1088a4ae410')).toEqual(CXR.split('\n'));
    expect(heap.run('r')).toEqual(CXR.split('\n'));
    expect(heap.run('r rdx')).toEqual(['rdx=4141414141414141']);
    expect(heap.run('r @r14d')).toEqual(['r14d=00000001']);
    expect(heap.run('r cl')).toEqual(['cl=01']);
    expect(heap.run('r cs')).toEqual(['cs=0010']);
    expect(heap.run('? @rbx')).toEqual(['Evaluate expression: 24576 = 00000000`00006000']);
    expect(heap.run('.cxr')).toEqual(['Resetting default scope']);
    expect(heap.run('r rsp')).toEqual(['rsp=0000000000000000']);
    heap.run('.cxr 0xffffa1088a4ae410');
    expect(heap.run('.cxr 0')).toEqual(['Resetting default scope']);
    expect(heap.run('.trap 0')).toEqual(['Resetting default scope']);
    expect(heap.run('r rsp')).toEqual(['rsp=0000000000000000']);
  });
  it.each(['.cxr 1000', '.cxr fffff807`6624f3d4', '.trap 1000', '.exr 1000', 'r xyz', 'r r12'])('%s is refused with the reason', (line) => {
    const answer = heap.answer(line);
    expect(answer.ok ? '' : answer.problem.code).toBe('BAD_ARGUMENT');
  });
});

describe('.exr', () => {
  it('prints the published record', () => {
    expect(heap.run('.exr 0xffffa1088a4aebf8')).toEqual([
      'ExceptionAddress: fffff8076624f3d4 (nt!RtlpHpVsFreeChunkInsert+0x00000000000001b4)',
      '   ExceptionCode: c0000005 (Access violation)',
      '  ExceptionFlags: 00000000',
      'NumberParameters: 2',
      '   Parameter[0]: 0000000000000000',
      '   Parameter[1]: ffffffffffffffff',
      'Attempt to read from address ffffffffffffffff',
    ]);
  });
  // Windows' own words for a fast fail: "Subcode: 0x7 FAST_FAIL_FATAL_APP_EXIT " with its trailing blank.
  it('names a fast fail', () => {
    const made = handmade({ target: { kind: 'user', exception: { code: 0xc0000409, flags: 1, address: va(0x7ff6n), parameters: [7n], nested: va(0n) } } });
    expect(made.run('.exr -1').at(-1)).toBe('Subcode: 0x7 FAST_FAIL_FATAL_APP_EXIT ');
  });
  it('reads a record of a 32-bit system', () => {
    // MicrosoftDocs, bug check 0x1E: c0000005 at 8013cd0a, parameters 0 and 0362cfff (an old text; laid out as current ones here).
    const record = new Uint8Array(0x50);
    for (const [place, value] of [
      [0, 0xc0000005],
      [12, 0x8013cd0a],
      [16, 2],
      [24, 0x0362cfff],
    ] as const)
      put(record, place, 4, value);
    const made = handmade({ arch: 'x86', memory: { fe40cd88: hex(record) } });
    expect(made.run('.exr fe40cd88')).toEqual([
      'ExceptionAddress: 8013cd0a',
      '   ExceptionCode: c0000005 (Access violation)',
      '  ExceptionFlags: 00000000',
      'NumberParameters: 2',
      '   Parameter[0]: 00000000',
      '   Parameter[1]: 0362cfff',
      'Attempt to read from address 0362cfff',
    ]);
  });
});

describe('.trap', () => {
  // kash1064/Kaeru-no-Himitsukichi, "WinDbg kernel dump" (2021): NotMyFault at raised IRQL.
  const frame = new Uint8Array(0x190);
  const cells = {
    0x30: 'c85c00f0',
    0x38: 'ffffd80241e00340',
    0x40: '890',
    0x48: 'ffffd8024abbdc80',
    0x50: '0',
    0x58: 'ffffd80241e002c0',
    0x60: 'ffffd8024aa9bff0',
    0x158: '2',
    0x168: 'fffff80060da1981',
    0x180: 'ffffd48f77af9970',
  };
  for (const [place, value] of Object.entries(cells)) put(frame, Number(place), 8, at(value));
  put(frame, 0x170, 2, 0x10);
  put(frame, 0x178, 4, 0x50282);
  const made = handmade({
    modules: [{ name: 'myfault', base: 'fffff800`60da0000', end: 'fffff800`60da8000' }],
    memory: { 'ffffd48f`77af97e0': hex(frame), 'fffff800`60da1981': '8b03' },
    context: { registers: {} },
  });
  it('prints the published frame; what it does not hold is ?, where WinDbg prints zeros', () => {
    expect(made.run('.trap ffffd48f`77af97e0')).toEqual([
      'NOTE: The trap frame does not contain all registers.',
      'Those that it does not hold are shown as question marks.', // WinDbg: "Some register values may be zeroed or incorrect."
      'rax=00000000c85c00f0 rbx=???????????????? rcx=ffffd80241e00340', // WinDbg: rbx=0000000000000000
      'rdx=0000000000000890 rsi=???????????????? rdi=????????????????',
      'rip=fffff80060da1981 rsp=ffffd48f77af9970 rbp=0000000000000002',
      ' r8=ffffd8024abbdc80  r9=0000000000000000 r10=ffffd80241e002c0',
      'r11=ffffd8024aa9bff0 r12=???????????????? r13=????????????????',
      'r14=???????????????? r15=????????????????',
      'iopl=0         nv up ei ng nz na pe nc',
      'myfault+0x1981:',
      'fffff800`60da1981 8b03            mov     eax,dword ptr [rbx]', // WinDbg goes on: ds:00000000`00000000=????????, from the zeroed rbx
    ]);
  });
  it('shows the operand that the frame does hold, without a selector', () => {
    // InsightEngineering, 0x0A in tunnel.sys: "cmp     qword ptr [rdx+8],rbx ds:00000000`00000008=????????????????".
    const trap = new Uint8Array(0x190);
    put(trap, 0x168, 8, at('fffff8068a1c75b0'));
    const tunnel = handmade({
      modules: [{ name: 'tunnel', base: 'fffff806`8a1c0000', end: 'fffff806`8a1d0000' }],
      memory: { 'fffff806`34cb6700': hex(trap), 'fffff806`8a1c75b0': '48395a08' },
      context: { registers: {} },
    });
    expect(tunnel.run('.trap fffff80634cb6700').at(-1)).toBe(
      'fffff806`8a1c75b0 48395a08        cmp     qword ptr [rdx+8],rbx ds:00000000`00000008=????????????????',
    );
  });
});

describe('r', () => {
  // InsightEngineering, "TTD: CreateProcessWithLogonW" (x64) and "TTD LINQ Queries" (x86).
  it('x64', () => {
    // The TTD text writes pe at efl=00000246; five texts of live dumps with this flag set (and kash1064's with it clear) have po and pe as here.
    const text = [
      'rax=00007ffad0184f30 rbx=00000000000006ba rcx=000000cbddafe900',
      'rdx=0000000000000001 rsi=0000000000000000 rdi=00007ffad11b8228',
      'rip=00007ffad2421020 rsp=000000cbddafe8d8 rbp=0000000000000000',
      ' r8=0000000000000000  r9=0000000000000000 r10=000001cf8b970000',
      'r11=000000cbddafe840 r12=000001cf8b991200 r13=00000000000006ba',
      'r14=0000000000000000 r15=000000cbddafeba0',
      'iopl=0         nv up ei pl zr na po nc',
      'cs=0033  ss=002b  ds=002b  es=002b  fs=0053  gs=002b             efl=00000246',
      'ntdll!RtlRaiseException:',
      '00007ffa`d2421020 4055            push    rbp',
    ];
    const made = handmade({
      modules: [{ name: 'ntdll', base: '00007ffa`d2400000', end: '00007ffa`d2600000' }],
      names: { '00007ffa`d2421020': 'ntdll!RtlRaiseException' },
      memory: { '00007ffa`d2421020': '4055' },
      context: { registers: registersOf(text.join('\n')) },
    });
    expect(made.run('r')).toEqual(text);
  });
  it('x86', () => {
    const text = [
      'eax=00000000 ebx=00000000 ecx=d97bcec6 edx=014856cc esi=00000000 edi=00000044',
      'eip=7536a820 esp=00a3f96c ebp=00a3f9e8 iopl=0         nv up ei pl zr na pe nc',
      'cs=0023  ss=002b  ds=002b  es=002b  fs=0053  gs=002b             efl=00000246',
      'KERNELBASE!CreateProcessW:',
      '7536a820 8bff            mov     edi,edi',
    ];
    const made = handmade({
      arch: 'x86',
      modules: [{ name: 'KERNELBASE', base: '75230000', end: '754b3000' }],
      names: { '7536a820': 'KERNELBASE!CreateProcessW' },
      memory: { '7536a820': '8bff', '00100000': hex(x86Context({ eip: 0x7536a820, ecx: 0xd97bcec6 })) },
      context: { registers: registersOf(text.slice(0, 3).join('\n')) },
    });
    expect(made.run('r')).toEqual(text);
    expect(made.run('.cxr 100000')[0]).toBe('eax=00000000 ebx=00000000 ecx=d97bcec6 edx=00000000 esi=00000000 edi=00000000');
  });
  it('an address that is not there', () => {
    // kash1064, "WinDbg TTD": "00520054`00200045 ??              ???".
    const made = handmade({ context: { registers: { rip: at('00520054`00200045') } } });
    expect(made.run('r').at(-1)).toBe('00520054`00200045 ??              ???');
  });
  it('ARM64', () => {
    // A public text of WinDbg on ARM64: four columns, two blanks between, " pc=…  psr=60000000 -ZC- EL0".
    const x = ['78', '2037b0069e0', '10', '293a8ff9f0', '293a8ffb90', '293a8ff9eb', '0', '0', '72', '0', '0', 'ffffffffff817aa9', '7ffea822efe0'].map(at);
    const made = handmade({
      arch: 'arm64',
      memory: {
        '1000': hex(arm64Context({ x, fp: at('293a8ffc10'), lr: at('7ffea80f7388'), sp: at('293a8ff9e0'), pc: at('7ffea80e30f4'), cpsr: 0x60000000 })),
      },
      context: { registers: {} },
    });
    expect(made.run('.cxr 1000').slice(0, 9)).toEqual([
      ' x0=0000000000000078   x1=000002037b0069e0   x2=0000000000000010   x3=000000293a8ff9f0',
      ' x4=000000293a8ffb90   x5=000000293a8ff9eb   x6=0000000000000000   x7=0000000000000000',
      ' x8=0000000000000072   x9=0000000000000000  x10=0000000000000000  x11=ffffffffff817aa9',
      ...[expect.stringMatching(/^x12=00007ffea822efe0 {2}x13=/), expect.anything(), expect.anything(), expect.anything()],
      'x28=0000000000000000   fp=000000293a8ffc10   lr=00007ffea80f7388   sp=000000293a8ff9e0',
      ' pc=00007ffea80e30f4  psr=60000000 -ZC- EL0',
    ]);
  });
});

it('ARM64 code is shown in words', () => {
  // WinDbg's break at nt!DbgBreakPointWithStatus (a public text): "fffff802`8c407570 d43e0000 brk         #0xF000".
  const made = handmade({ arch: 'arm64', memory: { 'fffff802`8c407570': '00003ed4' }, context: { registers: { pc: at('fffff802`8c407570') } } });
  expect(made.run('u @pc L1').at(-1)?.toLowerCase()).toBe('fffff802`8c407570 d43e0000 brk         #0xf000');
});

describe('.bugcheck', () => {
  // A public text (0x9F, 2024): "Bugcheck code 0000009F" / "Arguments 00000000`00000003 …"; the name below is ours.
  it('x64', () => {
    const made = handmade({ target: { bugCheck: { code: 0x9f, params: [3n, at('ffff948f`e9be4060'), at('ffffe381`3d0ef040'), at('ffff948f`ee90eba0')] } } });
    expect(made.run('.bugcheck')).toEqual([
      'Bugcheck code 0000009F',
      'Arguments 00000000`00000003 ffff948f`e9be4060 ffffe381`3d0ef040 ffff948f`ee90eba0',
      'DRIVER_POWER_STATE_FAILURE',
    ]);
  });
  // MicrosoftDocs, bug check 0xA: "Bugcheck code 0000000a" / "Arguments 00000000 0000001c 00000000 00000000" (current WinDbg writes the code in capitals).
  it('x86', () => {
    const made = handmade({ arch: 'x86', target: { bugCheck: { code: 0xa, params: [0n, 0x1cn, 0n, 0n] } } });
    expect(made.run('.bugcheck').slice(0, 2)).toEqual(['Bugcheck code 0000000A', 'Arguments 00000000 0000001c 00000000 00000000']);
  });
});
