/**
 * Each form of a stop's FAILURE_BUCKET_ID, with a bucket that was published for it: WinDbg's texts (InsightEngineering, itpro-docs, GitHub issues of
 * the drivers named), and lists of Watson failures in release notes of drivers.
 */
import { describe, expect, test } from 'vitest';
import { found } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import type { Session, Target } from '../target/target.ts';
import { pcieRecord } from '../testing/build/whea.ts';
import { type Fake, fakeSession, GAP, qword } from '../testing/node/fakesession.ts';
import { judge } from './judge.ts';

const NT = 'ntoskrnl.exe';
const BASE = 0xfffff800_10000000n;
const baseOf = (index: number): bigint => BASE + BigInt(index) * GAP;
const IP = `${NT}+0x1000`;

const bucketOf = (session: Session): string => driveSync(judge(session)).bucket;
const bucket = (fake: Fake): string => bucketOf(fakeSession({ modules: [NT, ...(fake.modules ?? [])], ...fake }));
/** Frames "mod.sys!Function": each at its own place. */
const frames = (...names: readonly string[]): NonNullable<Fake['frames']> =>
  names.map((name, index) => {
    const [module = NT, symbol] = name.split('!');
    return [`${module === 'nt' ? NT : module}+0x${((index + 1) * 0x1000).toString(16)}`, index === 0 ? 'context' : 'unwind-info', symbol];
  });
/** A stop with these frames: modules are those of the frames. */
function stop(code: number, params: Fake['params'], names: readonly string[], more: Fake = {}): Fake {
  const images = names.map((name) => name.split('!')[0] ?? '').filter((name) => name !== 'nt');
  return { code, ...(params ? { params } : {}), frames: frames(...names), ...more, modules: [...new Set([NT, ...images, ...(more.modules ?? [])])] };
}
const withTarget = (session: Session, target: Partial<Target>): Session => ({ ...session, target: { ...session.target, ...target } });
const ofContext = (registers: Record<string, bigint>): Partial<Target> => ({ headerContext: found({ source: 'header', registers, unknown: [] }) });
const ascii = (text: string): string => Buffer.from(text).toString('hex');
const wide = (text: string): string => Buffer.from(text, 'utf16le').toString('hex');
const u32 = (value: number): string => qword(BigInt(value)).slice(0, 8);
const counted = (text: string, at: bigint): string =>
  `${qword(BigInt(text.length * 2)).slice(0, 4)}${qword(BigInt(text.length * 2)).slice(0, 4)}00000000${qword(at)}`;

