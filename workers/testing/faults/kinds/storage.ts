/** Disks, file systems, the registry, sleep, firmware, processes that must not die, and stops that somebody asked for. */
import { exceptionRecord64 } from '../../build/dumpheader.ts';
import { x64Context } from '../../build/context.ts';
import { utf16 } from '../../build/binary.ts';
import { words } from '../../build/scene.ts';
import { unicodeString } from '../../build/kerneldump.ts';
import type { Draw } from '../draw.ts';
import { accessException, statusWord, threadStop } from '../ends.ts';
import type { Role } from '../drivers.ts';
import { KernelStage } from '../kernelstage.ts';
import { BIT_CHANGED, DISK, type MadeFault, type Truth } from '../truth.ts';
import { runInto, runTo } from '../ways.ts';
import { kind } from './kind.ts';

/** Statuses that a failing disk, its cable or its controller gives (ntstatus.h). */
const DEVICE_STATUS = [0xc000009c, 0xc000009d, 0xc000000e, 0xc0000185, 0xc000016a];
export const byDisk: Truth = { causes: ['storage', 'hardware'], culprits: DISK, namelessToo: true };
export const memoryOrProcessor: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED };
const nobody = (causes: Truth['causes']): Truth => ({ causes, culprits: [], undecidable: true });

/** A thread needs a page of paged pool or code that the disk does not deliver. */
export function pageIn(draw: Draw, status: number, truth: Truth, alsoLoaded: readonly string[] = []): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'], alsoLoaded });
  // A filter that opened the file stands on the stack and has nothing to do with it.
  if (draw.chance(0.5)) runInto(stage, 'create');
  else runTo(stage, 'worker');
  const via = stage.runs() === 'Fault' ? undefined : 'WorkerRoutine';
  stage.call(stage.nt, 'memmove', via);
  const address = stage.draw.pool();
  stage.trap('KiPageFault', { mark: 'read', cr2: address });
  stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault', 'MiIssueHardFault');
  if (draw.chance(0.5)) stage.call(stage.nt, 'MiWaitForInPageComplete');
  const pte = 0xffff_f900_0000_0000n + ((address >> 9n) & 0x7f_ffff_fff8n);
  return stage.stop(0x7a, [pte, statusWord(status), BigInt(draw.u32()) << 8n, address], { ...truth, bystanders: [stage.actor().name] }, { cr2: address });
}

/** File systems that a machine may have besides NTFS, by the code they stop with. */
const FILE_SYSTEM: Readonly<Record<number, string>> = { 0x23: 'fastfat.sys', 0x27: 'rdbss.sys', 0x12c: 'exfat.sys', 0x149: 'ReFS.sys' };

interface FileSystemStop {
  readonly code?: number;
  readonly status: number;
  readonly truth: Truth;
  readonly alsoLoaded?: readonly string[];
}

/** P2 exception record, P3 context: the exception filter of the file system, or of the cache manager (0x34), stopped the machine. */
export function fileSystemStop(draw: Draw, { code = 0x24, status, truth, alsoLoaded = [] }: FileSystemStop): MadeFault {
  const own = FILE_SYSTEM[code];
  const stage = new KernelStage(draw, { actors: ['filter'], alsoLoaded: [...(own === undefined ? [] : [own]), ...alsoLoaded] });
  const driver = stage.image(own ?? 'Ntfs.sys');
  stage.fromUser('NtCreateFile').chain(stage.nt, 'IopCreateFile', 'ObOpenObjectByName', 'IopParseDevice', 'IofCallDriver');
  if (own === undefined) stage.call(driver, 'NtfsFsdCreate', 'DriverDispatch').chain(driver, 'NtfsCommonCreate', 'NtfsLookupEntry');
  else stage.call(driver, 'Dispatch', 'DriverDispatch').call(driver, 'Fault');
  const rip = stage.placeOf('read');
  const [record, context] = [stage.stack.low + 0x300n, stage.stack.low + 0x400n];
  stage.memory.push(
    { address: record, bytes: exceptionRecord64(status, rip, []) },
    { address: context, bytes: x64Context(stage.stack.context(rip), 0x10001f) },
  );
  if (own === undefined) stage.chain(driver, 'NtfsPagedPoolExtend', 'NtfsBugCheck');
  return stage.stop(code, [0xb500190637n, record, context, rip], truth);
}

