/** Texts as people paste them, in the forms that Windows, WinDbg and the tools write; what they say is read off them by eye. */
import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../../../knowledge/load.ts';
import { readPasted } from '../pasted.ts';

const knowledge = await loadKnowledge();
const read = (text: string) => readPasted(text, knowledge);
const notes = (text: string): string => read(text).notes.join(' ');

describe('arguments behind a short code', () => {
  it.each([
    ['0x9f (3, 0xffffad8f6b1d5060, 0xfffff8013bb11850, 0xffffad8f77d7fb20)', 0x9f, [3n, 0xffffad8f6b1d5060n, 0xfffff8013bb11850n, 0xffffad8f77d7fb20n]],
    ['0x9f (3, 0x...)', 0x9f, [3n]],
    ['0x124 (0x0, 0xffffb50b5f0a8028, 0xbea00000, 0x108)', 0x124, [0n, 0xffffb50b5f0a8028n, 0xbea00000n, 0x108n]],
    ['0x139 (0x3, 0xfffff80000000000, …)', 0x139, [3n, 0xfffff80000000000n]],
    ['0x1a (41792, fffff680000, 200000000000, 0)', 0x1a, [0x41792n, 0xfffff680000n, 0x200000000000n, 0n]],
    ['0x133 1 0x1e00', 0x133, [1n, 0x1e00n]],
    ['0x1A: 0x41790', 0x1a, [0x41790n]],
    ['1a 41792 ffffde0111510468 200000000000 0', 0x1a, [0x41792n, 0xffffde0111510468n, 0x200000000000n, 0n]],
    ['1a 41792 ... 0', 0x1a, [0x41792n]],
    ['9f/3', 0x9f, [3n]],
    ['BSOD 0xEF 0', 0xef, [0n]],
    ['The bugcheck was: 0xa0000001 (0x0000000000000005, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000).', 0xa0000001, [5n, 0n, 0n, 0n]],
    [
      '*** STOP: 0x0000007E (0xFFFFFFFFC0000005,\n 0xFFFFF80003A4B1C0, 0xFFFFF880031A7648, 0xFFFFF880031A6EA0)',
      0x7e,
      [0xffffffffc0000005n, 0xfffff80003a4b1c0n, 0xfffff880031a7648n, 0xfffff880031a6ea0n],
    ],
    ['Bugcheck code: 0x133 (0x1, 0x1E00, 0xFFFFF80561CFB320, 0x0)\nError: DPC_WATCHDOG_VIOLATION', 0x133, [1n, 0x1e00n, 0xfffff80561cfb320n, 0n]],
    [
      '052924-9890-01.dmp\t5/29/2024 8:21:14 PM\tDRIVER_IRQL_NOT_LESS_OR_EQUAL\t0x000000d1\t00000000`00000028\t00000000`00000002\t00000000`00000000\tfffff806`13a2c0b4\tndis.sys',
      0xd1,
      [0x28n, 2n, 0n, 0xfffff80613a2c0b4n],
    ],
  ])('%s', (text, code, params) => expect(read(text).stop).toEqual({ code, params }));
  it.each([
    'Get-Item failed with 0x5 (5) and so on, in a longer sentence that goes on for quite a while about a folder and its files and nothing else at all',
    'f(3, 4)',
    'call 0x401000 (3, 4)',
  ])('%s is no stop with arguments', (text) => expect(read(text).kind).not.toBe('stop'));
  it('several stops in one text: the first is told, and that there are more', () => {
    const text = '0x0000001a (0x41792, 0x1, 0x2, 0x0)\n0x00000050 (0x1, 0x0, 0x2, 0x2)\n0x0000003b (0xc0000005, 0x1, 0x2, 0x0)';
    expect(read(text).stop?.code).toBe(0x1a);
    expect(notes(text)).toMatch(/3 stop codes/);
  });
});

