import { describe, expect, it } from 'vitest';
import { rva } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { ArraySource } from '../bytes/source.ts';
import { buildPe } from '../testing/build/pe.ts';
import { imageFromFile } from './image.ts';

/** Where the header of the section of code stands: "\.text", padded to eight bytes (PE format, section table). */
function textSection(file: Uint8Array): number {
  return new TextDecoder('latin1').decode(file).indexOf('.text\0\0\0');
}

describe('the code of an image at hand', () => {
  it('ends where the file ends it: the zeros behind are no code', () => {
    const { file } = buildPe({ name: 'a.sys', timestamp: 1, functions: [{ name: 'f', body: (code) => code.nop(9) }] });
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const at = textSection(file);
    const raw = view.getUint32(at + 16, true);
    const end = view.getUint32(at + 12, true) + raw;
    view.setUint32(at + 8, raw + 0x100, true);
    const image = valueOf(imageFromFile(new ArraySource(file, 'a.sys')));
    expect(image?.readRva(rva(end - 4), 8).length).toBe(4);
    expect(image?.readRva(rva(end), 8).length).toBe(0);
  });
});
