import { describe, expect, it } from 'vitest';
import { at, frame, handmade } from '../testing/node/handmade.ts';

/** Bytes of a 64-bit value as they lie in memory. */
const qword = (text: string): string => (at(text).toString(16).padStart(16, '0').match(/../g) ?? []).reverse().join('');

// kash1064/Kaeru-no-Himitsukichi, "WinDbg tutorial" (2021): notepad at its start.
const notepad = handmade({
  modules: [
    { name: 'notepad', base: '00007ff6`84020000', end: '00007ff6`8405a000' },
    { name: 'KERNEL32', base: '00007ff9`9cc50000', end: '00007ff9`9cd0e000' },
    { name: 'ntdll', base: '00007ff9`9d290000', end: '00007ff9`9d485000' },
  ],
  names: {
    '00007ff6`84030000': 'notepad!wWinMain',
    '00007ff6`840459b6': 'notepad!__scrt_common_main_seh+0x106',
    '00007ff9`9cc67034': 'KERNEL32!BaseThreadInitThunk+0x14',
    '00007ff9`9d2e2651': 'ntdll!RtlUserThreadStart+0x21',
  },
  context: { registers: { rip: at('00007ff6`84030000') } },
  target: { kind: 'user' },
  frames: [
    frame('00000055`5f11f7b8', '00007ff6`840459b6', '00007ff6`84030000'),
    frame('00000055`5f11f7c0', '00007ff9`9cc67034', '00007ff6`840459b6'),
    frame('00000055`5f11f800', '00007ff9`9d2e2651', '00007ff9`9cc67034'),
    frame('00000055`5f11f830', '0', '00007ff9`9d2e2651'),
  ],
});

// MicrosoftDocs, "Debug universal drivers - step by step lab (echo kernel mode)": an inlined function; columns as in today's k.
const echo = handmade({
  modules: [
    { name: 'ECHO', base: 'fffff801`0bf20000', end: 'fffff801`0bf29000' },
    { name: 'Wdf01000', base: 'fffff801`09400000', end: 'fffff801`094d0000' },
  ],
  names: {
    'fffff801`0bf21066': 'ECHO!EchoEvtDeviceAdd+0x66',
    'fffff801`0942f55b': 'Wdf01000!FxDriver::AddDevice+0xab',
  },
  context: { registers: {} },
  frames: [
    frame('ffffd001`51978110', 'fffff801`0942f55b', 'fffff801`0bf21066'),
    frame('ffffd001`51978150', 'fffff801`eed8097d', 'fffff801`0942f55b', {
      inlined: [
        {
          name: { ok: true, value: 'FxDriverDeviceAdd::Invoke' },
          displacement: 0x30,
          source: { ok: true, value: { file: String.raw`d:\wdf\fxdrivercallbacks.hpp`, line: 61 } },
        },
      ],
    }),
    frame('ffffd001`51978570', '0', 'fffff801`eed8097d'),
  ],
});

describe('inlined functions', () => {
  it('have rows and numbers of their own', () => {
    expect(echo.run('k').slice(1, 4)).toEqual([
      '00 ffffd001`51978110 fffff801`0942f55b     ECHO!EchoEvtDeviceAdd+0x66',
      '01 (Inline Function) --------`--------     Wdf01000!FxDriverDeviceAdd::Invoke+0x30 [d:\\wdf\\fxdrivercallbacks.hpp @ 61] ',
      '02 ffffd001`51978150 fffff801`eed8097d     Wdf01000!FxDriver::AddDevice+0xab',
    ]);
    expect(echo.run('kL')[2]).toBe('01 (Inline Function) --------`--------     Wdf01000!FxDriverDeviceAdd::Invoke+0x30');
    expect(echo.run('kc').slice(2, 4)).toEqual(['01 Wdf01000!FxDriverDeviceAdd::Invoke', '02 Wdf01000!FxDriver::AddDevice']);
  });
  it('are what .frame counts too', () => {
    expect(echo.run('.frame 1')).toEqual([expect.stringContaining('01 (Inline Function)')]);
    expect(echo.run('.frame 2')).toEqual([expect.stringContaining('02 ffffd001`51978150')]);
    expect(echo.run('.frame')).toEqual([expect.stringContaining('02 ffffd001`51978150')]);
    expect(echo.answer('.frame 9')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } });
  });
  it('have no arguments', () => {
    // The row of an inlined function in a published STACK_TEXT: dashes where addresses would be.
    expect(echo.run('kvL')[2]).toBe(
      '01 (Inline Function) --------`--------     : --------`-------- --------`-------- --------`-------- --------`-------- : Wdf01000!FxDriverDeviceAdd::Invoke+0x30',
    );
  });
  it('take no stack: kf counts the bytes for the first row of a frame', () => {
    expect(echo.run('kfL').slice(2, 4)).toEqual([
      '01        40 (Inline Function) --------`--------     Wdf01000!FxDriverDeviceAdd::Invoke+0x30',
      '02         0 ffffd001`51978150 fffff801`eed8097d     Wdf01000!FxDriver::AddDevice+0xab',
    ]);
  });
});

