import { describe, expect, it } from 'vitest';
import { rva } from '../../base/address.ts';
import { valueOf } from '../../base/found.ts';
import { hexDigits } from '../../base/hex.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, corpusHas, corpusJson, hasCorpus } from '../../testing/node/corpus.ts';
import { peInMemory } from './bytes.ts';
import { codeViewKey, readCodeView, readCodeViews } from './debug.ts';
import { findExceptionDirectory } from './exceptions.ts';
import { readExports } from './exports.ts';
import { openPeFile, type PeFile } from './file.ts';
import { readPeHeaders } from './headers.ts';
import { readVersion } from './version.ts';

interface PeFacts {
  machine: string;
  timestamp: string;
  size_of_image: string;
  entry: number;
  base: string;
  subsystem: number;
  sections: [string, string, string, string][];
  pe_key: string;
  pdb_key?: string;
  pdb_path?: string;
  pdata?: number | false;
  size: number;
}

function open(path: string): PeFile {
  const file = openPeFile(new ArraySource(corpusBytes(`symbols/${path}`), path));
  if (!file.ok) throw new Error(`${path}: ${JSON.stringify(file.missing)}`);
  return file.value;
}

/** The image as the loader lays it out, so that the parser can be shown memory instead of the file. */
function asMemory(file: PeFile): Uint8Array {
  const memory = new Uint8Array(file.headers.sizeOfImage);
  memory.set(file.read(rva(0), file.headers.sizeOfHeaders).bytes);
  for (const section of file.headers.sections) memory.set(file.read(section.rva, section.virtualSize || section.rawSize).bytes, section.rva);
  return memory;
}

describe.skipIf(!hasCorpus)('PE files of the corpus', () => {
  const facts = hasCorpus ? Object.entries(corpusJson<{ pe: Record<string, PeFacts> }>('symbols/identity.json').pe) : [];
  const readable = facts.filter(([path]) => corpusHas(`symbols/${path}`));

  it('are there', () => expect(readable.length).toBeGreaterThan(90));

  it.each(readable)('%s: headers, sections, CodeView record', (path, wanted) => {
    const file = open(path);
    const { headers } = file;
    expect(hexDigits(headers.timestamp, 8).toUpperCase() + headers.sizeOfImage.toString(16)).toBe(wanted.pe_key);
    expect(headers.entryPoint).toBe(wanted.entry);
    expect(headers.imageBase).toBe(BigInt(wanted.base));
    expect(headers.subsystem).toBe(wanted.subsystem);
    expect(headers.sections.map((s) => [s.name, `0x${s.rva.toString(16)}`, `0x${s.virtualSize.toString(16)}`, `0x${s.characteristics.toString(16)}`])).toEqual(
      wanted.sections,
    );
    // Ahead-of-time compiled .NET images have two records; the oracle names one of them.
    const codeViews = valueOf(readCodeViews(file, headers)) ?? [];
    if (wanted.pdb_key) expect(codeViews.map((record) => codeViewKey(record).toUpperCase())).toContain(wanted.pdb_key.toUpperCase());
    if (wanted.pdb_path) expect(codeViews.map((record) => record.path)).toContain(wanted.pdb_path);
    const exceptions = valueOf(findExceptionDirectory(headers));
    if (headers.arch === 'x64') expect(exceptions?.sizeBytes ?? 0).toBe(Number(wanted.pdata ?? 0));
  });

  it.each(readable.filter(([path]) => corpusHas(`symbols/expect/pe/${path}.headers.txt`)))('%s: exports as llvm-readobj lists them', (path) => {
    const file = open(path);
    const text = new TextDecoder().decode(corpusBytes(`symbols/expect/pe/${path}.headers.txt`));
    const exports = valueOf(readExports(file, file.headers))?.exports ?? [];
    const wanted = text
      .split('\nExport {')
      .slice(1)
      .map((block) => Object.fromEntries([...(block.split('}')[0] ?? '').matchAll(/(\w+): (.*)/g)].map((line) => [line[1], line[2]])))
      // The oracle lists holes of the ordinal table too.
      .filter((entry) => entry['ForwardedTo'] !== undefined || (entry['RVA'] ?? '0x0') !== '0x0');
    expect(new Set(exports.map((entry) => entry.ordinal))).toEqual(new Set(wanted.map((entry) => Number(entry['Ordinal']))));
    const known = new Set(exports.map((entry) => `${entry.ordinal} ${entry.name ?? ''} ${entry.forwarder ?? entry.rva}`));
    for (const entry of wanted) expect(known).toContain(`${entry['Ordinal']} ${entry['Name'] ?? ''} ${entry['ForwardedTo'] ?? Number(entry['RVA'])}`);
  });

  it('gives the same answers from memory as from the file', () => {
    const paths = ['pe/rizin/kernel32.dll', 'pdb/rizin/user32.dll', 'microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys'];
    for (const path of paths) {
      const file = open(path);
      const memory = asMemory(file);
      const image = peInMemory('memory', (at, length) => ({ bytes: memory.subarray(at, at + length) }));
      const headers = readPeHeaders(image);
      if (!headers.ok) throw new Error(path);
      expect(headers.value).toEqual(file.headers);
      expect(readVersion(image, headers.value)).toEqual(readVersion(file, file.headers));
      expect(readCodeView(image, headers.value)).toEqual(readCodeView(file, file.headers));
      expect(readExports(image, headers.value)).toEqual(readExports(file, file.headers));
    }
  });
});
