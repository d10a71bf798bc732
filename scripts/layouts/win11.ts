/**
 * Windows 11 24H2 (builds 26100 and 26200), of which there is no table in the corpus: offsets as github.com/Rickebo/ntoskrnlib has
 * them (ntoskrnlib/Generated/Win11/ntoskrnl/Dynamic, a file a type; its revision is not stated). A field's type is that of the field
 * of this name in 22631. Structs that the driver kit and the SDK publish cannot change and are those of 22631 too.
 */
import type { KernelTypes, StructRow } from './model.ts';

export const WIN11_VERSION = '10.0.26100';

/** Name and offset of each field that is kept. */
const OFFSETS: Readonly<Record<string, string>> = {
  _IRP: `Type 0 Size 2 MdlAddress 8 Flags 16 AssociatedIrp 24 ThreadListEntry 32 IoStatus 48 RequestorMode 64 PendingReturned 65
    StackCount 66 CurrentLocation 67 Cancel 68 CancelIrql 69 ApcEnvironment 70 AllocationFlags 71 UserIosb 72 IoRingContext 72
    UserEvent 80 Overlay 88 CancelRoutine 104 UserBuffer 112 Tail 120`,
  _IO_STACK_LOCATION: `MajorFunction 0 MinorFunction 1 Flags 2 Control 3 Parameters 8 DeviceObject 40 FileObject 48
    CompletionRoutine 56 Context 64`,
  _DEVICE_OBJECT: `Type 0 Size 2 ReferenceCount 4 DriverObject 8 NextDevice 16 AttachedDevice 24 CurrentIrp 32 Timer 40 Flags 48
    Characteristics 52 Vpb 56 DeviceExtension 64 DeviceType 72 StackSize 76 Queue 80 AlignmentRequirement 152 DeviceQueue 160 Dpc 200
    ActiveThreadCount 264 SecurityDescriptor 272 DeviceLock 280 SectorSize 304 Spare1 306 DeviceObjectExtension 312 Reserved 320`,
  _DEVOBJ_EXTENSION: `Type 0 Size 2 DeviceObject 8 PowerFlags 16 Dope 24 ExtensionFlags 32 DeviceNode 40 AttachedTo 48 StartIoCount 56
    StartIoKey 60 StartIoFlags 64 Vpb 72 DependencyNode 80 InterruptContext 88 InterruptCount 96 VerifierContext 104`,
  _DRIVER_OBJECT: `Type 0 Size 2 DeviceObject 8 Flags 16 DriverStart 24 DriverSize 32 DriverSection 40 DriverExtension 48 DriverName 56
    HardwareDatabase 72 FastIoDispatch 80 DriverInit 88 DriverStartIo 96 DriverUnload 104 MajorFunction 112`,
  _DEVICE_NODE: `Sibling 0 Child 8 Parent 16 LastChild 24 PhysicalDeviceObject 32 InstancePath 40 ServiceName 56 PendingIrp 72 Level 152
    CurrentPowerState 156 State 300 PreviousState 304 CompletionStatus 392 Flags 396 UserFlags 400 Problem 404 ProblemStatus 408`,
  _ERESOURCE: `SystemResourcesList 0 OwnerTable 16 ActiveCount 24 Flag 26 SharedWaiters 32 ExclusiveWaiters 40 OwnerEntry 48
    ActiveEntries 64 ContentionCount 68 NumberOfSharedWaiters 72 NumberOfExclusiveWaiters 76 Address 88 SpinLock 96`,
  _OBJECT_HEADER: `PointerCount 0 HandleCount 8 Lock 16 TypeIndex 24 TraceFlags 25 InfoMask 26 Flags 27 ObjectCreateInfo 32
    QuotaBlockCharged 32 SecurityDescriptor 40 Body 48`,
  _KPROCESS: 'Header 0 DirectoryTableBase 40 ThreadListHead 48 BasePriority 144 StackCount 264 ProcessListEntry 272 CycleTime 288',
  _EPROCESS: `Pcb 0 ProcessLock 456 UniqueProcessId 464 ActiveProcessLinks 472 RundownProtect 488 Flags2 496 Flags 500 CreateTime 504
    PeakVirtualSize 544 VirtualSize 552 Token 584 NumberOfPrivatePages 648 Job 672 SectionObject 680 SectionBaseAddress 688 Cookie 696
    InheritedFromUniqueProcessId 720 Peb 736 QuotaBlock 760 ObjectTable 768 DebugPort 776 WoW64Process 784 ImageFilePointer 816
    ImageFileName 824 PriorityClass 839 SeAuditProcessCreationInfo 848 JobLinks 856 ThreadListHead 880 ActiveThreads 896
    LastThreadExitStatus 908 CommitChargeLimit 976 CommitCharge 984 CommitChargePeak 992 ExitStatus 1364 VadRoot 1368 VadHint 1376
    VadCount 1384 ExitTime 1472 SignatureLevel 1528 SectionSignatureLevel 1529 Protection 1530 Flags3 1532 SequenceNumber 1656
    SharedCommitCharge 1704`,
  _KTHREAD: `Header 0 SListFaultAddress 24 QuantumTarget 32 InitialStack 40 StackLimit 48 StackBase 56 ThreadLock 64 CycleTime 72
    KernelStack 88 WaitRegister 112 Running 113 Alerted 114 Alertable 116 MiscFlags 116 ThreadFlags 120 SystemCallNumber 128
    ReadyTime 132 FirstArgument 136 TrapFrame 144 ApcState 152 Priority 195 UserIdealProcessor 196 WaitStatus 200 WaitBlockList 208
    WaitListEntry 216 Queue 232 Teb 240 Timer 256 WaitBlock 320 ContextSwitches 340 State 388 WaitIrql 390 WaitMode 391 WaitTime 436
    Win32Thread 456 KernelApcDisable 484 SpecialApcDisable 486 CombinedApcDisable 484 QueueListEntry 520 NextProcessor 536 Process 544
    PreviousMode 562 BasePriority 563 ApcStateIndex 586 WaitBlockCount 587 IdealProcessor 588 SavedApcState 600 WaitReason 643`,
  _ETHREAD: `Tcb 0 CreateTime 1216 ExitTime 1224 StartAddress 1248 Cid 1288 AlpcWaitSemaphore 1304 ClientSecurity 1336 IrpList 1344
    TopLevelIrp 1360 DeviceToVerify 1368 Win32StartAddress 1376 ThreadListEntry 1400 RundownProtect 1416 ThreadLock 1424
    CrossThreadFlags 1440 SameThreadPassiveFlags 1444 SameThreadApcFlags 1448 AlpcMessageId 1464 AlpcMessage 1472 ExitStatus 1496
    ThreadName 1696`,
};