describe('k', () => {
  const text = [
    ' # Child-SP          RetAddr               Call Site',
    '00 00000055`5f11f7b8 00007ff6`840459b6     notepad!wWinMain',
    '01 00000055`5f11f7c0 00007ff9`9cc67034     notepad!__scrt_common_main_seh+0x106',
    '02 00000055`5f11f800 00007ff9`9d2e2651     KERNEL32!BaseThreadInitThunk+0x14',
    '03 00000055`5f11f830 00000000`00000000     ntdll!RtlUserThreadStart+0x21',
  ];
  it.each(['k', 'kn', 'kL', 'knL'])('%s prints the published stack', (line) => expect(notepad.run(line)).toEqual(text));
  it('counts frames', () => expect(notepad.run('k 2')).toEqual(text.slice(0, 3)));
  // WinDbg prints parameters where private symbols name them; here a line says why there are none.
  it.each(['kp', 'kP'])('%s says that parameters need private symbols', (line) =>
    expect(notepad.run(line)).toEqual([...text, expect.stringContaining('private symbols')]),
  );
  it('kc has neither addresses nor displacements', () => {
    // InsightEngineering, "Deadlock: Inconsistent Lock Ordering": " # Call Site" / "00 ntdll!NtWaitForAlertByThreadId".
    expect(notepad.run('kc').slice(0, 3)).toEqual([' # Call Site', '00 notepad!wWinMain', '01 notepad!__scrt_common_main_seh']);
  });
  it.each(['k', 'kb', 'kv', 'kn', 'kc'])('%s names a return address behind a call that ends its function by that function', (command) => {
    const symbol = { ok: true, value: { name: 'Raise', displacement: 0x20, kind: 'public' } } as const;
    const ended = handmade({
      modules: [{ name: 'myfault', base: 'fffff800`60da0000', end: 'fffff800`60da8000' }],
      names: { 'fffff800`60da1020': 'myfault!NextFunction' },
      context: { registers: {} },
      frames: [frame('ffffd48f`77af9970', 'fffff800`60da1d3d', 'fffff800`60da1020', { symbol })],
    });
    expect(ended.run(command)[1]).toMatch(command === 'kc' ? /^00 myfault!Raise$/ : / myfault!Raise\+0x20$/);
  });
  it('says how a frame was found, where WinDbg says nothing', () => {
    const scanned = handmade({
      modules: [{ name: 'myfault', base: 'fffff800`60da0000', end: 'fffff800`60da8000' }],
      context: { registers: {} },
      frames: [frame('ffffd48f`77af9970', 'fffff800`60da1d3d', 'fffff800`60da1981', { trust: 'scan-call-checked' })],
      ended: { reason: 'no-memory', detail: 'the stack ends here' },
    });
    expect(scanned.run('k').slice(1)).toEqual([
      '00 ffffd48f`77af9970 fffff800`60da1d3d     myfault+0x1981  [scan, call before it checked]',
      'the walk ended here: the stack ends here',
    ]);
  });
});

// MicrosoftDocs, bug check 0x1AB: "03       120 fffff607`89344580 fffff802`8e59eb35     amdkmdag+0x1441d5".
it('kf shows the stack that each frame takes', () => {
  const made = handmade({
    modules: [{ name: 'amdkmdag', base: 'fffff802`8e570000', end: 'fffff802`90000000' }],
    context: { registers: {} },
    frames: [
      frame('fffff607`893442c8', 'fffff802`8e7a08b2', 'fffff802`8e570000'),
      frame('fffff607`893442c8', 'fffff802`8e7a08b2', 'fffff802`8e570000'),
      frame('fffff607`89344460', 'fffff802`8e6b41d5', 'fffff802`8e7a08b2'),
      frame('fffff607`89344580', 'fffff802`8e59eb35', 'fffff802`8e6b41d5'),
      frame('fffff607`893445b0', 'fffff802`8e62b5e8', 'fffff802`8e59eb35'),
      frame('fffff607`89344670', 'fffff802`8e623f6c', 'fffff802`8e62b5e8'),
    ],
  });
  expect(made.run('kf').slice(3)).toEqual([
    '02       198 fffff607`89344460 fffff802`8e6b41d5     amdkmdag+0x2308b2',
    '03       120 fffff607`89344580 fffff802`8e59eb35     amdkmdag+0x1441d5',
    '04        30 fffff607`893445b0 fffff802`8e62b5e8     amdkmdag+0x2eb35',
    '05        c0 fffff607`89344670 fffff802`8e623f6c     amdkmdag+0xbb5e8',
  ]);
});

