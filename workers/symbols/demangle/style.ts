/** The two spellings of an undecorated name. */
export interface NameStyle {
  /** Between template arguments and between parameters. */
  readonly separator: string;
  /** Between a template argument that ends with `>` and the `>` that ends the list. */
  readonly closing: string;
  /** class, struct, union, enum, __unaligned and __restrict are shown. */
  readonly keywords: boolean;
  /** A space between a calling convention and the sign of a pointer. */
  readonly spacedCalling: boolean;
  /** "napi_env__ *" and "* const &", not "napi_env__*" and "*const &". */
  readonly spacedWords: boolean;
  /** "int [0]" and not "int[]". */
  readonly spacedArrays: boolean;
  /** Symbols inside a name show their types. */
  readonly signatures: boolean;
  /** Names that the compiler makes are shortened: dtor, ctor. */
  readonly shortened: boolean;
}

/** The whole declaration, as llvm-undname writes it. */
export const FULL: NameStyle = {
  separator: ', ',
  closing: '',
  keywords: true,
  spacedCalling: true,
  spacedArrays: false,
  spacedWords: false,
  signatures: true,
  shortened: true,
};

/** As PDBs write the names of procedures, and so WinDbg its stacks: "std::vector<int,std::allocator<int> >::push_back". */
export const SHORT: NameStyle = {
  separator: ',',
  closing: ' ',
  keywords: false,
  spacedCalling: false,
  spacedArrays: true,
  spacedWords: true,
  signatures: false,
  shortened: false,
};
