/** Verdicts over memory of chance: every structure that a rule follows is noise, pointers lead into it, and nothing may throw or hang. */
import { expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { Random } from '../testing/build/random.ts';
import { type Fake, fakeSession, qword } from '../testing/node/fakesession.ts';
import { judge, judgeHang } from './judge.ts';

const HEAP = 0xffffb000_00010000n;
const ROUNDS = 40;
/** Codes and exceptions whose rules read structures in memory. */
const KERNEL = [0x0a, 0x19, 0x3b, 0x50, 0x9f, 0xc2, 0xc4, 0xcb, 0xd1, 0xef, 0x10d, 0x124, 0x133, 0x139, 0x13a, 0x154] as const;
const USER = [0xc0000005, 0xc000027b, 0xc0000374, 0xe0434352, 0xe06d7363, undefined] as const;

/** 4 KiB of words that are small numbers, all ones, or addresses of the same 4 KiB. */
function noise(random: Random): string {
  const kinds: readonly (() => bigint)[] = [
    () => BigInt(random.u32() % 64),
    () => 0xffff_ffff_ffff_ffffn,
    () => HEAP + BigInt(random.u32() % 0x1000),
    () => BigInt(random.u32()),
  ];
  return Array.from({ length: 512 }, () => qword(kinds[random.u32() % kinds.length]?.() ?? 0n)).join('');
}

test.each(Array.from({ length: ROUNDS }, (_, index) => 20261126 + index))('seed %d', (seed) => {
  const random = new Random(seed);
  const inside = (): bigint => HEAP + BigInt(random.u32() % 0x1000);
  const registers = Object.fromEntries(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'r8', 'r9'].map((name) => [name, inside()]));
  const common: Fake = {
    modules: ['ntoskrnl.exe', 'bad.sys'],
    registers: { ...registers, rip: 0xfffff800_12001000n },
    memory: { [String(HEAP)]: noise(random) },
  };
  const kernel = KERNEL[random.u32() % KERNEL.length] ?? 0xd1;
  const params = [BigInt([3, 7, 0x62, 0, 0x41792][random.u32() % 5] ?? 0), inside(), inside(), inside()];
  const stop = driveSync(judge(fakeSession({ ...common, code: kernel, params, source: 'trap-frame', frames: [['bad.sys+0x1000', 'context']] })));
  expect(stop.steps.length, `code ${kernel.toString(16)}`).toBeGreaterThan(0);

  const code = USER[random.u32() % USER.length];
  const user: Fake = {
    ...{ ...common, user: true, process: 'app.exe', modules: ['app.exe', String.raw`C:\Windows\System32\ntdll.dll`] },
    threads: { 10: { ...registers, rip: 0x7ff6_0200_0100n }, 20: { ...registers, rsp: inside(), rip: 0x7ff6_0200_0100n } },
    ...(code === undefined ? {} : { exception: { code, parameters: [inside(), inside(), inside(), HEAP], address: 0x7ff6_0000_1000n } }),
  };
  expect(driveSync(judge(fakeSession(user))).steps.length, `exception ${String(code)}`).toBeGreaterThan(0);
  expect(driveSync(judgeHang(fakeSession(user))).cause).toBe('hang');
});
