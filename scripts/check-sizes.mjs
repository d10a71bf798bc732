/**
 * Sizes of the built page against the budgets (gzip): first JS, shell, analysis worker, knowledge chunks, wasm; and against the
 * ceilings of bench/ratchet.json, which may only fall: `--ratchet` lowers them to what is seen and a little.
 */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './ensure.mjs';

const dist = join(root, 'dist');
const kB = (bytes) => Math.round(bytes / 100) / 10;
const files = readdirSync(dist, { recursive: true })
  .map(String)
  .filter((name) => statSync(join(dist, name)).isFile());
const gzipOf = new Map(files.map((name) => [name, gzipSync(readFileSync(join(dist, name)), { level: 9 }).length]));
const sum = (names) => names.reduce((total, name) => total + (gzipOf.get(name) ?? 0), 0);
const inDist = (url) => url.replace(/^\.?\//, '');

/** The scripts that a file loads before it does anything: its static imports, over and over. */
function staticImports(entry) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name) || !gzipOf.has(name)) return;
    seen.add(name);
    const text = readFileSync(join(dist, name), 'utf8');
    const folder = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '';
    for (const match of text.matchAll(/(?:^|[;\s}])(?:import|export)\s*(?:[\w*{}\s,$]+\s*from\s*)?["'](\.{1,2}\/[^"']+)["']/g)) visit(join(folder, match[1]));
  };
  visit(entry);
  return [...seen];
}

const html = readFileSync(join(dist, 'index.html'), 'utf8');
const scripts = [...html.matchAll(/<script[^>]+src="([^"]+)"/g)].map((match) => inDist(match[1]));
const styles = [...html.matchAll(/<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"/g)].map((match) => inDist(match[1]));
const firstJs = [...new Set(scripts.flatMap(staticImports))];
const workerEntry = files.filter((name) => /analysis[^/]*\.js$/.test(name));
const worker = [...new Set(workerEntry.flatMap(staticImports))];
const wasm = files.filter((name) => name.endsWith('.wasm'));
const isKnowledge = (name) =>
  /(bugchecks|subcodes|ntstatus|exceptions|fastfail|win32|hresult|drivers|msdrivers|vulnerable|usermodules|pooltags|blobguids|builds|verifier|whea|mca|smca|pci|cpumodels|kernel-x(64|86))/.test(
    name,
  );
const knowledge = files.filter((name) => name.endsWith('.js') && isKnowledge(name));
const shell = files.filter(
  (name) =>
    (name.endsWith('.js') || name.endsWith('.css') || name.endsWith('.html')) &&
    !worker.includes(name) &&
    !knowledge.includes(name) &&
    !/symbols-|sw\.js|workbox/.test(name),
);

const BUDGETS = [
  ['first JS', sum(firstJs), 60],
  ['whole shell', sum([...new Set([...shell, ...styles])]), 200],
  ['analysis worker', sum(worker), 300],
  ['largest knowledge chunk', Math.max(0, ...knowledge.map((name) => gzipOf.get(name) ?? 0)), 150],
  ['wasm', sum(wasm), 900],
];
const ratchetFile = join(root, 'bench', 'ratchet.json');
const ratchet = JSON.parse(readFileSync(ratchetFile, 'utf8'));
/** Room for what a packer or a compiler of another version adds. */
const ROOM = 1.05;

let over = 0;
for (const [what, bytes, limit] of BUDGETS) {
  const ceiling = ratchet.gzipBytes[what] ?? 0;
  const bad =
    kB(bytes) > limit || bytes === 0
      ? 'OVER OR ABSENT'
      : bytes > ceiling && !process.argv.includes('--ratchet')
        ? `OVER THE CEILING OF ${kB(ceiling)} kB in bench/ratchet.json`
        : '';
  if (bad) over += 1;
  console.log(`${what}: ${kB(bytes)} kB of ${limit} kB gzip${bad && `  ${bad}`}`);
}
if (process.argv.includes('--ratchet')) {
  const gzipBytes = Object.fromEntries(BUDGETS.map(([what, bytes]) => [what, Math.min(ratchet.gzipBytes[what] ?? Infinity, Math.ceil(bytes * ROOM))]));
  writeFileSync(ratchetFile, `${JSON.stringify({ ...ratchet, gzipBytes }, null, 2)}\n`);
}
process.exit(over === 0 ? 0 : 1);
