/** What a module needs, and under which names a symbol store may hold it. */
import { hexDigits } from '../../base/hex.ts';
import type { PdbIdentity, PeIdentity } from '../../modules/module.ts';

/** A module whose symbols are asked for. Plain data: it crosses the worker border. */
export interface ModuleRequest {
  /** As WinDbg names it: "nt". */
  readonly module: string;
  readonly imageName: string;
  readonly pe: PeIdentity | null;
  readonly pdb: PdbIdentity | null;
  /** Lower first: 0 the faulting stack, 1 nt, 2 the rest (design §7). */
  readonly demand: number;
  /** Who made it ("microsoft", "nvidia" …) where that is plain; null where it is not. */
  readonly maker: string | null;
  /** The image's bytes are wanted too, for unwinding and disassembly. Without a PDB identity they are fetched anyway. */
  readonly image: boolean;
}

export type WantKind = 'pdb' | 'image';

interface WantBase {
  readonly id: string;
  readonly module: string;
  /** File names to try, in order. */
  readonly names: readonly string[];
  /** The folder of a symbol store: identity in its spelling. */
  readonly key: string;
}
export interface PdbWant extends WantBase {
  readonly kind: 'pdb';
  readonly identity: PdbIdentity;
}
export interface ImageWant extends WantBase {
  readonly kind: 'image';
  readonly identity: PeIdentity;
}
export type Want = PdbWant | ImageWant;

/**
 * GUID in upper case without dashes, then the age in hex: "Using SymStore", and dotnet/symstore
 * docs/specs/SSQP_Key_Conventions.md. Servers of Microsoft's make compare without case; stores on S3 do not.
 */
export function pdbKey(identity: PdbIdentity): string {
  return identity.guid.replaceAll('-', '').toUpperCase() + identity.age.toString(16);
}

/** TimeDateStamp as eight upper-case digits, then SizeOfImage in lower case: the same documents. */
export function imageKey(identity: PeIdentity): string {
  return hexDigits(identity.timestamp >>> 0, 8).toUpperCase() + identity.sizeOfImage.toString(16);
}

/**
 * Windows loads its kernel and HAL under one name while the store lists them under the name they were built with:
 * the four kernels of "Windows Internals", chapter 2, and the HALs of Windows 7 and before.
 */
const BUILT_AS: Readonly<Record<string, readonly string[]>> = {
  'ntoskrnl.exe': ['ntkrnlmp.exe', 'ntkrpamp.exe', 'ntkrnlpa.exe'],
  'ntkrnlmp.exe': ['ntoskrnl.exe'],
  'hal.dll': ['halmacpi.dll', 'halaacpi.dll', 'halacpi.dll', 'halmps.dll'],
};

function fileOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);
}

export function pdbWant(module: string, identity: PdbIdentity): PdbWant {
  const key = pdbKey(identity);
  return { id: `pdb/${key.toLowerCase()}`, kind: 'pdb', module, names: [fileOf(identity.file)], key, identity };
}

export function imageWant(module: string, imageName: string, identity: PeIdentity): ImageWant {
  const name = fileOf(imageName);
  const key = imageKey(identity);
  const names = [name, ...(BUILT_AS[name.toLowerCase()] ?? [])];
  return { id: `image/${name.toLowerCase()}/${key.toLowerCase()}`, kind: 'image', module, names, key, identity };
}

/** What is fetched first for a module. The PDB of an image without a known identity follows once the image is here. */
export function firstWants(request: ModuleRequest): Want[] {
  const wants: Want[] = [];
  if (request.pdb) wants.push(pdbWant(request.module, request.pdb));
  if (request.pe && (request.image || !request.pdb)) wants.push(imageWant(request.module, request.imageName, request.pe));
  return wants;
}
