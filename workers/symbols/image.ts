/** Image files as the unwinder and the disassembler read them. */
import type { Rva } from '../base/address.ts';
import { type Found, mapFound } from '../base/found.ts';
import type { ByteSource } from '../bytes/source.ts';
import { openPeFile, type PeFile } from '../formats/pe/file.ts';
import { findSection, isCode, type PeHeaders } from '../formats/pe/headers.ts';
import type { ImageBytes } from './provider.ts';

/** Section flag: may be written to (PE format, section flags). */
const IMAGE_SCN_MEM_WRITE = 0x8000_0000;

/** The bytes of a PE file by RVA. The identity is not checked here: see identity.ts. May throw SourceError. */
export function imageFromFile(source: ByteSource): Found<ImageBytes> {
  return mapFound(openPeFile(source), imageFromPe);
}

/**
 * How many bytes of code the file holds from `at` on. Behind them a section is zeros as it is mapped; where it is to hold code, that
 * comes at run time (packed files) or was left out (stubs), and zeros would disprove what they know nothing of.
 */
function codeLeft(headers: PeHeaders, at: Rva): number {
  const section = findSection(headers, at);
  return section && isCode(section) ? Math.max(0, section.rva + section.rawSize - at) : Infinity;
}

export function imageFromPe(file: PeFile): ImageBytes {
  return {
    name: file.name,
    size: file.headers.sizeOfImage,
    readRva: (at, length) => file.read(at, Math.min(length, codeLeft(file.headers, at))).bytes,
    gapAt: (at) => file.read(at, 1).missing,
    writable: (at) => ((findSection(file.headers, at)?.characteristics ?? 0) & IMAGE_SCN_MEM_WRITE) !== 0,
  };
}
