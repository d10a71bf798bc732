/** Third-party drivers: names as machines of the last ten years carry them and names that nobody has, images of our own. */
import { type BuiltPe, buildPe } from '../build/pe.ts';
import type { LoadedPe } from '../build/stack.ts';
import { functionsOf } from './code.ts';
import type { Draw } from './draw.ts';

export type Role = 'network' | 'audio' | 'filter' | 'display' | 'storage' | 'usb' | 'tool' | 'firewall';

const KNOWN: Readonly<Record<Role, readonly string[]>> = {
  network: ['rt640x64.sys', 'e1i68x64.sys', 'Netwtw08.sys', 'athw10x.sys', 'bcmwl63a.sys', 'L1C63x64.sys'],
  audio: ['RTKVHD64.sys', 'CAX64.sys', 'nvhda64v.sys', 'AtihdWT6.sys'],
  filter: ['aswSP.sys', 'klif.sys', 'mfehidk.sys', 'eamonm.sys', 'SymEFASI64.sys', 'bdfsfltr.sys'],
  display: ['nvlddmkm.sys', 'atikmdag.sys', 'amdkmdag.sys', 'igdkmd64.sys'],
  storage: ['iaStorA.sys', 'iaStorAC.sys', 'amd_sata.sys', 'rcraid.sys'],
  usb: ['asmtxhci.sys', 'ViGEmBus.sys', 'ssudbus.sys', 'lgcoretemp.sys'],
  tool: ['RTCore64.sys', 'cpuz149_x64.sys', 'AsIO3.sys', 'GLCKIO2.sys', 'vgk.sys', 'BEDaisy.sys'],
  firewall: ['tap0901.sys', 'aswNetSec.sys', 'klwfp.sys', 'NetworX.sys', 'epfwwfp.sys'],
};
export const ROLES = Object.keys(KNOWN) as Role[];
const INVENTED: Readonly<Record<Role, string>> = {
  ...{ network: 'net', audio: 'aud', filter: 'flt', display: 'kmd', storage: 'stor', usb: 'usb', tool: 'io', firewall: 'wfp' },
};

/** One driver serves every mechanism: what the kernel enters, a step between, and the function that goes wrong. */
const FUNCTIONS = `
DriverEntry > Step
Dpc > Step Fault
Dispatch > Step Fault
Work > Step Fault
PreOperation > Step Fault
Callback > Step Fault
Unload > Step
Step > Fault Recurse
Recurse > Recurse nt!IofCallDriver FLTMGR!FltReadFile
Loop > Loop
CookieFail > nt!KeBugCheckEx
Fault > *Pointer CookieFail nt!KeSetEvent nt!KeInsertQueueDpc nt!KeAcquireSpinLockRaiseToDpc nt!ExAllocatePoolWithTag nt!ExFreePoolWithTag nt!VerifierExFreePoolWithTag nt!IofCompleteRequest nt!IofCallDriver nt!IovCallDriver nt!ObfDereferenceObject nt!MmUnlockPages nt!MmUnmapLockedPages nt!MmMapLockedPagesSpecifyCache nt!MmProbeAndLockPages nt!MmFreeSpecialPool nt!VfCheckUserHandle nt!memmove nt!KeBugCheckEx Wdf01000!imp_WdfRequestComplete Wdf01000!imp_WdfObjectDereference tcpip!NetioInjectReceive portcls!PcNotify win32kbase!HMValidateHandle ndis!NdisMIndicateReceiveNetBufferLists nt!KeWaitForSingleObject
`;

export interface ThirdParty {
  readonly name: string;
  readonly role: Role;
  readonly image: BuiltPe;
}

/** A driver as the machine has loaded it. */
export interface LoadedDriver extends LoadedPe {
  readonly name: string;
}

function nameFor(draw: Draw, role: Role): string {
  if (draw.chance(0.5)) return draw.pick(KNOWN[role]);
  const syllables = ['zor', 'kep', 'vim', 'dal', 'qua', 'tiv', 'mur', 'bex'];
  return `${draw.pick(syllables)}${draw.pick(syllables)}${INVENTED[role]}${draw.chance(0.3) ? '64' : ''}.sys`;
}

const seconds = (year: number): number => Math.floor(Date.UTC(year, 3, 1) / 1000);

/** `year`: of the link time; a driver's age is no fault. */
export function thirdParty(draw: Draw, role: Role, year = draw.between(2016, 2023), name = nameFor(draw, role)): ThirdParty {
  // The places of the functions differ from build to build, as their padding does.
  const functions = functionsOf(name, FUNCTIONS).map((spec) => ({ ...spec, gap: draw.below(0x300) * 0x10 }));
  const size = role === 'display' ? 0x1c00000 + draw.below(0x400) * 0x1000 : 0x40000 + draw.below(0x80) * 0x1000;
  const image = buildPe({
    ...{ name, functions, timestamp: seconds(year) + draw.below(20_000_000), checksum: size / 2 + draw.below(0x8000), sizeOfImage: size, textRva: 0x4000 },
    pdb: { file: name.replace(/\.sys$/, '.pdb'), guid: draw.guid(), age: 1 },
  });
  return { name, role, image };
}
