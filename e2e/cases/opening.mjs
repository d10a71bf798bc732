import { closeSync, copyFileSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE, dropSample, equal, expect, file, fitsWindow, isInWindow, openFiles, openSample, resizeWindow, sampleAs, sampleAt, verdict } from '../page.mjs';

/** [file, the code that the page must show] */
const WRONG = [
  [file('holiday.jpg', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(5000, 7)])), 'NOT_A_DUMP'],
  [file('page.dmp', '<!doctype html><html><body>Not found</body></html>'), 'NOT_A_DUMP'],
  [file('empty.dmp', ''), 'EMPTY'],
  [file('zeros.dmp', Buffer.alloc(70_000)), 'ALL_ZERO'],
  [file('short.dmp', 'PAGEDU64'.padEnd(300, 'PAGE')), 'TRUNCATED'],
];

async function foldIs(page, size) {
  await resizeWindow(page, size);
  const words = `${size.width}×${size.height}`;
  expect(await isInWindow(page, verdict(page)), `the headline is in the window at ${words}`);
  expect(await isInWindow(page, page.locator('.owner [data-sureness]')), `the sureness word is in the window at ${words}`);
  expect(await isInWindow(page, page.locator('.steps li').first()), `the first step is in the window at ${words}`);
  await fitsWindow(page, `the page at ${words}`);
}