describe('plain forms and infixes', () => {
  test.each<[string, Fake]>([
    ['AV_tunnel!TeredoWfpRemoveHashEntry', stop(0xd1, [8n, 2n, 0n, 0n], ['nt!KeBugCheckEx', 'nt!KiPageFault', 'tunnel.sys!TeredoWfpRemoveHashEntry'])],
    ['AV_R_INVALID_WwanUsbMp!unknown_function', stop(0x50, [0x8ba10000n, 0n, IP, 0n], ['nt!KeBugCheckEx', 'WwanUsbMp.sys'])],
    ['0x1E_c0000005_R_nt!CmpCreateKeyBody', stop(0x1e, [0xffffffff_c0000005n, IP, 0n, 8n], ['nt!CmpCreateKeyBody'])],
    ['0x39_nt!IopLoadUnloadDriver', stop(0x39, [IP, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'nt!IopLoadUnloadDriver'])],
    ['0x162_TestDriver!unknown_function', stop(0x162, [0n, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'TestDriver.sys'])],
    ['0xCA_13_nt!PiDmaGuardProcessPreStart', stop(0xca, [0x13n, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'nt!PiDmaGuardProcessPreStart'])],
    ['0x13C_nt!PspThreadDelete', stop(0x13c, [0n, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'nt!PspThreadDelete'])],
    ['0x7f_8_UsbHub3!HUBHTX_Get20PortChangeEvent', stop(0x7f, [8n, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'UsbHub3.sys!HUBHTX_Get20PortChangeEvent'])],
    ['0xFC_usbccgp!_string_', stop(0xfc, [IP, 0n, 0n, 0n], ['nt!KeBugCheckEx', "usbccgp.sys!`string'"])],
    // More than one bit of the entry is set: no memory that flipped one (bug check 0x1A page; the form of codes with a sub-code).
    ['0x1a_41792_nt!MiDeleteVa', stop(0x1a, [0x41792n, 0xffffde01_11510468n, 0x2000_00000021n, 0n], ['nt!KeBugCheckEx', 'nt!MiDeleteVa'])],
    ['LKD_0x133_DPC_atikmdag!unknown_function', stop(0x133, [0n, 0x501n, 0x500n, 0n], ['nt!KeBugCheckEx', 'atikmdag.sys'], { live: true })],
  ])('%s', (wanted, fake) => expect(bucket(fake)).toBe(wanted));

  const verified = { facts: [{ name: 'MmVerifyDriverLevel', value: '0x209bb' }] };
  test.each<[string, Fake]>([
    ['AV_VRF_usbprint!USBPRINT_ProcessIOCTL', stop(0xd1, [8n, 2n, 0n, 0n], ['usbprint.sys!USBPRINT_ProcessIOCTL'], verified)],
    [
      'AV_VRF_CODE_AV_PAGED_IP_audiohubvad!EventHandler_SpeakerTopology',
      stop(0xd1, ['audiohubvad.sys+0x1000', 2n, 8n, 'audiohubvad.sys+0x1000'], ['audiohubvad.sys!EventHandler_SpeakerTopology'], verified),
    ],
    ['0x3B_C0000006_VRF_nt!HvpGetCellPaged', stop(0x3b, [0xc0000006n, IP, 0n, 0n], ['nt!HvpGetCellPaged'], verified)],
    [
      '0x10D_5_VRF_BthPS3PSM!BthPS3PSM_EvtDeviceContextCleanup',
      stop(0x10d, [5n, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'Wdf01000.sys!FxX', 'BthPS3PSM.sys!BthPS3PSM_EvtDeviceContextCleanup'], verified),
    ],
    // A violated rule is one of Driver Verifier's in any dump.
    ['0xc4_IrqlExApcLte1_XDV_VRF_MyDriver!OnInterrupt', stop(0xc4, [0x20005n, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'MyDriver.sys!OnInterrupt'])],
  ])('%s', (wanted, fake) => expect(bucket(fake)).toBe(wanted));

  test('code that cannot be fetched is told by where the address lies', () => {
    const at = (address: bigint | string): string => bucket(stop(0xd1, [address, 2n, 8n, address], ['Wdf01000.sys!FxTimer::TimerHandler']));
    expect(at(0n)).toBe('AV_CODE_AV_NULL_IP_Wdf01000!FxTimer::TimerHandler');
    expect(at('Wdf01000.sys+0x1000')).toBe('AV_CODE_AV_PAGED_IP_Wdf01000!FxTimer::TimerHandler');
    expect(at(0xffff8001_00000000n)).toBe('AV_CODE_AV_BAD_IP_Wdf01000!FxTimer::TimerHandler');
  });

  test('the kernel is named only behind the hal', () => {
    // A text of the qemu-devel list: HalpInitializeInterrupts called KeBugCheckEx.
    const names = ['nt!KeBugCheckEx', 'hal.dll!HalpInitializeInterrupts', 'hal.dll!HalpInitSystemPhase0', 'nt!InitBootProcessor'];
    expect(bucket(stop(0x5c, [0x7000n, 0x618n, 0xffffffff_c00000bbn, 0n], names))).toBe('0x5C_HAL_INTERRUPT_REMAPPING_SETUP_FAILURE_nt!InitBootProcessor');
    expect(bucket(stop(0x5c, [0x10bn, 3n, 0n, 0n], names))).toBe('0x5C_HAL_CLOCK_INTERRUPT_NOT_RECEIVED_nt!InitBootProcessor');
    // A reason that no published text tells is not made up.
    expect(bucket(stop(0x5c, [0x1234n, 0n, 0n, 0n], names))).toBe('0x5C_nt!InitBootProcessor');
  });

  test('0x5A with the name of the driver that argument 2 leads to, and without', () => {
    const [entry, buffer] = [0xffffd80f_4bfe7070n, 0xffffb00b_0513d320n];
    const path = String.raw`\SystemRoot\System32\drivers\filecrypt.sys`;
    const fake = stop(0x5a, [1n, entry, 0n, 0xffffffff_c0000428n], ['nt!KeBugCheckEx', 'nt!IopInitializeBootDrivers']);
    const memory = { [String(entry + 0x10n)]: counted(path, buffer), [String(buffer)]: wide(path) };
    expect(bucket({ ...fake, memory })).toBe('0x5A_c0000428_IMAGE_filecrypt.sys');
    expect(bucket(fake)).toBe('0x5A_c0000428_nt!IopInitializeBootDrivers');
  });
});

