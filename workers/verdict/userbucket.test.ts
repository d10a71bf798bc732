/** Each class of an application's FAILURE_BUCKET_ID, with a bucket of its form that was published (see bucket.test.ts). */
import { describe, expect, test } from 'vitest';
import { va } from '../base/address.ts';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession, GAP, qword } from '../testing/node/fakesession.ts';
import { judge, judgeHang } from './judge.ts';

const u32 = (value: number): string => qword(BigInt(value)).slice(0, 8);

describe('applications', () => {
  const user = (fake: Fake): string =>
    driveSync(judge(fakeSession({ user: true, modules: [String.raw`C:\test\AccessV.exe`, String.raw`C:\Windows\System32\ntdll.dll`], ...fake }))).bucket;
  const at = (module: string, symbol?: string): NonNullable<Fake['frames']>[number] => [`${module}+0x1000`, 'context', symbol];
  const access = (kind: bigint, address: bigint, more: Fake = {}): string =>
    user({
      exception: { code: 0xc0000005, parameters: [kind, address], address: 'AccessV.exe+0x1000' },
      registers: { rip: 0x7ff6_0000_1000n },
      frames: [at('AccessV.exe', 'main')],
      ...more,
    });
  test('access kinds', () => {
    expect(access(0n, 0x5db1_57c7b535n)).toBe('INVALID_POINTER_READ_c0000005_AccessV.exe!main');
    expect(access(1n, 0n)).toBe('NULL_POINTER_WRITE_c0000005_AccessV.exe!main');
    // Published: reads of 6, 0x1b and 0x88.
    for (const address of [6n, 0x1bn, 0x88n]) expect(access(0n, address)).toBe('NULL_CLASS_PTR_READ_c0000005_AccessV.exe!main');
    expect(access(0n, 0x10000n)).toBe('INVALID_POINTER_READ_c0000005_AccessV.exe!main');
  });
  test('code that may not run: whoever called it, or nobody', () => {
    const heap = { registers: { rip: 0x1f3_ef330000n }, exception: { code: 0xc0000005, parameters: [8n, 0x1f3_ef330000n], address: 0x1f3_ef330000n } };
    expect(
      user({
        ...heap,
        frames: [
          ['0x1f3ef330000', 'context'],
          ['AccessV.exe+0x64', 'unwind-info', 'main'],
        ],
      }),
    ).toBe('SOFTWARE_NX_FAULT_c0000005_AccessV.exe!main');
    expect(user({ ...heap, frames: [] })).toBe('INVALID_POINTER_EXECUTE_c0000005_AccessV.exe!unknown_error_in_process');
  });
  test('ntdll, KERNELBASE and kernel32 work for others', () => {
    const modules = ['AccessV.exe', 'ntdll.dll', 'KERNELBASE.dll', 'kernel32.dll'];
    const names: Fake['frames'] = [
      at('ntdll.dll', 'RtlInitUnicodeStringEx'),
      at('KERNELBASE.dll', 'CreateProcessW'),
      at('kernel32.dll', 'CreateProcessWStub'),
      at('AccessV.exe', 'main'),
    ];
    expect(access(0n, 0x5db1_57c7b535n, { modules, frames: names })).toBe('INVALID_POINTER_READ_c0000005_AccessV.exe!main');
  });
  test('Application Verifier', () =>
    expect(access(0n, 0x5db1_57c7b535n, { modules: ['AccessV.exe', 'ntdll.dll', 'verifier.dll'] })).toBe(
      'INVALID_POINTER_READ_AVRF_c0000005_AccessV.exe!main',
    ));
  const raised = (code: number, parameters: readonly bigint[], symbol: string, more: Fake = {}): string =>
    user({
      exception: { code, parameters, address: 'AccessV.exe+0x1000' },
      frames: [at('AccessV.exe', symbol)],
      registers: { rip: 0x7ff6_0000_1000n },
      ...more,
    });
  test.each<[string, number, readonly bigint[], string]>([
    ['FAIL_FAST_FATAL_APP_EXIT_c0000409_AccessV.exe!abort', 0xc0000409, [7n], 'abort'],
    ['FAIL_FAST_GUARD_ICALL_CHECK_FAILURE_c0000409_AccessV.exe!main', 0xc0000409, [10n], 'main'],
    ['FAIL_FAST_STACK_BUFFER_OVERRUN_STACK_COOKIE_CHECK_FAILURE_c0000409_AccessV.exe!main', 0xc0000409, [2n], 'main'],
    ['FAIL_FAST_EXCEPTION_c0000602_AccessV.exe!Common::Assert::DoFailFast', 0xc0000602, [], 'Common::Assert::DoFailFast'],
    ['STACK_OVERFLOW_c00000fd_AccessV.exe!main', 0xc00000fd, [1n, 0n], 'main'],
    ['ILLEGAL_INSTRUCTION_c000001d_AccessV.exe!main', 0xc000001d, [], 'main'],
    ['STOWED_EXCEPTION_c000027b_AccessV.exe!main', 0xc000027b, [], 'main'],
    ['APPLICATION_FAULT_c00000aa_AccessV.exe!main', 0xc00000aa, [], 'main'],
    ['INTEGER_DIVIDE_BY_ZERO_c0000094_AccessV.exe!hDoRemaining', 0xc0000094, [], 'hDoRemaining'],
    ['INVALID_CRUNTIME_PARAMETER_c0000417_AccessV.exe!_invoke_watson', 0xc0000417, [], '_invoke_watson'],
    ['INVALID_PARAMETER_c000000d_AccessV.exe!PnpManagerBase::Teardown', 0xc000000d, [], 'PnpManagerBase::Teardown'],
    ['IN_PAGE_ERROR_c0000006_AccessV.exe!main', 0xc0000006, [0n, 0n, 0xc0000185n], 'main'],
    // Watson failures: destructors and lambdas have underscores for what may not stand in a bucket.
    ['APPLICATION_FAULT_c00000aa_AccessV.exe!CTL_API::GfxHandler::_GfxHandler', 0xc00000aa, [], 'CTL_API::GfxHandler::~GfxHandler'],
    ['APPLICATION_FAULT_c00000aa_AccessV.exe!_OnDrag_::_163_::_lambda_1_::operator', 0xc00000aa, [], "`OnDrag'::`163'::<lambda_1>::operator()"],
  ])('%s', (wanted, code, parameters, symbol) => expect(raised(code, parameters, symbol)).toBe(wanted));
  test('a stowed error by its own code', () => {
    const [array, one] = [0x2000_0000n, 0x2000_1000n];
    const memory = { [String(array)]: qword(one), [String(one)]: `${u32(0x28)}${u32(0x53453032)}${u32(0x80070002)}${u32(0)}` };
    expect(raised(0xc000027b, [array, 1n], 'main', { memory })).toBe('STOWED_EXCEPTION_80070002_AccessV.exe!main');
  });
  test('damage of the heap', () => {
    const failure = 0x7ff8_74e118a0n;
    const heap = (kind: number, names: Fake['frames'] = [at('ntdll.dll', 'RtlReportFatalFailure')]): string =>
      user({
        exception: { code: 0xc0000374, parameters: [failure], address: 'ntdll.dll+0x1000' },
        frames: names,
        memory: { [String(failure)]: `${u32(2)}${u32(0x70)}${u32(kind)}${'00'.repeat(0x20)}` },
      });
    expect(heap(9)).toBe('HEAP_CORRUPTION_ACTIONABLE_InvalidArgument_c0000374_heap_corruption!AccessV.exe');
    const freeing = [at('ntdll.dll', 'RtlReportFatalFailure'), at('ntdll.dll', 'RtlpFreeHeapInternal'), at('AccessV.exe', 'main')];
    expect(heap(8, freeing)).toBe('HEAP_CORRUPTION_ACTIONABLE_BlockNotBusy_DOUBLE_FREE_c0000374_AccessV.exe!main');
    expect(heap(6, freeing)).toBe('HEAP_CORRUPTION_ACTIONABLE_BufferOverrun_c0000374_AccessV.exe!main');
    // A kind whose word in a bucket was never published.
    expect(heap(13)).toBe('HEAP_CORRUPTION_c0000374_heap_corruption!AccessV.exe');
  });
  test('no exception is a break; a program that does not answer waits or is busy', () => {
    const modules = ['st.exe', 'ntdll.dll', 'mswsock.dll', 'coreclr.dll'];
    const wait = at('ntdll.dll', 'NtWaitForSingleObject');
    expect(user({ modules, frames: [wait, at('mswsock.dll', 'SockWaitForSingleObject')] })).toBe('BREAKPOINT_80000003_mswsock.dll!SockWaitForSingleObject');
    const [inNtdll, inProgram] = [0x7ff6_0000_1000n + GAP, 0x7ff6_0000_1000n];
    const hung = (rip: bigint, names: NonNullable<Fake['frames']>): string =>
      user({ modules, frames: names, registers: { rip }, exception: { code: 0xcfffffff, parameters: [], address: rip } });
    expect(hung(inNtdll, [wait, at('coreclr.dll', 'Thread::DoAppropriateWaitWorker')])).toBe(
      'APPLICATION_HANG_cfffffff_coreclr.dll!Thread::DoAppropriateWaitWorker',
    );
    expect(hung(inProgram, [at('st.exe', 'Spin')])).toBe('APPLICATION_HANG_BusyHang_cfffffff_st.exe!Spin');
  });
  test('-hang takes no exception for the hang', () => {
    const session = fakeSession({
      user: true,
      modules: ['st.exe'],
      exception: { code: 0xc0000005, parameters: [0n, 0n], address: va(0x7ff6_0000_1000n) },
      frames: [at('st.exe', 'Spin')],
    });
    expect(driveSync(judgeHang(session)).bucket).toBe('APPLICATION_HANG_cfffffff_st.exe!Spin');
  });
});
