/**
 * Windows' own images on the invented machine: the calls that public stacks of these stops show
 * (learn.microsoft.com/windows-hardware/drivers/debugger, the "Example" parts of its bug check pages).
 */
import { type BuiltPe, type FunctionSpec, buildPe } from '../build/pe.ts';
import { NT_FUNCTIONS, type ModuleSpec, TRAP_PROLOGUE, loadedModules } from '../build/windows.ts';
import { functionsOf } from './code.ts';
import { Draw, hashOf } from './draw.ts';

/** Further calls of functions that the shared machine has already. */
const NT_CALLS: Readonly<Record<string, readonly string[]>> = {
  KiDispatchException: ['RtlDispatchException'],
  KiPageFault: ['KiExceptionDispatch'],
  KiExecuteAllDpcs: ['KiTimerExpiration'],
  KiProcessExpiredTimerList: ['KiTimerExpiration'],
  KiRetireDpcList: ['KeBugCheckEx'],
  KeAccumulateTicks: ['KiCheckDpcWatchdog'],
  MiSystemFault: ['MiIssueHardFault', 'MiCheckPte'],
  PspExitThread: ['PspExitProcess', 'KeBugCheckEx'],
  KiSystemServiceCopyEnd: ['KiBugCheckDispatch'],
  NtTerminateProcess: ['PspTerminateProcess'],
  KiInterruptDispatchNoLockNoEtw: ['KiRetireDpcList'],
};