describe('0x139 and 0x7F on a stack that is none', () => {
  const [own, dpc, isr, prcb] = [{ low: 0xffffb08c_11000000n, high: 0xffffb08c_11007000n }, 0xfffff801_40000fb0n, 0xfffff801_41000fb0n, 0xfffff801_30139180n];
  const fake = stop(0x139, [0x1dn, 0n, 0n, 0n], ['nt!KeBugCheckEx', 'nt!KiBugCheckDispatch', 'nt!KiFastFailDispatch'], {
    stack: own,
    kernelPointers: { KiProcessorBlock: 0xfffff801_3f000000n },
    kernelOffsets: { OffsetPrcbNumber: 0x24, OffsetPrcbDpcStack: 0x3280, OffsetPrcbIsrStack: 0x3288 },
    memory: { [String(0xfffff801_3f000000n)]: qword(prcb), [String(prcb + 0x24n)]: u32(0), [String(prcb + 0x3280n)]: qword(dpc) + qword(isr) },
  });
  const at = (rsp: bigint, of: Fake = fake): string => bucketOf(withTarget(fakeSession(of), ofContext({ rip: BASE + 0x1000n, rsp })));
  test('outside of the thread’s and the processor’s stacks', () =>
    expect(at(0xffff8706_afe3f588n)).toBe('0x139_1d_INVALID_BALANCED_TREE_STACKPTR_ERROR_nt!KiFastFailDispatch'));
  test.each([
    ['on its own stack', own.low + 0x1000n],
    ['on the stack of DPCs', dpc - 0x800n],
    ['on that of interrupts', isr - 0x800n],
  ])('not %s', (_where, rsp) => expect(at(rsp)).toBe('0x139_1d_INVALID_BALANCED_TREE_nt!KiFastFailDispatch'));
  test('nor where the processor’s stacks are not known', () => expect(at(0xffff8706_afe3f588n, { ...fake, memory: {} })).not.toContain('STACKPTR_ERROR'));
  test('a double fault on a stack of user mode', () => {
    // BAD_STACK_POINTER: 0000008def10f7e0, published with the bucket.
    const [sp, rip] = [0xfffff801_42000000n, BASE + 0x2000n];
    const doubled = (user: bigint): string => {
      const frame = qword(rip) + qword(0x10n) + qword(0x10002n) + qword(user) + qword(0x18n);
      const names = ['nt!KeBugCheckEx', 'nt!KiDebugTrapOrFault'];
      const session = fakeSession(stop(0x7f, [8n, 0n, 0n, rip], names, { registers: { rip: BASE + 0x1000n, rsp: sp }, memory: { [String(sp)]: frame } }));
      return bucketOf(session);
    };
    expect(doubled(0x8d_ef10f7e0n)).toBe('0x7f_8_STACKPTR_ERROR_nt!KiDebugTrapOrFault');
    expect(doubled(0xffffb08c_11000ff8n)).toBe('0x7f_8_nt!KiDebugTrapOrFault');
  });
});

