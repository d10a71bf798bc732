/** Applications. */
import { put } from '../../build/binary.ts';
import { imageBytes } from '../../build/pe.ts';
import { words } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import { accessOf, otherHalf } from '../code.ts';
import type { Draw } from '../draw.ts';
import { statusWord } from '../ends.ts';
import { BIT_CHANGED, DISK, type FaultKind, type Truth } from '../truth.ts';
import { type UserOptions, UserStage } from '../userstage.ts';
import { kind } from './kind.ts';

export const byProgram = (stage: UserStage): Truth => ({ causes: ['application', 'memory'], culprits: [stage.program] });
/** Heap damage shows where it is found; who wrote it is not there. */
const foundIn = (stage: UserStage): Truth => ({ causes: ['memory', 'application'], culprits: [stage.program], undecidable: true });

export function inProgram(draw: Draw, options: UserOptions = {}): UserStage {
  const stage = new UserStage(draw, options);
  const { thread, program } = stage;
  if (draw.chance(0.5))
    thread
      .start(program)
      .chain(program, 'Run')
      .call('USER32.dll', 'DispatchMessageW')
      .call('USER32.dll', 'UserCallWinProcCheckWow')
      .call(program, 'WndProc', 'WndProc');
  else thread.start(program, draw.pick(['main', 'Start'])).call(program, 'Run');
  thread.chain(program, 'Handle', 'Fault');
  return draw.chance(0.7) ? stage.idle() : stage;
}

/** A function of the program has thrown, in the words of Visual C++'s runtime. */
export function throwing(draw: Draw): UserStage {
  const stage = new UserStage(draw);
  stage.thread
    .start(stage.program)
    .chain(stage.program, 'Run', 'Handle', 'Throw')
    .call('VCRUNTIME140.dll', '_CxxThrowException')
    .call('KERNELBASE.dll', 'RaiseException');
  return stage;
}