// kash1064/Kaeru-no-Himitsukichi, "WinDbg kernel dump" (2021): NotMyFault, after .trap.
describe('kb and kv', () => {
  const made = handmade({
    modules: [
      { name: 'myfault', base: 'fffff800`60da0000', end: 'fffff800`60da8000' },
      { name: 'nt', base: 'fffff800`62600000', end: 'fffff800`63646000', imageName: 'ntoskrnl.exe' },
    ],
    names: {
      'fffff800`6288f865': 'nt!IofCallDriver+0x55',
      'fffff800`62a08bb5': 'nt!KiSystemServiceCopyEnd+0x25',
    },
    // KTRAP_FRAME.Rip, 0x168 behind the trap frame that the text names, holds where user mode goes on.
    memory: { 'ffffd48f`77af9e40': '00'.repeat(0x168) + qword('00007ff8`f16ece54') + '00'.repeat(0x20) },
    context: { registers: { rip: at('fffff800`60da1981') } },
    frames: [
      frame('ffffd48f`77af9970', 'fffff800`60da1d3d', 'fffff800`60da1981', { args: ['c85c00f0', '000001e3`5fb24550', 'f0', '0'] }),
      frame('ffffd48f`77af9b40', 'fffff800`62a08bb5', 'fffff800`6288f865', { args: ['ffffd48f`77af9ec0', 'ffff9189`4ed94d70', '1', 'fffff800`00000000'] }),
      frame('ffffd48f`77af9dd0', '00007ff8`f16ece54', 'fffff800`62a08bb5', { args: ['0', '0', '0', '0'] }),
      frame('0000007a`e6bde8d8', '0', '00007ff8`f16ece54', { args: ['0', '0', '0', '0'], boundary: 'machine-frame' }),
    ],
  });
  made.session.scope = { source: 'trap-frame', registers: { rip: at('fffff800`60da1981') }, unknown: [] };
  it('print what the text prints', () => {
    expect(made.run('kv')).toEqual([
      '  *** Stack trace for last set context - .thread/.cxr resets it',
      ' # Child-SP          RetAddr               : Args to Child                                                           : Call Site',
      '00 ffffd48f`77af9970 fffff800`60da1d3d     : 00000000`c85c00f0 000001e3`5fb24550 00000000`000000f0 00000000`00000000 : myfault+0x1981',
      '01 ffffd48f`77af9b40 fffff800`62a08bb5     : ffffd48f`77af9ec0 ffff9189`4ed94d70 00000000`00000001 fffff800`00000000 : nt!IofCallDriver+0x55',
      '02 ffffd48f`77af9dd0 00007ff8`f16ece54     : 00000000`00000000 00000000`00000000 00000000`00000000 00000000`00000000 : nt!KiSystemServiceCopyEnd+0x25 (TrapFrame @ ffffd48f`77af9e40)',
      '03 0000007a`e6bde8d8 00000000`00000000     : 00000000`00000000 00000000`00000000 00000000`00000000 00000000`00000000 : 0x00007ff8`f16ece54',
    ]);
    expect(made.run('kb').slice(1, 3)).toEqual([
      ' # RetAddr               : Args to Child                                                           : Call Site',
      '00 fffff800`60da1d3d     : 00000000`c85c00f0 000001e3`5fb24550 00000000`000000f0 00000000`00000000 : myfault+0x1981',
    ]);
  });
  it('find a page fault frame at the handler itself', () => {
    // InsightEngineering, 0xD1 by NotMyFault: nt!KiPageFault's Child-SP is the trap frame that !analyze names.
    const fault = handmade({
      modules: [{ name: 'nt', base: 'fffff805`4d200000', end: 'fffff805`4e246000' }],
      names: { 'fffff805`4d627634': 'nt!KiPageFault+0x474' },
      memory: { 'ffffc60b`87e8ed40': '00'.repeat(0x168) + qword('fffff805`736312d0') + '00'.repeat(0x20) },
      context: { registers: {} },
      frames: [
        frame('ffffc60b`87e8ed40', 'fffff805`736312d0', 'fffff805`4d627634', { args: ['ffffc983`656e6f4e', 'ffff8001`acdbc010', 'ffffc983`00000003', '880'] }),
        frame('ffffc60b`87e8eed0', 'fffff805`7363168e', 'fffff805`736312d0', { boundary: 'trap-frame' }),
      ],
    });
    expect(fault.run('kv')[1]).toBe(
      '00 ffffc60b`87e8ed40 fffff805`736312d0     : ffffc983`656e6f4e ffff8001`acdbc010 ffffc983`00000003 00000000`00000880 : nt!KiPageFault+0x474 (TrapFrame @ ffffc60b`87e8ed40)',
    );
  });
});

