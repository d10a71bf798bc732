/** Names for people: short as in stacks, and whole. What is not understood stays as it is. */
import { Demangler } from './demangler.ts';
import { FULL, SHORT } from './style.ts';

/** `_name@8`, `@name@8`, `name@@8`: stdcall, fastcall, vectorcall; `_name`: cdecl (learn.microsoft.com/cpp/build/reference/decorated-names). */
const C_DECORATION = /^(?:_(?<stdcall>[^@?]+)@\d+|@(?<fastcall>[^@?]+)@\d+|(?<vectorcall>[^@?]+)@@\d+|_(?<cdecl>[^@?]+))$/;

/** C names of 32-bit x86; the other architectures do not decorate them. */
export function undecorateC(name: string): string {
  const groups = C_DECORATION.exec(name)?.groups;
  return groups?.['stdcall'] ?? groups?.['fastcall'] ?? groups?.['vectorcall'] ?? groups?.['cdecl'] ?? name;
}

/** "CWorker::Run". */
export function displayName(name: string, arch: string): string {
  if (name.startsWith('?')) return new Demangler(name, SHORT).run() ?? name;
  return arch === 'x86' ? undecorateC(name) : name;
}

/** "public: void __cdecl CWorker::Run(void)"; undefined where the name is not decorated or not understood. */
export function fullName(name: string): string | undefined {
  return name.startsWith('?') || name.startsWith('.?') ? new Demangler(name, FULL).run() : undefined;
}
