/** Writes a plan as a sparse file: holes take no room on disk where the file system knows holes. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { SparsePlan } from '../build/sparse.ts';

export function writeSparse(plan: SparsePlan, file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (const { offset, bytes } of plan.parts) {
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
    }
    ftruncateSync(fd, plan.size);
  } finally {
    closeSync(fd);
  }
}
