/** Runs every case in every browser that is installed; the last line says how many passed and failed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BROWSERS } from './browsers.mjs';
import { DIST, startSite } from './site.mjs';
import { cases as archives } from './cases/archives.mjs';
import { cases as casebook } from './cases/casebook.mjs';
import { cases as install } from './cases/install.mjs';
import { cases as library } from './cases/library.mjs';
import { cases as opening } from './cases/opening.mjs';
import { cases as views } from './cases/views.mjs';
import { cases as sharing } from './cases/sharing.mjs';
import { cases as symbols } from './cases/symbols.mjs';
import { runWebKit } from './webkit.mjs';
import { cases as network } from './cases/network.mjs';

const TIME_LIMIT_MS = 90_000;
const words = process.argv.slice(2);
const names = [...BROWSERS.map((browser) => browser.name), 'webkit'];
const wantedBrowsers = words.filter((word) => names.includes(word));
const wantedCases = words.filter((word) => !names.includes(word));
const all = [...opening, ...archives, ...casebook, ...install, ...views, ...sharing, ...network, ...symbols, ...library];

if (!existsSync(join(DIST, 'index.html'))) {
  console.error('There is no build in dist: run `npx vite build` first.');
  process.exit(1);
}

let passed = 0;
let failed = 0;
let skipped = 0;

async function runCase(browser, browserName, test) {
  const site = test.ownSite ? undefined : await startSite({ files: test.files });
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, acceptDownloads: true, ...test.context });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors = [];
  page.on('pageerror', (error) => !test.provokes?.test(error.message) && errors.push(error.message));
  const started = performance.now();
  const limit = test.limitMs ?? TIME_LIMIT_MS;
  let timer;
  try {
    const late = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new Error(`took longer than ${limit / 1000} s`)), limit);
    });
    await Promise.race([test.run({ browser, browserName, context, page, site, url: site?.url }), late]);
    if (errors.length > 0) throw new Error(`the page threw: ${errors.join('; ')}`);
    passed += 1;
    console.log(`ok   ${browserName}: ${test.name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    failed += 1;
    console.log(
      `FAIL ${browserName}: ${test.name}\n     ${String(error.message).split('\n').slice(0, 8).join('\n     ')}${errors.length ? `\n     page: ${errors.join('; ')}` : ''}`,
    );
  } finally {
    clearTimeout(timer);
    await context.close().catch((error) => console.log(`     closing: ${error.message}`));
    await site?.close();
  }
}

async function runBrowser({ name, path, launch }) {
  if (wantedBrowsers.length > 0 && !wantedBrowsers.includes(name)) return;
  if (!path) {
    skipped += 1;
    console.log(`SKIP ${name}: not installed here`);
    return;
  }
  const browser = await launch(path);
  console.log(`== ${name} ${browser.version()}`);
  for (const test of all) {
    if (wantedCases.length > 0 && !wantedCases.some((word) => test.name.includes(word))) continue;
    if (test.only && !test.only.includes(name)) {
      console.log(`skip ${name}: ${test.name} (${test.why})`);
      continue;
    }
    await runCase(browser, name, test);
  }
  await browser.close();
}

// Cases wait more than they work: the browsers go side by side.
await Promise.all(BROWSERS.map(runBrowser));
if (wantedBrowsers.length === 0 || wantedBrowsers.includes('webkit')) {
  const counts = await runWebKit(wantedCases);
  passed += counts.passed;
  failed += counts.failed;
  skipped += counts.skipped;
}
if (skipped > 0) console.log(`${skipped} browsers were not installed and were skipped`);
console.log(`e2e: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
