/** Keys of KEY_VALUES_STRING, and the labels that say what ran: each from what a dump holds, and left out where it holds it not. */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found } from '../base/found.ts';
import { type Fake, type FakeFrame, fakeSession, qword } from '../testing/node/fakesession.ts';
import { consoleOf, frame, handmade } from '../testing/node/handmade.ts';
import { glossOf } from './analyzegloss.ts';
import { kernelTexts, userTexts } from '../testing/node/windbgtexts.ts';

type Keys = ReadonlyMap<string, string>;
function keysOf(rows: readonly string[]): Keys {
  const keys = rows.flatMap((row, index): [string, string][] => {
    const key = /^ {4}Key {2}: (.*)$/.exec(row)?.[1];
    return key === undefined ? [] : [[key, /^ {4}Value: (.*)$/.exec(rows[index + 1] ?? '')?.[1] ?? '']];
  });
  return new Map(keys);
}
const analysed = (fake: Fake): readonly string[] => consoleOf(fakeSession(fake)).run('!analyze -v');
const valueOf = (rows: readonly string[], label: string): string | undefined =>
  rows
    .find((row) => row.startsWith(`${label}:`))
    ?.slice(label.length + 1)
    .trim();
const ascii = (text: string): string => Buffer.from(text).toString('hex');

// A stop on the processor's stack for interrupts, in a dump that holds the kernel's own notes of it.
const [LAB, DATA, PRCB, BLOCKS] = [0xfffff801_00001000n, 0xfffff801_00002000n, 0xfffff801_00003000n, 0xfffff801_00004000n];
const [DPC, ISR] = [0xfffff806_34cb6fb0n, 0xfffff806_35cb6fb0n];
const stop = (rsp: bigint): Fake => ({
  ...{ code: 0x1a, params: [0x41792n, 0xffffde01_11510468n, 0x2000_00000000n, 0n], headerRegisters: { rip: 0xfffff800_10001000n, rsp } },
  kernelPointers: { NtBuildLab: LAB, KiBugcheckData: DATA, KiProcessorBlock: BLOCKS },
  kernelOffsets: { OffsetPrcbNumber: 0x24, OffsetPrcbDpcStack: 0x40, OffsetPrcbIsrStack: 0x48 },
  memory: {
    [String(LAB)]: ascii('19041.1.amd64fre.vb_release.191206-1406\0'),
    [String(DATA)]: '1a000000',
    [String(BLOCKS)]: qword(PRCB),
    [String(PRCB + 0x24n)]: '00000000',
    [String(PRCB + 0x40n)]: qword(DPC) + qword(ISR),
  },
});
const onIsr = analysed(stop(ISR - 0x400n));

const program = (more: Parameters<typeof handmade>[0] = {}): readonly string[] =>
  handmade({
    modules: [
      { name: 'App', imageName: 'App.exe', path: String.raw`C:\t\App.exe`, base: '00007ff7`10000000', end: '00007ff7`10010000', version: '1.2.3.4' },
      {
        name: 'coreclr',
        imageName: 'coreclr.dll',
        path: String.raw`C:\t\coreclr.dll`,
        base: '00007ff9`10000000',
        end: '00007ff9`10010000',
        version: '6.0.2023.32017',
      },
    ],
    context: { source: 'exception', registers: { rip: 0x7ff710001010n, rsp: 0x1000n } },
    ...more,
    frames: more.frames ?? [frame('1000', '0', '00007ff7`10001010')],
    target: {
      kind: 'user',
      uptimeSeconds: found(39.5),
      process: { name: found('App.exe'), id: found(5), peb: found(va(0x7000n)) },
      exception: { code: 0xc0000005, flags: 0, address: va(0x7ff710001010n), parameters: [0n, 0x88n], nested: va(0n) },
      ...more.target,
    },
  }).run('!analyze -v');