describe('entries of the event log', () => {
  const WHEA_18 =
    'A fatal hardware error has occurred.\n\nReported by component: Processor Core\nError Source: Machine Check Exception\nError Type: Cache Hierarchy Error\nProcessor APIC ID: 5\n\nThe details view of this entry contains further information.';
  it('WHEA-Logger 18 is an event of the hardware, not stop 0x9C', () => {
    expect(read(WHEA_18)).toMatchObject({ kind: 'event' });
    expect(read(WHEA_18).stop).toBeUndefined();
    expect(notes(WHEA_18)).toMatch(/could not be corrected.*Processor Core.*cache of the processor.*APIC ID 5.*numbers 4 and 5/i);
  });
  it('WHEA-Logger 17, corrected, of a PCI Express device', () => {
    const text =
      'A corrected hardware error has occurred.\n\nComponent: PCI Express Root Port\nError Source: Advanced Error Reporting (PCI Express)\n\nPrimary Bus:Device:Function: 0x0:0x1C:0x5\nSecondary Bus:Device:Function: 0x0:0x0:0x0\nPrimary Device Name:PCI\\VEN_8086&DEV_A33C\nVendor ID:Device ID: 0x8086:0xA33C';
    expect(notes(text)).toMatch(/corrected it.*PCI Express Root Port.*Intel.*0xA33C, at 0x0:0x1C:0x5/i);
  });
  it.each([
    [
      'Ein schwerwiegender Hardwarefehler ist aufgetreten.\nGemeldet von Komponente: Prozessorkern\nFehlerquelle: Machine Check Exception\nFehlertyp: Cache Hierarchy Error\nProzessor-APIC-ID: 0',
      /could not be corrected.*Prozessorkern.*cache/,
    ],
    [
      'Se ha producido un error de hardware grave.\nNotificado por el componente: Núcleo del procesador\nId. de APIC de procesador: 2',
      /could not be corrected/,
    ],
    ['WHEA-Logger 19', /corrected it/],
    ['Event 18, WHEA-Logger', /could not be corrected/],
  ])('%s', (text, words) => {
    expect(read(text).kind).toBe('event');
    expect(notes(text)).toMatch(words);
  });
  it.each([
    'Kernel-Power 41 (63)',
    'Event 41',
    'Event ID: 41\nSource: Microsoft-Windows-Kernel-Power\nTask Category: (63)',
    'The system has rebooted without cleanly shutting down first. This error could be caused if the system stopped responding, crashed, or lost power unexpectedly.',
    'Das System wurde neu gestartet, ohne dass es zuvor ordnungsgemäß heruntergefahren wurde.',
    'Le système a redémarré sans s’arrêter correctement au préalable.',
    'El sistema se reinició sin apagarse limpiamente primero.',
    'Il sistema è stato riavviato senza prima un arresto corretto.',
    '<Provider Name="Microsoft-Windows-Kernel-Power" Guid="{331c3b3a-2005-44c2-ac5e-77220c37d6b4}" />\n<EventID>41</EventID>',
  ])('41: %s', (text) => {
    expect(read(text).kind).toBe('event-41');
    expect(notes(text)).toMatch(/BugcheckCode/);
  });
  it.each([
    ['volmgr 161', /could not write the dump/],
    [
      'Log Name: System\nSource: volmgr\nDate: 3/2/2024\nEvent ID: 161\nDump file creation failed due to error during dump creation.',
      /could not write the dump/,
    ],
    ['Event ID 46 volmgr Crash dump initialization failed!', /page file/],
    ['The previous system shutdown at 10:41:33 PM on 5/7/2023 was unexpected.', /without a shutdown/],
    ['Display driver nvlddmkm stopped responding and has successfully recovered.', /restarted the driver/],
    ['Event 153, nvlddmkm', /NVIDIA/],
    ['nvlddmkm 14', /NVIDIA/],
    ['Event 129, storahci: Reset to device, \\Device\\RaidPort0, was issued.', /sent again/],
    ['disk 7', /bad block/],
    ['Event 153, disk', /sent again/],
    ['Ntfs 55', /file system/],
    ['Kernel-Processor-Power 37', /below its speed/],
    ['DistributedCOM 10016', /no harm/],
    ['Windows was not properly shut down', /event 41/],
    ['Windows wurde nicht ordnungsgemäß heruntergefahren', /event 41/],
  ])('%s', (text, words) => {
    expect(read(text).kind).toBe('event');
    expect(notes(text)).toMatch(words);
  });
  it('a date or an address is no number of an event', () => {
    for (const text of ['my disk has 7 partitions', 'Ntfs on 55 GB', 'driver 41', 'the event was on the 41st floor'])
      expect(read(text).kind, text).not.toMatch(/^event-41$/);
  });
});

