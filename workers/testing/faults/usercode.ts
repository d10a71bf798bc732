/** Images of a Windows process: the system's own DLLs, a program, its plug-in, and a stranger that had itself loaded. */
import { type BuiltPe, buildPe } from '../build/pe.ts';
import { functionsOf } from './code.ts';
import { Draw, hashOf } from './draw.ts';

const SYSTEM: Readonly<Record<string, string>> = {
  'ntdll.dll': `
RtlUserThreadStart > *BaseThreadInitThunk
RtlFreeHeap > RtlpFreeHeapInternal
RtlAllocateHeap > RtlpAllocateHeap
RtlpFreeHeapInternal > RtlpLogHeapFailure
RtlpAllocateHeap > RtlpLogHeapFailure
RtlpLogHeapFailure > RtlReportCriticalFailure
RtlReportCriticalFailure > NtWaitForSingleObject
RtlEnterCriticalSection > RtlpEnterCriticalSectionContended
RtlpEnterCriticalSectionContended > RtlpWaitOnCriticalSection
RtlpWaitOnCriticalSection > NtWaitForAlertByThreadId
NtWaitForAlertByThreadId >
NtWaitForSingleObject >
NtRaiseHardError >
LdrpInitializeNode > *DllMain LdrpReportError
LdrpReportError > NtRaiseHardError
LdrInitializeThunk > LdrpInitializeNode
RtlDispatchException > RtlpExecuteHandlerForException
RtlpExecuteHandlerForException > *Handler
DbgUiRemoteBreakin > DbgBreakPoint
DbgBreakPoint >`,
  'kernel32.dll': `
BaseThreadInitThunk > *main`,
  'KERNELBASE.dll': `
RaiseException > ntdll!RtlDispatchException
WaitForSingleObjectEx > ntdll!NtWaitForSingleObject
CloseHandle > ntdll!NtWaitForSingleObject
DebugBreak >`,
  'ucrtbase.dll': `
memcpy > ntdll!RtlFreeHeap
free > ntdll!RtlFreeHeap
malloc > ntdll!RtlAllocateHeap
abort > raise
raise > ntdll!NtWaitForSingleObject
_invalid_parameter_noinfo > _invoke_watson
_invoke_watson > ntdll!NtWaitForSingleObject
strlen > ntdll!RtlFreeHeap
terminate > abort`,
  'VCRUNTIME140.dll': `
_CxxThrowException > KERNELBASE!RaiseException`,
  'USER32.dll': `
DispatchMessageW > UserCallWinProcCheckWow
UserCallWinProcCheckWow > *WndProc
GetMessageW > win32u!NtUserGetMessage`,
  'win32u.dll': `
NtUserGetMessage >`,
  'coreclr.dll': `
RaiseTheExceptionInternalOnly > KERNELBASE!RaiseException
IL_Throw > RaiseTheExceptionInternalOnly
CallDescrWorkerInternal > *Managed IL_Throw`,
  'd3d11.dll': `
CContext_Draw > *DriverDraw`,
};

const PROGRAM = `
main > Run Start
Start > Run
Run > Handle USER32!DispatchMessageW USER32!GetMessageW
Handle > Fault Recurse Throw
Recurse > Recurse Fault
Throw > VCRUNTIME140!_CxxThrowException coreclr!IL_Throw
WndProc > Handle
DllMain > Handle
Detour > Handle *Original Fault
Fault > *Callback GsFailure ucrtbase!memcpy ucrtbase!free ucrtbase!malloc ucrtbase!abort ucrtbase!strlen ucrtbase!terminate ucrtbase!_invalid_parameter_noinfo ntdll!RtlEnterCriticalSection ntdll!RtlFreeHeap KERNELBASE!WaitForSingleObjectEx KERNELBASE!CloseHandle d3d11!CContext_Draw KERNELBASE!RaiseException KERNELBASE!DebugBreak
GsFailure > ntdll!NtWaitForSingleObject`;

let system: ReadonlyMap<string, BuiltPe> | undefined;
export function systemImages(): ReadonlyMap<string, BuiltPe> {
  system ??= new Map(
    Object.entries(SYSTEM).map(([name, table]) => {
      const draw = new Draw(hashOf(name));
      const functions = functionsOf(name, table);
      const pdb = { file: name.replace(/\.dll$/, '.pdb'), guid: draw.guid(), age: 1 };
      return [name, buildPe({ name, functions, timestamp: 0x7a000000 + draw.below(0x1000000), sizeOfImage: 0x100000, dll: true, subsystem: 3, pdb })];
    }),
  );
  return system;
}

/** A program or library of somebody's, unlike every other. */
export function ownImage(draw: Draw, name: string, more = ''): BuiltPe {
  const functions = functionsOf(name, `${PROGRAM}\n${more}`.trim()).map((spec) => ({ ...spec, gap: draw.below(0x200) * 0x10 }));
  const size = 0x80000 + draw.below(0x200) * 0x1000;
  const timestamp = Math.floor(Date.UTC(draw.between(2018, 2024), 1, 1) / 1000) + draw.below(20_000_000);
  const pdb = { file: name.replace(/\.\w+$/, '.pdb'), guid: draw.guid(), age: 1 };
  return buildPe({ name, functions, timestamp, sizeOfImage: size, dll: name.endsWith('.dll'), subsystem: 3, pdb });
}