/** Sizes that the offsets tell: what follows a struct inside another, or the end of the last field. */
const SIZES: Readonly<Record<string, number>> = { _KPROCESS: 456, _KTHREAD: 1216, _EPROCESS: 1712, _ETHREAD: 1704 };

/** wdm.h, ntifs.h, winnt.h. */
const PUBLISHED: readonly string[] = `_LIST_ENTRY _UNICODE_STRING _LARGE_INTEGER _CLIENT_ID _DISPATCHER_HEADER _KEVENT _KMUTANT _KSEMAPHORE
  _KDPC _KTIMER _KAPC _KWAIT_BLOCK _MDL _VPB _FILE_OBJECT _OWNER_ENTRY _CONTEXT _EXCEPTION_RECORD _OBJECT_HEADER_NAME_INFO
  _OBJECT_HEADER_CREATOR_INFO`
  .trim()
  .split(/\s+/);

/** `older`: the types of 22631. */
export function win11Types(older: KernelTypes): KernelTypes {
  const structs = new Map<string, StructRow>();
  const take = (name: string): void => {
    const row = older.structs.get(name);
    if (!row || structs.has(name)) return;
    structs.set(name, row);
    for (const field of row.fields) takeInside(field.type);
  };
  const takeInside = (type: string): void => {
    const inside = /^(?:\[\d+\])*=(.+)$/.exec(type)?.[1];
    if (inside !== undefined && OFFSETS[inside] === undefined) take(inside);
  };
  for (const name of PUBLISHED) take(name);
  for (const [name, text] of Object.entries(OFFSETS)) {
    const row = older.structs.get(name);
    if (!row) throw new Error(`22631 has no ${name}`);
    const fields = [...text.matchAll(/(\w+)\s+(\d+)/g)].map(([, field = '', offset]) => {
      const known = row.fields.find((one) => one.name === field);
      if (!known) throw new Error(`22631 has no ${name}.${field}`);
      takeInside(known.type);
      return { ...known, offset: Number(offset) };
    });
    structs.set(name, { ...row, sizeBytes: SIZES[name] ?? row.sizeBytes, fields });
  }
  return { structs, enums: older.enums };
}
