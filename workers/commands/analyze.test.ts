import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found } from '../base/found.ts';
import { corpusBytes, corpusHas } from '../testing/node/corpus.ts';
import { glossLabels, glossOf } from './analyzegloss.ts';
import type { Target } from '../target/target.ts';
import { KERNEL_ORDER, misplaced, ONE_BLANK, USER_ORDER } from '../testing/node/analyzeorder.ts';
import { showTexts } from '../testing/node/windbgtexts.ts';
import { type Console, consoleOf, frame, handmade } from '../testing/node/handmade.ts';
import { sampleBytes, sessionOf } from '../testing/node/sessions.ts';

const labelRows = (rows: readonly string[]): readonly string[] => rows.filter((row) => /^([A-Z][A-Z_0-9]+|Followup):/.test(row));
const labelOf = (row: string): string => row.slice(0, row.indexOf(':'));

/** Their values are the lines below. */
const OPENS = /^(STACK_TEXT|FAULTING_SOURCE_CODE|IP_IN_PAGED_CODE|FAILED_INSTRUCTION_ADDRESS|COMMENT|PNP_TRIAGE_DATA)$/;

function expectLayout(rows: readonly string[], order: readonly string[]): void {
  const labels = labelRows(rows).filter((row) => !row.startsWith('NOTE:'));
  expect(misplaced(labels.map(labelOf), order)).toEqual([]);
  for (const row of labels) {
    const label = labelOf(row);
    const rest = row.slice(label.length + 1);
    const wanted = label === 'Followup' ? /^ {5}\S/ : OPENS.test(label) ? /^ {1,2}$/ : ONE_BLANK.test(label) ? /^ \S/ : /^ {2}\S/;
    expect(`${label}|${rest}`).toMatch(new RegExp(`^${label}\\|${wanted.source.slice(1)}`));
  }
  // One blank line before every label but those that a block of lines opens with.
  rows.forEach((row, index) => {
    if (labels.includes(row)) expect(`${rows[index - 1] ?? ''}>${row}`).toMatch(/^>/);
  });
}

const STARS = '*'.repeat(79);
const title = (words: string): readonly string[] => [
  STARS,
  `*${' '.repeat(77)}*`,
  `*                        ${words}                                    *`.replace(/^(.{78}).*$/, '$1*').padEnd(79),
  `*${' '.repeat(77)}*`,
  STARS,
];

