/** A processor's KPRCB by its number: through KiProcessorBlock, or among the blocks of a small dump that have its size. */
import { type Va, vaAdd } from '../base/address.ts';
import type { Target } from '../target/target.ts';

export function findPrcb(target: Target, number: number): Va | undefined {
  const { memory, kernelOffsets, kernelPointers } = target;
  const isIt = (prcb: Va): boolean => prcbNumber(target, prcb) === number;
  const block = kernelPointers['KiProcessorBlock'];
  const listed = block === undefined ? undefined : memory.pointer(vaAdd(block, number * memory.pointerSize));
  if (listed?.ok && isIt(listed.value)) return listed.value;
  const size = kernelOffsets?.['SizePrcb'];
  if (target.kind !== 'kernel-triage' || size === undefined) return undefined;
  return memory.ranges().find((range) => range.size === BigInt(size) && isIt(range.start))?.start;
}

/** Where KDBG tells the offset: KPRCB.Number. */
export function prcbNumber(target: Target, prcb: Va): number | undefined {
  const at = numberAt(target, prcb);
  const found = at === undefined ? undefined : target.memory.u32(at);
  return found?.ok ? found.value : undefined;
}

export function numberAt(target: Target, prcb: Va): Va | undefined {
  const offset = target.kernelOffsets?.['OffsetPrcbNumber'];
  return offset === undefined ? undefined : vaAdd(prcb, offset);
}