/** A process that Windows cannot do without ends. 0xEF: P1 its object; 0xF4: P1 a process, P2 its object, P3 its name. */
export function criticalEnds(
  draw: Draw,
  exitStatus: number,
  truth: Truth,
  more: { readonly code?: 0xef | 0xf4; readonly alsoLoaded?: readonly string[] } = {},
): MadeFault {
  const { code = 0xef, alsoLoaded = [] } = more;
  const stage = new KernelStage(draw, { process: draw.pick(['csrss.exe', 'services.exe', 'wininit.exe', 'svchost.exe']), alsoLoaded });
  stage.fromUser('NtTerminateProcess').chain(stage.nt, 'PspTerminateProcess', 'PspTerminateAllThreads', 'PspCatchCriticalBreak');
  const { address } = stage.process;
  return stage.stop(code, code === 0xef ? [address, 0n, 0n, 0n] : [3n, address, address + 0x5a8n, stage.nt.base + 0x80a0n], truth, { exitStatus });
}

/** A worker thread in functions of the kernel. */
export function workerIn(draw: Draw, first: string, ...rest: readonly string[]): KernelStage {
  return workerOn(new KernelStage(draw), first, ...rest);
}
export function workerOn(stage: KernelStage, first: string, ...rest: readonly string[]): KernelStage {
  runTo(stage, 'worker');
  return stage.call(stage.nt, first, 'WorkerRoutine').chain(stage.nt, ...rest);
}

/** Windows starts and looks for the disk it came from. */
export function starting(draw: Draw, alsoLoaded: readonly string[] = []): KernelStage {
  const stage = new KernelStage(draw, { alsoLoaded });
  return stage.enter(stage.nt, 'Phase1Initialization').chain(stage.nt, 'IopInitializeBootDrivers', 'IopMarkBootPartition');
}

/** ACPI gives up on the firmware's tables; `caller` had asked for one of their methods. */
export function acpiStop(draw: Draw, caller?: Role): MadeFault {
  const stage = new KernelStage(draw, caller ? { actors: [caller] } : {});
  if (caller) runInto(stage, 'ioctl');
  else runTo(stage, 'worker');
  if (caller) stage.call(stage.nt, 'IofCallDriver');
  stage.call(stage.image('ACPI.sys'), 'ACPIDispatchIrp', caller ? 'DriverDispatch' : 'WorkerRoutine').chain(stage.image('ACPI.sys'), 'ACPIInternalError');
  const name = 0x5453_445fn;
  const params = draw.pick([
    [2n, draw.pool(), 0n, 0n],
    [0xdn, draw.pool(), name, 0n],
    [3n, draw.pool(), 0xc0140005n, name],
    [0x11n, 8n, draw.pool(), 0x20160527n],
  ] as const);
  return stage.stop(0xa5, params, { causes: ['firmware'], culprits: ['firmware'], namelessToo: true });
}

/** A part of Windows that a session cannot do without ended with a status. */
export function sessionEnds(draw: Draw, status: number, truth: Truth, alsoLoaded: readonly string[] = []): MadeFault {
  return workerOn(new KernelStage(draw, { alsoLoaded }), 'PspExitProcess').stop(0xc000021a, [draw.pool(), statusWord(status), 0n, 0n], truth);
}