describe('!analyze -v of the sample', () => {
  const rows = consoleOf(sessionOf(sampleBytes(), 'sample.dmp')).run('!analyze -v');
  it('has the box, the code and its arguments', () => {
    expect(rows.slice(0, 5)).toEqual(title('Bugcheck Analysis'));
    expect(rows.slice(5, 9)).toEqual(['', 'DRIVER_IRQL_NOT_LESS_OR_EQUAL (d1)', expect.anything(), 'Arguments:']);
    // InsightEngineering, 0xD1: "Arg1: ffff8001acdc6010, memory referenced"; the words behind the value are ours.
    expect(rows.slice(9, 13)).toEqual(
      [/^Arg1: 0000000000000028, /, /^Arg2: 0000000000000002, /, /^Arg3: 0000000000000000, /, /^Arg4: fffff80635a7556c, /].map((pattern) =>
        expect.stringMatching(pattern),
      ),
    );
    expect(rows.slice(13, 18)).toEqual(['', 'Debugging Details:', '------------------', '', '']);
  });
  it('has labels in order, each with its blanks', () => {
    expectLayout(rows, KERNEL_ORDER);
    expect(rows).toEqual(
      expect.arrayContaining([
        'BUGCHECK_CODE:  d1',
        'BUGCHECK_P1: 28',
        'BUGCHECK_P4: fffff80635a7556c',
        'FILE_IN_CAB:  sample.dmp',
        'READ_ADDRESS:  0000000000000028 ',
        'CUSTOMER_CRASH_COUNT:  1',
        'PROCESS_NAME:  System',
        'TRAP_FRAME:  ffffd20f3b2e77a0 -- (.trap 0xffffd20f3b2e77a0)',
        'SYMBOL_NAME:  examplenic+556c',
        'MODULE_NAME: examplenic',
        'IMAGE_NAME:  examplenic.sys',
        'STACK_COMMAND:  .ecxr ; kb', // WinDbg: ".process /r /p 0x…; .thread 0x… ; kb", commands that need a live process
        'BUCKET_ID_FUNC_OFFSET:  556c',
        'FAILURE_BUCKET_ID:  AV_examplenic!unknown_function',
        'OSPLATFORM_TYPE:  x64',
        'OSNAME:  Windows 10',
        'Followup:     MachineOwner',
        '---------',
      ]),
    );
    expect(rows.filter((row) => row.startsWith('FAILURE_ID_HASH'))).toEqual([]); // how WinDbg makes it is not public
  });
  it('sorts its keys as WinDbg does: AV.* before Analysis.*, ordinal', () => {
    const keys = rows.flatMap((row) => /^ {4}Key {2}: (.*)$/.exec(row)?.[1] ?? []);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
    expect(keys).toContain('Failure.Bucket');
  });
  it('writes the stack as `kv` does, without numbers', () => {
    const from = rows.indexOf('STACK_TEXT:  ');
    expect(rows[from + 1]).toMatch(/^ffffd20f`3b2e7930 fffff806`35a754bd {5}: ([0-9a-f]{8}`[0-9a-f]{8} ){4}: examplenic\+0x556c/);
  });
});

describe('labels of single codes', () => {
  const rowsOf = (code: number, params: readonly [bigint, bigint, bigint, bigint]): readonly string[] =>
    handmade({
      modules: ['nt', 'nvlddmkm'].map((name, index) => ({ name, base: `fffff80${index}00000000`, end: `fffff80${index}00100000` })),
      target: { bugCheck: { code, params } },
    }).run('!analyze -v');
  // Values as the published analyses of these codes print them; FREED_POOL_TAG as that of Ext3Fsd does.
  it.each([
    [0x133, [0n, 0x500n, 0x500n, 0n], 'DPC_TIMEOUT_TYPE:  SINGLE_DPC_TIMEOUT_EXCEEDED'],
    [0x19, [0x22n, 0xffffc48068d7d000n, 4n, 0n], 'POOL_ADDRESS:  ffffc48068d7d000 '],
    [0x13a, [0x12n, 0xffffe2808c200140n, 0xffffe2809abee000n, 0n], 'CORRUPTING_POOL_ADDRESS:  ffffe2809abee000 '],
    [0xc2, [7n, 0n, 0x4a424b43n, 0xffffc48068d7d000n], 'FREED_POOL_TAG:  CKBJ'],
    [0xc2, [7n, 0n, 0xca424b43n, 0xffffc48068d7d000n], 'FREED_POOL_TAG:  CKBJ'],
    [0x124, [0n, 0n, 0xbe000000n, 0x00800135n], 'MODULE_NAME: hardware'],
    [0x9f, [3n, 0xffffad8f6b1d5060n, 0n, 0n], 'DRVPOWERSTATE_SUBCODE:  3'],
    [0x9f, [3n, 0xffffad8f6b1d5060n, 0n, 0n], 'DEVICE_OBJECT: ffffad8f6b1d5060'],
    [0x116, [0n, 0xfffff80100000010n, 0n, 0n], 'FAULTING_MODULE: fffff80100000000 nvlddmkm'],
    [0x1a, [0x41792n, 0xffffde0111510468n, 0x200000000000n, 0n], '    Key  : MemoryManagement.PFN|    Value: 200000000'],
  ] as const)('%#: of %s', (code, params, wanted) => {
    const rows = rowsOf(code, params);
    expect(rows.join('|')).toContain(wanted);
    expectLayout(rows, KERNEL_ORDER);
  });
  it('no pool tag of what is no letters', () => expect(rowsOf(0xc2, [7n, 0n, 0xc1c1c1c1n, 0xffffc48068d7d000n]).join('|')).not.toContain('FREED_POOL_TAG'));
  it('the address in DUMP_FILE_ATTRIBUTES names its bits', () => {
    const made = handmade({
      target: { bugCheck: { code: 1, params: [0n, 0n, 0n, 0n] }, facts: [{ group: 'header', name: 'Attributes', value: found('0x21808'), privacy: 'public' }] },
    });
    const rows = made.run('!analyze -v');
    const at = rows.indexOf('DUMP_FILE_ATTRIBUTES: 0x21808');
    expect(rows.slice(at + 1, at + 3)).toEqual(['  Kernel Generated Triage Dump', '']);
  });
});

describe('every label is explained', () => {
  const made = consoleOf(sessionOf(sampleBytes(), 'sample.dmp'));
  it('on its line, and by .hh', () => {
    const labels = labelRows(made.run('!analyze -v'))
      .map(labelOf)
      .filter((label) => label !== 'NOTE');
    expect(labels.length).toBeGreaterThan(20);
    for (const label of labels) expect(made.run(`.hh ${label}`)[0], label).toBe(`${label}, a label of !analyze`);
  });
  it('a word that is no label is refused as before', () => expect(made.answer('.hh NO_SUCH_LABEL').ok).toBe(false));
  it('in a sentence each', () => {
    for (const label of glossLabels()) expect(glossOf(label)).toMatch(/^[A-Z“].*\.$/);
  });
});

describe('!analyze -hang', () => {
  const [first, second] = ['00000200`00001000', '00000200`00002000'];
  const section = (owner: string): string => `ffffffffffffffff faffffff 01000000 ${owner} 0000000000000000 0000000000000000`;
  const waiting = (id: number, sp: string): { id: number; teb: string; suspend: number; registers: Record<string, bigint> } => ({
    id,
    teb: '0',
    suspend: 0,
    registers: { rip: 0x7ff966a80100n, rsp: BigInt(`0x${sp.replace('`', '')}`) },
  });
  const made = (memory: Readonly<Record<string, string>>, target: Partial<Target> = {}, typed = '!analyze -hang') =>
    handmade({
      modules: [{ name: 'ntdll', imageName: 'ntdll.dll', base: '00007ff9`66a80000', end: '00007ff9`66c97000' }],
      threads: [waiting(0x1a8, '00000200`00010000'), waiting(0x1b0, '00000200`00020000')],
      target: { kind: 'user', process: { name: found('Mem.exe'), id: found(0x1a4) }, ...target },
      memory,
    }).run(typed);
  it('draws a circle of waits', () => {
    const rows = made({
      [first]: section('b001000000000000'),
      [second]: section('a801000000000000'),
      '00000200`00010000': '0010000000020000',
      '00000200`00020000': '0020000000020000',
    });
    const at = rows.indexOf('DERIVED_WAIT_CHAIN:  ');
    expect(rows.slice(at, at + 6)).toEqual([
      'DERIVED_WAIT_CHAIN:  ',
      '',
      'Dl Eid Cid     WaitType',
      '-- --- ------- --------------------------',
      '    0   1a4.1a8   Critical Section   -->',
      '    1   1a4.1b0   Critical Section   -->',
    ]);
    expect(rows).toContain('WAIT_CHAIN_COMMAND:  ~0s;k;;~1s;k');
    expect(rows.find((row) => row.startsWith('FAILURE_BUCKET_ID'))).toMatch(/APPLICATION_HANG_cfffffff_/);
    expect(rows.some((row) => row.startsWith('BLOCKING_THREAD'))).toBe(false);
  });
  it('names the thread at the end of the chain', () => {
    const rows = made({ [first]: section('b001000000000000'), '00000200`00010000': '0010000000020000' });
    expect(rows).toContain('BLOCKING_THREAD:  000001b0');
  });
  it('does not say of a dump with an exception that it has none', () => {
    const exception = { code: 0xc0000005, flags: 0, address: va(0x7ff966a80100n), parameters: [0n, 0n], nested: va(0n) };
    const rows = made({}, { exception }).join('|');
    expect(rows).toContain('Mem.exe: waits only; the exception stream is left aside.');
    expect(rows).not.toContain('no exception');
  });
  it('with -v among all labels, under the class of a hang', () => {
    // A text of dotnet/runtime issue 89297: "!analyze -v -hang", CLR keys, "APPLICATION_HANG_cfffffff_coreclr.dll!Thread::DoAppropriateWaitWorker".
    const rows = made({ [first]: section('b001000000000000'), '00000200`00010000': '0010000000020000' }, {}, '!analyze -v -hang');
    expectLayout(
      rows.filter((row) => !/^(DERIVED_WAIT_CHAIN|WAIT_CHAIN_COMMAND|BLOCKING_THREAD):/.test(row)),
      USER_ORDER,
    );
    expect(rows.indexOf('    Key  : Failure.ProblemClass.Primary')).toBe(rows.indexOf('    Value: APPLICATION_HANG') - 1);
    expect(rows.find((row) => row.startsWith('FAILURE_BUCKET_ID'))).toMatch(/APPLICATION_HANG_cfffffff_/);
    expect(rows.indexOf('BLOCKING_THREAD:  000001b0')).toBeLessThan(rows.indexOf('STACK_TEXT:  '));
    expect(rows).toContain('BLOCKING_THREAD:  000001b0');
  });
  it('says where nothing waits', () => expect(made({}).join('|')).toContain('No thread of this dump is seen waiting'));
});

