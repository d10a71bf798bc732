import { violations } from '../axe.mjs';
import { equal, expect, file, fitsWindow, goTo, keepSaved, openFiles, resizeWindow, sampleAt, savedFile, verdict } from '../page.mjs';

const WEEK = [
  sampleAt('day1.dmp', '2024-03-01T10:00:00Z'),
  sampleAt('day3.dmp', '2024-03-03T10:00:00Z'),
  sampleAt('day6.dmp', '2024-03-06T10:00:00Z'),
  sampleAt('other.dmp', '2024-03-04T10:00:00Z', 16),
];
const text = file('notes.dmp', Buffer.from('no dump at all, but long enough to be looked at\n'.repeat(100)));

const groups = (page) => page.getByRole('navigation', { name: 'Groups' });
const grid = (page, name) => page.getByRole('grid', { name });

async function start(page, url) {
  await page.goto(`${url}#/`);
  await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
}
async function openWeek(page, url, files = WEEK) {
  await start(page, url);
  await openFiles(page, files);
  await groups(page).getByRole('link', { name: 'PC 1 3' }).waitFor();
  await page.getByRole('progressbar').waitFor({ state: 'detached' });
}
async function openGroup(page) {
  await groups(page).getByRole('link', { name: 'PC 1 3' }).click();
  await page.locator('.verdict[data-rule=one-module]').waitFor();
}

