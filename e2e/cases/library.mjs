import axe from '@axe-core/playwright';
import { equal, expect, goTo, openSample } from '../page.mjs';

const AxeBuilder = axe.default ?? axe;

const PAGES = [
  'code',
  'code/9f/3',
  'status/c0000005',
  'explain?text=0x9F_3_RtsPer_IMAGE_pci.sys',
  'learn',
  'learn/verifier',
  'learn/no-dump',
  'learn/dump-settings',
  'learn/an-old-statistic',
];
const heading = (page) => page.locator('main h1').first();

async function shows(page, fragment) {
  await goTo(page, `#/${fragment}`);
  await heading(page).waitFor();
  if (fragment === 'code') await page.locator('[role=grid] .body .row').nth(3).waitFor();
  if (fragment.startsWith('explain')) await page.locator('[data-pasted]').waitFor();
}

export const cases = [
  {
    name: 'no dump: a line of the event log in German leads to the page of its code',
    run: async ({ page, url }) => {
      await page.goto(url);
      await page.locator('#paste').fill('Der Fehlercode war: 0x00000116 (0xffffe0011e57d4c0, 0xfffff800a4c620f0, 0xffffffffc000009a, 0x0000000000000004).');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.locator('[data-pasted=stop]').waitFor();
      equal(await page.locator('article h1').innerText(), 'VIDEO_TDR_FAILURE', 'the code');
      expect((await page.locator('article').innerText()).includes('STATUS_INSUFFICIENT_RESOURCES'), 'the status in argument 3 is read');
      await page.locator('#paste').fill('BugcheckCode 0\nSleepInProgress 0\nPowerButtonTimestamp 132574213284');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText('The power button was held').waitFor();
      await page.reload();
      await page.locator('#paste').fill('nothing of the kind');
      await page.keyboard.press('Enter');
      await page.locator('[data-pasted=nothing]').waitFor();
    },
  },
  {
    name: 'codes: the list is short to draw, found by filter and keys, and Back returns to it',
    run: async ({ page, url }) => {
      await page.goto(url);
      await shows(page, 'code');
      expect((await page.locator('.body .row').count()) <= 100, 'few rows are drawn');
      await page.locator('[data-find]').fill('watchdog violation');
      await page.locator('.count', { hasText: '1 of ' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => location.hash === '#/code/133');
      equal(await heading(page).innerText(), 'DPC_WATCHDOG_VIOLATION', 'the page of the code');
      await page.goBack();
      await page.locator('[role=grid]').waitFor();
      await goTo(page, '#/code/a0000001');
      await page.getByText('No public list names this code').waitFor();
      await goTo(page, '#/code/NO_SUCH_NAME');
      await page.getByText('No such code').waitFor();
      await goTo(page, '#/explain?text=Event%2041');
      await page.locator('[data-pasted=event-41]').getByText('BugcheckCode').waitFor();
    },
  },
  {
    name: 'the palette finds codes and guides, with and without a dump',
    run: async ({ page, url }) => {
      await page.goto(url);
      await shows(page, 'learn');
      const find = async (typed, hash) => {
        await page.keyboard.press('Control+k');
        await page.locator('dialog[open] input').fill(typed);
        await page.locator('[role=option][aria-selected=true]', { hasText: /code|guide/ }).waitFor();
        await page.keyboard.press('Enter');
        await page.waitForFunction((wanted) => location.hash === wanted, hash);
      };
      await find('d1', '#/code/d1');
      await find('Driver Verifier', '#/learn/verifier');
      await openSample(page, `${url}#/`);
      await page.locator('main').focus();
      await find('0x124', '#/code/124');
    },
  },
  {
    name: 'from the verdict to the meaning of its code and back; its commands run on the dump',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await page.getByRole('link', { name: 'What this code means' }).first().click();
      await heading(page).waitFor();
      expect((await page.evaluate(() => location.hash)).split('/').length === 7, 'the address holds code and arguments');
      await page.locator('.look a.command').first().click();
      await page.locator('.exchange .line').first().waitFor();
      await page.goBack();
      await page.getByRole('link', { name: 'Back to sample.dmp' }).click();
      await page.locator('.owner h1').waitFor();
      await page.getByRole('link', { name: 'What the bucket says' }).click();
      await page.locator('[data-pasted=bucket]').waitFor();
    },
  },
  {
    name: 'guides: the Verifier line names the drivers of the dump; choices change the commands; both shells',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await shows(page, 'learn/verifier');
      await page.getByText('verifier /standard /driver examplenic.sys').first().waitFor();
      await page.locator('select').selectOption('old');
      await page.getByText('verifier /flags 0x209bb /driver examplenic.sys').first().waitFor();
      await shows(page, 'learn/dump-settings');
      await page.locator('select').selectOption('complete');
      // Firefox's driver fills a field of numbers behind what stands there.
      await page.getByLabel('Memory (GB)').press('ControlOrMeta+a');
      await page.getByLabel('Memory (GB)').pressSequentially('32');
      await page.getByText('33,025 MB').waitFor();
      await page.getByRole('radio', { name: 'PowerShell' }).check();
      await page.getByText('Set-ItemProperty').first().waitFor();
      const roles = await page.locator('section[data-role]').evaluateAll((all) => all.map((one) => one.dataset.role));
      for (const role of ['query', 'change', 'verify', 'undo']) expect(roles.includes(role), `a block to ${role}`);
      await shows(page, 'learn/what-a-dump-gives-away');
      await page.getByRole('button', { name: 'Look through the file' }).click();
      await page.locator('table[aria-label="In this file"] td, section > p[role=status]:not(.wait)').first().waitFor();
    },
  },
  ...['light', 'dark'].map((theme) => ({
    name: `axe finds nothing on the pages about codes and guides, ${theme}; none scrolls sideways at 320 pixels`,
    limitMs: 240_000,
    only: ['chromium'],
    why: 'axe takes long in Firefox, and reads the same tree',
    run: async ({ page, url }) => {
      await page.goto(url);
      await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
      const found = [];
      for (const fragment of PAGES) {
        await shows(page, fragment);
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .setLegacyMode(true)
          .analyze();
        found.push(...violations.map(({ id, nodes }) => `${fragment}: ${id} (${nodes.length}) ${nodes[0]?.target}`));
      }
      equal(found, [], 'violations');
      await page.setViewportSize({ width: 320, height: 640 });
      for (const fragment of PAGES) {
        await shows(page, fragment);
        const wide = () => [document.scrollingElement, document.querySelector('main')].some((one) => one.scrollWidth > one.clientWidth);
        equal(await page.evaluate(wide), false, `${fragment} scrolls sideways`);
      }
    },
  })),
];
