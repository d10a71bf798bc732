/** What a module needs, and under which names a symbol store may hold it. */
import { fileNameOf } from '../../formats/pe/debug.ts';
import type { PdbIdentity, PeIdentity } from '../../modules/module.ts';
import { pdbKey, peKey } from '../keys.ts';

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
  /** All of the image, its code too; else headers and unwind data do where a server can send parts. */
  readonly whole: boolean;
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
 * Windows loads its kernel and HAL under one name while the store lists them under the name they were built with:
 * the four kernels of "Windows Internals", chapter 2, and the HALs of Windows 7 and before.
 */
const BUILT_AS: Readonly<Record<string, readonly string[]>> = {
  'ntoskrnl.exe': ['ntkrnlmp.exe', 'ntkrpamp.exe', 'ntkrnlpa.exe'],
  'ntkrnlmp.exe': ['ntoskrnl.exe'],
  'hal.dll': ['halmacpi.dll', 'halaacpi.dll', 'halacpi.dll', 'halmps.dll'],
};

const pdbId = (key: string): string => `pdb/${key.toLowerCase()}`;
const imageId = (name: string, key: string): string => `image/${name.toLowerCase()}/${key.toLowerCase()}`;

export function pdbWant(module: string, identity: PdbIdentity): PdbWant {
  const key = pdbKey(identity.guid, identity.age);
  return { id: pdbId(key), kind: 'pdb', module, names: [fileNameOf(identity.file)], key, identity };
}

export function imageWant(module: string, imageName: string, identity: PeIdentity): ImageWant {
  const name = fileNameOf(imageName);
  const key = peKey(identity.timestamp, identity.sizeOfImage);
  const names = [name, ...(BUILT_AS[name.toLowerCase()] ?? [])];
  return { id: imageId(name, key), kind: 'image', module, names, key, identity };
}

/** The ids under which it may be kept: an image under each of its names. */
export function storedIds(want: Want): readonly string[] {
  return want.kind === 'pdb' ? [want.id] : want.names.map((name) => imageId(name, want.key));
}

const PDB_KEY = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})([0-9a-f]{1,8})$/;
const IMAGE_KEY = /^([0-9a-f]{8})([0-9a-f]{1,8})$/;

/** What a file of that store key answers, whoever may ask for it. `key` in lower case. */
export function wantOfFile(kind: WantKind, name: string, key: string): Want | undefined {
  const pdb = PDB_KEY.exec(key);
  const image = IMAGE_KEY.exec(key);
  if (kind === 'pdb') return pdb ? pdbWant('', { file: name, guid: pdb.slice(1, 6).join('-'), age: parseInt(pdb[6] ?? '', 16) }) : undefined;
  return image ? imageWant('', name, { timestamp: parseInt(image[1] ?? '', 16), sizeOfImage: parseInt(image[2] ?? '', 16) }) : undefined;
}

/** What is fetched first for a module. The PDB of an image without a known identity follows once the image is here. */
export function firstWants(request: ModuleRequest): Want[] {
  const wants: Want[] = [];
  if (request.pdb) wants.push(pdbWant(request.module, request.pdb));
  if (request.pe && (request.image || !request.pdb)) wants.push(imageWant(request.module, request.imageName, request.pe));
  return wants;
}

/** The ids of what a module's symbols come as; the attached side computes the same. */
export function idsOf(request: Pick<ModuleRequest, 'module' | 'imageName' | 'pe' | 'pdb'>): { readonly pdb: string | null; readonly image: string | null } {
  return {
    pdb: request.pdb ? pdbWant(request.module, request.pdb).id : null,
    image: request.pe ? imageWant(request.module, request.imageName, request.pe).id : null,
  };
}
