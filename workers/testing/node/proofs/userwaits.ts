/** Applications that wait, whose heap is damaged, that could not start or got no memory; and what writers of dumps do differently. */
import { Binary } from '../../build/binary.ts';
import type { MinidumpSpec } from '../../build/minidump.ts';
import type { Draw } from '../../faults/draw.ts';

import { byProgram, inProgram } from '../../faults/kinds/user.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { FIRST_THREAD, heapDamage, type Waits, waitingProgram } from '../../faults/userdata.ts';
import { type Raised, UserStage } from '../../faults/userstage.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const OWN: Expected = { cause: 'application-bug', sureness: 'likely', culprit: 'true' };
const HANG: Expected = { cause: 'hang', sureness: 'likely', culprit: 'nobody' };
const SNAPSHOT: Expected = { cause: 'hang', sureness: 'possible', culprit: 'nobody', doubts: ['a-one-moment'] };
const NO_BLAME: Truth = { causes: ['hang', 'manual'], culprits: [] };

function waiting(draw: Draw, waits: Waits['waits'], owners: Waits['owners'], failed = false): MadeFault {
  const stage = waitingProgram(draw, { waits, owners }, { whole: true });
  return failed ? stage.write(stage.thread.touch(0n), byProgram(stage)) : stage.write(undefined, NO_BLAME);
}

const hangs = (says: string, waits: Waits['waits'], owners: Waits['owners'], expected: Expected): Proved =>
  staged(says, (draw) => waiting(draw, waits, owners), expected);
const CIRCLE = hangs('two threads wait for each other', [0, 1], [1, 0], { ...HANG, shows: ['h-app-deadlock'] });
const BLOCKED = hangs('two threads wait for a third, which computes', [0, 0, undefined], [2], { ...HANG, shows: ['h-app-blocked'], doubts: ['a-one-moment'] });
const FREE = hangs('the lock that they wait for has no owner any more', [0, 0], [undefined], SNAPSHOT);

const DEADLOCK: Proof = {
  rule: 'h-app-deadlock',
  fires: [CIRCLE, hangs('three threads wait in a circle', [0, 1, 2], [1, 2, 0], HANG)],
  nearly: [BLOCKED, hangs('each waits, and one of the locks is free again', [0, 1], [1, undefined], HANG)],
  against: [BLOCKED],
};
const BLOCKER: Proof = {
  rule: 'h-app-blocked',
  fires: [BLOCKED, hangs('a chain: one waits for the next, which waits for a third', [0, 1, undefined], [1, 2], HANG)],
  nearly: [CIRCLE, FREE],
  against: [FREE],
};
const LOCK_WAIT: Proof = { ...DEADLOCK, rule: 'e-lock-wait', nearly: [hangs('a lock that is free', [0, undefined], [undefined], SNAPSHOT)] };
const OWNER_AT: Proof = {
  rule: 'e-owner-at',
  fires: [BLOCKED],
  nearly: [hangs('in a circle nobody holds up the others alone', [0, 1], [1, 0], HANG)],
  against: [FREE],
};

const idles = (draw: Draw, raised?: Omit<Raised, 'address'>, more: Partial<MinidumpSpec> = {}): MadeFault => {
  const stage = new UserStage(draw, { whole: true });
  stage.thread.start(stage.program).call(stage.program, 'Run').call('USER32.dll', 'GetMessageW').call('win32u.dll', 'NtUserGetMessage');
  stage.idle();
  return stage.write(raised && { ...raised, address: stage.thread.placeOf('read') }, NO_BLAME, more);
};
const SNAPSHOTS: Proof = {
  rule: 'h-app-hang',
  fires: [
    staged('Task Manager took a dump of a program that waits for its user', (draw) => idles(draw), { ...SNAPSHOT, shows: ['e-no-exception'] }),
    staged('Windows Error Reporting took a dump of a program that does not answer', (draw) => idles(draw, { code: 0xcfffffff }), SNAPSHOT),
    staged('the program itself asked Crashpad for a dump', (draw) => idles(draw, { code: 0x0517a7ed }), SNAPSHOT),
  ],
  nearly: [ofKind('u-null', 3, OWN), CIRCLE],
  against: [hangs('a thread waits for a lock that has no owner any more', [0], [undefined], SNAPSHOT)],
};
const HANG_ASIDE: Proof = {
  rule: 'h-app-hang-error',
  fires: [{ ...staged('a crash, read as a hang', (draw) => waiting(draw, [undefined, 0], [undefined], true), SNAPSHOT), asHang: true }],
  nearly: [
    { ...staged('a snapshot, read as a hang', (draw) => idles(draw), { ...SNAPSHOT, shows: ['h-app-hang'] }), asHang: true },
    staged('the same crash, read as one', (draw) => waiting(draw, [undefined, 0], [undefined], true), OWN),
  ],
  against: [{ ...staged('a crash, read as a hang: nothing waits', (draw) => waiting(draw, [undefined], [undefined], true), SNAPSHOT), asHang: true }],
};

