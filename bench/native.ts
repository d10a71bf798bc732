/** The native tools that the figures stand beside; left out aloud where they are not installed. */
import { spawnSync } from 'node:child_process';

export interface ToolRun {
  readonly ms: number;
  readonly output: string;
}

const VERSIONS = ['', '-22', '-21', '-20', '-19'];
const MAX_OUTPUT = 1024 * 1024 * 1024;
const found = new Map<string, string | undefined>();

/** "llvm-pdbutil" or the same with a version, as distributions name them. */
function findTool(name: string): string | undefined {
  if (!found.has(name)) {
    const tool = VERSIONS.map((version) => name + version).find((candidate) => spawnSync(candidate, ['--version'], { stdio: 'ignore' }).status === 0);
    if (tool === undefined) console.log(`\n${name} is not installed: its figures are left out`);
    found.set(name, tool);
  }
  return found.get(name);
}

/** Runs a tool as a process of its own; undefined where it is not there or fails. */
export function runTool(name: string, args: readonly string[], input = ''): ToolRun | undefined {
  const tool = findTool(name);
  if (tool === undefined) return undefined;
  const started = performance.now();
  const run = spawnSync(tool, args, { input, encoding: 'utf8', maxBuffer: MAX_OUTPUT, stdio: ['pipe', 'pipe', 'ignore'] });
  return run.error ? undefined : { ms: performance.now() - started, output: run.stdout };
}