export const STORAGE_KINDS = [
  kind('7a-disk', 'the disk does not deliver a page of the kernel', (draw) => pageIn(draw, draw.pick(DEVICE_STATUS), byDisk)),
  kind('7a-damaged', 'reading a page in fails on damaged structures: no disk said anything', (draw) => pageIn(draw, 0xc0000005, memoryOrProcessor)),
  kind('77-stack', 'the disk does not deliver a kernel stack', (draw) => {
    const status = draw.pick(DEVICE_STATUS);
    return workerIn(draw, 'KiStackInPage').stop(0x77, [statusWord(status), statusWord(status), 0n, BigInt(draw.below(0x100000)) << 12n], byDisk);
  }),
  kind('7e-in-page', 'the code of a driver cannot be read from the disk', (draw) => {
    const stage = new KernelStage(draw, { actors: ['audio'] });
    runInto(stage, 'thread');
    const aim = stage.aim(stage.draw.pool());
    const information = [0n, aim.cr2, statusWord(draw.pick(DEVICE_STATUS))];
    return threadStop(stage, aim, { code: 0x7e, status: 0xc0000006, information, truth: { ...byDisk, bystanders: [stage.actor().name] } });
  }),
  kind('24-corrupt', 'the file system finds its own tables damaged on the disk', (draw) =>
    fileSystemStop(draw, { status: draw.pick([0xc0000102, 0xc0000032]), truth: byDisk }),
  ),
  kind('24-device', 'the disk disappears below the file system', (draw) =>
    fileSystemStop(draw, { status: draw.pick([0xc0000006, 0xc0000185, 0xc000000e]), truth: byDisk }),
  ),
  kind('24-pointer', 'the file system goes through a bad pointer: memory, or a filter above it', (draw) =>
    fileSystemStop(draw, { status: 0xc0000005, truth: { ...nobody(['memory', 'hardware', 'driver', 'storage']), culprits: BIT_CHANGED } }),
  ),
  kind('154-store', 'the disk under the compressed store fails: in-page error', (draw) => {
    const stage = new KernelStage(draw);
    runTo(stage, 'worker');
    const record = stage.stack.low + 0x300n;
    const pointers = stage.stack.low + 0x280n;
    stage.memory.push(words(pointers, [record, stage.stack.low + 0x400n]), {
      address: record,
      bytes: exceptionRecord64(0xc0000006, stage.nt.base + 0x231000n, [0n, draw.heap(), statusWord(draw.pick(DEVICE_STATUS))]),
    });
    stage.call(stage.nt, 'SmStWorker', 'WorkerRoutine').chain(stage.nt, 'SmpKeyedStoreFault', 'SmStUnhandledExceptionFilter');
    return stage.stop(0x154, [draw.pool(), pointers, 2n, 0n], byDisk);
  }),
  kind('ef-disk', 'a critical process ends because its code cannot be read from the disk', (draw) => criticalEnds(draw, 0xc0000006, byDisk)),
  kind('ef-unknown', 'a critical process ends; why is not in the dump', (draw) =>
    criticalEnds(draw, draw.chance(0.5) ? 0 : 0xc0000005, { ...nobody(['application', 'storage', 'memory', 'hardware']), culprits: ['disk', 'ram'] }),
  ),
  kind('51-hive', 'a hive of the registry is damaged on the disk', (draw) =>
    workerIn(draw, 'CmpInitializeHive', 'HvpCheckFailure').stop(0x51, [2n, draw.pool(), 0n, 0n], { ...byDisk, causes: ['storage', 'hardware', 'memory'] }),
  ),
  kind('7b-boot', 'the boot disk is not found after a change of its mode', (draw) => {
    const stage = starting(draw);
    const at = draw.pool();
    const text = String.raw`\ArcName\multi(0)disk(0)rdisk(0)partition(3)`;
    stage.memory.push({ address: at, bytes: unicodeString(text, at + 0x20n) }, { address: at + 0x20n, bytes: utf16(text) });
    return stage.stop(
      0x7b,
      [at, statusWord(draw.pick([0xc0000034, 0xc000000e])), 0n, 1n],
      { causes: ['storage', 'firmware', 'hardware', 'driver'], culprits: [...DISK, 'firmware'], namelessToo: true },
      { upTime: 31_000_000n },
    );
  }),
  kind('ed-volume', 'the boot volume cannot be mounted', (draw) => {
    const stage = starting(draw);
    return stage.stop(0xed, [draw.pool(), statusWord(draw.pick([0xc0000006, 0xc0000032, 0xc000009c])), 0n, 0n], byDisk, { upTime: 42_000_000n });
  }),
  kind('a0-hibernation', 'the image of hibernation does not have the checksum it was written with', (draw) => {
    const params = [draw.pick([3n, 4n]), BigInt(draw.u32()), BigInt(draw.u32()), 0x6a5n] as const;
    return workerIn(draw, 'PopTransitionSystemPowerStateEx', 'PopHiberChecksumFailure').stop(0xa0, params, {
      causes: ['hardware', 'storage', 'memory', 'firmware'],
      culprits: [...BIT_CHANGED, 'disk', 'firmware'],
      namelessToo: true,
    });
  }),
  kind('a0-transition', 'the machine does not come out of sleep in time', (draw) =>
    workerIn(draw, 'PopTransitionSystemPowerStateEx', 'PopTransitionWatchdog').stop(0xa0, [0xf1n, 5n, 0xcn, draw.pool()], {
      ...nobody(['driver', 'firmware', 'hardware', 'hang']),
      culprits: ['firmware', 'device'],
    }),
  ),
  kind('1c7-store', 'compressed memory does not unpack to what was packed', (draw) =>
    workerIn(draw, 'SmStWorker', 'SmpKeyedStoreFault', 'SmStUnhandledExceptionFilter').stop(0x1c7, [draw.pick([0n, 2n]), draw.pool(), draw.pool(), 0n], {
      causes: ['hardware', 'memory', 'storage'],
      culprits: [...BIT_CHANGED, 'disk'],
    }),
  ),
  kind('a5-acpi', "the firmware's tables do not describe the machine as ACPI demands", (draw) => acpiStop(draw)),
  kind('e2-keyboard', 'somebody held Ctrl and pressed Scroll Lock twice', (draw) => {
    const stage = new KernelStage(draw, { actors: ['usb'] });
    runTo(stage, 'dpc');
    stage
      .call(stage.image('USBXHCI.SYS'), 'Interrupter_WdfEvtInterruptDpc', 'DeferredRoutine')
      .call(stage.image('USBXHCI.SYS'), 'Controller_Fatal', 'Completion');
    return stage.stop(0xe2, [0n, 0n, 0n, 0n], { causes: ['manual'], culprits: [], bystanders: [stage.actor().name] });
  }),
  kind('1c8-button', 'somebody held the power button for seven seconds', (draw) =>
    workerIn(draw, 'PopPowerButtonWorkCallback').stop(0x1c8, [7000n, draw.pool(), 0n, 0n], { causes: ['manual', 'hang'], culprits: [] }),
  ),
  kind('161-live', 'somebody asked for a dump of the running machine', (draw) => {
    const stage = new KernelStage(draw, { loud: draw.chance(0.5) });
    stage.fromUser('NtDeviceIoControlFile').chain(stage.nt, 'IopXxxControlFile');
    return stage
      .chain(stage.nt, 'IopSynchronousServiceTail', 'IofCallDriver')
      .call(stage.nt, 'PopPowerButtonWorkCallback', 'DriverDispatch')
      .stop(0x161, [0n, 0n, 0n, 0n], { causes: ['manual', 'live'], culprits: [] }, { live: true });
  }),
  kind('c000021a-session', 'the session manager of a user ends; which file is at fault is not in the dump', (draw) =>
    sessionEnds(draw, draw.pick([0xc0000005, 0xc0000428, 0xc000012f]), nobody(['application', 'storage', 'driver'])),
  ),
];