describe('!analyze without -v', () => {
  // The short form: "BugCheck D1, {…}" / "Probably caused by : rtwlanu.sys ( rtwlanu+48304 )" / "Followup:     MachineOwner".
  it('names the code and whom it points to', () => {
    expect(consoleOf(sessionOf(sampleBytes(), 'sample.dmp')).run('!analyze').slice(6)).toEqual([
      'Use !analyze -v to get detailed debugging information.',
      '',
      'BugCheck D1, {28, 2, 0, fffff80635a7556c}',
      '',
      'Probably caused by : examplenic.sys ( examplenic+556c )',
      '',
      'Followup:     MachineOwner',
      '---------',
    ]);
  });
  it('accuses nobody where the verdict names nobody: the place stands on its own line', () => {
    // The interrupted kernel code of a 0xD1 with no driver anywhere.
    const rows = handmade({ target: { bugCheck: { code: 0xd1, params: [0x8n, 2n, 0n, 0n] } } }).run('!analyze');
    const at = rows.findIndex((row) => row.startsWith('Probably caused by'));
    expect(rows[at]).toBe('Probably caused by : not known');
    expect(rows.filter((row) => /^Probably caused by : nt/.test(row))).toEqual([]);
  });
  it.each(['!analyze -nonsense', '!analyze -show', '!analyze -show zz', '!analyze -show 12345678'])('%s is refused on an application dump', (line) =>
    expect(handmade({ target: { kind: 'user' } }).answer(line).ok).toBe(false),
  );
});

