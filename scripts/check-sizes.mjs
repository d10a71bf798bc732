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

const scripts = files.filter((name) => name.endsWith('.js'));
const named = /["'`](?:\.{0,2}\/)?(?:assets\/)?([\w.-]+\.js)["'`]/g;
const imported = /(?:^|[;\s}])(?:import|export)\s*(?:[\w*{}\s,$]+\s*from\s*)?["']\.{1,2}\/([\w.-]+\.js)["']/g;

/** Whatever scripts lead to: with `imported` what they load before they do anything, with `named` also what they may load later. */
function reach(entries, pattern) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const match of readFileSync(join(dist, name), 'utf8').matchAll(pattern))
      for (const next of scripts) if (next.endsWith(`/${match[1]}`) && !workerEntries.includes(next)) visit(next);
  };
  for (const entry of entries) visit(entry);
  return [...seen];
}
const entriesOf = (worker) => scripts.filter((name) => new RegExp(`/${worker}-[^/.]*\\.js$`).test(name));
const workerEntries = ['analysis', 'symbols'].flatMap(entriesOf);

const html = readFileSync(join(dist, 'index.html'), 'utf8');
const pageScripts = [...html.matchAll(/<script[^>]+src="([^"]+)"/g)].map((match) => inDist(match[1]));
const firstJs = reach(pageScripts, imported);
const worker = reach(entriesOf('analysis'), imported);
/** Tables and rarely used parts that the analysis worker loads when it needs them. */
const parts = reach(entriesOf('analysis'), named).filter((name) => !worker.includes(name));
const shell = [...reach(pageScripts, named), ...files.filter((name) => /\.(css|html)$/.test(name))];
const wasm = files.filter((name) => name.endsWith('.wasm'));

const BUDGETS = [
  ['first JS', sum(firstJs), 60],
  ['whole shell', sum(shell), 200],
  ['analysis worker', sum(worker), 300],
  ['largest knowledge chunk', Math.max(0, ...parts.map((name) => gzipOf.get(name) ?? 0)), 150],
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