describe('keys of a stop', () => {
  const keys = keysOf(onIsr);
  // MemoryManagement.PFN, WER.OS.*: the published analysis of 0x1A/41792; Stack.Pointer: that of 0x133.
  it.each([
    ['Bugcheck.Code.KiBugCheckData', '0x1a'],
    ['Bugcheck.Code.LegacyAPI', '0x1a'],
    ['Bugcheck.Code.TargetModel', '0x1a'],
    ['MemoryManagement.PFN', '200000000'],
    ['Stack.Pointer', 'ISR'],
    ['WER.OS.Branch', 'vb_release'],
    ['WER.OS.Version', '10.0.19041.1'],
    ['Failure.Bucket', 'MEMORY_CORRUPTION_ONE_BIT'],
  ])('%s', (key, value) => expect(keys.get(key)).toBe(value));
  it('is left out where the dump does not hold it', () => {
    const bare = keysOf(analysed({ code: 0x1a, params: [0x41792n, 0n, 0x2000_00000000n, 0n] }));
    for (const key of ['Bugcheck.Code.KiBugCheckData', 'Stack.Pointer', 'WER.OS.Branch', 'WER.OS.Version']) expect(bare.has(key), key).toBe(false);
  });
  it('the build under its labels, and the stack of deferred calls', () => {
    const rows = analysed(stop(DPC - 0x8b0n));
    expect(valueOf(rows, 'OS_VERSION')).toBe('10.0.19041.1');
    expect(valueOf(rows, 'BUILDLAB_STR')).toBe('vb_release');
    // "DPC_STACK_BASE:  FFFFF80634CB6FB0" of a stop whose trap frame lies at fffff80634cb6700.
    expect(valueOf(rows, 'DPC_STACK_BASE')).toBe('FFFFF80634CB6FB0');
    expect(valueOf(onIsr, 'DPC_STACK_BASE')).toBeUndefined();
  });
});

describe('keys of an application', () => {
  const keys = keysOf(program());
  it.each([
    ['AV.Dereference', 'NullClassPtr'],
    ['AV.Type', 'Read'],
    ['CLR.Engine', 'CORECLR'],
    ['CLR.Version', '6.0.2023.32017'],
    ['Failure.Exception.Code', '0xc0000005'],
    ['Failure.Exception.IP.Address', '0x7ff710001010'],
    ['Failure.Exception.IP.Module', 'App'],
    ['Failure.Exception.IP.Offset', '0x1010'],
    ['Failure.ProblemClass.Primary', 'NULL_CLASS_PTR_READ'],
    ['Faulting.IP.Type', 'Paged'],
    ['Timeline.Process.Start.DeltaSec', '39'],
    ['WER.Process.Version', '1.2.3.4'],
  ])('%s', (key, value) => expect(keys.get(key)).toBe(value));
  it('its own age is not the system’s', () => expect(keys.has('Timeline.OS.Boot.DeltaSec')).toBe(false));
  it('a source line, as the symbols tell it', () => {
    const file = String.raw`C:\t\App.cpp`;
    const symbol = found({ name: 'main', displacement: 0x10, kind: 'procedure' as const, source: found({ file, line: 21 }) });
    const rows = program({ frames: [{ ...frame('1000', '0', '00007ff7`10001010'), symbol }] });
    expect(keysOf(rows).get('Failure.Source.FilePath')).toBe(file);
    expect(valueOf(rows, 'FAULTING_SOURCE_LINE')).toBe(file);
    expect(valueOf(rows, 'FAULTING_SOURCE_LINE_NUMBER')).toBe('21');
    const at = rows.indexOf('FAULTING_SOURCE_CODE:  ');
    // As published of assertwf.cpp: "No source found for 'assertwf.cpp'".
    expect(rows[at + 1]).toBe(`No source found for '${file}'`);
    expect(rows.indexOf('STACK_TEXT:  ')).toBeLessThan(rows.indexOf(`FAULTING_SOURCE_LINE:  ${file}`));
  });
  it('the words, flags and checks that it was started with', () => {
    const comment = { group: 'comment', name: 'CommentStreamA', value: found('\n*** procdump -ma App.exe'), privacy: 'person' as const };
    const rows = program({ memory: { '00000000`000070bc': '00000002' }, target: { facts: [comment] } });
    const at = rows.indexOf('COMMENT:  ');
    expect(rows.slice(at, at + 4)).toEqual(['COMMENT:  ', '', '*** procdump -ma App.exe', '']);
    expect(valueOf(rows, 'NTGLOBALFLAG')).toBe('2000000');
    expect(valueOf(program(), 'NTGLOBALFLAG')).toBeUndefined();
    expect(valueOf(program(), 'APPLICATION_VERIFIER_LOADED')).toBeUndefined();
  });
});

