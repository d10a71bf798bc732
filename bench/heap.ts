/** Live memory of a process of its own while it opens a file and answers everything (workers/testing/node/heapmain.ts). */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MiB, table } from './measure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export function benchHeap(files: readonly (readonly [name: string, file: string])[], results: Record<string, unknown>): void {
  const rows = files.map(([name, file]) => {
    const args = ['--expose-gc', '--import', 'tsx', join(root, 'workers', 'testing', 'node', 'heapmain.ts'), file];
    const heap = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })) as Record<'loaded' | 'opening' | 'full', number>;
    results[`memory of ${name}`] = heap;
    return [name, MiB(heap.loaded), MiB(heap.opening), MiB(heap.full)];
  });
  console.log(`\n${table(['live memory, MiB, blocks included', 'engine', 'opening', 'everything'], rows)}`);
}
