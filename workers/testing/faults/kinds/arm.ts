/** Kernel faults of ARM64: a thread of the system, found by frame pointers, ended by an exception that nobody handled (0x7E). */
import { armTriageOf } from '../../build/armscene.ts';
import { arm64Context } from '../../build/context.ts';
import { exceptionRecord64 } from '../../build/dumpheader.ts';
import { words } from '../../build/scene.ts';
import type { LoadedPe } from '../../build/stack.ts';
import type { Draw } from '../draw.ts';
import { statusWord } from '../ends.ts';
import { arm64Code, arm64Stack } from '../frames.ts';
import { KernelStage } from '../kernelstage.ts';
import { BIT_CHANGED, type FaultKind, type MadeFault, type Truth } from '../truth.ts';
import { byDriver } from './access.ts';
import { kind } from './kind.ts';

const ACCESS_VIOLATION = 0xc0000005;
/** Where the invented functions stand in an image. */
const TEXT = 0x4000n;

/** `chain`: whose functions run, outermost first; the last reads through x0, which holds `pointer`, at +8. */
function threadFault(stage: KernelStage, chain: readonly LoadedPe[], pointer: bigint, truth: Truth): MadeFault {
  const { draw } = stage;
  const high = draw.stackTop();
  const frames = chain.map((image, index) => ({ text: image.base + TEXT, number: chain.slice(0, index).filter((one) => one === image).length }));
  const { sp, fp, lr, pc, bytes } = arm64Stack(frames, high);
  const context = arm64Context({ x: [pointer, 1n, draw.pool()], fp, lr, sp, pc });
  const [record, saved] = [draw.pool(), draw.pool()];
  const images = [...new Set(chain)];
  const blocks = [
    ...images.map(({ base }) => ({ address: base + TEXT, bytes: arm64Code() })),
    { address: record, bytes: exceptionRecord64(ACCESS_VIOLATION, pc, [0n, BigInt.asUintN(64, pointer + 8n)]) },
    { address: saved, bytes: context },
    ...stage.memory,
  ];
  const built = armTriageOf({
    ...{ bugCheck: draw.pick([0x7e, 0x1000007e]), params: [statusWord(ACCESS_VIOLATION), pc, record, saved], style: draw.pick(['extracted', 'direct']) },
    ...{ modules: stage.machine.modules, stack: { address: sp, bytes }, stackBase: high, context, pc, blocks },
  });
  return { bytes: built.bytes, truth, atHand: 'nothing', images: new Map(), ofWindows: new Set(stage.windows) };
}

const withDriver = (draw: Draw): KernelStage => new KernelStage(draw, { actors: [draw.pick(['audio', 'network', 'usb'])] });

export const ARM_KINDS: readonly FaultKind[] = [
  kind('arm64-7e-driver', "a driver's thread on ARM64 goes through a wild pointer", (draw) => {
    const stage = withDriver(draw);
    return threadFault(stage, [stage.nt, stage.nt, stage.actor(), stage.actor()], draw.pick([0n, 0x10n, 0x41c0_2000n]), byDriver(stage));
  }),
  kind('arm64-7e-windows', 'a thread of Windows on ARM64 meets freed memory; who freed it left no trace', (draw) => {
    const stage = withDriver(draw);
    const truth: Truth = { causes: ['memory', 'driver', 'hardware'], culprits: BIT_CHANGED, undecidable: true, bystanders: [stage.actor().name] };
    return threadFault(stage, [stage.nt, stage.nt, stage.nt], draw.pool() ^ 0x0000_3a51_0000_0000n, truth);
  }),
  kind('arm64-7e-flipped', 'a bit of a pointer turned over on ARM64; the good address is memory of this dump', (draw) => {
    const stage = withDriver(draw);
    const good = draw.pool();
    stage.memory.push(words(good, [good, good + 0x10n, 0n]));
    const truth: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED, bystanders: [stage.actor().name] };
    return threadFault(stage, [stage.nt, stage.actor(), stage.actor()], good ^ (1n << BigInt(draw.between(48, 54))), truth);
  }),
];
