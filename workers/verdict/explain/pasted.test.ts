/** Texts as Windows and WinDbg write them; the expectations are read off them by eye. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../../knowledge/load.ts';
import { corpusRoot } from '../../testing/node/corpus.ts';
import { readBucket } from './bucket.ts';
import { readPasted } from './pasted.ts';

const knowledge = await loadKnowledge();
const read = (text: string) => readPasted(text, knowledge);

describe('a code by itself', () => {
  it.each([
    ['0xD1', 0xd1],
    ['d1', 0xd1],
    ['0x000000D1', 0xd1],
    ['Stop code: 0x7E', 0x7e],
    ['STOP 0x0000009F', 0x9f],
    ['1000007e', 0x1000007e],
    ['c000021a', 0xc000021a],
    // Decimal, as event 41 has it; 80 could be either and is read as hex.
    ['278', 0x116],
    ['80', 0x80],
    ['DRIVER_IRQL_NOT_LESS_OR_EQUAL', 0xd1],
    ['Stop code: CRITICAL PROCESS DIED', 0xef],
    ['Stillstandcode: DPC WATCHDOG VIOLATION', 0x133],
    ['my pc says whea uncorrectable error again', 0x124],
  ])('%s', (text, code) => {
    expect(read(text).stop?.code).toBe(code);
    expect(read(text).kind).toMatch(/^(code|stop)$/);
  });
  it.each([
    ['0xc0000005', 0xc0000005],
    ['-1073741819', 0xc0000005],
    ['3221225477', 0xc0000005],
    ['STATUS_HEAP_CORRUPTION', 0xc0000374],
    ['ffffffffc0000005', 0xc0000005],
    ['The update failed with error 0x80070005.', 0x80070005],
  ])('%s is a status', (text, code) => {
    expect(read(text)).toMatchObject({ kind: 'status', status: { code } });
  });
  it('the file that failed stands beside the name', () => {
    expect(read('Stop code: DRIVER IRQL NOT LESS OR EQUAL\nWhat failed: rtwlane.sys')).toMatchObject({ stop: { code: 0xd1 }, modules: ['rtwlane.sys'] });
  });
  it.each(['', '   ', 'hello', 'my computer is slow', '-5', '0x', 'g1', '😀'.repeat(50)])('%j is nothing', (text) => {
    expect(read(text)).toEqual({ kind: 'nothing', modules: [], notes: [] });
  });
});

describe('the event log', () => {
  const params = [0xffffe0011e57d4c0n, 0xfffff800a4c620f0n, 0xffffffffc000009an, 4n];
  it('1001 in English', () => {
    const text =
      'The computer has rebooted from a bugcheck.  The bugcheck was: 0x00000116 (0xffffe0011e57d4c0, 0xfffff800a4c620f0, 0xffffffffc000009a, 0x0000000000000004). A dump was saved in: C:\\WINDOWS\\MEMORY.DMP. Report Id: 1ab6.';
    expect(read(text)).toMatchObject({ kind: 'stop', stop: { code: 0x116, params } });
  });
  it('1001 in German: only the numbers are read', () => {
    const text =
      'Der Computer wurde nach einem schwerwiegenden Fehler neu gestartet. Der Fehlercode war: 0x00000116 (0xffffe0011e57d4c0, 0xfffff800a4c620f0, 0xffffffffc000009a, 0x0000000000000004). Ein volles Abbild wurde gespeichert in: C:\\Windows\\MEMORY.DMP.';
    expect(read(text).stop).toEqual({ code: 0x116, params });
  });
  it('the stop line of an old blue screen', () => {
    expect(read('*** STOP: 0x0000000A (0x00000000,0x00000002,0x00000001,0x8080D2C4)').stop).toEqual({ code: 0xa, params: [0n, 2n, 1n, 0x8080d2c4n] });
  });
  it('41 as XML: the code is decimal, 278 is 0x116', () => {
    const text =
      '<Data Name="BugcheckCode">278</Data>\n<Data Name="BugcheckParameter1">0xffffe0011e57d4c0</Data>\n<Data Name="BugcheckParameter2">0xfffff800a4c620f0</Data>\n<Data Name="BugcheckParameter3">0xffffffffc000009a</Data>\n<Data Name="BugcheckParameter4">0x4</Data>';
    expect(read(text)).toMatchObject({ kind: 'event-41', stop: { code: 0x116, params } });
  });
  it('41 as the list of details', () => {
    expect(read('  BugcheckCode 80 \n  BugcheckParameter1 0xffffa98c99cc35bf').stop?.code).toBe(0x50);
  });
  it('41 with code 0: no stop was recorded', () => {
    const text = '  BugcheckCode 0\n  BugcheckParameter1 0x0\n  SleepInProgress 4\n  PowerButtonTimestamp 132574213284\n';
    expect(read(text)).toEqual({ kind: 'event-41', power: { buttonHeld: true, sleeping: true }, modules: [], notes: [] });
    expect(read('BugcheckCode: 0\nSleepInProgress: false\nPowerButtonTimestamp: 0\nLongPowerButtonPressDetected: false').power).toEqual({
      buttonHeld: false,
      sleeping: false,
    });
  });
  it('1000 of a program, English and German', () => {
    const english =
      'Faulting application name: game.exe, version: 1.0.0.0, time stamp: 0x5f3a\nFaulting module name: nvwgf2umx.dll, version: 27.21.14.5167, time stamp: 0x5f29\nException code: 0xc0000005\nFault offset: 0x0000000000a1b2c3';
    const german =
      'Name der fehlerhaften Anwendung: game.exe, Version: 1.0.0.0, Zeitstempel: 0x5f3a\nName des fehlerhaften Moduls: nvwgf2umx.dll, Version: 27.21.14.5167\nAusnahmecode: 0xc0000005\nFehleroffset: 0x0000000000a1b2c3';
    for (const text of [english, german])
      expect(read(text)).toEqual({
        kind: 'program-report',
        program: 'game.exe',
        modules: ['nvwgf2umx.dll'],
        status: { code: 0xc0000005 },
        notes: ['It happened at nvwgf2umx.dll+0xa1b2c3.'],
      });
  });
});

describe('problem reports', () => {
  it('BlueScreen, the old form', () => {
    const text =
      'Problem signature:\n  Problem Event Name:\tBlueScreen\n  OS Version:\t6.1.7601.2.1.0.256.48\n\nBCCode:\t1000007e\n  BCP1:\tFFFFFFFFC0000005\n  BCP2:\tFFFFF88003A4B1C0\n  BCP3:\tFFFFF880031A7648\n  BCP4:\tFFFFF880031A6EA0';
    expect(read(text).stop).toEqual({ code: 0x1000007e, params: [0xffffffffc0000005n, 0xfffff88003a4b1c0n, 0xfffff880031a7648n, 0xfffff880031a6ea0n] });
  });
  it('LiveKernelEvent, as the reliability monitor shows it, in German', () => {
    const text =
      'Problemsignatur\nProblemereignisame: LiveKernelEvent\nCode: 141\nParameter 1: ffffbe0a5d0c2010\nParameter 2: fffff8061a2b3c4d\nParameter 3: 0\nParameter 4: 2a4c\nBetriebssystemversion: 10_0_19045';
    expect(read(text)).toMatchObject({ kind: 'blue-screen-report', stop: { code: 0x141, params: [0xffffbe0a5d0c2010n, 0xfffff8061a2b3c4dn, 0n, 0x2a4cn] } });
  });
  it('event 1001 of error reporting: P1 is the code', () => {
    expect(
      read('Fault bucket , type 0\nEvent Name: BlueScreen\nProblem signature:\nP1: 133\nP2: 1\nP3: 1e00\nP4: fffff80123c1\nP5: 0\nP6: 10_0_22631').stop,
    ).toEqual({
      code: 0x133,
      params: [1n, 0x1e00n, 0xfffff80123c1n, 0n],
    });
  });
  it('APPCRASH', () => {
    const text =
      'Event Name: APPCRASH\nProblem signature:\nP1: notepad.exe\nP2: 10.0\nP3: 5f3a\nP4: ntdll.dll\nP5: 10.0\nP6: 5f29\nP7: c0000374\nP8: 00000000000ff199';
    expect(read(text)).toMatchObject({ kind: 'program-report', program: 'notepad.exe', modules: ['ntdll.dll'], status: { code: 0xc0000374 } });
  });
});

describe('WinDbg', () => {
  it('.bugcheck', () => {
    expect(read('Bugcheck code 0000009F\nArguments 00000000`00000003 ffffad8f`6b1d5060 fffff801`3bb11850 ffffad8f`77d7fb20').stop).toEqual({
      code: 0x9f,
      params: [3n, 0xffffad8f6b1d5060n, 0xfffff8013bb11850n, 0xffffad8f77d7fb20n],
    });
  });
  it('the short form names a driver', () => {
    const text = 'BugCheck D1, {60, 2, 0, fffff806697f8304}\n\nProbably caused by : tunnel.sys ( tunnel!TeredoWfpRemoveHashEntry+94 )\n';
    expect(read(text)).toMatchObject({ kind: 'windbg', stop: { code: 0xd1, params: [0x60n, 2n, 0n, 0xfffff806697f8304n] }, modules: ['tunnel.sys'] });
  });
  it('the short form that knows nobody names no driver', () =>
    expect(read('BugCheck D1, {60, 2, 0, fffff806697f8304}\n\nProbably caused by : not known\n')).toMatchObject({ kind: 'windbg', modules: [] }));
  it('.exr of a program', () => {
    expect(read('ExceptionAddress: 00007ff6 (crash!main+0x10)\n   ExceptionCode: c0000094 (Integer divide-by-zero)')).toMatchObject({
      status: { code: 0xc0000094 },
    });
  });
});

describe('buckets', () => {
  it.each([
    ['0x9F_3_RtsPer_IMAGE_pci.sys', { code: 0x9f, first: 3n, module: 'pci.sys', live: false, verifier: false }],
    ['0x133_DPC_gwdrv!unknown_function', { code: 0x133, module: 'gwdrv', live: false, verifier: false }],
    ['0x10D_5_VRF_BthPS3PSM!BthPS3PSM_EvtDeviceContextCleanup', { code: 0x10d, first: 5n, verifier: true, function: 'BthPS3PSM_EvtDeviceContextCleanup' }],
    ['0x3B_C0000006_VRF_nt!HvpGetCellPaged', { code: 0x3b, status: 0xc0000006, verifier: true, module: 'nt', function: 'HvpGetCellPaged' }],
    ['LKD_0x117_IMAGE_igdkmd64.sys', { live: true, code: 0x117, module: 'igdkmd64.sys' }],
    ['AV_myfault!unknown_function', { module: 'myfault', live: false }],
    ['AV_R_INVALID_WwanUsbMp!unknown_function', { module: 'WwanUsbMp' }],
    ['X64_0x3B_iqvw64e!x', { code: 0x3b, module: 'iqvw64e' }],
    ['AV_VRF_CODE_AV_PAGED_IP_audiohubvad!EventHandler_SpeakerTopology', { verifier: true, module: 'audiohubvad' }],
    ['0xc4_IrqlExApcLte1_XDV_VRF_MyDriver!OnInterrupt', { code: 0xc4, verifier: true, module: 'MyDriver' }],
    ['0x9F_3_amdi2c_DEV_AMDI0010_IMAGE_ACPI.sys', { code: 0x9f, first: 3n, holder: 'amdi2c', module: 'ACPI.sys' }],
    ['0x124_16_GenuineIntel__UNKNOWN_IMAGE_GenuineIntel.sys', { code: 0x124, first: 16n }],
    ['0xEF_csrss.exe_BUGCHECK_CRITICAL_PROCESS_66897700_ntdll!NtTerminateProcess', { code: 0xef, module: 'ntdll', function: 'NtTerminateProcess' }],
    ['0xEF_wininit.exe_BUGCHECK_CRITICAL_PROCESS_TERMINATED_BY_MSExchangeHMWorker.exe_5f28_ntdll!NtTerminateProcess', { code: 0xef, module: 'ntdll' }],
    ['CLOCK_WATCHDOG_TIMEOUT_nvlddmkm!unknown_function', { code: 0x101, module: 'nvlddmkm' }],
    ['X64_CLOCK_WATCHDOG_TIMEOUT_18_PROC_ANALYSIS_INCONCLUSIVE', { code: 0x101 }],
    ['MEMORY_CORRUPTION_ONE_BIT', { live: false }],
    ['FAIL_FAST_FATAL_APP_EXIT_c0000409_ucrtbase.dll!abort', { status: 0xc0000409, module: 'ucrtbase.dll', function: 'abort' }],
    ['INVALID_POINTER_READ_AVRF_c0000005_FreeImaged.dll!FreeImage_HasPixels', { status: 0xc0000005, module: 'FreeImaged.dll' }],
    ['HEAP_CORRUPTION_ACTIONABLE_InvalidArgument_c0000374_heap_corruption!Mem.exe', { status: 0xc0000374, module: 'Mem.exe' }],
    ['APPLICATION_HANG_cfffffff_coreclr.dll!Thread::DoAppropriateWaitWorker', { status: 0xcfffffff, module: 'coreclr.dll' }],
  ])('%s', (text, parts) => {
    expect(readBucket(text)).toMatchObject(parts);
    expect(read(text).kind).toBe('bucket');
  });
  it.each(['0xd1', 'AV_', 'hello_world', '!', '0x_!', 'LKD_'])('%s is none', (text) => expect(readBucket(text)).toBeUndefined());
});

/** Number of the published text, code, first and last argument, as they stand in it. */
const PUBLISHED: readonly (readonly [number, number, bigint, bigint])[] = [
  [2, 0xd1, 0xffff8001acdc6010n, 0xfffff805736312d0n],
  [5, 0x19, 0x22n, 0n],
  [9, 0x7e, 0xffffffffc0000005n, 0xffffa1088a4ae410n],
  [12, 0x20, 0n, 1n],
  [23, 0x117, 0xffffe0011e57d4c0n, 0n],
  [25, 0x1a, 0x41792n, 0n],
  [28, 0x133, 0n, 0xfffff803e1dc33a0n],
  [32, 0x50, 0x8ba10000n, 0n],
  [35, 0x9f, 3n, 0xffffad8f77d7fb20n],
];
const folder = join(corpusRoot, '..', 'layouts', 'analyze_kernel');
if (!existsSync(folder)) console.warn('SKIPPED: no published analyses beside the corpus');
describe.runIf(existsSync(folder))('published analyses', () => {
  it.each(PUBLISHED)('%i', (number, code, first, last) => {
    const { kind, stop } = read(readFileSync(join(folder, `${String(number)}.txt`), 'utf8'));
    expect(kind).toBe('windbg');
    expect(stop?.code).toBe(code);
    expect([stop?.params[0], stop?.params[3]]).toEqual([first, last]);
  });
});

