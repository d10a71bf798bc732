/** What a person does on the page, in the words of the cases. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from './site.mjs';

export const SAMPLE = join(DIST, 'sample.dmp');
export const VIEWS = ['verdict', 'stack', 'threads', 'modules', 'memory', 'streams', 'symbols', 'console'];

export class Fault extends Error {}
export function expect(holds, what) {
  if (!holds) throw new Fault(what);
}
export function equal(got, wanted, what) {
  expect(Object.is(got, wanted) || JSON.stringify(got) === JSON.stringify(wanted), `${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

export const verdict = (page) => page.locator('.owner h1');
export async function openSample(page, url) {
  await page.goto(url);
  await page.getByRole('button', { name: 'Try the sample dump' }).click();
  await verdict(page).waitFor();
}
export async function openFiles(page, files) {
  await page.setInputFiles('#file', files);
}
export const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
/** FILETIME: 100 ns since 1601. */
const fileTime = (iso) => (BigInt(Date.parse(iso)) + 11_644_473_600_000n) * 10_000n;

/** The sample as it would have been written at another time, or on a PC with other processors (DUMP_HEADER64). */
export function sampleAt(name, iso, processors = 8) {
  const bytes = Buffer.from(readFileSync(SAMPLE));
  bytes.writeUInt32LE(processors, 0x34);
  bytes.writeBigUInt64LE(fileTime(iso), 0xfa8);
  bytes.writeBigUInt64LE(36_000_000_000n, 0x1030);
  return file(name, bytes);
}
export const sampleAs = (name) => file(name, readFileSync(SAMPLE));

/** A drop as the system makes it, where the browser can be made to; else one made by script from the same bytes. */
export async function dropSample(page, browserName) {
  if (browserName === 'chromium') {
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [SAMPLE], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) await session.send('Input.dispatchDragEvent', { type, x: 40, y: 400, data });
    return;
  }
  await page.locator('body').drop({ files: sampleAs('sample.dmp') });
}
/** Firefox's driver tells of no downloads: what was to be saved is kept in the page. For `addInitScript`. */
export function keepSaved() {
  const make = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) => make((window.saved = blob));
}
/** The bytes of the file that `act` saves. */
export async function savedFile(page, browserName, act) {
  const download = browserName === 'chromium' ? page.waitForEvent('download') : undefined;
  await act();
  if (download) return readFileSync(await (await download).path());
  await page.waitForFunction(() => window.saved !== undefined);
  return Buffer.from(await page.evaluate(async () => [...new Uint8Array(await window.saved.arrayBuffer())]));
}
export async function goTo(page, fragment) {
  await page.evaluate((hash) => (location.hash = hash), fragment);
}
/** A window of another size. Over BiDi the size arrives before the layout does, so what is seen right after is not yet the page. */
export async function resizeWindow(page, size) {
  await page.setViewportSize(size);
  await page.waitForFunction(({ width, height }) => innerWidth === width && innerHeight === height && document.documentElement.clientWidth <= width, size);
}
/** Elements that make the document wider or higher than its window, by name; none where it does not scroll. */
async function findOverflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, scrollHeight } = document.scrollingElement;
    if (scrollWidth <= innerWidth && scrollHeight <= innerHeight) return [];
    // What lies in a scrolled or clipped box does not move the document, unless it is placed against a box outside of that.
    const isClipped = (element) => {
      let placed = getComputedStyle(element).position;
      for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
        const { position, overflowX } = getComputedStyle(box);
        if (placed === 'fixed' || (placed === 'absolute' && position === 'static')) continue;
        if (overflowX !== 'visible') return true;
        placed = position;
      }
      return false;
    };
    const reachesOut = (element) => {
      const box = element.getBoundingClientRect();
      return (box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5) && !isClipped(element);
    };
    const names = [...document.querySelectorAll('body *')].filter(reachesOut).map((element) => `${element.localName}.${element.className}`);
    return [`${scrollWidth}×${scrollHeight} in ${innerWidth}×${innerHeight}`, ...names.slice(0, 8)];
  });
}
/** Fails where the document still scrolls after two seconds, and names what reaches out. */
export async function fitsWindow(page, what) {
  const until = Date.now() + 2000;
  let overflow = await findOverflow(page);
  while (overflow.length > 0 && Date.now() < until) {
    await page.waitForTimeout(100);
    overflow = await findOverflow(page);
  }
  equal(overflow, [], `${what} scrolls sideways, or as a whole`);
}
/** True where the element is wholly in the window without scrolling. */
export async function isInWindow(page, locator) {
  const box = await locator.boundingBox();
  const size = page.viewportSize();
  return box !== null && box.y >= 0 && box.x >= 0 && box.y + box.height <= size.height && box.x + box.width <= size.width;
}