const NT_IMAGE = 'ntoskrnl.exe';
const NT = `
RtlDispatchException > RtlpExecuteHandlerForException
RtlpExecuteHandlerForException > KiSystemServiceHandler *Handler CmpFatalFilter
KiSystemServiceHandler > KiBugCheckDispatch
KiTimerExpiration > *DeferredRoutine KiTimerWaitTest
KiTimerWaitTest > KeBugCheckEx KiRaiseSecurityCheckFailure
KiFastFailDispatch > KiBugCheckDispatch
KiCheckDpcWatchdog > KeBugCheckEx
KeSetEvent > KiTryUnwaitThread KeBugCheckEx
KiTryUnwaitThread > KeBugCheckEx
KeInsertQueueDpc > KeBugCheckEx
KeAcquireSpinLockRaiseToDpc > KxWaitForSpinLockAndAcquire
KxWaitForSpinLockAndAcquire > KeBugCheckEx
ExAllocatePoolWithTag > ExAllocateHeapPool
ExAllocateHeapPool > RtlpHpLfhSlotAllocate KeBugCheckEx
RtlpHpLfhSlotAllocate > KeBugCheckEx
ExFreePoolWithTag > ExFreeHeapPool KeBugCheckEx
ExFreeHeapPool > RtlpHpFreeHeap KeBugCheckEx
RtlpHpFreeHeap > RtlpHeapHandleError KeBugCheckEx
RtlpHeapHandleError > KeBugCheckEx
IofCompleteRequest > IopfCompleteRequest
IopfCompleteRequest > *CompletionRoutine KeBugCheckEx ObfDereferenceObject
ObfDereferenceObject > ObfDereferenceObjectWithTag
ObfDereferenceObjectWithTag > KeBugCheckEx
MmUnlockPages > MiDecrementShareCount KeBugCheckEx
MiDecrementShareCount > MiBadShareCount KeBugCheckEx
MiBadShareCount > KeBugCheckEx
MmMapLockedPagesSpecifyCache > MiReservePtes KeBugCheckEx
MmUnmapLockedPages > MiReturnSystemPtes KeBugCheckEx
MiReturnSystemPtes > KeBugCheckEx
MiReservePtes > KeBugCheckEx
MmProbeAndLockPages > KeBugCheckEx
memmove > KeBugCheckEx
NtDeviceIoControlFile > IopXxxControlFile
IopXxxControlFile > IopSynchronousServiceTail
IopSynchronousServiceTail > IofCallDriver
NtReadFile > IopSynchronousServiceTail
NtCreateFile > IopCreateFile
IopCreateFile > ObOpenObjectByName
ObOpenObjectByName > IopParseDevice
IopParseDevice > IofCallDriver
MiIssueHardFault > IoPageRead MiWaitForInPageComplete KeBugCheckEx
MiWaitForInPageComplete > KeBugCheckEx
IoPageRead > IofCallDriver
MiCheckPte > KeBugCheckEx
MiDemoteCombinedPte > KeBugCheckEx
MmStoreCheckPage > KeBugCheckEx
KiStackInPage > KeBugCheckEx
SmStWorker > SmpKeyedStoreFault
SmpKeyedStoreFault > SmStUnhandledExceptionFilter
SmStUnhandledExceptionFilter > KeBugCheckEx
CcMapData > memmove CcGetVirtualAddress
CcGetVirtualAddress > KeBugCheckEx
PspCatchCriticalBreak > KeBugCheckEx
PspTerminateAllThreads > PspTerminateThreadByPointer PspCatchCriticalBreak
PspTerminateThreadByPointer > PspExitThread
PspTerminateProcess > PspTerminateAllThreads
PspExitProcess > PspCatchCriticalBreak MiDeleteProcessLockedPages KeBugCheckEx
PopPowerButtonWorkCallback > KeBugCheckEx
PopTransitionSystemPowerStateEx > PopHiberChecksumFailure PopTransitionWatchdog
PopHiberChecksumFailure > KeBugCheckEx
PopTransitionWatchdog > KeBugCheckEx
IopInitializeBootDrivers > IopMarkBootPartition
IopMarkBootPartition > KeBugCheckEx
Phase1Initialization > IopInitializeBootDrivers HalInitSystem
HalInitSystem > KeBugCheckEx
CmpInitializeHive > HvpCheckFailure
HvpCheckFailure > KeBugCheckEx
KiIpiHang > KeBugCheckEx
KeFlushMultipleRangeTb > KiIpiStallOnPacketTargetsPrcb
KiIpiStallOnPacketTargetsPrcb > KeBugCheckEx
VerifierBugCheckIfAppropriate > KeBugCheckEx
VfBugcheckThrowIoException > VerifierBugCheckIfAppropriate
VerifierExFreePoolWithTag > VerifierBugCheckIfAppropriate ExFreePoolWithTag
VfCheckUserHandle > VerifierBugCheckIfAppropriate
VfPoolCheckForLeaks > VerifierBugCheckIfAppropriate
IovCallDriver > VfBugcheckThrowIoException IofCallDriver
MmUnloadSystemImage > VfPoolCheckForLeaks MiUnloadDriver
MiUnloadDriver > KeBugCheckEx
MmFreeSpecialPool > KeBugCheckEx
MiCheckSpecialPoolSlop > KeBugCheckEx
MiDeleteProcessLockedPages > KeBugCheckEx
MiSegmentDelete > KeBugCheckEx
ExReleaseResourceLite > KeBugCheckEx
ExReleaseFastResource > KeBugCheckEx
ExReleaseFastMutex > KeAbPostRelease
KeAbPostRelease > KeBugCheckEx
ExAcquireFastMutex > KeAbPreAcquire
KeAbPreAcquire > KeBugCheckEx
IoFreeWorkItem > KeBugCheckEx
IoRegisterDeviceInterface > KeBugCheckEx
PipEnumerateCompleted > KeBugCheckEx
PsTerminateSystemThread > PspTerminateThreadByPointer
NtClose > ObpCloseHandle
ObpCloseHandle > ObfDereferenceObject
NtSetValueKey > CmpCallCallBacksEx
CmpCallCallBacksEx > *CallbackRoutine
CmpFatalFilter > KeBugCheckEx
`;
/** Handlers that the processor enters: KTRAP_FRAME is theirs. */
const TRAP_HANDLERS: Readonly<Record<string, readonly string[]>> = {
  KiRaiseSecurityCheckFailure: ['KiFastFailDispatch'],
  KiDivideErrorFault: ['KiExceptionDispatch', 'KiBugCheckDispatch'],
  KiInvalidOpcodeFault: ['KiExceptionDispatch', 'KiBugCheckDispatch'],
  KiBreakpointTrap: ['KiExceptionDispatch'],
  KiDoubleFaultAbort: ['KiBugCheckDispatch'],
};

