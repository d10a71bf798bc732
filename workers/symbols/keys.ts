/** Keys of a symbol store: learn.microsoft.com/windows/win32/debug/using-symsrv, "SymStore folder tree". */
import { hexDigits } from '../base/hex.ts';

/** IMAGE_FILE_MACHINE_*, as the DBI stream and images give it. */
const ARCHES: Readonly<Record<number, 'x86' | 'x64' | 'arm64' | 'arm'>> = { 0x14c: 'x86', 0x8664: 'x64', 0xaa64: 'arm64', 0x1c4: 'arm', 0x1c2: 'arm' };

export function archOfMachine(machine: number): 'x86' | 'x64' | 'arm64' | 'arm' | undefined {
  return ARCHES[machine];
}

/** "6B0354E23d000": TimeDateStamp in eight upper-case digits, SizeOfImage in lower-case ones. */
export function peKey(timestamp: number, sizeOfImage: number): string {
  return hexDigits(timestamp >>> 0, 8).toUpperCase() + sizeOfImage.toString(16);
}

/** "F78CB6372EE9BFCB4C4C44205044422E1": the GUID's digits in upper case, the age in lower-case ones. */
export function pdbKey(guid: string, age: number): string {
  return guid.replaceAll('-', '').toUpperCase() + (age >>> 0).toString(16);
}