describe('code that cannot be fetched', () => {
  it('of a driver whose code is paged out', () => {
    // "IP_IN_PAGED_CODE: " and "FAILED_INSTRUCTION_ADDRESS: " of TestDriver, each with the place and "fffff803`712e5000 ??              ???".
    const rows = analysed({
      ...{ code: 0xd1, params: ['TestDriver.sys+0x5000', 2n, 8n, 'TestDriver.sys+0x5000'], modules: ['ntoskrnl.exe', 'TestDriver.sys'] },
      frames: [['TestDriver.sys+0x5000', 'context', 'AccessPageableMemory+0x0']],
    });
    for (const label of ['IP_IN_PAGED_CODE: ', 'FAILED_INSTRUCTION_ADDRESS: ']) {
      const at = rows.indexOf(label);
      expect(rows.slice(at, at + 4)).toEqual([label, 'TestDriver+5000', 'fffff800`12005000 ??              ???', '']);
    }
    expect(rows.indexOf('IP_IN_PAGED_CODE: ')).toBeLessThan(rows.indexOf('STACK_TEXT:  '));
  });
  it('of an application that ran to address 0', () => {
    const rows = program({
      context: { source: 'exception', registers: { rip: 0n, rsp: 0x1000n } },
      frames: [],
      target: { exception: { code: 0xc0000005, flags: 0, address: va(0n), parameters: [8n, 0n], nested: va(0n) } },
    });
    const at = rows.indexOf('EXECUTE_ADDRESS: 0');
    expect(rows.slice(at, at + 6)).toEqual(['EXECUTE_ADDRESS: 0', '', 'FAILED_INSTRUCTION_ADDRESS: ', '+0', '00000000`00000000 ??              ???', '']);
    expect(valueOf(rows, 'SYMBOL_NAME')).toBe('App.exe!unknown_error_in_process');
    expect(keysOf(rows).get('Faulting.IP.Type')).toBe('Null');
  });
});

describe('code that was changed', () => {
  it('as !chkimg lists it', () => {
    const image = Buffer.alloc(0x2000, 0x90);
    const memory = Buffer.from(image).subarray(0x1000);
    memory.fill(0, 0x100, 0x128);
    const rows = analysed({
      ...{ code: 0x3b, params: [0xc0000005n, 'win32kfull.sys+0x1800', 0n, 0n], modules: ['ntoskrnl.exe', 'win32kfull.sys'] },
      frames: [['win32kfull.sys+0x1800', 'context', 'X']],
      image: { module: 'win32kfull.sys', hex: image.toString('hex') },
      memory: { 'win32kfull.sys+0x1000': memory.toString('hex') },
    });
    const at = rows.indexOf('CHKIMG_EXTENSION: !chkimg -lo 50 -d !win32kfull');
    expect(rows.slice(at + 1, at + 4)).toEqual([
      '    fffff80012001100-fffff80012001127  40 bytes - win32kfull+1100',
      '\t[ 90 90 90 90 90 90 90 90:00 00 00 00 00 00 00 00 ]',
      '40 errors : !win32kfull (fffff80012001100-fffff80012001127)',
    ]);
    expect(valueOf(rows, 'MEMORY_CORRUPTOR')).toBe('LARGE');
    expect(valueOf(rows, 'MODULE_NAME')).toBe('memory_corruption');
  });
});

describe('a power transition that waits for Plug and Play', () => {
  const [thread, stack] = [0xffffe20f_7c803040n, 0xfffff588_255df000n];
  const waiting: Fake = {
    ...{ code: 0x9f, params: [4n, 0x12cn, thread, 0n], modules: ['ntoskrnl.exe', 'raspppoe.sys'], kernelOffsets: { OffsetKThreadKernelStack: 0x58 } },
    frames: [
      ['ntoskrnl.exe+0x1000', 'context', 'KiSwapContext'],
      ['raspppoe.sys+0x2000', 'unwind-info', 'RasPppoeCleanup+0x1f'],
    ],
    memory: { [String(thread + 0x58n)]: qword(stack), [String(stack + 0x30n)]: qword(0n) + qword(0xfffff800_10003000n) },
  };
  it('is shown on the stack of the thread that holds the lock', () => {
    const rows = analysed(waiting);
    expect(valueOf(rows, 'FAULTING_THREAD')).toBe('ffffe20f7c803040');
    expect(valueOf(rows, 'STACK_COMMAND')).toBe('.thread 0xffffe20f7c803040 ; kb');
    expect(valueOf(rows, 'SYMBOL_NAME')).toBe('raspppoe!RasPppoeCleanup+1f');
    expect(rows.some((row) => row.startsWith('LOCK_ADDRESS'))).toBe(false);
  });
  it('and names the lock, where symbols tell its place', () => {
    // Of itpro-docs' example, on x86: "LOCK_ADDRESS:  8226c6e0 -- (!locks 8226c6e0)", "Resource @ nt!PiEngineLock (0x8226c6e0)    Available".
    const rows = handmade({
      modules: [{ name: 'nt', base: 'fffff800`00000000', end: 'fffff800`01000000' }],
      names: { 'fffff800`0026c6e0': 'nt!PiEngineLock' },
      memory: { 'fffff800`0026c6e0': '00'.repeat(0x68) },
      target: { bugCheck: { code: 0x9f, params: [4n, 0x12cn, thread, 0n] }, os: { ...fakeSession({}).target.os, build: found(19041) } },
    }).run('!analyze -v');
    const at = rows.indexOf('LOCK_ADDRESS:  fffff8000026c6e0 -- (!locks fffff8000026c6e0)');
    expect(rows.slice(at + 1, at + 6)).toEqual(['', 'Resource @ nt!PiEngineLock (0xfffff8000026c6e0)    Available', '', '1 total locks', '']);
    // Nobody holds it: there is no thread to name.
    expect(rows.slice(at + 6, at + 10)).toEqual([
      'PNP_TRIAGE_DATA: ',
      '                Lock address  : 0xfffff8000026c6e0',
      '                Thread Count  : 0',
      '',
    ]);
  });
});