describe('!analyze -show', () => {
  // MicrosoftDocs, bug check reference: the name, the description, "Arguments:", "Arg1: 0000000000000003, …". The sentences are ours.
  it('explains a code', () => {
    const rows = handmade({}).run('!analyze -show 0x9F 0x3');
    expect(rows[0]).toBe('DRIVER_POWER_STATE_FAILURE (9f)');
    expect(rows.slice(2, 7)).toEqual([
      'Arguments:',
      ...['0000000000000003, ', '0000000000000000, ', '0000000000000000, ', '0000000000000000, '].map((start, index) =>
        expect.stringContaining(`Arg${index + 1}: ${start}`),
      ),
    ]);
  });
  it('evaluates what was given, and nothing else', () => {
    const rows = handmade({}).run('!analyze -show 7e ffffffffc0000005');
    expect(rows[3]).toMatch(/^Arg1: ffffffffc0000005, .*: 0xc0000005 STATUS_ACCESS_VIOLATION$/);
    // A case of 0xA5 that holds only with another first argument is not taken.
    expect(handmade({}).run('!analyze -show a5 2 1').join()).not.toBe(handmade({}).run('!analyze -show a5 11 1').join());
    expect(rows.at(-1)).toMatch(/not given/);
  });
  it('explains this dump without a code', () => {
    // InsightEngineering, 0x19: "Arg1: 0000000000000022, " / "Arg2: ffffc48068d7d000".
    const made = handmade({ target: { bugCheck: { code: 0x19, params: [0x22n, 0xffffc48068d7d000n, 4n, 0n] } } });
    const rows = made.run('!analyze -show');
    expect(rows[0]).toBe('BAD_POOL_HEADER (19)');
    expect(rows.slice(3, 5)).toEqual([expect.stringMatching(/^Arg1: 0000000000000022/), expect.stringMatching(/^Arg2: ffffc48068d7d000/)]);
  });
});

const shows = showTexts();
describe.skipIf(shows.length === 0)('the published texts of !analyze -show', () => {
  it.each(shows)('%s: the code, and its arguments with their values', (_name, { typed, rows }) => {
    const name = rows.find((row) => /^[A-Z0-9_]+ \([0-9a-f]+\)/.test(row)) ?? '';
    const values = rows.flatMap((row) => /^(Arg\d: [0-9a-f]{16})/.exec(row)?.[1] ?? []);
    const [p1 = 0n, p2 = 0n, p3 = 0n, p4 = 0n] = values.map((row) => BigInt(`0x${row.slice(6)}`));
    const own = handmade({ target: { bugCheck: { code: Number.parseInt(/\((\w+)\)/.exec(name)?.[1] ?? '0', 16), params: [p1, p2, p3, p4] } } }).run(typed);
    expect(own[0]).toBe(name);
    expect(own[2]).toBe('Arguments:');
    expect(own.slice(3, 7).map((row) => row.slice(0, 22))).toEqual(values);
  });
});

