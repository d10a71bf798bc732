import { violations } from '../axe.mjs';
import { VIEWS, equal, expect, fitsWindow, goTo, openSample, resizeWindow, verdict } from '../page.mjs';

async function settled(page, view) {
  await goTo(page, view === 'console' ? '#/console?run=!analyze -v' : `#/${view}`);
  await page.waitForFunction((name) => document.querySelector('nav.tabs [aria-current=page]')?.textContent.toLowerCase().includes(name), view);
  await page.waitForTimeout(250);
}

export const cases = [
  ...['light', 'dark'].map((theme) => ({
    name: `axe finds nothing on any view, ${theme}`,
    limitMs: 240_000,
    only: ['chromium'],
    why: 'axe takes a minute in Firefox, and reads the same tree',
    run: async ({ page, url }) => {
      const found = [];
      const paint = () => page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
      await page.goto(url);
      await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
      await paint();
      found.push(...(await violations(page, 'start')));
      await openSample(page, url);
      await paint();
      for (const view of VIEWS) {
        await settled(page, view);
        found.push(...(await violations(page, view)));
      }
      await settled(page, 'verdict');
      for (const [key, name] of [
        ['Control+k', 'palette'],
        ['?', 'help'],
      ]) {
        await page.locator('main').focus();
        await page.keyboard.press(key);
        await page.locator('dialog[open]').waitFor();
        found.push(...(await violations(page, name)));
        await page.keyboard.press('Escape');
        await page.locator('dialog[open]').waitFor({ state: 'detached' });
      }
      await page.getByRole('button', { name: 'Share' }).click();
      await page.locator('[data-summary]').waitFor();
      found.push(...(await violations(page, 'share')));
      equal(found, [], 'violations');
    },
  })),
  {
    name: 'density: compact at first, comfortable by one button, remembered; buttons are 24 pixels or more',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await settled(page, 'modules');
      const rowHeight = async () => (await page.locator('.body .row').nth(1).boundingBox()).height;
      equal(await rowHeight(), 24, 'a compact row');
      await page.getByRole('button', { name: 'Density: compact' }).click();
      await page.getByRole('button', { name: 'Density: comfortable' }).waitFor();
      equal(await rowHeight(), 30, 'a comfortable row');
      const [one, two] = await page.locator('.body .row').evaluateAll((rows) => rows.slice(0, 2).map((row) => row.getBoundingClientRect().top));
      equal(two - one, 30, 'rows stand as far apart as they are high');
      await openSample(page, `${url}#/`);
      await page.getByRole('button', { name: 'Density: comfortable' }).click();
      for (const view of VIEWS) {
        await settled(page, view);
        const small = await page.locator('button:visible, a.proof:visible, nav a:visible').evaluateAll((all) =>
          all
            .filter((one) => !one.closest('[role=grid], p, li:not(:has(.proof))'))
            .map((one) => [one.getAttribute('aria-label') ?? one.textContent.trim(), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24)
            .map(([name, box]) => `${name}: ${box.width}×${box.height}`),
        );
        equal(small, [], `small targets on ${view}`);
      }
    },
  },
  {
    name: 'no view scrolls sideways at 320 pixels, and all show something',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await resizeWindow(page, { width: 320, height: 640 });
      for (const view of VIEWS) {
        await settled(page, view);
        await fitsWindow(page, `the document of ${view}`);
        expect((await page.locator('main').innerText()).trim().length > 40, `${view} shows something`);
      }
    },
  },
  {
    name: 'every sentence of the verdict and every line of evidence opens a command that answers',
    run: async ({ page, url }) => {
      await openSample(page, url);
      for (const sentence of await page.locator('.owner h1, .owner .helper, .explanation p, .rivals li').all())
        equal(await sentence.locator('a.proof').count(), 1, `a proof for: ${await sentence.innerText()}`);
      const lines = await page.locator('.evidence a.command, a.proof').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      expect(lines.length >= 3, `evidence with commands: ${lines.length}`);
      for (const href of new Set(lines)) {
        await goTo(page, href);
        const last = page.locator('.exchange').last();
        await last.locator('.lines .line, .lines .note, .problem').first().waitFor();
        equal(await last.locator('.problem').count(), 0, `${decodeURIComponent(href)} is answered`);
      }
    },
  },
  {
    name: 'keyboard alone: from the start page to a shared report',
    run: async ({ page, url }) => {
      await page.goto(url);
      const sample = page.getByRole('button', { name: 'Try the sample dump' });
      await sample.waitFor();
      for (let presses = 0; presses < 12 && !(await sample.evaluate((button) => button === document.activeElement)); presses++)
        await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await verdict(page).waitFor();
      await page.keyboard.press('4');
      await page.locator('[role=grid]').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('examplenic');
      await page.locator('.count', { hasText: '1 of ' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => location.hash.includes('lmvm') && /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName));
      await page.locator('.exchange').first().locator('.line').first().waitFor();
      await page.keyboard.type('k');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Enter');
      await page.locator('.exchange').nth(1).locator('.line').nth(2).waitFor();
      await page.keyboard.press('Control+k');
      await page.locator('dialog[open] input').waitFor();
      await page.keyboard.type('share');
      await page.keyboard.press('Enter');
      await page.locator('[data-summary]').waitFor();
      const time = page.locator('[data-addition=time]');
      for (let presses = 0; presses < 12 && !(await time.evaluate((box) => box === document.activeElement)); presses++) await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.locator('[data-summary]').getByText('Crashed').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    },
  },
  {
    name: 'memory: address box, units, gaps with their reason, keys',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await goTo(page, '#/memory');
      await page.locator('.hexview .row').nth(5).waitFor();
      const box = page.locator('.tools .address input');
      await box.fill('nt+0x10');
      await box.press('Enter');
      await page.waitForFunction(() => /at=fffff806/.test(location.hash));
      await page.locator('.unit.gap').first().waitFor();
      expect(((await page.locator('.inspector .missing').innerText()) ?? '').length > 20, 'a gap says why');
      await page.locator('.hexview [role=grid]').focus();
      await page.keyboard.press('Control+Home');
      await page.locator('.inspector dl dt').first().waitFor();
      await page.keyboard.press('ArrowRight');
      const at = await page.evaluate(() => location.hash);
      await page.keyboard.press('PageDown');
      expect((await page.evaluate(() => location.hash)) !== at, 'Page Down moves');
      await box.fill('no such thing');
      await box.press('Enter');
      await page.locator('.complaint:not(:empty)').waitFor();
    },
  },
  {
    name: 'tables: sort, filter, order kept, rows few',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await goTo(page, '#/modules');
      await page.locator('[role=grid]').waitFor();
      await page.getByRole('button', { name: 'Size', exact: true }).click();
      equal(await page.locator('[role=columnheader][aria-sort=ascending]').innerText(), 'Size', 'sorted by size');
      const heights = await page.locator('.body .row').evaluateAll((rows) => rows.length);
      expect(heights <= 100, `rows drawn: ${heights}`);
    },
  },
];