describe('anything at all', () => {
  const SEED = 20261126;
  const samples = [
    '0x00000116 (0xffffe0011e57d4c0, 0xfffff800a4c620f0, 0xffffffffc000009a, 0x4)',
    'BUGCHECK_CODE:  d1\nBUGCHECK_P1: 8\nFAILURE_BUCKET_ID:  AV_x!y\nMODULE_NAME: x\n',
    'Event Name: APPCRASH P1: a.exe P4: b.dll P7: c0000005',
    'BugcheckCode 278 BugcheckParameter1 0x1 PowerButtonTimestamp 0',
    'stop code CRITICAL PROCESS DIED what failed x.sys',
    '0x9F_3_RtsPer_IMAGE_pci.sys',
    'A fatal hardware error has occurred. Reported by component: Processor Core Error Type: Cache Hierarchy Error Processor APIC ID: 5',
    'Faulting application name: a.exe, version: 1, time stamp: 0x1\nFaulting module name: b.dll, version: 1\nException code: 0xc0000005\nFault offset: 0x1234',
    'LiveKernelEvent Code: 141 Parameter 1: 0 Event ID: 41 Source: volmgr 161',
  ];
  const CHARACTERS = ['', ' ', '\n', '_', '0', 'f', 'x', ':', '(', '{', ',', '`', '!', '\u0000', 'é', '0x', 'P1:', 'Arg1:'];
  it(`never throws and never takes long (seed ${String(SEED)})`, () => {
    let state = SEED;
    const next = (below: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    const started = performance.now();
    for (let round = 0; round < 1000; round++) {
      let text = samples[next(samples.length)] ?? '';
      for (let change = next(6); change >= 0; change--) {
        const at = next(text.length + 1);
        text = text.slice(0, at) + (CHARACTERS[next(CHARACTERS.length)] ?? '').repeat(1 + next(40)) + text.slice(at + next(4));
      }
      const { stop, status } = read(text);
      for (const code of [stop?.code, status?.code]) expect(code === undefined || (Number.isInteger(code) && code >= 0 && code <= 0xffff_ffff)).toBe(true);
      expect(stop === undefined || stop.params.length <= 4).toBe(true);
    }
    const long = [
      '0x1 (0x1, '.repeat(60_000),
      'Parameter 1: '.repeat(50_000),
      ': a.exe, '.repeat(70_000),
      'event id '.repeat(70_000),
      'a_'.repeat(300_000),
      ' '.repeat(600_000),
      '0x'.repeat(300_000),
      'P1: '.repeat(150_000),
      'Arg1:\n'.repeat(100_000),
      'a.'.repeat(300_000),
    ];
    for (const text of long) read(text);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