describe('0x9F', () => {
  const [pdo, fdo, irp, location] = [0xffffad8f_6b1d5060n, 0xffffad8f_6c000050n, 0xffffad8f_77d7fb20n, 0xffffad8f_77d80000n];
  const [bus, own, extension, node, name] = [0xffffad8f_60000000n, 0xffffad8f_60001000n, 0xffffad8f_60002000n, 0xffffad8f_60003000n, 0xffffad8f_60004000n];
  const device = (driver: bigint): string => `0300000000000000${qword(driver)}`;
  const held = (images: readonly [bus: string, own: string], state: number): Fake => ({
    ...stop(0x9f, [3n, pdo, 0n, irp], ['nt!KeBugCheckEx', 'nt!PopIrpWatchdogBugcheck'], { modules: images }),
    memory: {
      [String(pdo)]: device(bus),
      [String(fdo)]: device(own),
      [String(bus + 0x18n)]: qword(baseOf(1)),
      [String(own + 0x18n)]: qword(baseOf(2)),
      [String(irp)]: '0600',
      [String(irp + 0xb8n)]: qword(location),
      [String(location)]: `160200e1${'00'.repeat(12)}${u32(1)}00000000${u32(state)}`,
      [String(location + 0x28n)]: qword(fdo),
    },
  });
  test('to full power: the holder and the image of the bus driver', () =>
    expect(bucket(held(['pci.sys', 'RtsPer.sys'], 1))).toBe('0x9F_3_RtsPer_IMAGE_pci.sys'));
  test('to less power', () => expect(bucket(held(['UsbHub3.sys', 'USBMidi2.sys'], 4))).toBe('0x9F_3_POWER_DOWN_USBMidi2_IMAGE_UsbHub3.sys'));
  test('a device of ACPI has its id in it, where its node can be read', () => {
    const fake = held(['ACPI.sys', 'amdi2c.sys'], 1);
    const path = String.raw`ACPI\AMDI0010\3`;
    const memory = {
      ...fake.memory,
      [String(pdo + 0x138n)]: qword(extension),
      [String(extension + 0x28n)]: qword(node),
      [String(node + 0x28n)]: counted(path, name),
      [String(name)]: wide(path),
    };
    expect(bucket({ ...fake, memory })).toBe('0x9F_3_amdi2c_DEV_AMDI0010_IMAGE_ACPI.sys');
    expect(bucket(fake)).toBe('0x9F_3_amdi2c_IMAGE_ACPI.sys');
  });
  test('nothing found', () => expect(bucket(stop(0x9f, [3n, pdo, 0n, irp], ['nt!KeBugCheckEx']))).toBe('0x9F_3'));

  /** A thread that waits: KTHREAD.KernelStack leads to a KSWITCH_FRAME whose return address lies in the kernel. */
  const [thread, stack] = [0xffffe20f_7c803040n, 0xfffff588_255df000n];
  const waiting: Fake = {
    kernelOffsets: { OffsetKThreadKernelStack: 0x58 },
    memory: { [String(thread + 0x58n)]: qword(stack), [String(stack + 0x30n)]: qword(0n) + qword(BASE + 0x3000n) },
  };
  /** What the walk of the waiting thread gives, in place of the stop's own stack. */
  const withThread = (fake: Fake, names: readonly string[]): Session => {
    const there = fakeSession({ ...fake, frames: frames(...names) });
    return {
      ...fakeSession(fake),
      *walk() {
        return yield* there.crashStack();
      },
    };
  };
  const locked = (modules: readonly string[]): Fake =>
    stop(0x9f, [4n, 0x12cn, thread, 0xfffff588_255df140n], ['nt!KeBugCheckEx', 'nt!PopPowerActionWatchdog'], { ...waiting, modules });
  test.each([
    ['0x9F_4_raspppoe!RasPppoeCleanup', ['nt!KiSwapContext', 'nt!KeWaitForSingleObject', 'raspppoe.sys!RasPppoeCleanup']],
    ['0x9F_4_OpenZFS!zfs_unload_stage_1', ['nt!KiSwapContext', 'OpenZFS.sys!zfs_unload_stage_1', 'nt!IopLoadUnloadDriver']],
  ])('%s: on the stack of the thread that holds the lock', (wanted, names) => {
    const images = names.map((one) => one.split('!')[0] ?? '').filter((one) => one !== 'nt');
    expect(bucketOf(withThread(locked(images), names))).toBe(wanted);
    expect(bucketOf(fakeSession(locked(images)))).toBe('0x9F_4_nt!PopPowerActionWatchdog');
  });
  test('the device that is waited for, where the stack names nobody', () => {
    const [queue, request] = [0xfffff801_3e000000n, 0xffffad8f_61000000n];
    const fake = locked(['usbehci.sys']);
    const memory = {
      ...fake.memory,
      [String(0xfffff588_255df140n)]: `00800100${'00'.repeat(4)}${qword(queue)}`,
      [String(queue)]: qword(request),
      [String(request)]: qword(queue),
      [String(request + 0x10n)]: qword(node),
      [String(node + 0x20n)]: qword(pdo),
      [String(pdo)]: device(bus),
      [String(pdo + 0x138n)]: qword(extension),
      [String(extension + 0x28n)]: qword(node),
      [String(bus + 0x18n)]: qword(baseOf(1)),
    };
    const names = ['nt!KiSwapContext', 'nt!KeWaitForSingleObject'];
    expect(bucketOf(withThread({ ...fake, memory }, names))).toBe('0x9F_4_IMAGE_usbehci.sys');
  });
  test('the thread that works on the request', () => {
    const [triage, head, entry] = [0xffffcb8c_25661850n, 0xfffff801_3d000000n, 0xffffad8f_62000000n];
    const fake = held(['pci.sys', 'tcpip.sys'], 4);
    const worked: Fake = {
      ...fake,
      params: [3n, pdo, triage, irp],
      ...{ kernelOffsets: waiting.kernelOffsets ?? {} },
      memory: {
        ...fake.memory,
        ...waiting.memory,
        [String(triage + 0x10n)]: qword(head),
        [String(head)]: qword(entry),
        [String(entry)]: qword(head) + qword(head) + qword(thread) + qword(irp),
      },
    };
    const names = ['nt!KiSwapContext', 'nt!KeWaitForSingleObject', 'tcpip.sys!FlpWaitForMiniportToReturnTransmittedPackets'];
    expect(bucketOf(withThread(worked, names))).toBe('0x9F_3_POWER_DOWN_tcpip!FlpWaitForMiniportToReturnTransmittedPackets');
    expect(bucketOf(withThread({ ...worked, params: [3n, pdo, triage, irp + 8n] }, names))).toBe('0x9F_3');
  });
});

