/**
 * Times on the built page in Chromium: from the choice of a file to the first facts and to the verdict, and how long a key takes
 * while the worker works. Needs `dist`; left out aloud where there is no build or no browser.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { BROWSERS } from '../e2e/browsers.mjs';
import { DIST, startSite } from '../e2e/site.mjs';
import { kernelOf } from '../workers/testing/build/kernelscene.ts';
import { driverFault } from '../workers/testing/build/scenes.ts';
import { userFullMemory } from '../workers/testing/build/userscenes.ts';
import { corpusBytes, corpusHas } from '../workers/testing/node/corpus.ts';
import { writeSparse } from '../workers/testing/node/sparsefile.ts';
import { ms, table } from './measure.ts';

const GiB = 2 ** 30;
const RUNS = 3;
const KEY_RUNS = 7;
const CORPUS = [
  'kernel/rizin-x64-7e-amdppm.dmp',
  'kernel/rizin-arm64-1c8.dmp',
  'kernel/noam-133.dmp',
  'user/electron-windows.dmp',
  'user/gallipoli-unity-crash.dmp',
];

interface Times {
  readonly facts: number;
  readonly verdict: number;
}
interface Marks {
  start?: number;
  facts?: number;
  verdict?: number;
  key?: number;
}
type Marked = typeof globalThis & { marks: Marks };

/** In the page: notes when the file is chosen, and when facts and verdict stand in the document and are painted. */
function watch(): void {
  const marks: Marks = {};
  (globalThis as Marked).marks = marks;
  document.querySelector('#file')?.addEventListener('change', () => (marks.start = performance.now()), { capture: true });
  const painted = (name: 'facts' | 'verdict'): void => {
    marks[name] = 0;
    requestAnimationFrame(() => setTimeout(() => (marks[name] = performance.now())));
  };
  const look = (): void => {
    if (marks.facts === undefined && document.querySelector('#facts-title')) painted('facts');
    if (marks.verdict === undefined && document.querySelector('.owner h1')) painted('verdict');
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  addEventListener('keydown', (event) => requestAnimationFrame(() => setTimeout(() => (marks.key ??= performance.now() - event.timeStamp))), { capture: true });
}
const marksOf = (page: Page): Promise<Marks> => page.evaluate(() => (globalThis as Marked).marks);

async function freshPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
  // The runner marks functions with a helper that pages do not have.
  await page.evaluate('globalThis.__name = (made) => made');
  await page.evaluate(watch);
  // As long as a person takes at the very least to find a file.
  await page.waitForTimeout(1000);
  return page;
}

async function openOnce(browser: Browser, url: string, file: string): Promise<Times> {
  const page = await freshPage(browser, url);
  try {
    await page.setInputFiles('#file', file);
    await page.waitForFunction(() => ((globalThis as Marked).marks.verdict ?? 0) > 0);
    const { start = 0, facts = 0, verdict = 0 } = await marksOf(page);
    return { facts: facts - start, verdict: verdict - start };
  } finally {
    await page.context().close();
  }
}

/** A key that opens the palette, pressed while the worker opens a large file. */
async function keyWhileWorking(browser: Browser, url: string, file: string): Promise<{ readonly key: number; readonly working: boolean }> {
  const page = await freshPage(browser, url);
  try {
    await page.setInputFiles('#file', file);
    await page.waitForFunction(() => (globalThis as Marked).marks.facts !== undefined);
    await page.keyboard.press('Control+k');
    const working = (await marksOf(page)).verdict === undefined;
    await page.waitForFunction(() => (globalThis as Marked).marks.key !== undefined);
    return { key: (await marksOf(page)).key ?? 0, working };
  } finally {
    await page.context().close();
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function makeFiles(folder: string): (readonly [string, string])[] {
  const files: (readonly [string, string])[] = CORPUS.filter(corpusHas).map((path) => {
    const name = path.split('/').at(-1) ?? path;
    writeFileSync(join(folder, name), corpusBytes(path));
    return [name, join(folder, name)];
  });
  const large = [
    ['kernel dump of 4 GB', kernelOf(driverFault(), { kind: 'bitmap-kernel', sizeBytes: 4 * GiB }).dump],
    ['full dump of 5 GB', kernelOf(driverFault(), { kind: 'full', sizeBytes: 5 * GiB }).dump],
    ['minidump of 16 GB in 200,000 ranges', userFullMemory(16 * GiB, 200_000)],
  ] as const;
  for (const [index, [name, plan]] of large.entries()) {
    const file = join(folder, `large${index}.dmp`);
    writeSparse(plan, file);
    files.push([name, file]);
  }
  return files;
}

export async function benchBrowser(results: Record<string, unknown>): Promise<void> {
  const chromium = BROWSERS.find((browser) => browser.name === 'chromium');
  if (!chromium?.path || !existsSync(join(DIST, 'index.html'))) return console.log('\nbrowser: no Chromium or no build in dist, left out');
  const folder = mkdtempSync(join(tmpdir(), 'bench-browser-'));
  const site = await startSite();
  const browser = await chromium.launch(chromium.path);
  try {
    const files = makeFiles(folder);
    const rows: string[][] = [];
    for (const [name, file] of files) {
      const times: Times[] = [];
      for (let run = 0; run < RUNS; run++) times.push(await openOnce(browser, site.url, file));
      const [facts, verdict] = [median(times.map((one) => one.facts)), median(times.map((one) => one.verdict))];
      const worst = Math.max(...times.map((one) => one.verdict));
      results[`browser, ${name}`] = { factsMs: facts, verdictMs: verdict, worstMs: worst };
      rows.push([name, ms(facts), ms(verdict), ms(worst)]);
    }
    console.log(`\n${table([`Chromium ${browser.version()}: file chosen to`, 'first facts, ms', 'verdict', 'worst verdict'], rows)}`);
    const keys = [];
    for (let run = 0; run < KEY_RUNS; run++) keys.push(await keyWhileWorking(browser, site.url, files.at(-1)?.[1] ?? ''));
    const key = {
      medianMs: median(keys.map((one) => one.key)),
      worstMs: Math.max(...keys.map((one) => one.key)),
      whileWorking: keys.filter((one) => one.working).length,
    };
    results['key to paint while the worker opens the largest'] = key;
    console.log(
      `\nkey to paint while the worker works: ${ms(key.medianMs)} ms, worst ${ms(key.worstMs)} (${key.whileWorking} of ${KEY_RUNS} pressed before the verdict)`,
    );
  } finally {
    await browser.close();
    await site.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
