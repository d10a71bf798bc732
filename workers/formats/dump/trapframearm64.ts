/**
 * KTRAP_FRAME of ARM64: what the kernel saved when a trap came. Layout: ARM64_KTRAP_FRAME in the public .NET runtime
 * (src/coreclr/unwinder/arm64/unwinder.cpp). It holds no non-volatile register but fp and lr: the handler's callees keep them.
 */
import { type Found, mapFound } from '../../base/found.ts';
import { readStructAt, struct, u32, u64, viewOf } from '../../bytes/struct.ts';

const VOLATILE = 19;
export const KTRAP_FRAME_ARM64 = struct('KTRAP_FRAME', 0x150, '.NET runtime, ARM64_KTRAP_FRAME', {
  Spsr: u32(0x90),
  Sp: u64(0x98),
  X: u64(0xa0),
  Lr: u64(0x138),
  Fp: u64(0x140),
  Pc: u64(0x148),
});
const { Spsr, Sp, X, Lr, Fp, Pc } = KTRAP_FRAME_ARM64.fields;

export const TRAP_FRAME_ARM64_UNKNOWN: readonly string[] = Array.from({ length: 10 }, (_, index) => `x${19 + index}`);

/** The registers of a frame whose bytes are all there. */
export function trapRegisters(bytes: Uint8Array): Readonly<Record<string, bigint>> {
  const view = viewOf(bytes);
  const registers: Record<string, bigint> = { cpsr: BigInt(Spsr.read(view, Spsr.offset)) };
  for (let index = 0; index < VOLATILE; index++) registers[`x${index}`] = X.read(view, X.offset + index * 8);
  for (const [name, field] of [
    ['sp', Sp],
    ['lr', Lr],
    ['fp', Fp],
    ['pc', Pc],
  ] as const)
    registers[name] = field.read(view, field.offset);
  return registers;
}

export function parseTrapFrameArm64(bytes: Uint8Array): Found<Readonly<Record<string, bigint>>> {
  return mapFound(readStructAt(KTRAP_FRAME_ARM64, bytes, 0), () => trapRegisters(bytes));
}