export const cases = [
  {
    name: 'drop leads to the verdict, above the fold',
    run: async ({ page, url, browserName }) => {
      await page.goto(url);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await dropSample(page, browserName);
      await verdict(page).waitFor();
      expect((await verdict(page).innerText()).includes('examplenic.sys'), 'the headline names the driver that the sample was built to blame');
      for (const size of [
        { width: 1280, height: 720 },
        { width: 360, height: 640 },
      ])
        await foldIs(page, size);
    },
  },
  {
    name: 'the start page fits one screen, down to 320 pixels of width',
    run: async ({ page, url }) => {
      await page.goto(url);
      await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
      expect(await isInWindow(page, page.getByText('Your files stay on this computer.')), 'the promise is in the window');
      await resizeWindow(page, { width: 320, height: 640 });
      await fitsWindow(page, 'the start page at 320 pixels');
    },
  },
  {
    name: 'wrong files get a sentence',
    run: async ({ page, url }) => {
      for (const [wrong, code] of WRONG) {
        await page.goto(`${url}#/`);
        await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
        await openFiles(page, [wrong]);
        const alert = page.locator('section[data-code]');
        await alert.waitFor();
        equal(await alert.getAttribute('data-code'), code, wrong.name);
        expect((await alert.innerText()).includes('What to do'), `${wrong.name}: says what to do`);
      }
      await page.getByRole('link', { name: 'Start page', exact: true }).click();
      await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
    },
  },
  {
    name: 'a file of 5 GB opens without being read whole',
    run: async ({ page, url }) => {
      const folder = mkdtempSync(join(tmpdir(), 'faultline-e2e-'));
      const large = join(folder, 'large.dmp');
      copyFileSync(SAMPLE, large);
      const handle = openSync(large, 'r+');
      ftruncateSync(handle, 5 * 2 ** 30);
      closeSync(handle);
      try {
        await page.goto(url);
        const started = performance.now();
        await openFiles(page, large);
        await verdict(page).waitFor();
        expect(performance.now() - started < 15_000, 'opened within 15 s');
        expect((await page.locator('aside').innerText()).includes('5.00 GiB'), 'its size is shown');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: 'a file that the browser may not read says so, with the command that copies it',
    run: async ({ page, url }) => {
      const folder = mkdtempSync(join(tmpdir(), 'faultline-e2e-'));
      const gone = join(folder, '030524-8171-01.dmp');
      copyFileSync(SAMPLE, gone);
      try {
        await page.goto(url);
        await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
        // A file that is there when it is chosen and cannot be read when it is dropped.
        await page.evaluate(() => {
          const chooser = Object.assign(document.createElement('input'), { type: 'file', id: 'chooser' });
          document.body.append(chooser);
        });
        await page.setInputFiles('#chooser', gone);
        rmSync(gone);
        await page.evaluate(() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(document.querySelector('#chooser').files[0]);
          document.querySelector('#chooser').remove();
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        });
        const alert = page.locator('section[data-code]');
        await alert.waitFor();
        equal(await alert.getAttribute('data-code'), 'READ_DENIED', 'the code');
        expect((await alert.innerText()).includes('C:\\Windows\\Minidump'), 'names the folder that only administrators may read, and the command');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: 'several dumps make a table, and Back comes back to it',
    run: async ({ page, url }) => {
      await page.goto(url);
      const rows = page.locator('[role=grid] [role=row][aria-rowindex]');
      const open = async (row, name) => {
        await page.getByRole('progressbar').waitFor({ state: 'detached' });
        equal(await rows.count(), 4, 'rows, with the header');
        await rows.nth(row).getByRole('link').first().click();
        await verdict(page).waitFor();
        equal(await page.locator('header .facts strong').innerText(), name, 'the dump that is open');
      };
      await openFiles(page, [
        sampleAt('first.dmp', '2024-03-01T10:00:00Z'),
        file('wrong.dmp', 'nothing of the kind'),
        sampleAt('second.dmp', '2024-03-03T10:00:00Z'),
      ]);
      await rows.nth(3).getByRole('link').first().waitFor();
      await open(2, 'first.dmp');
      await page.goBack();
      await rows.nth(3).waitFor();
      await open(1, 'second.dmp');
    },
  },
  {
    name: 'sample: one that cannot be fetched gets a sentence, not a verdict',
    run: async ({ page, url }) => {
      for (const [answer, code] of [
        [(route) => route.fulfill({ status: 503, body: 'down' }), 'NOT_ON_SERVER'],
        [(route) => route.abort(), 'OFFLINE'],
      ]) {
        await page.goto(`${url}#/`);
        await page.route('**/sample.dmp', answer);
        await page.getByRole('button', { name: 'Try the sample dump' }).click();
        const alert = page.locator('section[data-code]');
        await alert.waitFor();
        equal(await alert.getAttribute('data-code'), code, 'the code');
        expect((await alert.innerText()).includes('could not be fetched'), 'it says that the sample could not be fetched');
        await page.unroute('**/sample.dmp');
      }
      await openSample(page, `${url}#/`);
    },
  },
  {
    name: 'reload: a view’s address without its dump has a heading and opens dumps there',
    run: async ({ page, url }) => {
      await page.goto(`${url}#/modules`);
      await page.getByRole('heading', { level: 1, name: 'No dump is open' }).waitFor();
      for (const name of ['Open a dump…', 'Open a folder…', 'Try the sample dump'])
        expect(await page.getByRole('button', { name }).isVisible(), `a button: ${name}`);
      await openFiles(page, [sampleAs('again.dmp')]);
      await page.locator('[role=grid]').first().waitFor();
      equal(await page.evaluate(() => location.hash), '#/modules', 'the place is kept');
    },
  },
  {
    name: 'cancel: a worker that does not end is replaced, and what was shown stays where it was',
    run: async ({ page, url }) => {
      // The page is made not to hear the end of a command, nor that it was cancelled, until the worker is another.
      await page.addInitScript(() => {
        const deafTo = new Set();
        const { postMessage, addEventListener } = Worker.prototype;
        Worker.prototype.postMessage = function (message, ...more) {
          if (window.deaf && ['run', 'cancel'].includes(message?.path?.[0])) deafTo.add(message.id);
          return postMessage.call(this, message, ...more);
        };
        Worker.prototype.addEventListener = function (type, heard, ...more) {
          const filtered = (event) => deafTo.has(event.data?.id) || (typeof heard === 'function' ? heard(event) : heard.handleEvent(event));
          return addEventListener.call(this, type, type === 'message' ? filtered : heard, ...more);
        };
      });
      await openSample(page, url);
      await page.evaluate(() => ((window.deaf = true), (location.hash = '#/console?run=!analyze -v')));
      const cancel = page.getByRole('button', { name: /^Cancel/ });
      await cancel.waitFor();
      await resizeWindow(page, { width: 320, height: 640 });
      await fitsWindow(page, 'the page at 320 pixels, while something runs,');
      expect(await isInWindow(page, cancel), 'Cancel is in the window at 320 pixels');
      await resizeWindow(page, { width: 1280, height: 720 });
      await page.evaluate(() => (location.hash = '#/modules'));
      await page.locator('.body .row').nth(3).waitFor();
      await page.keyboard.press('Escape');
      await page.getByText('its worker was replaced').waitFor();
      equal(await page.evaluate(() => location.hash), '#/modules', 'the place');
      expect((await page.locator('.body .row').count()) > 3, 'the modules are shown as before');
      await page.evaluate(() => ((window.deaf = false), (location.hash = '#/console?run=lm')));
      await page.locator('.exchange').last().locator('.lines .line').nth(3).waitFor();
      await page.evaluate(() => (location.hash = '#/verdict'));
      await verdict(page).waitFor();
    },
  },
  {
    name: 'workers: one for the dump and one spare, also after another dump was opened',
    only: ['chromium'],
    why: 'workers are counted by their scripts here',
    run: async ({ page, url }) => {
      const count = () => page.workers().filter((worker) => worker.url().includes('/analysis-')).length;
      const settle = async (what) => {
        for (let tries = 0; tries < 50 && count() !== 2; tries++) await page.waitForTimeout(100);
        await page.waitForTimeout(500);
        equal(count(), 2, what);
      };
      await openSample(page, url);
      await settle('after the first dump');
      await page.evaluate(() => (location.hash = '#/'));
      await page.getByRole('button', { name: 'Open a dump…' }).waitFor();
      await openFiles(page, [sampleAs('second.dmp')]);
      await page.locator('header .facts strong', { hasText: 'second.dmp' }).waitFor();
      await verdict(page).waitFor();
      await settle('after the second dump');
    },
  },
  {
    name: 'Back goes through five jumps, one state a fragment',
    run: async ({ page, url }) => {
      await openSample(page, url);
      const jumps = ['#/stack', '#/modules', '#/modules?show=unloaded', '#/memory?at=fffff80635a7556c', '#/console?run=lm'];
      for (const jump of jumps) {
        await page.evaluate((hash) => (location.hash = hash), jump);
        await page.waitForFunction((hash) => location.hash === hash && document.querySelector('main')?.children.length > 0, jump);
      }
      await page.getByText('> lm').first().waitFor();
      for (const jump of jumps.slice(0, -1).reverse()) {
        await page.goBack();
        equal(await page.evaluate(() => location.hash), jump, 'the fragment after Back');
      }
      await page.locator('[role=grid]').first().waitFor();
    },
  },
];
