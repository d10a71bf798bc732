import { describe, expect, it } from 'vitest';
import { put } from '../testing/build/binary.ts';
import { x86Context } from '../testing/build/context.ts';
import { consoleOf, handmade } from '../testing/node/handmade.ts';
import { createSession } from '../target/session.ts';

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
function words(size: 4 | 8, ...values: readonly bigint[]): string {
  const bytes = new Uint8Array(values.length * size);
  values.forEach((value, index) => put(bytes, index * size, size, value));
  return hex(bytes);
}

/** A 32-bit process whose thread waits in the kernel: TEB, TLS slot 1, and behind it the registers of its 32-bit code. */
function wow64(registers: Readonly<Record<string, bigint>>, modules = ['wow64cpu', 'app']) {
  const made = handmade({
    modules: [
      { name: 'wow64cpu', base: '77000000', end: '77009000' },
      { name: 'app', base: '00400000', end: '00410000' },
    ].filter(({ name }) => modules.includes(name)),
    memory: {
      '7efdc488': words(8, 0x8fd20n),
      '0008fd20': `00004c01${hex(x86Context({ eip: 0x401005, esp: 0x18ff00, ebp: 0x18ff10 }))}`,
      '0018ff00': words(4, 0n, 0n, 0n, 0n, 0x18ff30n, 0x401100n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0x401200n),
      '0008ec00': words(8, 0n, 0n, 0n),
    },
    threads: [{ id: 4, teb: '7efdb000', suspend: 0, registers }],
    target: { kind: 'user' },
  });
  const { target, decoder, knowledge, symbols } = made.session;
  const context = target.threads[0]?.context;
  if (!context) throw new Error('no thread');
  return consoleOf(createSession({ target: { ...target, context }, symbols, decoder, knowledge }));
}

describe('!wow64exts.k', () => {
  const guest = [
    'Guest (32-bit) stack:',
    ' # ChildEBP RetAddr      ',
    '00 0018ff10 00401100     app+0x1005',
    '01 0018ff30 00401200     app+0x1100  [by frame pointer]',
    expect.stringMatching(/^02 \?{8} \?{8} {5}app\+0x1200 {2}\[by frame pointer\]$/),
  ];
  it('shows the stack of the 64-bit code, and that of the 32-bit code behind the TEB', () => {
    const made = wow64({ rip: 0x77001000n, rsp: 0x8ec00n, cs: 0x33n });
    expect(made.run('!wow64exts.k')).toEqual([
      'Host (64-bit) stack:',
      ' # Child-SP          RetAddr               Call Site',
      expect.stringContaining('00 00000000`0008ec00 '),
      'the walk ended here: the memory at 00000000`0008ec18 is not in this dump',
      '',
      ...guest,
    ]);
    expect(made.run('k').at(-1)).toBe('this process runs 32-bit code, whose stack is another: !wow64exts.k');
  });
  it('walks what was interrupted in 32-bit code as such', () => {
    const made = wow64({ rip: 0x401005n, rsp: 0x18ff00n, rbp: 0x18ff10n, cs: 0x23n });
    expect(made.run('!wow64exts.k')).toEqual(guest);
    expect(made.run('k')).toEqual(guest.slice(1));
  });
  it('says where there is none', () => {
    expect(wow64({ rip: 0x401005n, rsp: 0x8ec00n, cs: 0x33n }, ['app']).run('!wow64exts.k').at(-1)).toBe(
      'the process has no 32-bit code: wow64cpu.dll is not loaded',
    );
  });
});
