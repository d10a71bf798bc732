/**
 * Every check: `npm test`. Prints each step's result as it ends and, last, `N passed, N failed`, where tests count singly and each
 * other check counts as one. Steps marked `beside` only read and use one processor each: neighbours among them run two at a time.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure.mjs';

ensureInstalled();
process.chdir(root);
mkdirSync('.cache', { recursive: true });
const unitReport = join('.cache', 'unit.json');
rmSync(unitReport, { force: true });
const bin = (name, ...args) => [process.execPath, [join('node_modules', ...name.split('/')), ...args]];
const script = (name, ...args) => [process.execPath, [join('scripts', name), ...args]];

const STEPS = [
  { name: 'ladder', run: script('check-ladder.mjs') },
  { name: 'ladder: planted faults', run: script('check-ladder.mjs', '--plant') },
  { name: 'types: engine, without DOM and Node', beside: true, run: bin('typescript/bin/tsc', '-p', 'workers/tsconfig.json') },
  { name: 'types: tests and scripts', beside: true, run: bin('typescript/bin/tsc', '-p', 'tsconfig.node.json') },
  {
    name: 'types: page',
    beside: true,
    run: bin('svelte-check/bin/svelte-check', '--tsconfig', './tsconfig.json', '--fail-on-warnings'),
    when: () => existsSync('src/main.ts'),
  },
  { name: 'lint', beside: true, run: bin('eslint/bin/eslint.js', '--max-warnings', '0', '.') },
  { name: 'documents', beside: true, run: script('check-docs.mjs') },
  { name: 'ratchet', beside: true, run: script('check-ratchet.mjs') },
  { name: 'unused files, exports and packages', beside: true, run: bin('knip/bin/knip.js', '--no-progress') },
  {
    name: 'unit, corpus, property, fuzz',
    run: bin('vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`),
    count: countUnit,
  },
  { name: 'build', run: bin('vite/bin/vite.js', 'build', '--logLevel', 'warn'), when: () => existsSync('vite.config.ts') },
  { name: 'sizes', run: script('check-sizes.mjs'), when: () => existsSync('scripts/check-sizes.mjs') },
  { name: 'browsers', run: [process.execPath, ['e2e/run.mjs']], when: () => existsSync('e2e/run.mjs'), count: countPrinted },
];

/** Vitest's own count of single tests; a file that failed to load counts as one failure. */
function countUnit(status) {
  if (!existsSync(unitReport)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(unitReport, 'utf8'));
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = report.numFailedTests + broken;
  return { passed: report.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}

/** A step that prints `… N passed, N failed` as its last line. */
function countPrinted(status, output) {
  const found = [...output.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1);
  if (!found) return { passed: 0, failed: 1 };
  const failed = Number(found[2]);
  return { passed: Number(found[1]), failed: failed === 0 && status !== 0 ? 1 : failed };
}

const TOGETHER = 2;
let passed = 0;
let failed = 0;

/** What the command printed, and its exit code; null where it could not run. */
function outcomeOf([command, args]) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', () => done({ status: null, output }));
    child.on('close', (status) => done({ status, output }));
  });
}

async function runStep(step) {
  const started = performance.now();
  const { status, output } = await outcomeOf(step.run);
  const counts = step.count ? step.count(status, output) : { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 };
  passed += counts.passed;
  failed += counts.failed;
  console.log(`\n== ${step.name}`);
  process.stdout.write(output);
  console.log(`== ${step.name}: ${counts.passed} passed, ${counts.failed} failed (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

const only = process.argv.slice(2);
const wanted = STEPS.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
while (wanted.length > 0) {
  const alone = wanted.findIndex(({ beside }) => !beside);
  const batch = wanted.splice(0, alone === 0 ? 1 : alone < 0 ? wanted.length : alone);
  const lane = async () => {
    for (let step = batch.shift(); step; step = batch.shift()) if (!step.when || step.when()) await runStep(step);
  };
  await Promise.all(Array.from({ length: TOGETHER }, lane));
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
