/** Names for people: short as in stacks, and whole. What is not understood stays as it is. */
import { Demangler } from './demangler.ts';
import { rustName } from './rust.ts';
import { FULL, SHORT } from './style.ts';

/** `_name@8`, `@name@8`, `name@@8`: stdcall, fastcall, vectorcall; `_name`: cdecl (learn.microsoft.com/cpp/build/reference/decorated-names). */
const C_DECORATION = /^(?:_(?<stdcall>[^@?]+)@\d+|@(?<fastcall>[^@?]+)@\d+|(?<vectorcall>[^@?]+)@@\d+|_(?<cdecl>[^@?]+))$/;

/** C names of 32-bit x86; the other architectures do not decorate them. */
function undecorateC(name: string): string {
  const groups = C_DECORATION.exec(name)?.groups;
  return groups?.['stdcall'] ?? groups?.['fastcall'] ?? groups?.['vectorcall'] ?? groups?.['cdecl'] ?? name;
}

/** Names of C and Rust, whose forms are cheap to find: "NtClose", "core::fmt::write". */
export function plainName(name: string, arch: string): string {
  return rustName(name, false) ?? (arch === 'x86' ? undecorateC(name) : name);
}

/** "CWorker::Run", "core::fmt::write". */
export function displayName(name: string, arch: string): string {
  return name.startsWith('?') ? (new Demangler(name, SHORT).run() ?? name) : plainName(name, arch);
}

/** "public: void __cdecl CWorker::Run(void)"; undefined where the name is not decorated or not understood. */
export function fullName(name: string): string | undefined {
  return name.startsWith('?') || name.startsWith('.?') ? new Demangler(name, FULL).run() : rustName(name, true);
}
