import type { Arch, Instruction } from './decoder.ts';

/** An instruction's encoding in pieces as WinDbg shows them: x86 and x64 byte by byte, ARM64 the word that it is. */
export function encodingOf({ bytes }: Instruction, arch: Arch): readonly string[] {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  return arch === 'arm64' ? [digits.reverse().join('')] : digits;
}
