/** Images of the corpus with what llvm-readobj --unwind says of them: the texts lie under expect/pe by the image's stored path. */
import { ArraySource } from '../../bytes/source.ts';
import { openPeFile, type PeFile } from '../../formats/pe/file.ts';
import { corpusBytes, corpusHas, corpusJson, hasCorpus } from './corpus.ts';

export interface UnwoundImage {
  readonly path: string;
  readonly text: string;
  readonly file: PeFile;
}

/** Paths of the symbol corpus's files, below symbols/. */
export function storedPaths(): string[] {
  if (!hasCorpus) return [];
  const manifest = JSON.stringify(corpusJson<unknown>('symbols/MANIFEST.json'));
  return [...new Set([...manifest.matchAll(/"stored":\s*"([^"]+)"/g)].map((match) => (match[1] ?? '').replace(/\.gz$/, '').replace(/^symbols\//, '')))];
}

/** `arch` as llvm-readobj writes it: x86_64, aarch64, arm. */
export function unwoundImages(arch: string): UnwoundImage[] {
  return storedPaths().flatMap((path): UnwoundImage[] => {
    const expectation = `symbols/expect/pe/${path}.unwind.txt`;
    if (!corpusHas(expectation) || !corpusHas(`symbols/${path}`)) return [];
    const text = new TextDecoder().decode(corpusBytes(expectation));
    if (!text.includes(`Arch: ${arch}\n`)) return [];
    const file = openPeFile(new ArraySource(corpusBytes(`symbols/${path}`), path));
    if (!file.ok) throw new Error(path);
    return [{ path, text, file: file.value }];
  });
}

/** Every image of the corpus for a processor. */
export function imagesOf(arch: 'x64' | 'arm64'): { readonly path: string; readonly file: PeFile }[] {
  return storedPaths()
    .filter((path) => /\.(exe|dll|sys|node)$/.test(path) && corpusHas(`symbols/${path}`))
    .flatMap((path) => {
      const file = openPeFile(new ArraySource(corpusBytes(`symbols/${path}`), path));
      return file.ok && file.value.headers.arch === arch ? [{ path, file: file.value }] : [];
    });
}

/** The text of each RUNTIME_FUNCTION, in the order of the table. */
export const functionTexts = (text: string): string[] => text.split('  RuntimeFunction {\n').slice(1);