export const cases = [
  {
    name: 'casebook: several dumps make a table, groups by PC, a verdict over all, a timeline and a comparison of drivers',
    run: async ({ page, url }) => {
      await openWeek(page, url, [...WEEK, text]);
      const rows = await grid(page, 'All dumps').getByRole('row').allInnerTexts();
      equal(rows.length, 6, 'a row a file, and the head');
      expect(
        rows.some((row) => row.includes('notes.dmp') && row.includes('not a Windows crash dump')),
        'what is no dump says so',
      );
      equal(await groups(page).getByRole('link').count(), 3, 'all, and two PCs');
      await openGroup(page);
      expect((await page.locator('.verdict h2').innerText()).includes('examplenic.sys is behind 3 of 3 crashes'), 'the pattern is said');
      equal(await page.getByRole('region', { name: 'Timeline' }).getByRole('link').count(), 3, 'three crashes on the timeline');
      await page.getByRole('link', { name: 'Drivers' }).click();
      await page.getByText('0 changed, 0 added, 0 removed, 66 the same').waitFor();
      await page.getByRole('link', { name: 'Signatures' }).click();
      equal(await grid(page, 'Signatures').getByRole('row').count(), 2, 'one signature');
    },
  },
  {
    name: 'casebook: a line of evidence opens the dump with its command; the dump’s own verdict names the pattern in a line of its own',
    run: async ({ page, url }) => {
      await openWeek(page, url);
      await openGroup(page);
      await page.locator('.verdict .proofs a').first().click();
      await page.waitForFunction(() => /^#\/console\?d=0&run=/.test(location.hash));
      await page.getByText('day1.dmp').first().waitFor();
      await page.locator('.console, [role=log]').first().waitFor();
      await goTo(page, '#/verdict?d=0');
      const line = page.locator('[data-pattern]');
      await line.waitFor();
      expect((await line.innerText()).includes('In 3 of 3 crashes of PC 1:'), 'the line says how many');
      await line.getByRole('link', { name: 'Open the casebook' }).click();
      await page.locator('.verdict[data-rule=one-module]').waitFor();
    },
  },
  {
    name: 'casebook: notes and facts outlive a reload, go out as a file, are deleted and come back from it',
    run: async ({ page, url, browserName }) => {
      await page.addInitScript(keepSaved);
      await openWeek(page, url);
      await openGroup(page);
      await page.getByRole('link', { name: 'Changes and notes' }).click();
      await page.getByLabel('Date').fill('2024-03-20');
      await page.getByLabel('Driver file, if it was one').fill('examplenic.sys');
      await page.getByLabel('In words').fill('updated the network driver');
      await page.getByRole('button', { name: 'Add' }).click();
      await page.locator('.verdict').getByText('Since “updated the network driver” on 2024-03-20 there has been no crash').waitFor();
      await page.getByText('are kept in this browser').waitFor();
      await start(page, url);
      await page.reload();
      await page.getByText('what 4 dumps of before told is kept').waitFor();
      await page.getByRole('link', { name: 'Casebook' }).click();
      await openGroup(page);
      await page.getByRole('link', { name: 'Changes and notes' }).click();
      await page.locator('.says').filter({ hasText: 'updated the network driver' }).waitFor();
      equal(await page.locator('.verdict .proofs a').count(), 0, 'without its file a dump cannot be opened');

      const saved = await savedFile(page, browserName, () => page.getByRole('button', { name: 'Export' }).click());
      equal([JSON.parse(saved).dumps.length, JSON.parse(saved).marks.length], [4, 1], 'four dumps and a note went out');
      await groups(page)
        .getByRole('link', { name: /^All dumps/ })
        .click();
      await page.getByRole('button', { name: 'Delete all' }).click();
      await page.getByRole('alert').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('No dumps are in the casebook').waitFor();
      await page.reload();
      await page.getByText('No dumps are in the casebook').waitFor();
      await page.setInputFiles('#casebook-file', { name: 'wrong.json', mimeType: 'application/json', buffer: Buffer.from('{"faultline":"casebook"}') });
      await page.getByText('is not a casebook that this page can read').waitFor();
      await page.setInputFiles('#casebook-file', { name: 'book.json', mimeType: 'application/json', buffer: saved });
      await page.getByText('4 dumps taken over.').waitFor();
      await groups(page).getByRole('link', { name: 'PC 1 3' }).waitFor();
    },
  },
  {
    name: 'casebook: the reader names a PC and moves a dump to another; both outlive a reload',
    run: async ({ page, url }) => {
      await openWeek(page, url);
      await openGroup(page);
      const say = async (name) => {
        const dialog = page.getByRole('dialog', { name: 'Which PC' });
        await dialog.getByLabel('Name of the PC').fill(name);
        await dialog.getByRole('button', { name: 'Save' }).click();
      };
      await page.getByRole('button', { name: 'Which PC', exact: true }).click();
      await say('Desk');
      await groups(page).getByRole('link', { name: 'Desk 3' }).waitFor();
      await page.getByRole('button', { name: 'Say which PC this dump is of: day6.dmp' }).click();
      await say('Laptop');
      await groups(page).getByRole('link', { name: 'Desk 2' }).waitFor();
      await groups(page).getByRole('link', { name: 'Laptop 1' }).waitFor();
      await page.reload();
      await groups(page).getByRole('link', { name: 'Laptop 1' }).click();
      await page.getByRole('button', { name: 'Which PC', exact: true }).click();
      await say('');
      await groups(page).getByRole('link', { name: 'Desk 3' }).waitFor();
    },
  },
  {
    name: 'casebook: a reply holds no unknown name until it is ticked',
    run: async ({ page, url }) => {
      await openWeek(page, url);
      await openGroup(page);
      await page.getByRole('button', { name: 'Reply' }).click();
      const reply = page.locator('[data-reply]');
      await reply.waitFor();
      const plain = await reply.innerText();
      expect(!/examplenic|day1|2024/.test(plain), 'no name, no file, no time');
      expect(plain.includes('private1.sys is behind 3 of 3 crashes'), 'the pattern is told');
      await page.locator('[data-addition=names]').check();
      await page.locator('[data-reply]').filter({ hasText: 'examplenic.sys' }).waitFor();
      await page.getByRole('radio', { name: 'BBCode' }).check();
      await page.locator('[data-reply]').filter({ hasText: '[b]' }).waitFor();
    },
  },
  {
    name: 'casebook: by keyboard from the table to a dump, and one dump deleted',
    run: async ({ page, url }) => {
      await openWeek(page, url);
      await grid(page, 'All dumps').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await verdict(page).waitFor();
      equal(await page.evaluate(() => location.hash), '#/verdict?d=3', 'the second newest is open');
      await page.goBack();
      await grid(page, 'All dumps').focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await groups(page).getByRole('link', { name: 'PC 1 2' }).waitFor();
    },
  },
  {
    name: 'casebook: sixty dumps with progress; Escape ends the reading and what was read stays',
    run: async ({ page, url }) => {
      const day = (at) => `2024-${String(1 + Math.floor(at / 28)).padStart(2, '0')}-${String(1 + (at % 28)).padStart(2, '0')}T10:00:00Z`;
      await start(page, url);
      await openFiles(
        page,
        Array.from({ length: 60 }, (_, at) => sampleAt(`${at}.dmp`, day(at))),
      );
      await page
        .getByText(/^[1-9]\d? of 60 read$/)
        .first()
        .waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('progressbar').waitFor({ state: 'detached' });
      const kept = Number(
        (
          await groups(page)
            .getByRole('link', { name: /^All dumps/ })
            .innerText()
        ).replace(/\D+/g, ''),
      );
      expect(kept > 0 && kept < 60, `some were read: ${kept}`);
      await page.getByText('are kept in this browser').waitFor();
    },
  },
  ...['light', 'dark'].map((theme) => ({
    name: `casebook: axe finds nothing, ${theme}; nothing scrolls sideways at 320 pixels`,
    limitMs: 180_000,
    only: ['chromium'],
    why: 'axe takes long in Firefox, and reads the same tree',
    run: async ({ page, url }) => {
      await openWeek(page, url);
      await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
      const found = await violations(page, 'all dumps');
      await openGroup(page);
      for (const tab of ['Crashes', 'Signatures', 'Drivers', 'Changes and notes']) {
        await page.getByRole('link', { name: tab }).click();
        await page.waitForTimeout(250);
        found.push(...(await violations(page, tab)));
      }
      await page.getByRole('button', { name: 'Reply' }).click();
      await page.locator('[data-reply]').waitFor();
      found.push(...(await violations(page, 'reply')));
      await page.keyboard.press('Escape');
      await goTo(page, '#/verdict?d=0');
      await page.locator('[data-pattern]').waitFor();
      found.push(...(await violations(page, 'the line on a verdict')));
      equal(found, [], 'violations');
      await resizeWindow(page, { width: 320, height: 640 });
      await goTo(page, '#/casebook');
      await groups(page).waitFor();
      await fitsWindow(page, 'the casebook');
      const isInside = () => page.locator('main').evaluate((main) => main.scrollWidth <= main.clientWidth);
      equal(await isInside(), true, 'the list of all dumps scrolls inside');
      await openGroup(page);
      for (const tab of ['Signatures', 'Drivers', 'Changes and notes', 'Crashes']) {
        await page.getByRole('link', { name: tab }).click();
        await fitsWindow(page, tab);
        equal(await isInside(), true, `${tab} scrolls inside`);
      }
    },
  })),
];