/** The same surface, another cause. */
export const DECOY_KINDS = [
  kind('decoy-loud-bit', 'a page table bit turned over while an innocent filter worked: its leftovers cover the stack', (draw) => {
    const stage = new KernelStage(draw, { loud: true });
    stage.fromUser('NtTerminateProcess').chain(stage.nt, 'PspExitThread', 'PspRundownSingleProcess', 'MmCleanProcessAddressSpace', 'MiCleanVad', 'MiDeleteVad');
    stage.chain(stage.nt, 'MiWalkPageTablesRecursively', 'MiDeleteVa');
    const pte = 0xffff_f900_0000_0000n + BigInt(draw.u32() & 0x7fff_ffff) * 8n;
    return stage.stop(0x1a, [0x41792n, pte, 1n << BigInt(draw.between(8, 62)), 0n], {
      ...memoryOrProcessor,
      bystanders: stage.innocents.map((one) => one.name),
    });
  }),
  kind('decoy-loud-timer', 'the kernel stumbles over freed memory; every leftover on the stack belongs to innocent drivers', (draw) => {
    const stage = new KernelStage(draw, { loud: true });
    runTo(stage, 'timer');
    stage.irql = 2;
    stage.chain(stage.nt, 'KiTimerExpiration');
    const { rip, cr2, trapFrame } = stage.touch(draw.pool(), true);
    stage.call(stage.nt, 'KiBugCheckDispatch');
    return stage.stop(0xa, [cr2, 2n, 1n, rip], { ...nobody(['memory', 'driver']), bystanders: stage.innocents.map((one) => one.name) }, { cr2, trapFrame });
  }),
  kind('decoy-old-driver', 'every third-party driver is ten years old, and none of them took part', (draw) => {
    const stage = new KernelStage(draw, { innocentYear: draw.between(2009, 2013) });
    runTo(stage, 'worker');
    stage.call(stage.nt, 'SmStWorker', 'WorkerRoutine');
    return accessException(stage, { code: 0x1e, pointer: draw.pool(), truth: { ...nobody(['memory', 'driver', 'hardware']), culprits: BIT_CHANGED } });
  }),
  kind('decoy-antivirus-process', "another driver fails in the antivirus program's thread", (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['tool', 'storage'])], process: draw.pick(['MsMpEng.exe', 'avp.exe', 'AvastSvc.exe']) });
    runInto(stage, 'ioctl');
    return accessException(stage, { code: 0x3b, pointer: draw.pick([0n, 0x30n]), truth: { causes: ['driver'], culprits: [stage.actor().name] } });
  }),
  kind('decoy-passing-filter', 'a filter only passed the request on; the driver below it fails', (draw) => {
    const stage = new KernelStage(draw, { actors: ['storage', 'filter'] });
    runTo(stage, 'create');
    stage.call(stage.actor(1), 'PreOperation', 'PreOperation').call(stage.actor(1), 'Fault').call(stage.nt, 'IofCallDriver');
    stage.call(stage.actor(0), 'Dispatch', 'DriverDispatch').call(stage.actor(0), 'Fault');
    return accessException(stage, {
      code: 0x3b,
      pointer: draw.pick([0n, 0x20n, 0x18n]),
      truth: { causes: ['driver'], culprits: [stage.actor(0).name], bystanders: [stage.actor(1).name] },
    });
  }),
  kind('decoy-interrupted', "a driver's thread is interrupted; the bug is in the other driver's DPC", (draw) => {
    const stage = new KernelStage(draw, { actors: ['network', 'audio'] });
    runInto(stage, 'thread', stage.actor(1));
    stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'divide' });
    stage.irql = 2;
    stage.chain(stage.nt, 'KiRetireDpcList', 'KiExecuteAllDpcs').call(stage.actor(0), 'Dpc', 'DeferredRoutine').call(stage.actor(0), 'Fault');
    const { rip, cr2, trapFrame } = stage.touch(draw.pick([0n, 8n]));
    stage.call(stage.nt, 'KiBugCheckDispatch');
    return stage.stop(0xd1, [cr2, 2n, 0n, rip], { causes: ['driver'], culprits: [stage.actor(0).name], bystanders: [stage.actor(1).name] }, { cr2, trapFrame });
  }),
];
