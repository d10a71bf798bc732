/** Type indices below 0x1000: the type itself and, above it, the kind of pointer to it (llvm/DebugInfo/CodeView/TypeIndex.h). */
import type { TypeIndex } from './typerecords.ts';

export type SimpleForm = 'void' | 'int' | 'uint' | 'char' | 'bool' | 'float' | 'none';
export interface SimpleType {
  readonly name: string;
  readonly form: SimpleForm;
  readonly sizeBytes: number;
}

const simple = (name: string, form: SimpleForm, sizeBytes: number): SimpleType => ({ name, form, sizeBytes });

/** C names of the kinds. */
const KINDS: Readonly<Record<number, SimpleType>> = {
  0x00: simple('<no type>', 'none', 0),
  0x03: simple('void', 'void', 0),
  0x07: simple('<not translated>', 'none', 0),
  0x08: simple('HRESULT', 'int', 4),
  0x10: simple('signed char', 'char', 1),
  0x11: simple('short', 'int', 2),
  0x12: simple('long', 'int', 4),
  0x13: simple('__int64', 'int', 8),
  0x14: simple('__int128', 'int', 16),
  0x20: simple('unsigned char', 'char', 1),
  0x21: simple('unsigned short', 'uint', 2),
  0x22: simple('unsigned long', 'uint', 4),
  0x23: simple('unsigned __int64', 'uint', 8),
  0x24: simple('unsigned __int128', 'uint', 16),
  0x30: simple('bool', 'bool', 1),
  0x31: simple('__bool16', 'bool', 2),
  0x32: simple('__bool32', 'bool', 4),
  0x33: simple('__bool64', 'bool', 8),
  0x40: simple('float', 'float', 4),
  0x41: simple('double', 'float', 8),
  0x42: simple('long double', 'none', 10),
  0x43: simple('__float128', 'none', 16),
  0x45: simple('float', 'float', 4),
  0x46: simple('__half', 'none', 2),
  0x68: simple('__int8', 'int', 1),
  0x69: simple('unsigned __int8', 'uint', 1),
  0x70: simple('char', 'char', 1),
  0x71: simple('wchar_t', 'char', 2),
  0x72: simple('short', 'int', 2),
  0x73: simple('unsigned short', 'uint', 2),
  0x74: simple('int', 'int', 4),
  0x75: simple('unsigned', 'uint', 4),
  0x76: simple('__int64', 'int', 8),
  0x77: simple('unsigned __int64', 'uint', 8),
  0x78: simple('__int128', 'int', 16),
  0x79: simple('unsigned __int128', 'uint', 16),
  0x7a: simple('char16_t', 'char', 2),
  0x7b: simple('char32_t', 'char', 4),
  0x7c: simple('char8_t', 'char', 1),
};

const POINTER_SIZES: readonly number[] = [0, 2, 4, 4, 4, 6, 8, 16];
export const FIRST_RECORD = 0x1000;

/** `pointerBytes` above 0: a pointer of that size to the type. Undefined for kinds that are not known. */
export function simpleType(index: TypeIndex): { readonly type: SimpleType; readonly pointerBytes: number } | undefined {
  const type = KINDS[index & 0xff];
  const pointerBytes = POINTER_SIZES[(index >>> 8) & 0xf];
  return type && pointerBytes !== undefined && index < FIRST_RECORD ? { type, pointerBytes } : undefined;
}
