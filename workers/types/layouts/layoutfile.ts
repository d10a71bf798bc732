/** The kept layouts as they lie in data/: one file a processor, each layout once with the builds that it holds for. */
export interface LayoutBuild {
  /** Builds from `from` to `to` have this kernel: later releases that only switch features on share it. */
  readonly from: number;
  readonly to: number;
  /** Exact versions whose tables were read; the layouts hold what all of them agree on. */
  readonly of: readonly string[];
}
export interface CompactStruct {
  /** Indices in `builds`. */
  readonly builds: readonly number[];
  readonly size: number;
  readonly union?: true;
  /** "NAME TYPE STEP;…": STEP in hex from the field before, absent where it is 0. */
  readonly fields: string;
}
export interface CompactEnum {
  readonly builds: readonly number[];
  /** "NAME=VALUE;…" */
  readonly values: string;
}
export interface LayoutFile {
  readonly arch: string;
  readonly pointerSize: number;
  readonly sources: readonly string[];
  readonly builds: readonly LayoutBuild[];
  readonly structs: Readonly<Record<string, readonly CompactStruct[]>>;
  readonly enums: Readonly<Record<string, readonly CompactEnum[]>>;
}
