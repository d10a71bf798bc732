/** Documents: generated ones are current, folder READMEs are short, nothing names a machine path or a registry. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure.mjs';

process.chdir(root);
const faults = [];
const MAX_README_LINES = 15;

for (const folder of readdirSync('workers', { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const readme = join('workers', folder.name, 'README.md');
  if (readdirSync(join('workers', folder.name)).length === 0) continue;
  if (!existsSync(readme)) faults.push(`${readme} is missing`);
  else if (readFileSync(readme, 'utf8').trim().split('\n').length > MAX_README_LINES) faults.push(`${readme} is over ${MAX_README_LINES} lines`);
}

const FORBIDDEN = [
  [/\/(?:work|root)\/[a-z]|\/home\/(?!jane\/)[a-z]/, 'a machine path'],
  [/registry\.npm(?:js|mirror)|"resolved":/, 'a registry host'],
];
const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' })
  .split('\n')
  .filter((name) => /\.(md|ts|mjs|js|svelte|html|css|json|yml)$/.test(name));
for (const name of tracked) {
  if (name === 'scripts/check-docs.mjs' || !existsSync(name)) continue;
  const text = readFileSync(name, 'utf8');
  for (const [pattern, what] of FORBIDDEN) if (pattern.test(text)) faults.push(`${name} names ${what}: ${pattern.exec(text)?.[0]}`);
}

for (const link of readFileSync('README.md', 'utf8').matchAll(/\]\((?!https?:|#)([^)]+)\)/g)) {
  if (!existsSync(link[1] ?? '')) faults.push(`README.md links to ${link[1]}, which is not there`);
}

const generated = spawnSync(process.execPath, ['scripts/run.mjs', 'scripts/docs.ts', '--check'], { stdio: 'inherit' });
if (generated.status !== 0) faults.push('generated documents are not current');

for (const fault of faults) console.error(fault);
console.log(`documents: ${tracked.length} files looked at, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