/** Callees of everything in drivers that calls through a table of its own. */
const TABLES: Readonly<Record<string, string>> = {
  'ndis.sys': `
ndisInterruptDpc > *MiniportInterruptDpc
NdisMIndicateReceiveNetBufferLists > ndisMIndicateReceive
ndisMIndicateReceive > *ReceiveHandler ndisFreeNbl
ndisFreeNbl > nt!ExFreePoolWithTag
ndisReportTimeout > nt!KeBugCheckEx`,
  'dxgkrnl.sys': `
TdrBugcheckOnTimeout > nt!KeBugCheckEx
TdrIsRecoveryRequired > TdrBugcheckOnTimeout
TdrResetFromTimeoutWorkItem > TdrIsRecoveryRequired
DxgkSubmitCommand > *DdiSubmitCommand DpiFatal
DpiFatal > nt!KeBugCheckEx
DpiFdoStartDevice > *DdiStartDevice
DxgkEngineTimeout > nt!KeBugCheckEx`,
  'dxgmms2.sys': `
VidSchiWorkerThread > VidSchiSubmitRender VidSchiReportHwHang
VidSchiSubmitRender > dxgkrnl!DxgkSubmitCommand VidSchFatal
VidSchFatal > watchdog!WdLogEvent5
VidSchiReportHwHang > dxgkrnl!DxgkEngineTimeout`,
  'watchdog.sys': `
WdLogEvent5 > nt!KeBugCheckEx`,
  'Ntfs.sys': `
NtfsFsdRead > NtfsCommonRead
NtfsCommonRead > NtfsNonCachedIo nt!CcMapData
NtfsNonCachedIo > nt!IofCallDriver
NtfsFsdCreate > NtfsCommonCreate
NtfsCommonCreate > NtfsLookupEntry NtfsFindPrefix
NtfsLookupEntry > NtfsPagedPoolExtend
NtfsFindPrefix > NtfsBugCheck
NtfsPagedPoolExtend > NtfsBugCheck
NtfsExceptionFilter > NtfsBugCheck
NtfsBugCheck > nt!KeBugCheckEx`,
  'FLTMGR.SYS': `
FltpDispatch > FltpPassThrough
FltpPassThrough > FltpPerformPreCallbacks nt!IofCallDriver
FltpPerformPreCallbacks > *PreOperation
FltpCreate > FltpPassThrough`,
  'storport.sys': `
RaidpAdapterDpc > RaidUnitCompleteRequest *HwInterrupt
RaidUnitCompleteRequest > nt!IofCompleteRequest
RaidAdapterStall > RaidUnitCompleteRequest`,
  'CLASSPNP.SYS': `
ClassReadWrite > nt!IofCallDriver
TransferPktComplete > nt!IofCompleteRequest`,
  'Wdf01000.sys': `
FxDevice_DispatchWithLock > FxIoQueue_DispatchEvents
FxIoQueue_DispatchEvents > *EvtIoDeviceControl
imp_WdfRequestComplete > FxRequest_CompleteInternal
FxRequest_CompleteInternal > FxVerifierKeBugCheck
imp_WdfObjectDereference > FxVerifierKeBugCheck
FxVerifierKeBugCheck > nt!KeBugCheckEx`,
  'tcpip.sys': `
InetInspectReceive > *ClassifyFn
TcpReceive > IppDeliver
IppDeliver > InetInspectReceive
FlpReceive > TcpReceive
NetioInjectReceive > FwppCloneNbl
FwppCloneNbl > nt!memmove`,
  'win32kfull.sys': `
NtUserPeekMessage > xxxScanSysQueue
xxxScanSysQueue > xxxCallHook
xxxCallHook > *HookProc ValidateHwnd
ValidateHwnd > nt!memmove
NtGdiBitBlt > GreBitBlt
GreBitBlt > *DrvBitBlt`,
  'win32kbase.sys': `
HMValidateHandle > nt!memmove`,
  'portcls.sys': `
PcDispatchIrp > *MiniportCallback PortStreamCopy
PortStreamCopy > nt!memmove
PcNotify > PortStreamCopy`,
  'USBXHCI.SYS': `
Interrupter_WdfEvtInterruptDpc > *Completion
Controller_Fatal > nt!KeBugCheckEx`,
  'ACPI.sys': `
ACPIDispatchIrp > ACPIInternalError
ACPIInternalError > nt!KeBugCheckEx
AMLIEvalNameSpaceObject > AMLIFault
AMLIFault > nt!KeBugCheckEx`,
  'intelppm.sys': `
C1Idle > nt!KeGetCurrentIrql`,
};