describe('problem reports', () => {
  const shot = 'BCCode: 116\nBCP1: FFFFFA800B0E24E0\nBCP2: FFFFF88004FB2078\nBCP3: 0000000000000000\nBCP4: 0000000000000002';
  const params = [0xfffffa800b0e24e0n, 0xfffff88004fb2078n, 0n, 2n];
  it.each([
    `Problem Event Name: BlueScreen\nOS Version: 6.1.7601.2.1.0.768.3\nLocale ID: 2057\n\nAdditional information about the problem:\n${shot}`,
    `Problemereignisname:\tBlueScreen\nGebietsschema-ID:\t1031\n\nZusatzinformationen zum Problem:\n${shot}`,
    `Nom d’événement de problème:\tBlueScreen\nIdentificateur de paramètres régionaux:\t1036\n${shot}`,
    `Nombre del evento de problema:\tBlueScreen\n${shot}`,
  ])('of a stop, %#', (text) => expect(read(text)).toMatchObject({ kind: 'blue-screen-report', stop: { code: 0x116, params } }));
  it.each([
    'LiveKernelEvent\nCode:\t141\nParameter 1:\tffffbe0a5d0c2010\nParameter 2:\tfffff8061a2b3c4d\nParameter 3:\t0\nParameter 4:\t2a4c',
    'Nom d’événement de problème: LiveKernelEvent\nCode: 141\nParamètre 1: ffffbe0a5d0c2010\nParamètre 2: fffff8061a2b3c4d\nParamètre 3: 0\nParamètre 4: 2a4c',
    'Nombre del evento: LiveKernelEvent\nCódigo: 141\nParámetro 1: ffffbe0a5d0c2010\nParámetro 2: fffff8061a2b3c4d\nParámetro 3: 0\nParámetro 4: 2a4c',
    'Fault bucket LKD_0x141_Tdr:6_IMAGE_nvlddmkm.sys, type 0\nEvent Name: LiveKernelEvent\nP1: 141\nP2: ffffbe0a5d0c2010\nP3: fffff8061a2b3c4d\nP4: 0\nP5: 2a4c\nP6: 10_0_19045',
  ])('of a live dump, %#', (text) => expect(read(text).stop).toEqual({ code: 0x141, params: [0xffffbe0a5d0c2010n, 0xfffff8061a2b3c4dn, 0n, 0x2a4cn] }));
  it.each(['LiveKernelEvent 141', 'LiveKernelEvent (141)', 'Hardware error: LiveKernelEvent code 141', 'LiveKernelEvent: 0x141'])('%s', (text) =>
    expect(read(text)).toMatchObject({ kind: 'blue-screen-report', stop: { code: 0x141 } }),
  );
  it('a live event without a code asks for it', () => expect(notes('I get LiveKernelEvent all the time')).toMatch(/paste “Code”/));
});

describe('programs', () => {
  it('1000 with a name in several words, and where it happened', () => {
    const text =
      'Faulting application name: Cities Skylines.exe, version: 5.6.7.13, time stamp: 0xc0579aab\nFaulting module name: KERNELBASE.dll, version: 10.0.19041.906, time stamp: 0x2f2f77bf\nException code: 0xe06d7363\nFault offset: 0x0000000000034b59\nFaulting process id: 0x38b8\nFaulting application path: C:\\Games\\Cities Skylines.exe';
    expect(read(text)).toMatchObject({ kind: 'program-report', program: 'Cities Skylines.exe', modules: ['KERNELBASE.dll'], status: { code: 0xe06d7363 } });
    expect(notes(text)).toMatch(/KERNELBASE\.dll\+0x34b59.*The caller did it/);
  });
  it.each([
    'The program chrome.exe version 123.0.6312.86 stopped interacting with Windows and was closed. To see if more information about the problem is available, check the problem history.',
    'Programm chrome.exe, Version 123.0.6312.86 interagiert nicht mehr mit Windows und wurde geschlossen.',
    'Le programme chrome.exe version 123.0.6312.86 a cessé d’interagir avec Windows et a été fermé.',
    'El programa chrome.exe versión 123.0.6312.86 dejó de interactuar con Windows y se cerró.',
  ])('1002: %s', (text) => expect(read(text)).toMatchObject({ kind: 'program-report', program: 'chrome.exe', status: { code: 0xcfffffff }, modules: [] }));
  it('1026 of .NET names the exception', () => {
    const text =
      'Application: Tool.exe\nFramework Version: v4.0.30319\nDescription: The process was terminated due to an unhandled exception.\nException Info: System.NullReferenceException\n   at Tool.Main.Run()';
    expect(read(text)).toMatchObject({ kind: 'program-report', program: 'Tool.exe', status: { code: 0xe0434352 } });
    expect(notes(text)).toMatch(/System\.NullReferenceException/);
  });
  it.each([
    ['Exit code -1073741819', 0xc0000005],
    ['The process exited with code -1073741515 (0xC0000135).', 0xc0000135],
    ['exit code: 3221226505', 0xc0000409],
    ['Process finished with exit code -1073740791 (0xC0000409)', 0xc0000409],
  ])('%s', (text, code) => expect(read(text)).toMatchObject({ kind: 'status', status: { code } }));
});