// Two public texts of current WinDbg on x86: "# ChildEBP RetAddr      " with six blanks, arguments in three columns.
// frame.sp is esp: the caller's lies two words above the saved ebp that WinDbg prints.
describe('k on x86', () => {
  const made = handmade({
    arch: 'x86',
    modules: [
      { name: 'KERNELBASE', base: '75230000', end: '754b3000', imageName: 'KERNELBASE.dll' },
      { name: 'ConsoleCpp', base: '00300000', end: '00310000', imageName: 'ConsoleCpp.exe' },
    ],
    names: { '75300000': 'KERNELBASE!GetEnvironmentVariableW', '003012c3': 'ConsoleCpp!main+0xa3' },
    target: { kind: 'user' },
    context: { registers: { eip: at('75300000') } },
    frames: [
      frame('0113f9cc', '003012c3', '75300000', { args: ['00303248', '012a1e40', '0000ffff'] }),
      frame('0113f9e4', '00302228', '003012c3', { args: ['00000001', '01297f98', '0129d6f0'] }),
      frame('0113fa24', '0', '00302228'),
    ],
  });
  it('kb', () =>
    expect(made.run('kb').slice(0, 3)).toEqual([
      ' # ChildEBP RetAddr      Args to Child              ',
      '00 0113f9dc 003012c3     00303248 012a1e40 0000ffff KERNELBASE!GetEnvironmentVariableW',
      '01 0113fa1c 00302228     00000001 01297f98 0129d6f0 ConsoleCpp!main+0xa3',
    ]));
  it('k', () => expect(made.run('k').slice(0, 2)).toEqual([' # ChildEBP RetAddr      ', '00 0113f9dc 003012c3     KERNELBASE!GetEnvironmentVariableW']));
  // WinDbg would print the frame's base; without an outer frame it is not known, and question marks say so.
  it('does not invent the base of the outermost frame', () => expect(made.run('k')[3]).toMatch(/^02 \?{8} 00000000     ConsoleCpp!/));
});

describe('a recursion that ran away', () => {
  const round = (index: number, ip: string) => frame((0x1000n + BigInt(index) * 0x30n).toString(16), 'fffff800`60da1d3d', ip);
  const made = (ips: readonly string[]) =>
    handmade({
      modules: [{ name: 'drv', base: 'fffff800`60da0000', end: 'fffff800`60da8000' }],
      context: { registers: {} },
      frames: ips.map((ip, index) => round(index, ip)),
    }).run('kc');
  // WinDbg prints every frame; here a note stands for those that only repeat.
  it('is folded, with the frames that the fold hides', () => {
    const rows = made(['fffff800`60da1000', ...Array.from({ length: 200 }, () => 'fffff800`60da2000'), 'fffff800`60da3000']);
    expect(rows).toEqual([' # Call Site', '00 drv', '01 drv', '02 drv', '… this frame repeated 198 times more (frames 3 to c8)', 'c9 drv']);
  });
  it('of two functions is folded as a pair', () => {
    const rows = made(Array.from({ length: 21 }, (_, index) => (index % 2 === 0 ? 'fffff800`60da1000' : 'fffff800`60da2000')));
    expect(rows.slice(4)).toEqual(['03 drv', '… these 2 frames repeated 8 times more (frames 4 to 13)', '14 drv']);
  });
  it('of three rounds is shown', () => expect(made(Array.from({ length: 3 }, () => 'fffff800`60da2000'))).toHaveLength(4));
});
