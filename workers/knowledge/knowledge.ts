/**
 * What Windows calls things: names, numbers and roles from public tables, each table with its source and date.
 * Synchronous once loaded; `loadKnowledge` in load.ts brings the chunks.
 */
export interface BugCheckParameter {
  readonly index: 1 | 2 | 3 | 4;
  readonly meaning: string;
}
export interface BugCheckSubCode {
  /** Which parameter chooses the row, 1 to 4. */
  readonly param: 1 | 2 | 3 | 4;
  readonly value: bigint;
  readonly meaning: string;
  /** What the other parameters mean in this case, by index 1 to 4. */
  readonly sets: Readonly<Partial<Record<1 | 2 | 3 | 4, string>>>;
  /** The row holds only where these other parameters have these values. */
  readonly when?: Readonly<Partial<Record<1 | 2 | 3 | 4, bigint>>>;
}
export type BugCheckFamily =
  | 'access'
  | 'boot'
  | 'cluster'
  | 'console'
  | 'exception'
  | 'filesystem'
  | 'firmware'
  | 'graphics'
  | 'hardware'
  | 'internal'
  | 'io'
  | 'manual'
  | 'memory'
  | 'network'
  | 'pool'
  | 'power'
  | 'process'
  | 'registry'
  | 'resources'
  | 'security'
  | 'storage'
  | 'sync'
  | 'usb'
  | 'verifier'
  | 'virtual'
  | 'watchdog';
export interface BugCheckEntry {
  readonly code: number;
  readonly name: string;
  readonly oldNames: readonly string[];
  /** A live-dump code: the machine did not crash. */
  readonly liveDump: boolean;
  /** Written for crashes and for live dumps alike: the dump's header decides. */
  readonly sometimesLive?: boolean;
  /** False where only the name is public. */
  readonly documented?: boolean;
  readonly family: BugCheckFamily;
  readonly gist: string;
  readonly parameters: readonly BugCheckParameter[];
  readonly subCodes: readonly BugCheckSubCode[];
}
export interface CodeName {
  readonly code: number;
  readonly name: string;
  /** Other names of the same number. */
  readonly also?: readonly string[];
  readonly gloss?: string;
}
/** The tables of codes that are not bug checks. */
export type StatusKind = 'ntstatus' | 'exception' | 'fastfail' | 'win32' | 'hresult';
/** An option of Driver Verifier, by flag bit (`/flags`), rule class (`/ruleclasses`) or both. */
export interface VerifierOption {
  readonly ruleClass: number;
  /** Undefined where only a rule class exists. */
  readonly flag?: number;
  readonly name: string;
  /** Among the standard settings. */
  readonly standard: boolean;
  readonly what: string;
  readonly since: string;
  /** "current", or what became of it. */
  readonly status: string;
}
/** A processor model with a published fault. That it is in this list proves nothing about one computer. */
export interface CpuFault {
  readonly vendor: 'Intel' | 'AMD';
  /** CPUID display family, and the first model that has it. */
  readonly family: number;
  readonly model: number;
  /** Only this stepping. */
  readonly stepping?: number;
  /** The first revision of the microcode that corrects it. */
  readonly fixedBy?: number;
  /** It shows only after so many days without a restart. */
  readonly afterDays?: number;
  readonly fault: string;
  readonly published: string;
}
export type DriverRole =
  | 'kernel'
  | 'hal'
  | 'class'
  | 'framework'
  | 'bus'
  | 'file-system'
  | 'filter'
  | 'graphics-port'
  | 'network-stack'
  | 'storage-stack'
  | 'security'
  | 'device'
  | 'tool'
  | 'other';
export interface DriverEntry {
  readonly file: string;
  readonly vendor: string;
  readonly product: string;
  readonly kind: string;
  readonly microsoft: boolean;
  readonly role: DriverRole;
  /** True where nobody checked the row against a public source. */
  readonly believed: boolean;
  readonly vulnerable: boolean;
  /** Where its maker offers drivers; believed. */
  readonly update?: string;
}

/** MCi_STATUS read bit by bit (Intel SDM volume 3B, machine check chapter; AMD APM volume 2). */
export interface MachineCheck {
  readonly status: bigint;
  readonly valid: boolean;
  readonly overflow: boolean;
  readonly uncorrected: boolean;
  readonly enabled: boolean;
  readonly addressValid: boolean;
  readonly contextCorrupt: boolean;
  /** Low 16 bits. */
  readonly code: number;
  readonly kind: 'none' | 'cache' | 'tlb' | 'memory' | 'bus' | 'timer' | 'internal' | 'unknown';
  /** "data cache, level 1, data read". */
  readonly words: string;
}

/** Where a table comes from; printed with the licences of the product. */
export interface TableCredit {
  readonly table: string;
  readonly source: string;
  readonly date: string;
  readonly licence: string;
  readonly count: number;
}

export interface Knowledge {
  /** By the code as it stands in the header; 0x1000007E finds the entry of 0x7E and its own name. */
  bugCheck(code: number): BugCheckEntry | undefined;
  bugCheckByName(name: string): BugCheckEntry | undefined;
  /** Every bug check, by code. */
  readonly bugChecks: readonly BugCheckEntry[];
  /** Every code of a table. */
  statusCodes(kind: StatusKind): readonly CodeName[];
  /** By name, in any of those tables: "STATUS_ACCESS_VIOLATION". */
  statusByName(name: string): { readonly kind: StatusKind; readonly entry: CodeName } | undefined;
  /** The part of Windows that a status belongs to, by its facility bits. */
  facility(kind: 'ntstatus' | 'hresult', code: number): string | undefined;
  ntstatus(code: number): CodeName | undefined;
  win32(code: number): CodeName | undefined;
  hresult(code: number): CodeName | undefined;
  /** SEH, C++, CLR and other exception codes, NTSTATUS included. */
  exception(code: number): CodeName | undefined;
  fastFail(code: number): CodeName | undefined;
  /** By image file name, case-insensitive. */
  driver(imageName: string): DriverEntry | undefined;
  userModule(imageName: string): { readonly vendor: string; readonly product: string; readonly kind: string } | undefined;
  poolTag(tag: string): { readonly tag: string; readonly component?: string; readonly description: string } | undefined;
  blobGuid(guid: string): { readonly name: string; readonly private: boolean } | undefined;
  /** "Windows 10 22H2" for a build; server names where productType says so. */
  windowsName(build: number, productType?: 'workstation' | 'domain-controller' | 'server'): string | undefined;
  /** What a check of Driver Verifier (0xC4, parameter 1) belongs to. */
  verifierArea(code: number): string | undefined;
  readonly verifierOptions: readonly VerifierOption[];
  machineCheck(status: bigint): MachineCheck;
  /** AMD: the unit behind a bank, by MCA_IPID. */
  smcaUnit(ipid: bigint): string | undefined;
  wheaSource(type: number): string | undefined;
  /** A section, notification or creator GUID of an error record, lower case with dashes. */
  wheaGuid(guid: string): string | undefined;
  /** By PCI vendor id. */
  pciVendor(id: number): string | undefined;
  /** Microarchitecture by CPUID display family and model. */
  cpuModel(vendor: 'Intel' | 'AMD', family: number, model: number): string | undefined;
  readonly cpuFaults: readonly CpuFault[];
  readonly credits: readonly TableCredit[];
}