describe('WinDbg and buckets', () => {
  it.each(['FAILURE_BUCKET_ID:  0x9F_3_nvlddmkm_IMAGE_pci.sys', '0x9F_3_nvlddmkm_IMAGE_pci.sys', '0x9F_3_POWER_DOWN_nvlddmkm_IMAGE_pci.sys'])(
    '%s: the driver that kept the request, and why pci.sys is named',
    (text) => {
      expect(read(text)).toMatchObject({ stop: { code: 0x9f, params: [3n] }, modules: ['nvlddmkm', 'pci.sys'] });
      expect(notes(text)).toMatch(/nvlddmkm kept the request.*pci\.sys is the driver of the device’s bus/);
    },
  );
  it('0x133_DPC holds its first argument in a word', () => {
    expect(read('0x133_DPC_gwdrv!unknown_function').stop).toEqual({ code: 0x133, params: [0n] });
    expect(read('0x133_ISR_nt!KeAccumulateTicks').stop).toEqual({ code: 0x133, params: [1n] });
  });
  it('memory_corruption and the like are no files', () => {
    const text = 'BUGCHECK_CODE:  139\nBUGCHECK_P1: 3\nMODULE_NAME: hardware\nIMAGE_NAME:  memory_corruption\nFAILURE_BUCKET_ID:  MEMORY_CORRUPTION_LARGE';
    expect(read(text).modules).toEqual([]);
    expect(notes(text)).toMatch(/RAM/);
  });
  it('a module and its file are one', () => {
    const text =
      'MODULE_NAME: nt\nIMAGE_NAME:  ntkrnlmp.exe\nPROCESS_NAME:  System\nBUGCHECK_CODE:  a\nBUGCHECK_P1: 28\nBUGCHECK_P2: 2\nBUGCHECK_P3: 0\nBUGCHECK_P4: fffff80613a2c0b4';
    expect(read(text)).toMatchObject({ kind: 'windbg', program: 'System', modules: ['ntkrnlmp.exe'], stop: { code: 0xa } });
  });
  it('a stop code that WinDbg does not know', () => {
    const text = 'Unknown bugcheck code (c000007b)\nUnknown bugcheck description\nArguments:\nArg1: 8ebab960\nArg2: c0000428\nArg3: 00000000\nArg4: 00000000';
    expect(read(text).stop).toEqual({ code: 0xc000007b, params: [0x8ebab960n, 0xc0000428n, 0n, 0n] });
  });
});

