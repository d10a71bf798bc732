/**
 * A thousand small dumps of one PC opened at once on the built page in Chromium: how long until all are judged together, what the page
 * holds then, and what a key takes meanwhile. Needs `dist`; left out aloud where there is no build or no browser.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROWSERS } from '../e2e/browsers.mjs';
import { DIST, startSite } from '../e2e/site.mjs';
import { fileTime } from '../workers/testing/build/dumpheader.ts';
import { triageOf } from '../workers/testing/build/scene.ts';
import { driverFault } from '../workers/testing/build/scenes.ts';

const COUNT = 1000;
const HOUR_MS = 3_600_000;

/** The same PC, a crash every six hours. */
function makeDumps(folder: string): string[] {
  return Array.from({ length: COUNT }, (_, at) => {
    const systemTime = fileTime(new Date(Date.UTC(2024, 0, 1) + at * 6 * HOUR_MS).toISOString());
    const path = join(folder, `crash${String(at).padStart(4, '0')}.dmp`);
    writeFileSync(path, triageOf({ ...driverFault(), systemTime }).bytes);
    return path;
  });
}

interface HeapPerformance extends Performance {
  readonly memory?: { readonly usedJSHeapSize: number };
}

export async function benchCasebook(results: Record<string, unknown>): Promise<void> {
  const chromium = BROWSERS.find((browser) => browser.name === 'chromium');
  if (!chromium?.path || !existsSync(join(DIST, 'index.html'))) return console.log('\ncasebook: no Chromium or no build in dist, left out');
  const folder = mkdtempSync(join(tmpdir(), 'bench-casebook-'));
  const site = await startSite();
  const browser = await chromium.launch(chromium.path);
  try {
    const dumps = makeDumps(folder);
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
    page.setDefaultTimeout(600_000);
    await page.goto(site.url);
    await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
    // The runner marks functions with a helper that pages do not have.
    await page.evaluate('globalThis.__name = (made) => made');
    const heap = (): Promise<number> => page.evaluate(() => (performance as HeapPerformance).memory?.usedJSHeapSize ?? Number.NaN);
    const before = await heap();
    const started = performance.now();
    await page.setInputFiles('#file', dumps);
    await page.getByRole('progressbar').waitFor();
    // The longest gap between two frames, while rows come in.
    await page.evaluate(() => {
      const seen = globalThis as typeof globalThis & { longest: number };
      seen.longest = 0;
      let last = performance.now();
      const frame = (now: number): void => {
        seen.longest = Math.max(seen.longest, now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await page.getByRole('link', { name: `PC 1 ${COUNT}` }).waitFor();
    await page.getByRole('progressbar').waitFor({ state: 'detached' });
    const seconds = (performance.now() - started) / 1000;
    const longestMs = await page.evaluate(() => (globalThis as typeof globalThis & { longest: number }).longest);
    const heapMiB = ((await heap()) - before) / 2 ** 20;
    results['casebook of 1,000 dumps'] = { seconds, heapMiB, longestFrameMs: longestMs };
    console.log(`\ncasebook of 1,000 dumps: ${seconds.toFixed(1)} s, ${heapMiB.toFixed(0)} MiB on the page, longest frame ${longestMs.toFixed(0)} ms`);
  } finally {
    await browser.close();
    await site.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
