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
}
export interface BugCheckEntry {
  readonly code: number;
  readonly name: string;
  readonly oldNames: readonly string[];
  /** A live-dump code: the machine did not crash. */
  readonly liveDump: boolean;
  readonly gist: string;
  readonly parameters: readonly BugCheckParameter[];
  readonly subCodes: readonly BugCheckSubCode[];
}
export interface CodeName {
  readonly code: number;
  readonly name: string;
  readonly gloss?: string;
}
export type DriverRole = 'kernel' | 'hal' | 'class' | 'framework' | 'bus' | 'file-system' | 'filter' | 'graphics-port' | 'network-stack' | 'storage-stack' | 'security' | 'device' | 'tool' | 'other';
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
  readonly update?: string;
}

export interface Knowledge {
  /** By the code as it stands in the header; 0x1000007E finds the entry of 0x7E and its own name. */
  bugCheck(code: number): BugCheckEntry | undefined;
  bugCheckByName(name: string): BugCheckEntry | undefined;
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
}