const DAMAGED: Expected = { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', shows: ['h-app-heap'], doubts: ['a-reported-by'] };
const heap = (says: string, kind: number | undefined, more: Partial<Expected>): Proved =>
  staged(says, (draw) => heapDamage(inProgram(draw, { whole: true }), kind), { ...DAMAGED, ...more });
const HEAP_KIND: Proof = {
  rule: 'e-heap-kind',
  fires: [
    heap('bytes were written behind the end of a block', 6, { words: [/behind the end of a block at 0x1f000000040/] }),
    heap('a block is freed that is not in use', 8, { words: [/freed twice/] }),
    heap('a call with an address that is no block', 9, { words: [/no block of the heap/] }),
  ],
  nearly: [heap('the report is not in the dump', undefined, {}), heap('a kind that no heap writes', 99, {})],
  against: [heap('the heap found it when a block was freed: the writer is elsewhere', 3, { doubts: ['a-reported-by'] })],
};

const OVERFLOW: Proof = {
  rule: 'h-app-stack',
  fires: [ofKind('u-overflow', 0, { ...OWN, sureness: ['likely', 'possible'] })],
  nearly: [staged('one function wants a buffer larger than the stack', largeFrame, { ...OWN, shows: ['h-app-stack-plain'] })],
  against: [
    staged('the frames cannot be walked; the same word fills the stack', bareRecursion, {
      cause: 'application-bug',
      sureness: 'possible',
      culprit: 'true',
      shows: ['e-recursion-words'],
      doubts: ['a-leftovers'],
    }),
  ],
};
const PLAIN_OVERFLOW: Proof = { rule: 'h-app-stack-plain', fires: [OVERFLOW.nearly[0]], nearly: OVERFLOW.fires, against: OVERFLOW.against };
const REPEATED: Proof = { rule: 'e-recursion-words', fires: [OVERFLOW.against[0]], nearly: [OVERFLOW.nearly[0]], against: OVERFLOW.against };

function largeFrame(draw: Draw): MadeFault {
  const stage = inProgram(draw, { whole: true });
  return stage.write({ code: 0xc00000fd, address: stage.thread.placeOf('write'), parameters: [1n, stage.thread.stack.rsp - 0x4_0000n] }, byProgram(stage));
}
function bareRecursion(draw: Draw): MadeFault {
  const stage = new UserStage(draw, { whole: false });
  stage.atHand = 'nothing';
  const { thread, program } = stage;
  thread.start(program).chain(program, 'Run', 'Handle', 'Recurse');
  while (thread.stack.rsp - thread.stack.low > 0x800n) thread.call(program, 'Recurse');
  thread.call(program, 'Fault').call('ntdll.dll', 'RtlEnterCriticalSection');
  return stage.write({ code: 0xc00000fd, address: thread.placeOf('write'), parameters: [1n, thread.stack.rsp - 8n] }, byProgram(stage));
}

const LOADER: Proof = {
  rule: 'h-app-loader',
  fires: [ofKind('u-dll-init', 0, { cause: 'application-bug', sureness: 'possible', culprit: 'nobody' })],
  nearly: [ofKind('u-null', 1, OWN)],
  against: [ofKind('u-dll-init', 1, { cause: 'application-bug', sureness: 'possible', culprit: 'nobody', doubts: ['a-not-seen'] })],
};
const MEMORY: Proof = {
  rule: 'h-app-memory',
  fires: [
    ofKind('u-out-of-memory', 0, { cause: 'resource-exhaustion', sureness: 'likely', culprit: 'nobody' }),
    staged(
      'a browser ends itself when it gets no memory',
      (draw) => {
        const stage = inProgram(draw, { whole: true });
        stage.thread.call('KERNELBASE.dll', 'RaiseException');
        return stage.write({ code: 0xe0000008, address: stage.thread.placeOf('break'), parameters: [0x4000_0000n], flags: 1 }, byProgram(stage));
      },
      { cause: 'resource-exhaustion', sureness: 'likely', culprit: 'nobody' },
    ),
  ],
  nearly: [ofKind('u-abort', 0, { ...OWN, sureness: ['likely', 'possible'] })],
  against: [ofKind('u-out-of-memory', 1, { cause: 'resource-exhaustion', sureness: 'likely', culprit: 'nobody', doubts: ['a-memory-of-pc'] })],
};

const INJECTED: Proof = {
  rule: 'e-injected',
  context: true,
  fires: [
    staged('an overlay that is known sits in the process and did nothing', (draw) => withStranger(draw, 'RTSSHooks64.dll', false), OWN),
    staged('an overlay that is known faults in its own code', (draw) => withStranger(draw, 'RTSSHooks64.dll', true), OWN),
  ],
  nearly: [staged('a library that nobody knows', (draw) => withStranger(draw, 'qualib64.dll', false), OWN)],
  against: [
    staged('the overlay is there; the program itself reaches through null', (draw) => withStranger(draw, 'DiscordHook64.dll', false), {
      ...OWN,
      doubts: ['a-hardware-could'],
    }),
  ],
};
function withStranger(draw: Draw, stranger: string, faults: boolean): MadeFault {
  const stage = inProgram(draw, { whole: true, stranger });
  if (faults) stage.thread.call(stranger, 'Detour', 'Callback').call(stranger, 'Fault');
  return stage.write(stage.thread.touch(0n), { causes: ['application'], culprits: [faults ? stranger : stage.program], bystanders: faults ? [] : [stranger] });
}

function besideReporter(draw: Draw): MadeFault {
  const stage = inProgram(draw, { whole: true, reporter: true }).idle();
  return stage.write(stage.thread.touch(0n), byProgram(stage));
}
/** MDRawBreakpadInfo: validity, dump thread, requesting thread. */
const BREAKPAD_INFO = 0x4767_0001;
const breakpadInfo = (validity: number, dumper: number, asked: number): NonNullable<MinidumpSpec['extra']> => [
  { type: BREAKPAD_INFO, bytes: new Binary().u32(validity).u32(dumper).u32(asked).finish() },
];
function breakpad(draw: Draw): MadeFault {
  const stage = inProgram(draw, { whole: true, threadId: FIRST_THREAD }).idle();
  return stage.write(stage.thread.touch(0n), byProgram(stage), { extra: breakpadInfo(3, FIRST_THREAD + 4, FIRST_THREAD) });
}
const breakpadAsked = (draw: Draw): MadeFault => idles(draw, undefined, { extra: breakpadInfo(3, FIRST_THREAD, FIRST_THREAD) });

const WRITERS: Proof = {
  rule: 'user-mode',
  fires: [
    ofKind('x86-null', 0, OWN),
    ofKind('x86-library', 0, OWN),
    ofKind('x86-bad-argument', 0, { ...OWN, sureness: ['likely', 'possible'] }),
    ofKind('arm64-null', 0, OWN),
    ofKind('arm64-library', 0, OWN),
    staged('the writer of the dump works in the process: its own thread stands first, and waits', besideReporter, OWN),
    staged('a dump that Breakpad wrote: the stream names its threads', breakpad, OWN),
  ],
  nearly: [
    ofKind('x86-heap', 0, { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody' }),
    ofKind('arm64-flipped', 0, { cause: ['application-bug', 'hardware'], sureness: 'possible', culprit: 'true' }),
    staged('Breakpad wrote it because the program asked: no thread failed', breakpadAsked, SNAPSHOT),
  ],
  against: [ofKind('arm64-flipped', 1, { cause: ['application-bug', 'hardware'], sureness: 'possible', culprit: 'true', doubts: ['a-hardware-could'] })],
};

export const USER_WAIT_PROOFS: readonly Proof[] = [
  ...[DEADLOCK, BLOCKER, LOCK_WAIT, OWNER_AT, SNAPSHOTS, HANG_ASIDE, HEAP_KIND, OVERFLOW, PLAIN_OVERFLOW, REPEATED, LOADER, MEMORY, INJECTED, WRITERS],
];