const EXTRA: readonly (readonly [name: string, size: number])[] = [
  ['dxgmms2.sys', 0xe2000],
  ['win32kbase.sys', 0x2c2000],
  ['win32kfull.sys', 0x3b6000],
  ['portcls.sys', 0x68000],
  ['ks.sys', 0x72000],
  ['HIDCLASS.SYS', 0x38000],
  ['hidusb.sys', 0x13000],
  ['USBHUB3.SYS', 0xa8000],
  ['WdFilter.sys', 0x6d000],
  ['luafv.sys', 0x2c000],
];

function ntFunctions(): FunctionSpec[] {
  const extended = NT_FUNCTIONS.map((spec): FunctionSpec => {
    const more = functionsOf(NT_IMAGE, `${spec.name} > ${(NT_CALLS[spec.name] ?? []).join(' ')}`)[0]?.body;
    return {
      ...spec,
      body: (code) => {
        spec.body?.(code);
        more?.(code);
      },
    };
  });
  const handlers = Object.entries(TRAP_HANDLERS).flatMap(([name, callees]) =>
    functionsOf(NT_IMAGE, `${name} > ${callees.join(' ')}`).map((spec) => ({ ...spec, prologue: TRAP_PROLOGUE })),
  );
  return [...extended, ...handlers, ...functionsOf(NT_IMAGE, NT)];
}

const built = new Map<string, BuiltPe>();

function imageOf(module: ModuleSpec): BuiltPe {
  const { name } = module;
  const table = TABLES[name];
  const functions = name === NT_IMAGE ? ntFunctions() : functionsOf(name, `DriverEntry >\n${(table ?? '').trim()}`.trim());
  const known = built.get(name) ?? buildPe({ ...module.image.spec, functions, sizeOfImage: module.size });
  built.set(name, known);
  return known;
}

function extraImage(name: string, size: number): BuiltPe {
  const draw = new Draw(hashOf(name));
  return buildPe({
    ...{ name, timestamp: 0x60000000 + draw.below(0x5000000), checksum: size, functions: [], sizeOfImage: size, textRva: 0x4000 },
    pdb: { file: name.replace(/\.\w+$/, '.pdb'), guid: draw.guid(), age: 1 },
  });
}

let modules: readonly ModuleSpec[] | undefined;
/** The kernel and Windows' own drivers, not yet moved to a machine's addresses. */
export function windowsModules(): readonly ModuleSpec[] {
  modules ??= loadedModules(EXTRA.map(([name, size]) => ({ name, image: extraImage(name, size) }))).map((module) => ({ ...module, image: imageOf(module) }));
  return modules;
}
