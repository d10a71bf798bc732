/**
 * A stack as real ones are: locals that nobody wrote hold what earlier calls left there, return addresses among them.
 * They lie inside live frames, so that whoever scans for addresses meets them.
 */
import { type LoadedPe, StackDrawing, addressIn } from '../build/stack.ts';
import type { Draw } from './draw.ts';

export interface Noise {
  /** Share of the unwritten words that hold something. */
  readonly density: number;
  /** Of those, the share that are return addresses. */
  readonly returns: number;
  /** Whose code earlier calls ran. */
  readonly from: readonly LoadedPe[];
}

export class NoisyStack extends StackDrawing {
  private readonly draw: Draw;
  private readonly noise: Noise;

  constructor(draw: Draw, noise: Noise, place: { readonly high: bigint; readonly room: number }) {
    super(place.high, place.room);
    this.draw = draw;
    this.noise = noise;
  }

  /** The address after some call of an image: a return that happened before. */
  private staleReturn(): bigint {
    const image = this.draw.pick(this.noise.from);
    const calling = [...image.pe.functions.values()].filter((one) => one.returns.size > 0);
    if (calling.length === 0) return image.base + BigInt(image.pe.entryPoint);
    const { name, returns } = this.draw.pick(calling);
    return addressIn(image, `${name}>${this.draw.pick([...returns.keys()])}`);
  }

  private stale(): bigint {
    const { draw, noise } = this;
    if (noise.from.length > 0 && draw.chance(noise.returns)) return this.staleReturn();
    if (draw.chance(0.4)) return draw.pool();
    if (draw.chance(0.4)) return this.high - BigInt(draw.below(0x1000)) * 8n;
    return BigInt(draw.below(0x400));
  }

  override enter(image: LoadedPe, name: string): this {
    super.enter(image, name);
    const { alloc = 0, save, machineFrame } = image.pe.functions.get(name)?.prologue ?? {};
    if (save || machineFrame !== undefined) return this;
    // The first four words are homes of the callee's arguments.
    for (let at = 0x20; at + 8 <= alloc; at += 8) if (this.draw.chance(this.noise.density)) this.local(at, this.stale());
    return this;
  }
}
