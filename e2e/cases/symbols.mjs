import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { equal, expect, file, goTo, keepSaved, openFiles, openSample, savedFile } from '../page.mjs';

const CORPUS = process.env['FAULTLINE_CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/** The kernel's image as the sample names it: time and size are its identity (PE format, COFF and optional header). */
const KERNEL = { name: 'ntoskrnl.exe', timestamp: 0x5f2a91c4, sizeOfImage: 0x1046000, key: '5F2A91C41046000' };
function kernelImage() {
  const bytes = Buffer.alloc(0x400);
  bytes.write('MZ', 0, 'latin1');
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80, 'latin1');
  const coff = 0x84;
  bytes.writeUInt16LE(0x8664, coff);
  bytes.writeUInt32LE(KERNEL.timestamp, coff + 4);
  bytes.writeUInt16LE(240, coff + 16);
  bytes.writeUInt16LE(0x22, coff + 18);
  const optional = coff + 20;
  bytes.writeUInt16LE(0x20b, optional);
  bytes.writeUInt32LE(0x1000, optional + 32);
  bytes.writeUInt32LE(0x200, optional + 36);
  bytes.writeUInt32LE(KERNEL.sizeOfImage, optional + 56);
  bytes.writeUInt32LE(0x400, optional + 60);
  bytes.writeUInt32LE(16, optional + 108);
  return bytes;
}
const STORED_AT = `/symbols/microsoft/${KERNEL.name}/${KERNEL.key}/${KERNEL.name}`;
const TYPED = 'SRV*c:\\websymbols*http://msdl.microsoft.com/download/symbols;c:\\drivers1;c:\\drivers1\\misc;d:\\drivers2';

async function openSymbols(page, url) {
  await openSample(page, url);
  await goTo(page, '#/symbols');
  await page.locator('textarea[data-path=symbols]').waitFor();
}
async function setPath(page, text) {
  await page.locator('textarea[data-path=symbols]').fill(text);
  await page.locator('[data-set-path=symbols]').click();
}
const row = (page, text) => page.locator('.body .row', { hasText: text }).first();
const kernelIs = (page, state) => row(page, KERNEL.name).locator(`.state.${state}`).waitFor();
const stored = (page, count) => page.locator(`[data-stored="${count}"]`).waitFor();
async function fetchKernel(page) {
  await page.getByRole('button', { name: 'Ask this server' }).click();
  await kernelIs(page, 'done');
  await stored(page, 1);
}

/** Firefox's driver takes no folders: there a script puts the same files into the input, with the paths that a choice would give them. */
async function chooseFolder(page, button, path, browserName) {
  const chooser = browserName === 'chromium' ? page.waitForEvent('filechooser') : undefined;
  await button.click();
  if (chooser) return (await chooser).setFiles(path);
  const at = `kernel/${KERNEL.name}/${KERNEL.key}/${KERNEL.name}`;
  return page.locator('[data-folder-input=symbols]').evaluate(
    (input, [where, name, bytes]) => {
      const picked = Object.defineProperty(new File([new Uint8Array(bytes)], name), 'webkitRelativePath', { value: where });
      Object.defineProperty(input, 'files', { value: [picked], configurable: true });
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    [at, KERNEL.name, [...kernelImage()]],
  );
}

const exported = (page, browserName) => savedFile(page, browserName, () => page.getByRole('button', { name: 'Export…' }).click());

/** A real crash whose PDB has lines; in the corpus only. */
const CRASH = join(CORPUS, 'user', 'symbolicator-windows.dmp');
const unpacked = (path) => (existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`)));
const hasCorpus = existsSync(CRASH) || existsSync(`${CRASH}.gz`);
if (!hasCorpus) console.log('SKIP the source case: no corpus here');
const sourceCases = [
  {
    name: 'a frame shows its lines where the source was dropped, and says so where it was not',
    run: async ({ page, url }) => {
      await page.goto(url);
      await openFiles(page, file('crash.dmp', unpacked(CRASH)));
      await page.locator('.owner h1').waitFor();
      await goTo(page, '#/symbols');
      await page.setInputFiles('[data-symbol-files]', file('crash.pdb', unpacked(join(CORPUS, 'user', 'symbols', 'sentry-windows', 'crash.pdb'))));
      await goTo(page, '#/stack');
      const panel = page.locator('[data-source$="main.cpp"]');
      await panel.waitFor();
      await panel.getByText('The file is not at hand').waitFor();
      const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1};`);
      await page.locator('body').drop({ files: file('main.cpp', lines.join('\n')) });
      // lldb and the dump's own expectations put the crash at line 24.
      await panel.locator('.current', { hasText: 'line 24;' }).waitFor();
      equal(await panel.locator('.current').count(), 1, 'marked lines');
      await page.getByRole('button', { name: /main\.cpp, line 35/ }).click();
      await panel.locator('.current', { hasText: 'line 35;' }).waitFor();
    },
  },
];

