/**
 * Exceptions may only fall: counts them in every source file and compares with ratchet.json, file by file. More than stands there
 * is a fault; so is less, until the file is lowered with `node scripts/check-ratchet.mjs --lower`, which never raises anything.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure.mjs';
import { DEBTS } from './ladder.mjs';
import { measure } from './measure.mjs';

process.chdir(root);
const RATCHET = join('scripts', 'ratchet.json');
/** Their patterns would be found in themselves. */
const SELF = new Set(['scripts/measure.mjs', 'scripts/measure.test.ts']);

const names = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' }).split('\n');
const sources = names.filter((name) => /\.(ts|mjs|js|svelte)$/.test(name) && !SELF.has(name) && existsSync(name));
const isTest = (name) => /\.test\.ts$|^(e2e|bench|workers\/testing)\/|\.mjs$/.test(name);

const found = { ladderDebts: DEBTS.length > 0 ? { 'scripts/ladder.mjs': DEBTS.length } : {} };
for (const name of sources) {
  for (const [what, count] of Object.entries(measure(name, readFileSync(name, 'utf8'), { test: isTest(name) }))) {
    found[what] ??= {};
    if (count > 0) found[what][name] = count;
  }
}

const allowed = JSON.parse(readFileSync(RATCHET, 'utf8'));
const faults = [];
let slack = 0;
for (const what of new Set([...Object.keys(found), ...Object.keys(allowed)])) {
  for (const name of new Set([...Object.keys(found[what] ?? {}), ...Object.keys(allowed[what] ?? {})])) {
    const now = found[what]?.[name] ?? 0;
    const may = allowed[what]?.[name] ?? 0;
    if (now > may) faults.push(`${name}: ${what} ${now}, at most ${may}`);
    if (now < may) slack += 1;
  }
}
if (slack > 0 && faults.length === 0 && process.argv.includes('--lower')) {
  writeFileSync(RATCHET, `${JSON.stringify(found, null, 2)}\n`);
  slack = 0;
}
if (slack > 0) faults.push(`${slack} entries of ${RATCHET} are higher than what is found: run node scripts/check-ratchet.mjs --lower`);
for (const fault of faults) console.error(fault);
const total = Object.values(found).reduce((sum, list) => sum + Object.values(list).reduce((all, count) => all + count, 0), 0);
console.log(`ratchet: ${sources.length} files, ${total} exceptions, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