describe('as people cut and shorten them', () => {
  it.each([
    ['Error 0x80240034 windows update', { kind: 'status', status: { code: 0x80240034 } }],
    [
      'The instruction at 0x00007FF6A1B2C3D4 referenced memory at 0x0000000000000008. The memory could not be read.',
      { kind: 'status', status: { code: 0xc0000005 } },
    ],
    ['(1a2c.3b4c): Access violation - code c0000005 (first/second chance not available)', { kind: 'windbg', status: { code: 0xc0000005 } }],
    ['bccode 1000007e', { kind: 'blue-screen-report', stop: { code: 0x1000007e } }],
    ['LKD_0x141_Tdr:6_IMAGE_nvlddmkm.sys_Ada', { kind: 'bucket', stop: { code: 0x141 }, modules: ['nvlddmkm.sys'] }],
    ['INVALID_POINTER_READ_c0000005_nvwgf2umx.dll!unknown', { kind: 'bucket', status: { code: 0xc0000005 }, modules: ['nvwgf2umx.dll'] }],
    [
      '0xEF_svchost.exe_BUGCHECK_CRITICAL_PROCESS_TERMINATED_BY_svchost.exe_c0000005_ntdll.dll!RtlpHpLfhSlotAllocate',
      { kind: 'bucket', stop: { code: 0xef }, program: 'svchost.exe', modules: ['ntdll.dll'] },
    ],
    ['*** STOP: 0x0000007E (0C0000005, 0x81C908A2)', { kind: 'stop', stop: { code: 0x7e, params: [0xc0000005n, 0x81c908a2n] } }],
    ['Stop-Code: PAGE_FAULT_IN_NONPAGED_AREA\nFehlerquelle: win32kfull.sys', { kind: 'code', stop: { code: 0x50 }, modules: ['win32kfull.sys'] }],
    [
      'Dump File : Mini081411-01.dmp\nBug Check String : KERNEL_STACK_INPAGE_ERROR\nBug Check Code : 0x00000077\nParameter 1 : 0xc0000056\nParameter 2 : 0xc0000056\nParameter 3 : 0x00000000\nParameter 4 : 0x0041f000\nCaused By Driver : ntoskrnl.exe',
      { stop: { code: 0x77, params: [0xc0000056n, 0xc0000056n, 0n, 0x41f000n] } },
    ],
    [
      'Nome do aplicativo com falha: explorer.exe, versão: 10.0, carimbo de data/hora: 0x00d09b84\nNome do módulo com falha: wevtapi.dll, versão: 10.0, carimbo de data/hora: 0xb1ae8222\nCódigo de exceção: 0xc0000005\nDeslocamento da falha: 0x0000000000013831',
      { program: 'explorer.exe', modules: ['wevtapi.dll'], status: { code: 0xc0000005 }, notes: ['It happened at wevtapi.dll+0x13831.'] },
    ],
    [
      '错误应用程序名称: Xplist.exe，版本: 0.0.0.0，时间戳: 0x6285d148\n错误模块名称: Xplist.exe，版本: 0.0.0.0，时间戳: 0x3c76b1b4\n异常代码: 0xc00000fd\n错误偏移量: 0x000000000003ec71',
      { program: 'Xplist.exe', modules: ['Xplist.exe'], status: { code: 0xc00000fd }, notes: ['It happened at Xplist.exe+0x3ec71.'] },
    ],
    [
      'Faulting application name: a.exe, version: 6.5.1.0, time stamp: 0x66470000\nFaulting module name: unknown, version: 0.0.0.0, time stamp: 0x00000000\nException code: 0xc00000fd',
      { program: 'a.exe', modules: [] },
    ],
  ])('%s', (text, wanted) => expect(read(text)).toMatchObject(wanted));
  it('a bare number may be that of an event', () => {
    expect(read('1001').kind).toBe('event');
    expect(read('41')).toMatchObject({ kind: 'code', stop: { code: 0x41 } });
    expect(notes('41')).toMatch(/^As the number of an event: Event 41/);
  });
  it('what WinDbg found in code that differs from its file', () => expect(notes('MEMORY_CORRUPTION_ONE_BIT')).toMatch(/single bit/));
});

describe('files', () => {
  it.each([
    ['nvlddmkm.sys', 'nvlddmkm.sys'],
    ['ntoskrnl.exe', 'ntoskrnl.exe'],
    ['nvlddmkm', 'nvlddmkm'],
    ['what is rtwlane.sys', 'rtwlane.sys'],
  ])('%s', (text, file) => expect(read(text)).toMatchObject({ kind: 'file', modules: [file] }));
  it.each(['C:\\Windows\\Minidump\\052924-9890-01.dmp', 'MEMORY.DMP', 'WATCHDOG-20240529-1234.dmp'])('%s is a dump to open', (text) =>
    expect(notes(text)).toMatch(/Open the file/),
  );
});
