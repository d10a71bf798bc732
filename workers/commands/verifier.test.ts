/** `!verifier` and `!deadlock`: texts of the driver kit's documentation, with the built machine's own addresses. */
import { describe, expect, it } from 'vitest';
import { deadlockC4, leakC4 } from '../testing/build/kernelstate.ts';
import { kernelOf } from '../testing/build/kernelscene.ts';
import { type Scene, triageOf } from '../testing/build/scene.ts';
import { flatten } from '../testing/build/sparse.ts';
import { shownLines as shown } from '../testing/node/handmade.ts';
import { deadlockSession, leakSession, powerSession, sessionOf } from '../testing/node/sessions.ts';

const hex = (value: bigint): string => value.toString(16);
const built = (scene: Scene): ReturnType<typeof sessionOf> => sessionOf(flatten(kernelOf(scene, { kind: 'bitmap-kernel' }).dump), 'built.dmp');

describe('!verifier', () => {
  const session = leakSession();
  const driver = session.target.modules.byName('examplenic')?.base ?? 0n;
  const text = shown(session, '!verifier 3');

  it('prints level, options and counts as the documentation of 0xC4/0x62 does', () => {
    // The text of the documentation: level 0x209bb, these ten options on.
    const on = text.filter((row) => row.includes('[X] (')).map((row) => row.trim());
    expect(text[0]).toBe('Verify Flags Level 0x000209bb');
    expect(on).toEqual([
      '[X] (0x00000000) Automatic Checks',
      '[X] (0x00000001) Special pool',
      '[X] (0x00000002) Force IRQL checking',
      '[X] (0x00000008) Pool tracking',
      '[X] (0x00000010) I/O verification',
      '[X] (0x00000020) Deadlock detection',
      '[X] (0x00000080) DMA checking',
      '[X] (0x00000100) Security checks',
      '[X] (0x00000800) Miscellaneous checks',
      '[X] (0x00020000) DDI compliance checking',
    ]);
    for (const row of [
      '  Pool Allocations Attempted             0x2db1a',
      '  Pool Allocations Succeeded SpecialPool 0x2db1a',
      '  Current nonpaged pool allocations      0x3 for 00001058 bytes',
      '  Peak nonpaged pool allocations         0x13 for 0004A4A0 bytes',
    ])
      expect(text).toContain(row);
  });

  it('lists the blocks that the driver left, by argument 3', () => {
    expect(text).toContain('      Current Pool Allocations: ( 0x00000003 / 0x00000000 )');
    expect(text).toContain('      Current Pool Bytes:       ( 0x00001058 / 0x00000000 )');
    expect(text.slice(-3)).toEqual([
      `      0xffffe08170000050  0x00001008  mdrv  0x${hex(driver + 0x1687n)}  examplenic+0x1687`,
      `      0xffffe08170000250  0x00000020  VMdl  0x${hex(driver + 0x16acn)}  examplenic+0x16ac`,
      `      0xffffe08170000290  0x00000030  Vfwi  0x${hex(driver + 0x16edn)}  examplenic+0x16ed`,
    ]);
  });

  it('believes no structure whose counts are not those of argument 4, and no list that goes round', () => {
    const scene = leakC4();
    const [p1, p2, p3] = scene.params;
    expect(shown(built({ ...scene, params: [p1, p2, p3, 4n] }), '!verifier 3').at(-1)).toBe(
      'what the driver left cannot be listed: the number of blocks at argument 3 is 0, which is not the 4 of argument 4',
    );
    // The page's link leads back to itself.
    const round = { address: 0xffffe08170007000n, bytes: Uint8Array.of(0, 0x70, 0, 0x70, 0x81, 0xe0, 0xff, 0xff) };
    expect(shown(built({ ...scene, memory: [...scene.memory, round] }), '!verifier 3').at(-1)).toMatch(/^the list goes on: PoolPageHeaders is a loop/);
  });

  it('says what is not there', () => {
    expect(shown(powerSession(), '!verifier')[0]).toMatch(/^BAD_ARGUMENT: whether Driver Verifier was on cannot be read: /);
    expect(shown(session, '!verifier 80 ffffe08170000050')[0]).toMatch(/^BAD_ARGUMENT: flags 4 to 400/);
  });
});

describe('!deadlock', () => {
  const session = deadlockSession();
  const driver = session.target.modules.byName('examplenic')?.base ?? 0n;
  const [alpha, bravo] = [
    `Lock A =   ${hex(driver + 0x800cn)} (examplenic+0x0000800c) - Type 'Spinlock'.`,
    `Lock B =   ${hex(driver + 0x8008n)} (examplenic+0x00008008) - Type 'Spinlock'.`,
  ];

  it('prints the circle as the documentation of 0xC4/0x1001 does', () => {
    expect(shown(session, '!deadlock')).toEqual([
      `issue: 00001001 ${hex(driver + 0x800cn)} ffffe08170009400 00000000 `,
      '',
      'Deadlock detected (2 locks in 2 threads):',
      '',
      'Thread 0: A B.',
      'Thread 1: B A.',
      '',
      'Where:',
      '',
      'Thread 0 = TERMINATED.',
      'Thread 1 = ffffe0812e0d7040.',
      '',
      alpha,
      bravo,
    ]);
  });

  it('shows with 3 where each lock was taken', () => {
    const text = shown(session, '!deadlock 3');
    expect(text).toContain('Thread 0: TERMINATED took locks in the following order:');
    expect(text).toContain('    Node:    ffffe08170009200');
    expect(text).toContain(`    Stack:   ${hex(driver + 0x65b7n)} examplenic+0x000065b7`);
    expect(text).toContain(`             ${hex(driver + 0x605an)} examplenic+0x0000605a`);
    expect(text.filter((row) => row === alpha).length).toBe(2);
    expect(text.at(-2)).toBe('    Stack:   << Current stack trace - use kb to display it >>');
  });

  it('says why where the records are not there, and where the stop is another', () => {
    const gone = shown(sessionOf(triageOf({ ...deadlockC4(), memory: [] }).bytes, 'small.dmp'), '!deadlock');
    expect(gone[2]).toMatch(/^the verifier’s records cannot be read: .*not in this dump\. A kernel memory dump holds them/);
    expect(gone).toContain('argument 2: address of the resource that closed the deadlock: inside examplenic.sys+0x800c');
    expect(shown(powerSession(), '!deadlock')[0]).toMatch(/^This is no deadlock stop of Driver Verifier \(0xC4/);
  });

  it('ends where the graph goes round', () => {
    const scene = deadlockC4();
    // The first node of Alpha names itself as its parent.
    const round = { address: 0xffffe08170009200n, bytes: Uint8Array.of(0, 0x92, 0, 0x70, 0x81, 0xe0, 0xff, 0xff) };
    const text = shown(built({ ...scene, memory: [...scene.memory, round] }), '!deadlock');
    expect(text.at(-1)).toMatch(/^further records cannot be read: VI_DEADLOCK_NODE\.Parent is 0xffffe08170009200, which is not a chain with an end/);
    expect(text).toContain('Deadlock detected (2 locks in 1 threads):');
  });
});
