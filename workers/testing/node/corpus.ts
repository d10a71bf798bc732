/**
 * Finds the corpus of real files. Tests that need it skip aloud where it is not there; nothing of it stands in the repository.
 * `FAULTLINE_CORPUS`, by default `../shared/corpus` beside the checkout.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const corpusRoot = process.env['FAULTLINE_CORPUS'] ?? join(root, '..', 'shared', 'corpus');
export const hasCorpus = existsSync(corpusRoot);
if (!hasCorpus) console.warn(`SKIPPED: no corpus at FAULTLINE_CORPUS; cases on real files are not run`);

/** The bytes of `path` below the corpus; `path` and `path.gz` are read alike. */
export function corpusBytes(path: string): Uint8Array {
  const plain = join(corpusRoot, path);
  if (existsSync(plain)) return new Uint8Array(readFileSync(plain));
  return new Uint8Array(gunzipSync(readFileSync(`${plain}.gz`)));
}

export function corpusJson<T>(path: string): T {
  return JSON.parse(new TextDecoder().decode(corpusBytes(path))) as T;
}

export function corpusHas(path: string): boolean {
  return existsSync(join(corpusRoot, path)) || existsSync(join(corpusRoot, `${path}.gz`));
}

/** Names in a folder of the corpus, without `.gz`, sorted. */
export function corpusList(folder: string): string[] {
  const at = join(corpusRoot, folder);
  return existsSync(at)
    ? readdirSync(at)
        .map((name) => name.replace(/\.gz$/, ''))
        .sort()
    : [];
}