describe('0xEF', () => {
  const [object, other] = [0xffffc08d_7f1580c0n, 0xffffc08d_60000080n];
  const names = [
    'nt!KeBugCheckEx',
    'nt!PspCatchCriticalBreak',
    'nt!PspTerminateAllThreads',
    'nt!NtTerminateProcess',
    'nt!KiSystemServiceCopyEnd',
    'ntdll.dll!NtTerminateProcess',
  ];
  const withArgument = (session: Session, value: bigint): Session => ({
    ...session,
    *crashStack() {
      const stack = yield* session.crashStack();
      return { ...stack, frames: stack.frames.map((frame, index) => (index === 3 ? { ...frame, args: [found(0n), found(value)] } : frame)) };
    },
  });
  test('the process, and the word that ended it', () => {
    const session = fakeSession(stop(0xef, [object, 0n, 0n, 0n], names, { process: 'csrss.exe', processObject: object }));
    expect(bucketOf(withArgument(session, 0xffffbd81_66897700n))).toBe('0xEF_csrss.exe_BUGCHECK_CRITICAL_PROCESS_66897700_ntdll!NtTerminateProcess');
    expect(bucketOf(session)).toBe('0xEF_csrss.exe_BUGCHECK_CRITICAL_PROCESS_ntdll!NtTerminateProcess');
  });
  test('who ended it, where its own object names it', () => {
    // _EPROCESS.ImageFileName of build 19041 is at +0x5a8; Pcb.Header.Type is its first byte.
    const fake = stop(0xef, [object, 0n, 0n, 0n], names, { process: 'MSExchangeHMWorker.exe', processObject: other });
    const memory = { [String(object)]: '03', [String(object + 0x5a8n)]: ascii('wininit.exe\0\0\0\0') };
    const ended = bucketOf(withArgument(fakeSession({ ...fake, memory }), 0x5f28n));
    expect(ended).toBe('0xEF_wininit.exe_BUGCHECK_CRITICAL_PROCESS_TERMINATED_BY_MSExchangeHMWorker.exe_5f28_ntdll!NtTerminateProcess');
    expect(bucketOf(fakeSession(fake))).toBe('0xEF_unknown_BUGCHECK_CRITICAL_PROCESS_ntdll!NtTerminateProcess');
  });
});