describe('whom a stop in the pool is of', () => {
  it('no module, where the pool met what somebody wrote before', () => {
    // "MODULE_NAME: Pool_Corruption" of "0xC5_2_nt!ExDeferredFreePool+21b", as an older debugger wrote the bucket.
    const frames = [`ntoskrnl.exe+0x1000`, `ntoskrnl.exe+0x2000`].map((place, index): FakeFrame => [
      place,
      'unwind-info',
      index === 0 ? 'KiPageFault' : 'ExDeferredFreePool+0x21b',
    ]);
    const rows = analysed({ code: 0xc5, params: [8n, 2n, 1n, 'ntoskrnl.exe+0x2000'], frames });
    expect(valueOf(rows, 'FAILURE_BUCKET_ID')).toBe('0xC5_2_nt!ExDeferredFreePool');
    expect(valueOf(rows, 'SYMBOL_NAME')).toBe('nt!ExDeferredFreePool+21b');
    expect(valueOf(rows, 'MODULE_NAME')).toBe('Pool_Corruption');
    expect(valueOf(rows, 'IMAGE_NAME')).toBe('Pool_Corruption');
  });
  it('the kernel under the name that its symbols give it', () => {
    const rows = handmade({
      modules: [{ name: 'nt', imageName: 'ntoskrnl.exe', base: 'fffff800`00000000', end: 'fffff800`00100000', pdb: 'ntkrnlmp.pdb' }],
      frames: [frame('1000', '0', 'fffff800`00001000')],
      target: { bugCheck: { code: 0x39, params: [0n, 0n, 0n, 0n] } },
    }).run('!analyze -v');
    expect(valueOf(rows, 'IMAGE_NAME')).toBe('ntkrnlmp.exe');
  });
});

/** Keys of WinDbg that are not told here. */
const NOT_OURS: readonly (readonly [keys: RegExp, why: string])[] = [
  [/^Analysis\./, 'what the debugger itself took'],
  [/^Failure\.Hash$/, 'how it is made is not public'],
  [/^(Hypervisor|SecureKernel)\./, 'variables of the kernel that no table names'],
  [/^Dump\.Attributes\.(DiagData|ErrorCode|LastLine|Progress)/, 'fields of the header whose places are not public'],
  [/^AV\.Fault$/, 'the older name of AV.Type'],
  [/^CLR\.NOSOS$/, 'an extension that could not be loaded'],
  [/^Memory\.Job\./, 'the job that held the process, which no dump of it describes'],
  [/^Timeline\.OS\.Boot/, 'of an application: the dump does not tell when the system started'],
];
const own = new Set([onIsr, program(), analysed({ code: 0xd1, params: [0n, 0n, 0n, 0n] }), failFast()].flatMap((rows) => [...keysOf(rows).keys()]));
own.add('Failure.Source.FilePath');
own.add('Dump.Attributes.AsUlong');
it('each key of ours is explained', () => {
  expect(own.size).toBeGreaterThanOrEqual(25);
  for (const key of own) expect(glossOf(key), key).toBeDefined();
});

describe.skipIf(kernelTexts.length === 0)('keys of published texts', () => {
  it.each([...kernelTexts, ...userTexts].map((one) => [one.name, one] as const))('%s: each is ours, or said why not', (_name, { rows }) => {
    const strange = [...keysOf(rows).keys()].filter((key) => !own.has(key) && !NOT_OURS.some(([pattern]) => pattern.test(key)));
    expect(strange).toEqual([]);
  });
});

function failFast(): readonly string[] {
  return program({ target: { exception: { code: 0xc0000409, flags: 0, address: va(0x7ff710001010n), parameters: [7n], nested: va(0n) } } });
}
