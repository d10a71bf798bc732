/** Types as a debugger sees them, wherever they come from. What a type refers to is resolved when asked, so cycles are harmless. */
import type { Found, MissingReason } from '../base/found.ts';
import type { Job } from '../base/job.ts';

export type Lazy<T> = () => Found<T>;

export interface BaseType {
  readonly kind: 'base';
  /** C name. */
  readonly name: string;
  readonly form: 'void' | 'int' | 'uint' | 'char' | 'bool' | 'float' | 'none';
  readonly sizeBytes: number;
}
export interface PointerType {
  readonly kind: 'pointer';
  readonly sizeBytes: number;
  readonly to: Lazy<Type>;
}
export interface ArrayType {
  readonly kind: 'array';
  readonly sizeBytes: number;
  readonly element: Lazy<Type>;
}
export interface BitsType {
  readonly kind: 'bits';
  /** Of the integer in which the bits lie. */
  readonly sizeBytes: number;
  readonly position: number;
  readonly bits: number;
}
export interface FunctionType {
  readonly kind: 'function';
  readonly sizeBytes: 0;
  readonly returns: Lazy<Type>;
}
export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}
export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly sizeBytes: number;
  readonly values: Lazy<readonly Enumerator[]>;
}
export interface StructType {
  readonly kind: 'struct';
  readonly tag: 'struct' | 'class' | 'interface' | 'union';
  readonly name: string;
  readonly sizeBytes: number;
  /** In the order of the declaration, those of base classes first, at their offset in the whole. */
  readonly fields: Lazy<readonly Field[]>;
}
/** A type that is named and nowhere defined. */
export interface OpaqueType {
  readonly kind: 'opaque';
  readonly name: string;
  readonly sizeBytes: 0;
}
export type Type = BaseType | PointerType | ArrayType | BitsType | FunctionType | EnumType | StructType | OpaqueType;
export type NamedType = StructType | EnumType;

export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly role: 'member' | 'static' | 'virtual-table';
  readonly type: Lazy<Type>;
}

/** A typedef, or global data with its place in the image. */
export interface GlobalName {
  readonly name: string;
  readonly type: Lazy<Type>;
  readonly rva?: number;
}

/** Types of one module. */
export interface TypeTable {
  /** Where the layouts come from: a PDB's name, or the build they were taken of and why. */
  readonly origin: string;
  /** Why these are not the types of the module's own PDB; absent where they are. */
  readonly instead?: MissingReason;
  find(name: string): Found<NamedType>;
  /** Names of all types that have a layout. */
  names(): Job<readonly string[]>;
  /** Typedefs and typed data whose names are wanted, at most `limit`; none where the source has no such names. */
  globals(isWanted: (name: string) => boolean, limit: number): Job<readonly GlobalName[]>;
}

/** Elements of an array; 0 where the element has no size. */
export function elementCount(array: ArrayType, element: Type): number {
  return element.sizeBytes > 0 ? Math.floor(array.sizeBytes / element.sizeBytes) : 0;
}

/** For reasons: what kind of type stands where another was wanted. */
export function nameOf(type: Type): string {
  return 'name' in type ? type.name : `a ${type.kind}`;
}
