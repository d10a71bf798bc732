/** Images in parts: real files, the parts chosen from what has come, and everything that unwinding reads equal to the whole file's. */
import { describe, expect, it } from 'vitest';
import { rva } from '../base/address.ts';
import { ArraySource } from '../bytes/source.ts';
import { findExceptionDirectory } from '../formats/pe/exceptions.ts';
import { openPeFile } from '../formats/pe/file.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { checkPeIdentity, readPeIdentity } from './identity.ts';
import { imageFromFile } from './image.ts';
import { missingParts } from './imageparts.ts';
import { type FilePart, imageSource, openPartialImage, sourceOfParts, writePartialImage } from './partialimage.ts';

const FIRST = 64 * 1024;

/** As the service does it, without a network. */
function fetched(bytes: Uint8Array): { readonly parts: readonly FilePart[]; readonly rounds: number } {
  const parts: FilePart[] = [{ offset: 0, bytes: bytes.slice(0, FIRST) }];
  for (let rounds = 0; rounds < 8; rounds++) {
    const missing = missingParts(sourceOfParts('image', bytes.length, parts));
    if (!missing) throw new Error('not to be had in parts');
    if (missing.length === 0) return { parts, rounds };
    for (const { offset, length } of missing) parts.push({ offset, bytes: bytes.slice(offset, offset + length) });
  }
  throw new Error('never done');
}

describe.skipIf(!hasCorpus)('an image in parts', () => {
  it.each([
    ['symbols/microsoft/store/Wdf01000.sys/a9a9d36ed1000/Wdf01000.sys', 12],
    ['symbols/pe/rizin/kernel32.dll', 12],
    ['symbols/pdb/samply/win64-ci/firefox.exe', 12],
    ['symbols/pdb/rizin/user32.dll', 12],
  ])('%s', (path, entryBytes) => {
    const bytes = corpusBytes(path);
    const { parts, rounds } = fetched(bytes);
    const kept = writePartialImage(bytes.length, parts);
    expect(rounds).toBeLessThanOrEqual(2);
    expect(kept.length).toBeLessThan(bytes.length / 2);
    const partial = imageSource(new ArraySource(kept, 'image'));
    const whole = new ArraySource(bytes, 'image');
    expect(partial.size).toBe(bytes.length);

    const [identity, wholeIdentity] = [readPeIdentity(partial), readPeIdentity(whole)];
    if (!identity.ok || !wholeIdentity.ok) throw new Error('no identity');
    expect(identity.value.pdbs).toEqual(wholeIdentity.value.pdbs);
    expect(identity.value.pdbs.length).toBeGreaterThan(0);
    expect(checkPeIdentity(partial, wholeIdentity.value.identity).ok).toBe(true);

    const [image, all, file] = [imageFromFile(partial), imageFromFile(whole), openPeFile(whole)];
    if (!image.ok || !all.ok || !file.ok) throw new Error('no image');
    const directory = findExceptionDirectory(file.value.headers);
    if (!directory.ok) throw new Error('no unwind data');
    const table = image.value.readRva(directory.value.rva, directory.value.sizeBytes);
    expect(table).toEqual(all.value.readRva(directory.value.rva, directory.value.sizeBytes));
    const view = new DataView(table.buffer, table.byteOffset, table.length);
    let compared = 0;
    for (let at = 0; at + entryBytes <= table.length; at += entryBytes) {
      const info = view.getUint32(at + 8, true);
      if (info === 0 || (info & 1) !== 0) continue;
      // 4 bytes of header, two a code, a chained entry or handler behind them: x64 exception handling, UNWIND_INFO.
      const codes = all.value.readRva(rva(info), 4)[2] ?? 0;
      const length = 4 + 2 * (codes + (codes & 1)) + entryBytes;
      expect(image.value.readRva(rva(info), length)).toEqual(all.value.readRva(rva(info), length));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(100);
  });

  it('says of its code why it is not there', () => {
    const bytes = corpusBytes('symbols/microsoft/store/Wdf01000.sys/a9a9d36ed1000/Wdf01000.sys');
    const file = openPeFile(imageSource(new ArraySource(writePartialImage(bytes.length, fetched(bytes).parts), 'Wdf01000.sys')));
    if (!file.ok) throw new Error('no image');
    const code = file.value.headers.sections.find(({ rva: at, rawOffset }) => at > FIRST && rawOffset > FIRST);
    const read = file.value.read(rva((code?.rva ?? 0) + 0x8000), 16);
    expect(read).toMatchObject({ bytes: new Uint8Array(0), missing: { why: 'no-symbols', module: 'Wdf01000.sys' } });
  });

  it('is refused where it is damaged: parts outside the file, more of them than there can be, cut bytes', () => {
    const good = writePartialImage(1000, [{ offset: 10, bytes: new Uint8Array(20) }]);
    expect(openPartialImage(new ArraySource(good))?.size).toBe(1000);
    expect(openPartialImage(new ArraySource(good.subarray(0, good.length - 1)))).toBeUndefined();
    const changed = (at: number, value: number) => {
      const copy = good.slice();
      copy[at] = value;
      return openPartialImage(new ArraySource(copy));
    };
    expect(changed(0, 0)).toBeUndefined();
    expect(changed(9, 0)).toBeDefined();
    expect(changed(8, 5)?.size).toBe(773);
    expect(changed(16, 65)).toBeUndefined();
    expect(changed(30, 1)).toBeUndefined();
    expect(changed(39, 1)).toBeUndefined();
  });
});
