/** Brings the kept layouts of a processor; dynamic imports keep them out of the worker's first chunk. */
import { type Found, found, missing } from '../../base/found.ts';
import type { LayoutFile } from './layoutfile.ts';

const FILES: Readonly<Record<string, () => Promise<{ readonly default: unknown }>>> = {
  x64: () => import('./data/kernel-x64.json'),
  x86: () => import('./data/kernel-x86.json'),
};

/** Missing for processors that no public table covers, and where the file cannot be fetched. */
export async function loadLayouts(arch: string): Promise<Found<LayoutFile>> {
  const load = FILES[arch];
  if (!load) return missing({ why: 'unknown-layout', type: 'kernel types', build: arch });
  try {
    return found((await load()).default as LayoutFile);
  } catch {
    return missing({ why: 'not-computed', detail: 'the kept layouts could not be loaded' });
  }
}
