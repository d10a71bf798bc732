/** Writes workers/types/layouts/data from the published tables of the corpus: `node scripts/run.mjs scripts/layouts.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compactLayouts } from './layouts/compact.ts';
import { BUILD_SOURCES, type LayoutArch, readTables } from './layouts/sources.ts';

const ARCHS: readonly LayoutArch[] = ['x64', 'x86'];

for (const arch of ARCHS) {
  const kernels = BUILD_SOURCES.filter((source) => source.arch === arch).map((source) => ({ source, tables: readTables(source) }));
  const file = compactLayouts(arch, kernels);
  const path = fileURLToPath(new URL(`../workers/types/layouts/data/kernel-${arch}.json`, import.meta.url));
  writeFileSync(path, `${JSON.stringify(file, undefined, 1)}\n`);
  console.log(`${path}: ${Object.keys(file.structs).length} structs, ${file.builds.length} kernels`);
}