describe('!analyze -v of an application', () => {
  // Layout of published analyses of applications (debugger 10.0.25200 and later).
  const made = handmade({
    modules: [
      { name: 'Mem', imageName: 'Mem.exe', path: String.raw`C:\test\Mem.exe`, base: '00007ff7`10000000', end: '00007ff7`10010000', version: '1.2.3.4' },
      { name: 'ntdll', imageName: 'ntdll.dll', path: String.raw`C:\Windows\System32\ntdll.dll`, base: '00007ff9`66a80000', end: '00007ff9`66c97000' },
    ],
    names: { '00007ff7`10001010': 'Mem!main+0x10' },
    memory: { '00007ff7`10001010': '8b00' },
    context: { source: 'exception', registers: { rip: 0x7ff710001010n, rsp: 0x1000n, rax: 0n } },
    frames: [frame('1000', '0', '00007ff7`10001010')],
    threads: [{ id: 0x1c74, teb: '1000', suspend: 0 }],
    target: {
      kind: 'user',
      process: { name: found('Mem.exe'), id: found(5) },
      exception: { code: 0xc0000005, flags: 0, address: va(0x7ff710001010n), parameters: [0n, 0n], nested: va(0n) },
    },
  });
  const rows = made.run('!analyze -v');
  it('has the box and the labels', () => {
    expect(rows[2]).toBe('*                        Exception Analysis                                   *');
    expectLayout(rows, USER_ORDER);
    expect(rows).toEqual(
      expect.arrayContaining([
        'CONTEXT:  (.ecxr)',
        'EXCEPTION_RECORD:  (.exr -1)',
        'FAULTING_THREAD:  1c74',
        'EXCEPTION_CODE_STR:  c0000005',
        'STACK_COMMAND:  ~0s ; .ecxr ; kb',
        'SYMBOL_NAME:  Mem!main+10',
        'MODULE_NAME: Mem',
        'IMAGE_NAME:  Mem.exe',
        'IMAGE_VERSION:  1.2.3.4',
      ]),
    );
    expect(rows.join('\n')).toContain('FAILURE_BUCKET_ID:  NULL_POINTER_READ_c0000005_Mem.exe!main');
    expect(rows.indexOf('IMAGE_VERSION:  1.2.3.4')).toBeGreaterThan(rows.indexOf('OSNAME:  Windows 10'));
  });
});

const DUMPS = [
  'rizin-x64-7e-amdppm',
  'rts-116_0',
  'rts-13a',
  'rts-1a',
  'rts-7a',
  'rts-7e_1',
  'rts-ef',
  'daimuvg-50',
  'daimuvg-1e-12546',
  'eolar-4a',
  'noam-133',
  'crit-111217-27671-01',
  'rizin-arm64-1c8',
].map((name) => `kernel/${name}.dmp`);
describe.skipIf(!corpusHas(DUMPS[0] ?? ''))('!analyze -v of real dumps', () => {
  const opened = new Map<string, Console>();
  const open = (name: string): Console => {
    const made = opened.get(name) ?? consoleOf(sessionOf(corpusBytes(name), name));
    opened.set(name, made);
    return made;
  };
  it.each(DUMPS.filter(corpusHas))('%s has its labels in order', (name) => {
    expectLayout(open(name).run('!analyze -v'), KERNEL_ORDER);
  });
  it('a host is called no virtual machine', () => {
    // Its processor driver runs cores that no hypervisor gives it; vmci.sys and vmx86.sys are those of VMware Workstation's host.
    expect(
      open(DUMPS[0] ?? '')
        .run('!analyze -v')
        .filter((row) => row.startsWith('VIRTUAL_MACHINE')),
    ).toEqual([]);
  });
});

describe('VIRTUAL_MACHINE', () => {
  const said = (...drivers: readonly string[]): string | undefined =>
    handmade({
      modules: ['nt', ...drivers].map((name, index) => ({ name, base: `fffff80${index}00000000`, end: `fffff80${index}00100000` })),
      target: { bugCheck: { code: 0xd1, params: [0n, 0n, 0n, 0n] } },
    })
      .run('!analyze -v')
      .find((row) => row.startsWith('VIRTUAL_MACHINE'));
  it.each([
    ['VMware', ['vm3dmp']],
    ['VMware', ['vmmemctl']],
    ['HyperV', ['storvsc']],
    ['VirtualBox', ['VBoxGuest']],
    ['VMware', ['vmxnet3ndis6']],
  ])('%s by %j', (vm, drivers) => expect(said(...drivers)).toBe(`VIRTUAL_MACHINE:  ${vm}`));
  it.each([[['vmci', 'vmx86']], [['vmbus', 'winhvr']], [['VBoxDrv', 'VBoxNetLwf']], [['netkvm', 'vioscsi']], [[]]])('not by %j', (drivers) =>
    expect(said(...drivers)).toBeUndefined(),
  );
});
