import { describe, expect, test, vi } from 'vitest';
import { baseBugCheck } from './bugchecks.ts';
import faults from './data/cpufaults.json' with { type: 'json' };
import { loadKnowledge } from './load.ts';

const knowledge = await loadKnowledge();

test('a failed load is not remembered', async () => {
  vi.resetModules();
  vi.doMock('./data/builds.json', () => {
    throw new Error('no connection');
  });
  const { loadKnowledge: load } = await import('./load.ts');
  await expect(load()).rejects.toThrow();
  vi.doUnmock('./data/builds.json');
  expect((await load()).windowsName(19045, 'workstation')).toMatch(/Windows 10/);
});

test('the source of processor faults names every document that a row cites', () => {
  const documents = faults.columns.published.match(/\b\d{5,6}\b|statement of \w+ \d{4}/g) ?? [];
  expect(documents.length).toBe(9);
  for (const document of documents) expect(faults.source).toContain(document);
});

describe('bug checks', () => {
  test('0xD1 as the driver documentation has it', () => {
    const entry = knowledge.bugCheck(0xd1);
    expect(entry?.name).toBe('DRIVER_IRQL_NOT_LESS_OR_EQUAL');
    expect(entry?.liveDump).toBe(false);
    const write = entry?.subCodes.find((sub) => sub.param === 3 && sub.value === 1n);
    expect(write?.meaning).toBe('write');
    expect(entry?.parameters.map((parameter) => parameter.index)).toEqual([1, 2, 3, 4]);
  });
  test('the form of small dumps finds the base entry and keeps its own name', () => {
    const entry = knowledge.bugCheck(0x1000007e);
    expect(entry?.name).toBe('SYSTEM_THREAD_EXCEPTION_NOT_HANDLED_M');
    expect(entry?.code).toBe(0x1000007e);
    expect(entry?.parameters).toEqual(knowledge.bugCheck(0x7e)?.parameters);
    expect(knowledge.bugCheck(0x100000ea)?.name).toBe('THREAD_STUCK_IN_DEVICE_DRIVER_M');
  });
  test('codes whose top digit is not 1 are taken as they are', () => {
    expect(baseBugCheck(0xdeaddead)).toBe(0xdeaddead);
    expect(baseBugCheck(0xa0000001)).toBe(0xa0000001);
    expect(baseBugCheck(0xc000021a)).toBe(0xc000021a);
    expect(knowledge.bugCheck(0xdeaddead)?.name).toBe('MANUALLY_INITIATED_CRASH1');
    expect(knowledge.bugCheck(0xa0000001)).toBeUndefined();
  });
  test('names, old names, live dumps', () => {
    expect(knowledge.bugCheckByName('irql_not_less_or_equal')?.code).toBe(0xa);
    expect(knowledge.bugCheck(0x117)?.liveDump).toBe(true);
    expect(knowledge.bugCheck(0x124)?.sometimesLive).toBe(true);
    expect(knowledge.bugCheck(0x9f)?.subCodes.find((sub) => sub.value === 3n)?.sets[4]).toMatch(/IRP/);
  });
  test('every one says what it is, in a family, and in a whole phrase', () => {
    expect(knowledge.bugChecks).toHaveLength(538);
    for (const { gist, name } of knowledge.bugChecks) {
      expect(gist.split(' ').length, name).toBeGreaterThan(3);
      expect(gist, name).not.toMatch(/\b(a|an|the|of|to|by|in|for|is|and|or|that)$|  |^see /);
    }
    const family = (code: number) => knowledge.bugCheck(code)?.family;
    expect([0xd1, 0x124, 0x9f, 0x116, 0xef, 0x1000007e].map(family)).toEqual(['access', 'hardware', 'power', 'graphics', 'process', 'exception']);
  });
  test('phrases are whole: no brackets left open, no cut end, nothing that refers to a page, no verb without its helper', () => {
    const phrases = knowledge.bugChecks.flatMap(({ parameters, subCodes }) => [
      ...parameters.map(({ meaning }) => meaning),
      ...subCodes.flatMap(({ meaning, sets }) => [meaning, ...Object.values(sets)]),
    ]);
    expect(phrases.length).toBeGreaterThan(4000);
    const faults = [
      /\b(a|an|the|and|or|at least|be|with)$/,
      /^[^(]*\)|\([^)]*$/,
      /\bP[1-4]\b|\bsee (values|below|following)|\(address\)/i,
      /\d - |\. \d|^\d: | {2}/,
      /\b(driver|ACPI|system|setup|checksum) not (find|match|deregister|resolve|allocate|initialize)\b/i,
      // What shortening by machine left: no article, "earlier" for "already", a count behind its things, a bracket without a blank.
      /^(driver|caller|thread|USB (miniport|client) driver|power Engine Plugin) /,
      /\b(earlier|guilty|non-zero)\b|generated stop|\bs count$|[a-z]\([a-z]/,
    ];
    for (const phrase of phrases) for (const fault of faults) expect(phrase).not.toMatch(fault);
  });
  test('arguments as Microsoft’s pages have them, where they once were wrong', () => {
    const words = (code: number) => knowledge.bugCheck(code)?.parameters.map(({ meaning }) => meaning) ?? [];
    const meaning = (code: number, value: bigint) => knowledge.bugCheck(code)?.subCodes.find((sub) => sub.param === 1 && sub.value === value)?.meaning;
    // 0x9C on x64: bank, MCA_EXCEPTION, MCi_STATUS high and low.
    for (const [index, pattern] of [/bank/, /MCA_EXCEPTION/, /high 32 bits.*MCi_STATUS/, /low 32 bits.*MCi_STATUS/].entries())
      expect(words(0x9c)[index]).toMatch(pattern);
    expect([0n, 1n, 2n].map((value) => meaning(0x77, value)).join('; ')).toMatch(/page cache.*; .*from a disk.*; .*from a disk.*success/);
    expect(words(0x12b)[0]).toMatch(/virtual address/);
    expect(words(0x12b)[1]).toMatch(/physical page number/);
    // The page of 0xFE ends with a table of time-outs, which are argument 3 where 1 and 2 are 8 and 6.
    expect([0n, 9n, 10n].map((value) => meaning(0xfe, value))).toEqual([undefined, undefined, undefined]);
    expect(knowledge.bugCheck(0xfe)?.subCodes.find((sub) => sub.param === 3 && sub.value === 9n)?.when).toEqual({ 1: 8n, 2: 6n });
    expect(meaning(0xc9, 0x21fn)).toMatch(/no routine for a kind of request/);
    expect(meaning(0x144, 1n)).toMatch(/the driver of a USB device sent a request block \(URB\) that it had already sent/);
  });
  test('a sub-code may depend on another parameter', () => {
    const sub = knowledge.bugCheck(0xa5)?.subCodes.find((one) => one.param === 2 && one.value === 1n && one.when !== undefined);
    expect(sub?.when).toEqual({ 1: 0x11n });
  });
});

describe('codes', () => {
  test('status, exceptions, fast fail', () => {
    expect(knowledge.ntstatus(0xc0000005)?.name).toBe('STATUS_ACCESS_VIOLATION');
    expect(knowledge.ntstatus(0xc000009c)?.name).toBe('STATUS_DEVICE_DATA_ERROR');
    expect(knowledge.exception(0xe06d7363)?.name).toBe('CPP_EH_EXCEPTION');
    expect(knowledge.exception(0xc000001d)?.name).toBe('STATUS_ILLEGAL_INSTRUCTION');
    expect(knowledge.fastFail(7)?.name).toBe('FAST_FAIL_FATAL_APP_EXIT');
    expect(knowledge.win32(2)?.name).toBe('ERROR_FILE_NOT_FOUND');
    expect(knowledge.statusByName('status_success')).toEqual({ kind: 'ntstatus', entry: knowledge.ntstatus(0) });
    expect(knowledge.statusByName('ERROR_FILE_NOT_FOUND')?.entry.code).toBe(2);
    expect(knowledge.statusByName('NO_SUCH_NAME')).toBeUndefined();
    expect(knowledge.statusCodes('fastfail')).toHaveLength(76);
    // winerror.h: FACILITY_WIN32 is 7; ntstatus.h: FACILITY_ACPI_ERROR_CODE is 0x14.
    expect(knowledge.facility('hresult', 0x80070005)).toBe('WIN32');
    expect(knowledge.facility('ntstatus', 0xc0140001)).toBe('ACPI_ERROR_CODE');
    expect(knowledge.facility('hresult', 0x87fe0000)).toBeUndefined();
    expect(knowledge.hresult(0x80070005)?.name).toBe('E_ACCESSDENIED');
  });
  test('negative numbers are taken as 32 bits', () => {
    expect(knowledge.ntstatus(-1073741819)?.code).toBe(0xc0000005);
  });
});

describe('drivers and modules', () => {
  test('roles of Windows parts', () => {
    expect(knowledge.driver('ntoskrnl.exe')?.role).toBe('kernel');
    expect(knowledge.driver('\\SystemRoot\\System32\\drivers\\FLTMGR.SYS')?.role).toBe('framework');
    expect(knowledge.driver('Ntfs.sys')?.role).toBe('file-system');
    expect(knowledge.driver('dxgkrnl.sys')?.role).toBe('graphics-port');
    expect(knowledge.driver('WdFilter.sys')?.role).toBe('security');
    expect(knowledge.driver('dump_stornvme.sys')?.role).toBe('storage-stack');
  });
  test('third parties', () => {
    expect(knowledge.driver('nvlddmkm.sys')?.vendor).toMatch(/NVIDIA/);
    expect(knowledge.driver('RTKVHD64.sys')?.microsoft).toBe(false);
    expect(knowledge.driver('no-such-driver.sys')).toBeUndefined();
  });
});

describe('hardware', () => {
  // Intel SDM 3B, table of compound codes: 0000 0001 RRRR TTLL; 0x0135 = data read, data, level 1.
  test('cache', () => {
    const check = knowledge.machineCheck(0xbe00000000800135n);
    expect(check).toMatchObject({ valid: true, overflow: false, uncorrected: true, enabled: true, addressValid: true, contextCorrupt: true, kind: 'cache' });
    expect(check.words).toBe('data cache, level 1, data read');
  });
  test('memory, TLB, bus, timer, parity', () => {
    expect(knowledge.machineCheck(0x9fn).kind).toBe('memory');
    expect(knowledge.machineCheck(0x9fn).words).toBe('memory controller, read, channel not given');
    expect(knowledge.machineCheck(0x0014n).kind).toBe('tlb');
    expect(knowledge.machineCheck(0x0e0fn).kind).toBe('bus');
    expect(knowledge.machineCheck(0x0400n).kind).toBe('timer');
    expect(knowledge.machineCheck(0x0005n).kind).toBe('internal');
  });
  test('the filter bit does not change the meaning', () => {
    expect(knowledge.machineCheck(0x1135n).words).toBe('data cache, level 1, data read');
  });
  test('sections, vendors, processors, AMD units', () => {
    expect(knowledge.wheaGuid('9876ccad-47b4-4bdb-b65e-16f193c4f3db')).toBe('PROCESSOR_GENERIC_ERROR_SECTION_GUID');
    expect(knowledge.wheaSource(4)).toBe('WheaErrSrcTypePCIe');
    expect(knowledge.pciVendor(0x8086)).toMatch(/Intel/);
    expect(knowledge.pciVendor(0x10de)).toMatch(/NVIDIA/);
    expect(knowledge.cpuModel('AMD', 0x17, 0x71)).toMatch(/Matisse/);
    expect(knowledge.cpuModel('Intel', 6, 0xb7)).toBeDefined();
    // McaType 0, HardwareID 0xB0 (176): load-store unit.
    expect(knowledge.smcaUnit(0x0000_00b0_0000_0000n)).toBe('load-store');
  });
});

describe('the rest', () => {
  test('builds', () => {
    expect(knowledge.windowsName(19045)).toBe('Windows 10 22H2');
    expect(knowledge.windowsName(9600)).toBe('Windows 8.1');
    expect(knowledge.windowsName(9600, 'server')).toBe('Windows Server 2012 R2');
    expect(knowledge.windowsName(26100)).toMatch(/^Windows 11 24H2/);
    expect(knowledge.windowsName(1)).toBeUndefined();
  });
  test('pool tags, exact and with wildcards', () => {
    expect(knowledge.poolTag('8042')?.component).toBe('i8042prt.sys');
    expect(knowledge.poolTag('NDd')?.component).toBe('ndis.sys');
  });
  test('blobs of the person are private', () => {
    expect(knowledge.blobGuid('BC5C008F-1E3A-44D7-988D-86F6884C6758')).toMatchObject({ private: true });
  });
  test('every table has a source, a date and a licence; counts of the collection', () => {
    const count = (table: string): number | undefined => knowledge.credits.find((credit) => credit.table === table)?.count;
    expect(knowledge.credits.every((credit) => credit.source !== '' && credit.licence !== '' && /^\d{4}-\d\d-\d\d$/.test(credit.date))).toBe(true);
    expect([count('bugchecks'), count('subcodes'), count('ntstatus'), count('vulnerable'), count('pooltags')]).toEqual([538, 1414, 2968, 697, 4241]);
  });
});

describe('settings and makers', () => {
  test('Verifier options: standard ones by rule class, as the verifier command line page lists them', () => {
    const standard = knowledge.verifierOptions.filter((option) => option.standard).map((option) => option.ruleClass);
    expect(standard.sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 8, 9, 12, 18, 34]);
    expect(knowledge.verifierOptions.find((option) => option.flag === 0x4)?.name).toMatch(/low resources/i);
  });
  test('where a maker offers its drivers, and only where it is known', () => {
    expect(knowledge.driver('nvlddmkm.sys')?.update).toBe('https://www.nvidia.com/drivers');
    expect(knowledge.driver('tcpip.sys')?.update).toBeUndefined();
  });
  test('no kit, no Windows and no Microsoft is shown as the maker of a driver that is none of theirs', () => {
    for (const file of ['amifldrv.sys', 'sioctl.sys', 'wcpu.sys', 'wantd.sys', 'wintapix.sys', 'hwrwdrv.sys'])
      expect([knowledge.driver(file)?.vendor, knowledge.driver(file)?.microsoft], file).toEqual(['', false]);
    expect(knowledge.driver('cpuz_x64.sys')).toMatchObject({ vendor: 'CPUID', product: 'CPU-Z', vulnerable: true });
    expect(knowledge.driver('iaStorAVC.sys')).toMatchObject({ vendor: 'Intel', microsoft: false });
    expect(knowledge.driver('bdfsfltr.sys')?.update).toMatch(/bitdefender/);
    expect(knowledge.driver('BEDaisy.sys')).toMatchObject({ vendor: 'BattlEye', product: 'anti-cheat' });
  });
  test('Windows’ own drivers are not told as vulnerable, whatever old builds of them were', () => {
    for (const file of ['afd.sys', 'csc.sys', 'usbxhci.sys', 'MpKslDrv.sys', 'MpKsl1a2b3c4d.sys', 'IntelTA.sys'])
      expect(knowledge.driver(file), file).toMatchObject({ vendor: 'Microsoft', microsoft: true, vulnerable: false });
  });
  test('copies for a crash or hibernation, and names with a number, are found', () => {
    expect(knowledge.driver('hiber_iaStorA.sys')?.vendor).toBe('Intel');
    expect(knowledge.driver('dump_dumpstorport.sys')?.microsoft).toBe(true);
    expect(knowledge.driver('RzDev_0084.sys')?.vendor).toBe('Razer');
    expect(knowledge.driver('cpuz154_x64.sys')?.vendor).toBe('CPUID');
    expect(knowledge.driver('ntoskrnl')?.role).toBe('kernel');
  });
  test('programs of Windows that event logs name', () => expect(knowledge.userModule('svchost.exe')?.vendor).toBe('Microsoft'));
  test('processors with a published fault', () => {
    const at = (vendor: string, model: number) => knowledge.cpuFaults.find((row) => row.vendor === vendor && row.model === model);
    expect(at('Intel', 0xb7)?.fault).toMatch(/0x12B/);
    expect(at('AMD', 0x31)?.published).toMatch(/1474/);
    for (const { vendor, family, model } of knowledge.cpuFaults) expect(knowledge.cpuModel(vendor, family, model), `${vendor} ${String(model)}`).toBeDefined();
  });
});