export const USER_KINDS: readonly FaultKind[] = [
  kind('u-null', 'a program follows a null pointer', (draw) => {
    const stage = inProgram(draw);
    return stage.write(stage.thread.touch(draw.pick([0n, 0n, 8n, 0x20n]), draw.chance(0.4)), byProgram(stage));
  }),
  kind('u-use-after-free', 'a program follows a pointer out of heap that it freed', (draw) => {
    const stage = inProgram(draw);
    return stage.write(stage.thread.touch(draw.pick([0xfeee_feee_feee_feeen, 0xdddd_dddd_dddd_ddddn, 0x6f6c_6c65_4820_6e69n])), byProgram(stage));
  }),
  kind('u-bad-argument', 'a program hands a null pointer to the runtime; the runtime faults', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('ucrtbase.dll', draw.pick(['memcpy', 'strlen']));
    return stage.write(stage.thread.touch(draw.pick([0n, 0x10n]), draw.chance(0.5)), byProgram(stage));
  }),
  kind('u-overlay-faults', 'an overlay that had itself loaded faults in its detour', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call(stage.stranger, 'Detour', 'Callback').call(stage.stranger, 'Fault');
    return stage.write(stage.thread.touch(draw.pick([0n, 0x18n, 0x4000_0000n])), {
      causes: ['application'],
      culprits: [stage.stranger],
      bystanders: [stage.program],
    });
  }),
  kind('u-overlay-passes', "a program's callback fails below an overlay's detour, which only passed the call on", (draw) => {
    const stage = inProgram(draw);
    stage.thread.call(stage.stranger, 'Detour', 'Callback').call(stage.program, 'Handle', 'Original').call(stage.program, 'Fault');
    return stage.write(stage.thread.touch(draw.pick([0n, 0x8n])), { ...byProgram(stage), bystanders: [stage.stranger] });
  }),
  kind('u-loud-overlay', "an overlay's leftovers cover the stack; the program itself fails", (draw) => {
    const stage = inProgram(draw, { loud: true });
    stage.thread.call('ucrtbase.dll', 'strlen');
    return stage.write(stage.thread.touch(0n), { ...byProgram(stage), bystanders: [stage.stranger] });
  }),
  kind('u-plugin', "a program's plug-in follows a bad pointer", (draw) => {
    const stage = inProgram(draw);
    stage.thread.call(stage.plugin, 'Run', 'Callback').chain(stage.plugin, 'Handle', 'Fault');
    return stage.write(stage.thread.touch(draw.pick([0n, 0x30n, 0x7f3a_0000n])), {
      causes: ['application'],
      culprits: [stage.plugin],
      bystanders: [stage.program, stage.stranger],
    });
  }),
  kind('u-heap', 'the heap finds a block whose neighbour overran it', (draw) => {
    const stage = inProgram(draw);
    stage.thread
      .call('ucrtbase.dll', 'free')
      .call('ntdll.dll', 'RtlFreeHeap')
      .chain('ntdll.dll', 'RtlpFreeHeapInternal', 'RtlpLogHeapFailure', 'RtlReportCriticalFailure');
    const address = stage.thread.placeOf('break');
    return stage.write({ code: 0xc0000374, address, parameters: [addressIn(stage.loaded('ntdll.dll'), 'RtlFreeHeap') + 0x100000n], flags: 1 }, foundIn(stage));
  }),
  kind('u-overflow', 'a program calls itself until the stack is used up', (draw) => {
    const stage = new UserStage(draw);
    const { thread, program } = stage;
    thread.start(program).chain(program, 'Run', 'Handle', 'Recurse');
    while (thread.stack.rsp - thread.stack.low > 0x800n) thread.call(program, 'Recurse');
    return stage.write(
      { code: 0xc00000fd, address: thread.placeOf('write'), parameters: [1n, thread.stack.rsp - 8n] },
      { ...byProgram(stage), causes: ['application', 'resource'] },
    );
  }),
  kind('u-cpp-throw', 'a program throws a C++ object that nobody catches', (draw) => {
    const stage = throwing(draw);
    const { base } = stage.loaded(stage.program);
    return stage.write(
      { code: 0xe06d7363, address: stage.thread.placeOf('break'), parameters: [0x19930520n, stage.thread.stack.rsp + 0x80n, base + 0x3a10n, base], flags: 1 },
      byProgram(stage),
    );
  }),
  kind('u-managed', 'a managed exception that nobody catches', (draw) => {
    const stage = new UserStage(draw);
    stage.thread
      .start(stage.program)
      .chain(stage.program, 'Run', 'Handle', 'Throw')
      .call('coreclr.dll', 'IL_Throw')
      .call('coreclr.dll', 'RaiseTheExceptionInternalOnly')
      .call('KERNELBASE.dll', 'RaiseException');
    return stage.write(
      {
        code: 0xe0434352,
        address: stage.thread.placeOf('break'),
        parameters: [statusWord(0x80131509), 0n, 0n, 0n, stage.loaded('coreclr.dll').base],
        flags: 1,
      },
      { ...byProgram(stage), namelessToo: true },
    );
  }),
  kind('u-abort', 'a program gives up: abort', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('ucrtbase.dll', draw.pick(['abort', 'terminate']));
    return stage.write({ code: 0xc0000409, address: stage.thread.placeOf('failfast'), parameters: [7n], flags: 1 }, byProgram(stage));
  }),
  kind('u-invalid-parameter', 'a program hands the runtime what it refuses', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('ucrtbase.dll', '_invalid_parameter_noinfo').call('ucrtbase.dll', '_invoke_watson');
    const legacy = draw.chance(0.4);
    return stage.write(
      { code: legacy ? 0xc0000417 : 0xc0000409, address: stage.thread.placeOf('failfast'), parameters: legacy ? [] : [5n], flags: 1 },
      byProgram(stage),
    );
  }),
  kind('u-cookie', 'a program writes past a buffer on its stack', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call(stage.program, 'GsFailure');
    return stage.write({ code: 0xc0000409, address: stage.thread.placeOf('failfast'), parameters: [2n], flags: 1 }, byProgram(stage));
  }),
  kind('u-divide', 'a program divides by zero', (draw) => {
    const stage = inProgram(draw);
    stage.thread.stack.set({ r8: 0n });
    return stage.write({ code: 0xc0000094, address: stage.thread.placeOf('divide') }, byProgram(stage));
  }),
  kind('u-assert', 'a program stops itself at a breakpoint', (draw) => {
    const stage = inProgram(draw);
    return stage.write(
      { code: 0x80000003, address: stage.thread.placeOf('break'), parameters: [0n] },
      { ...byProgram(stage), causes: ['application', 'manual'], namelessToo: true },
    );
  }),
  kind('u-in-page', "a page of the program's code cannot be read from the disk", (draw) => {
    const stage = inProgram(draw);
    const address = stage.thread.placeOf('read');
    return stage.write(
      { code: 0xc0000006, address, parameters: [8n, address, statusWord(draw.pick([0xc000009c, 0xc000000e, 0xc0000185, 0xc000009d]))] },
      { causes: ['storage', 'hardware'], culprits: DISK, namelessToo: true, bystanders: [stage.program] },
    );
  }),
  kind('u-in-page-network', 'a program runs from a share that went away', (draw) => {
    const stage = inProgram(draw);
    const address = stage.thread.placeOf('read');
    const truth: Truth = { causes: ['storage'], culprits: [], namelessToo: true, bystanders: [stage.program] };
    return stage.write({ code: 0xc0000006, address, parameters: [8n, address, statusWord(draw.pick([0xc00000c4, 0xc000020c, 0xc00000be]))] }, truth);
  }),
  kind('u-code-bit', "a bit of the system library's code turned over in memory", (draw) => {
    const stage = inProgram(draw);
    const { thread } = stage;
    thread.call('ntdll.dll', 'RtlFreeHeap');
    const address = thread.placeOf('read');
    const { base, pe } = stage.loaded('ntdll.dll');
    const rva = Number(address - base) - 0x80;
    const bytes = imageBytes(pe, rva, 0x100);
    put(bytes, 0x80, 1, (bytes[0x80] ?? 0) ^ 1);
    stage.memory.push({ address: base + BigInt(rva), bytes });
    const access = accessOf('ntdll.dll', 'RtlFreeHeap');
    const pointer = BigInt(draw.between(0, 0x80) * 8);
    thread.stack.set({ [access.base]: draw.heap(), [otherHalf(access.base)]: pointer });
    const parameters = [0n, pointer + BigInt(access.displacement)];
    const truth: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED, bystanders: [stage.program, 'ntdll.dll'] };
    return stage.write({ code: 0xc0000005, address, parameters }, stage.atHand === 'nothing' ? { ...truth, undecidable: true } : truth);
  }),
  kind('u-flipped-pointer', 'a bit of a good pointer turned over', (draw) => {
    const stage = inProgram(draw);
    const good = draw.heap();
    stage.memory.push(words(draw.heap(), [good, good, good + 0x20n]));
    return stage.write(stage.thread.touch(good ^ (1n << BigInt(draw.between(50, 61)))), {
      causes: ['hardware', 'memory', 'application'],
      culprits: [...BIT_CHANGED, stage.program],
      undecidable: true,
    });
  }),
  kind('u-dll-init', 'a library refuses to be loaded', (draw) => {
    const stage = new UserStage(draw);
    stage.thread.begin('ntdll.dll', 'LdrInitializeThunk').chain('ntdll.dll', 'LdrpInitializeNode', 'LdrpReportError', 'NtRaiseHardError');
    return stage.write(
      { code: 0xc0000142, address: stage.thread.placeOf('read'), flags: 1 },
      { causes: ['application'], culprits: [stage.plugin, stage.program], namelessToo: true },
    );
  }),
  kind('u-out-of-memory', 'a program asks for more memory than there is', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('ucrtbase.dll', 'malloc').call('ntdll.dll', 'RtlAllocateHeap');
    return stage.write(
      { code: draw.pick([0xc0000017, 0xc000012d]), address: stage.thread.placeOf('break'), flags: 1 },
      { causes: ['resource', 'application'], culprits: [stage.program], namelessToo: true },
    );
  }),
  kind('u-display-driver', "a program draws; the display driver's library follows a bad pointer", (draw) => {
    const stage = inProgram(draw, { stranger: draw.pick(['nvwgf2umx.dll', 'atidxx64.dll', 'igd10iumd64.dll', 'zorumd64.dll']) });
    stage.thread.call('d3d11.dll', 'CContext_Draw').call(stage.stranger, 'Run', 'DriverDraw').chain(stage.stranger, 'Handle', 'Fault');
    return stage.write(stage.thread.touch(draw.pick([0n, 0x40n])), {
      causes: ['application', 'driver'],
      culprits: [stage.stranger],
      bystanders: [stage.program],
    });
  }),
  kind('u-handle', 'a program closes a handle that is not its own', (draw) => {
    const stage = inProgram(draw);
    stage.thread.call('KERNELBASE.dll', 'CloseHandle').call('ntdll.dll', 'NtWaitForSingleObject');
    return stage.write({ code: 0xc0000008, address: stage.thread.placeOf('break'), flags: 1 }, byProgram(stage));
  }),
  kind('u-execute-heap', 'a program calls through an overwritten function pointer', (draw) => {
    const stage = inProgram(draw);
    const target = draw.heap();
    stage.thread.stack.push(addressIn(stage.loaded(stage.program), 'Fault>Callback'));
    return stage.write({ code: 0xc0000005, address: target, parameters: [8n, target] }, byProgram(stage));
  }),
  kind('u-hang', 'two threads of a program wait for each other; somebody took a dump', (draw) => {
    const ids = [0x1004, 0x1008] as const;
    const stage = new UserStage(draw, { threadId: ids[0] });
    const [first, second] = [draw.heap(), draw.heap()];
    for (const [thread, lock] of [
      [stage.thread, first],
      [stage.another(), second],
    ] as const) {
      thread.start(stage.program, 'Start').chain(stage.program, 'Run', 'Handle', 'Fault').call('ntdll.dll', 'RtlEnterCriticalSection');
      thread.stack.set({ rcx: lock, rbx: lock });
      thread.chain('ntdll.dll', 'RtlpEnterCriticalSectionContended', 'RtlpWaitOnCriticalSection', 'NtWaitForAlertByThreadId');
    }
    // RTL_CRITICAL_SECTION: DebugInfo, LockCount, RecursionCount, OwningThread, LockSemaphore (winnt.h)
    stage.memory.push(
      words(first, [0xffff_ffff_ffff_ffffn, 0x1_ffff_fffan, BigInt(ids[1]), 0n]),
      words(second, [0xffff_ffff_ffff_ffffn, 0x1_ffff_fffan, BigInt(ids[0]), 0n]),
    );
    return stage.write(undefined, { causes: ['hang', 'application', 'manual'], culprits: [stage.program], namelessToo: true });
  }),
  kind('u-asked-for', 'somebody took a dump of a process that idles', (draw) => {
    const stage = new UserStage(draw);
    stage.thread.start(stage.program).call(stage.program, 'Run').call('USER32.dll', 'GetMessageW').call('win32u.dll', 'NtUserGetMessage');
    stage.idle().idle();
    return stage.write(undefined, { causes: ['manual', 'hang'], culprits: [], undecidable: true });
  }),
];