export const cases = [
  ...(hasCorpus ? sourceCases : []),
  {
    name: 'a symbol path is pasted as it is, says what it means, and is kept',
    run: async ({ page, url }) => {
      await openSymbols(page, url);
      await setPath(page, TYPED);
      await page.locator('[data-folder="d:\\\\drivers2"][data-state=not-picked]').waitFor();
      equal(
        await page.locator('[data-folder]').evaluateAll((all) => all.map((one) => one.dataset.folder)),
        ['c:\\websymbols', 'c:\\drivers1', 'c:\\drivers1\\misc', 'd:\\drivers2'],
        'its folders',
      );
      expect((await page.locator('[data-upgraded]').innerText()).includes('https://msdl.microsoft.com/download/symbols'), 'https is said');
      await openSymbols(page, url);
      await page.locator('[data-folder="c:\\\\drivers1"]').waitFor();
      equal(await page.locator('textarea[data-path=symbols]').inputValue(), TYPED, 'kept as typed');
    },
  },
  {
    name: 'a folder of the path is given by a folder input, and its files are found',
    run: async ({ page, url, site, browserName }) => {
      const root = mkdtempSync(join(tmpdir(), 'faultline-folder-'));
      try {
        mkdirSync(join(root, 'kernel', KERNEL.name, KERNEL.key), { recursive: true });
        writeFileSync(join(root, 'kernel', KERNEL.name, KERNEL.key, KERNEL.name), kernelImage());
        await page.addInitScript(() => Reflect.deleteProperty(window, 'showDirectoryPicker'));
        await openSymbols(page, url);
        await setPath(page, 'c:\\kernel');
        await page.locator('[data-folder="c:\\\\kernel"]').waitFor();
        await chooseFolder(page, page.getByRole('button', { name: 'Pick the folder c:\\kernel' }), join(root, 'kernel'), browserName);
        await page.locator('[data-state=ready]').waitFor();
        await kernelIs(page, 'done');
        expect((await row(page, KERNEL.name).innerText()).includes(`c:\\kernel\\${KERNEL.name}\\${KERNEL.key}`), 'the row says where it lies');
        equal(
          site.asked.filter((path) => path !== '/symbols/servers'),
          [],
          'asked of servers',
        );
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    },
  },
  {
    name: 'a folder that was picked by the dialog is there on the next visit',
    only: ['chromium'],
    why: 'the browser hands out no folders',
    run: async ({ page, url }) => {
      // The private file system stands in for the dialog, which no driver can answer.
      await page.addInitScript(() => (window.showDirectoryPicker = () => navigator.storage.getDirectory()));
      await openSymbols(page, url);
      await page.evaluate(
        async ([name, bytes]) => {
          const root = await navigator.storage.getDirectory();
          const out = await (await root.getFileHandle(name, { create: true })).createWritable();
          await out.write(new Uint8Array(bytes));
          await out.close();
        },
        [KERNEL.name, [...kernelImage()]],
      );
      await setPath(page, 'c:\\kernel');
      await page.getByRole('button', { name: 'Pick the folder c:\\kernel' }).click();
      await kernelIs(page, 'done');
      await openSymbols(page, url);
      await page.locator('[data-folder="c:\\\\kernel"][data-state=ready]').waitFor();
      await kernelIs(page, 'done');
      await page.getByRole('button', { name: 'Forget the folder c:\\kernel' }).click();
      await page.locator('[data-state=not-picked]').waitFor();
    },
  },
  {
    name: 'stored files: pinned, exported, deleted, imported again',
    files: { [STORED_AT]: kernelImage() },
    run: async ({ page, url, site, browserName }) => {
      await page.addInitScript(keepSaved);
      await openSymbols(page, url);
      await fetchKernel(page);
      await page.getByRole('button', { name: `Pin ${KERNEL.name}` }).click();
      await page.getByRole('button', { name: `Unpin ${KERNEL.name}` }).waitFor();
      const bytes = await exported(page, browserName);
      expect(bytes.includes(`${KERNEL.name}/${KERNEL.key}/${KERNEL.name}`), 'laid out as a symbol store');
      await page.getByRole('button', { name: `Delete ${KERNEL.name}` }).click();
      await stored(page, 0);
      await page.setInputFiles('[data-import]', file('cut.zip', bytes.subarray(0, 100)));
      await page.getByRole('alert').waitFor();
      await stored(page, 0);
      await page.setInputFiles('[data-import]', file('symbols.zip', bytes));
      await stored(page, 1);
      await openSymbols(page, url);
      await kernelIs(page, 'done');
      equal(site.asked.filter((path) => path === STORED_AT).length, 1, 'downloads');
    },
  },
  {
    name: 'two tabs that want the same file download it once',
    files: { [STORED_AT]: kernelImage() },
    run: async ({ context, page, url, site }) => {
      await openSymbols(page, url);
      const other = await context.newPage();
      await openSymbols(other, url);
      await Promise.all([page, other].map((tab) => tab.getByRole('button', { name: 'Ask this server' }).click()));
      await Promise.all([page, other].map((tab) => kernelIs(tab, 'done')));
      equal(site.asked.filter((path) => path === STORED_AT).length, 1, 'downloads');
      await other.close();
    },
  },
  {
    name: 'what this dump needs is listed with exact addresses',
    run: async ({ page, url }) => {
      await openSymbols(page, url);
      await row(page, KERNEL.name).waitFor();
      await page.getByRole('button', { name: 'What this dump needs…' }).click();
      const address = `https://symbols.example/store/${KERNEL.name}/${KERNEL.key}/${KERNEL.name}`;
      expect((await page.locator('[data-needs=addresses]').innerText()).split('\n').includes(address), 'the address');
      expect((await page.locator('[data-needs=curl]').innerText()).includes(`-o "${KERNEL.name}/${KERNEL.key}/${KERNEL.name}" "${address}"`), 'the curl line');
      expect((await page.locator('[data-needs=manifest]').innerText()).includes(`${KERNEL.name},${KERNEL.key},1`), 'the symchk line');
    },
  },
];
