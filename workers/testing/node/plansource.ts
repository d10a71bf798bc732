/** A planned file as a source, without a disk: for tests on files of any size. */
import type { ByteSource } from '../../bytes/source.ts';
import { type SparsePlan, readPlan } from '../build/sparse.ts';

export class PlanSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  /** Bytes asked for. */
  bytesRead = 0;
  private readonly plan: SparsePlan;

  constructor(plan: SparsePlan, name = 'plan') {
    this.plan = plan;
    this.size = plan.size;
    this.name = name;
  }

  readBlock(offset: number, length: number): Uint8Array {
    if (offset < 0 || offset >= this.size || length <= 0) return new Uint8Array();
    const bytes = readPlan(this.plan, offset, length);
    this.bytesRead += bytes.length;
    return bytes;
  }
}