describe('0x101', () => {
  const [prcb, offset] = [0xffff8280_70051180n, 0x100];
  const names = ['nt!KeBugCheckEx', 'nt!KeAccumulateTicks', 'nt!KiUpdateRunTime'];
  const silent = (rip: bigint): Fake =>
    stop(0x101, [0xcn, 0n, prcb, 6n], names, {
      modules: ['ucx01000.sys'],
      kernelOffsets: { OffsetPrcbProcStateContext: offset },
      // CONTEXT of AMD64: ContextFlags +0x30, Rsp +0x98, Rip +0xf8, 0x4d0 bytes.
      memory: { [String(prcb + 0x100n)]: `${'00'.repeat(0x30)}${u32(0x10001f)}${'00'.repeat(0xc4)}${qword(rip)}${'00'.repeat(0x3d0)}` },
    });
  test('registers of the silent processor that are nothing', () =>
    expect(bucket(silent(0n))).toBe('CLOCK_WATCHDOG_TIMEOUT_INVALID_CONTEXT_nt!KeAccumulateTicks'));
  test('what the silent processor ran', () => {
    const fake = silent(baseOf(1) + 0x1000n);
    const there = fakeSession({ ...fake, frames: frames('ucx01000.sys!UCX_LockBufferPagesInUrbForDMA', 'nt!KiExecuteAllDpcs') });
    const session: Session = {
      ...fakeSession(fake),
      *walk() {
        return yield* there.crashStack();
      },
    };
    expect(bucketOf(session)).toBe('CLOCK_WATCHDOG_TIMEOUT_ucx01000!UCX_LockBufferPagesInUrbForDMA');
  });
  test('a driver that stands on the stack', () =>
    expect(bucket(stop(0x101, [0xcn, 0n, prcb, 6n], [...names, 'nvlddmkm.sys']))).toBe('CLOCK_WATCHDOG_TIMEOUT_nvlddmkm!unknown_function'));
  test('nothing at all', () => {
    const session = fakeSession(stop(0x101, [0xcn, 0n, prcb, 6n], [...names, 'cng.sys!GatherRandomKey']));
    const os = { ...session.target.os, processors: found(24) };
    expect(bucketOf(withTarget(session, { os }))).toBe('CLOCK_WATCHDOG_TIMEOUT_18_PROC_ANALYSIS_INCONCLUSIVE');
  });
});

describe('0x124', () => {
  const record = 0xffff9c0d_98cc1028n;
  const hardware = (params: readonly bigint[], more: Fake = {}): string =>
    bucket({ code: 0x124, params: [params[0] ?? 0n, record, params[1] ?? 0n, params[2] ?? 0n], modules: [NT, 'intelppm.sys'], ...more });
  test('a record that cannot be read', () => expect(hardware([16n])).toBe('0x124_16_GenuineIntel__UNKNOWN_IMAGE_GenuineIntel.sys'));
  test('PCI Express', () => {
    const bytes = pcieRecord({ vendorId: 0x10de, deviceId: 0x2684, bus: 1, device: 0, function: 0, uncorrectable: 1 << 14, when: 133_000_000_000_000_000n });
    expect(hardware([4n], { memory: { [String(record)]: Buffer.from(bytes).toString('hex') } })).toBe('0x124_4_GenuineIntel_PCIEXPRESS_IMAGE_GenuineIntel.sys');
  });
});

describe('code that was changed', () => {
  // Five frames on one page of win32kfull; the image is what the published !chkimg shows on the left.
  const [size, page] = [0x2000, 0x1000];
  const code = (...changes: readonly (readonly [at: number, hex: string])[]): string => {
    const bytes = Buffer.alloc(size, 0x90);
    for (const [at, hex] of changes) Buffer.from(hex, 'hex').copy(bytes, at);
    return bytes.toString('hex');
  };
  const corrupt = (image: string, memory: string): string =>
    bucket({
      ...stop(0x3b, [0xc0000005n, 'win32kfull.sys+0x1800', 0n, 0n], ['win32kfull.sys!X']),
      frames: [['win32kfull.sys+0x1800', 'context', 'X']],
      image: { module: 'win32kfull.sys', hex: image },
      memory: { [`win32kfull.sys+0x${page.toString(16)}`]: memory.slice(page * 2) },
    });
  test('many bytes', () => expect(corrupt(code(), code([0x1100, '00'.repeat(40)]))).toBe('MEMORY_CORRUPTION_LARGE'));
  test('one distance', () => {
    const at = [0x1100, 0x1140, 0x1180, 0x11c0];
    expect(corrupt(code(), code(...at.map((one) => [one, '00000000'] as const)))).toBe('MEMORY_CORRUPTION_STRIDE');
  });
  test('a single bit at the fault', () => expect(corrupt(code(), code([0x1804, '91']))).toBe('MEMORY_CORRUPTION_ONE_BIT'));
  test('few bytes are no damage', () => expect(corrupt(code(), code([0x1100, '0000']))).toBe('AV_win32kfull!X'));
  test('calls that Windows rewrites are none', () => {
    const at = [0x110f, 0x1143, 0x119a, 0x11d5, 0x1210, 0x1240, 0x1277, 0x12b1];
    const image = code(...at.map((one) => [one, '48ff15aabb01000f1f440000'] as const));
    const rewritten = code(...at.map((one) => [one, '4c8b15aabb0100e8d8163700'] as const));
    expect(corrupt(image, rewritten)).toBe('AV_win32kfull!X');
  });
});
