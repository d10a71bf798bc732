import type { Va } from '../base/address.ts';
import { type Found, missing } from '../base/found.ts';
import { decodeArm64 } from './arm64.ts';
import type { Arch, Decoder, Instruction } from './decoder.ts';
import { Iced } from './iced.ts';
import { decodeX86 } from './x86.ts';

const NO_WASM = 'the disassembler for x64 and x86 has not been loaded';

/** A decoder over the compiled wasm of iced-x86; without it, only what needs no wasm is decoded. */
export function createDecoder(module: WebAssembly.Module | undefined): Decoder {
  const iced = module === undefined ? undefined : new Iced(module);
  const x86 = (bytes: Uint8Array, at: Va, bitness: 32 | 64): Found<Instruction> =>
    iced ? decodeX86(iced, bytes, at, bitness) : missing({ why: 'not-computed', detail: NO_WASM });
  const byArch: Readonly<Record<Arch, (bytes: Uint8Array, at: Va) => Found<Instruction>>> = {
    x64: (bytes, at) => x86(bytes, at, 64),
    x86: (bytes, at) => x86(bytes, at, 32),
    arm64: decodeArm64,
    arm: () => missing({ why: 'not-computed', detail: 'no decoder for 32-bit ARM instructions' }),
  };
  return { decode: (bytes, at, arch) => byArch[arch](bytes, at) };
}
