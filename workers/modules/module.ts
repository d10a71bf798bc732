import type { Rva, Va } from '../base/address.ts';
import type { Found } from '../base/found.ts';

export interface PeIdentity {
  readonly timestamp: number;
  readonly sizeOfImage: number;
}
export interface PdbIdentity {
  readonly file: string;
  /** Lower case with dashes. */
  readonly guid: string;
  readonly age: number;
}

export interface Module {
  /** As WinDbg names it in symbols: "nt", "nvlddmkm", "KERNELBASE". */
  readonly name: string;
  /** File name with extension, without a path: "ntoskrnl.exe". */
  readonly imageName: string;
  /** As it stands in the dump; may be a path or a bare name. */
  readonly path: string;
  readonly base: Va;
  readonly size: number;
  readonly checksum: Found<number>;
  /** File version "10.0.19041.804". */
  readonly version: Found<string>;
  /** `buildId`: of an ELF file, lower-case hex, where a dump of Linux or Android names it. */
  readonly identity: { readonly pe: Found<PeIdentity>; readonly pdb: Found<PdbIdentity>; readonly buildId?: string };
  /** What told of the module: the dump's driver list, the loaded-module list in memory … */
  readonly origin: string;
}

export interface UnloadedModule {
  readonly name: string;
  readonly start: Va;
  readonly end: Va;
  /** Set where the dump cut the name (kernel: 12 characters). */
  readonly truncatedName?: boolean;
  readonly timestamp?: number;
}

export interface ModulePlace {
  readonly module: Module;
  readonly rva: Rva;
}

export interface ModuleList {
  readonly modules: readonly Module[];
  readonly unloaded: readonly UnloadedModule[];
  find(at: Va): ModulePlace | undefined;
  findUnloaded(at: Va): UnloadedModule | undefined;
  /** By WinDbg name or file name, case-insensitive. */
  byName(name: string): Module | undefined;
}
