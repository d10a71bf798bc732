import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST, startSite } from '../site.mjs';
import { VIEWS, equal, expect, goTo, openSample, verdict } from '../page.mjs';

/** Another origin that counts who comes. */
async function startForeign() {
  const hits = [];
  const server = createServer((request, response) => {
    hits.push(request.url);
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' }).end('<!doctype html><title>control</title>');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    hits,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
function record(context, origin) {
  const foreign = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url)) foreign.push(url);
  });
  return foreign;
}
/** Firefox tells a refused request as an error of the page; these cases make one on purpose. */
const REFUSED = /connect-src/;
/** What reading a dump may reach for: each must be gone in the worker. */
const MEANS = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'importScripts', 'WebTransport', 'Worker', 'caches'];

/** Asked inside the worker, which Firefox's driver cannot do. */
async function networkIsGone(page) {
  const analysis = page.workers().find((worker) => worker.url().includes('/analysis-'));
  expect(analysis, 'the analysis worker is there');
  equal(await analysis.evaluate((names) => names.filter((name) => name in globalThis), MEANS), [], 'means of the network in the worker');
}

async function everything({ context, page, headers, browserName }) {
  const site = await startSite({ headers });
  const foreign = await startForeign();
  const seen = record(context, site.origin);
  try {
    await openSample(page, site.url);
    for (const view of VIEWS) {
      await goTo(page, `#/${view}`);
      await page.waitForTimeout(150);
    }
    await page.getByRole('button', { name: 'Share' }).click();
    await page.locator('[data-fragment]').waitFor();
    equal(seen, [], 'requests to other origins');
    if (browserName === 'chromium') await networkIsGone(page);
    const refused = await page.evaluate(
      (url) =>
        fetch(url).then(
          () => 'answered',
          () => 'refused',
        ),
      foreign.url,
    );
    equal(refused, 'refused', 'a fetch to another origin from the page');
    equal(foreign.hits, [], 'visits to the other origin');

    // The control: the same recorder sees a request when there is one, so that its silence above means something.
    const other = await context.newPage();
    await other.goto(foreign.url);
    await other.evaluate((url) => fetch(`${url}control`), foreign.url);
    await other.close();
    expect(seen.some((url) => url.endsWith('/control')) && foreign.hits.includes('/control'), 'the control request is seen');
  } finally {
    await foreign.close();
    await site.close();
  }
}

export const cases = [
  { name: 'no request leaves the own origin', ownSite: true, provokes: REFUSED, run: (world) => everything({ ...world, headers: true }) },
  { name: 'no request leaves on a host that sets no headers', ownSite: true, provokes: REFUSED, run: (world) => everything({ ...world, headers: false }) },
  {
    name: 'no symbol server is asked before consent, and it is asked after',
    run: async ({ page, url, site }) => {
      await openSample(page, url);
      await goTo(page, '#/symbols');
      await page.locator('[data-server=microsoft][data-consent=not-asked]').waitFor();
      await page.waitForTimeout(500);
      equal(
        site.asked.filter((path) => path !== '/symbols/servers'),
        [],
        'asked before consent',
      );
      await page.getByRole('button', { name: 'Ask this server' }).click();
      await page.locator('[data-consent=given]').waitFor();
      await page.waitForFunction(() => document.querySelectorAll('.state.failed').length > 0);
      expect(
        site.asked.some((path) => path.startsWith('/symbols/microsoft/')),
        'asked after consent',
      );
      await page.getByRole('button', { name: 'Do not ask any more' }).click();
      await page.locator('[data-consent=refused]').waitFor();
    },
  },
  {
    name: 'an update is offered, waits for a click, and does not interrupt',
    ownSite: true,
    run: async ({ page }) => {
      const root = mkdtempSync(join(tmpdir(), 'faultline-site-'));
      cpSync(DIST, root, { recursive: true });
      const site = await startSite({ root });
      try {
        await page.goto(site.url);
        await page.locator('[data-offline-ready]').waitFor({ timeout: 60_000 });
        appendFileSync(join(root, 'sw.js'), '\n// another build\n');
        await openSample(page, site.url);
        await page.evaluate(() => navigator.serviceWorker.getRegistration().then((registration) => registration.update()));
        const restart = page.getByRole('button', { name: 'Restart now' });
        await restart.waitFor({ timeout: 30_000 });
        expect(await verdict(page).isVisible(), 'the open dump stays');
        await Promise.all([page.waitForEvent('framenavigated'), restart.click()]);
        await page.locator('main').waitFor();
      } finally {
        await site.close();
        rmSync(root, { recursive: true, force: true });
      }
    },
  },
];
