/** SourceLink: a map from paths of the build to addresses (github.com/dotnet/designs, accepted/2020/diagnostics/source-link.md). */
import { type Found, found, missing, notValid } from '../../base/found.ts';

/** Streams are named "sourcelink", or "sourcelink$1" and so on where several object files brought one. */
export const SOURCE_LINK_STREAM = /^sourcelink(\$\d+)?$/;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function parseDocuments(json: string): Found<readonly (readonly [string, string])[]> {
  try {
    const parsed: unknown = JSON.parse(json.replace(/^\ufeff/, ''));
    const documents = isRecord(parsed) ? parsed['documents'] : undefined;
    if (!isRecord(documents)) return notValid('SourceLink', 'no documents', 'a map of documents');
    return found(Object.entries(documents).flatMap(([path, url]) => (typeof url === 'string' ? [[path, url] as const] : [])));
  } catch {
    return notValid('SourceLink', `${json.length} characters`, 'JSON');
  }
}

/** The part of a path that a `*` stands for, as part of an address. */
const escapedRest = (rest: string): string =>
  rest
    .split(/[\\/]/)
    .map((part) => encodeURIComponent(part))
    .join('/');

/** The address of `file`: an exact entry first, else the longest path that ends with `*`. */
export function urlBySourceLink(json: string, file: string): Found<string> {
  const documents = parseDocuments(json);
  if (!documents.ok) return documents;
  const wanted = file.toLowerCase();
  const exact = documents.value.find(([path]) => path.toLowerCase() === wanted);
  if (exact) return found(exact[1]);
  const matches = documents.value.filter(([path]) => path.endsWith('*') && wanted.startsWith(path.slice(0, -1).toLowerCase()));
  const [path, url] = matches.sort((a, b) => b[0].length - a[0].length)[0] ?? [];
  if (path === undefined || url === undefined) return missing({ why: 'stream-absent', stream: `SourceLink entry for ${file}` });
  return found(url.replace('*', () => escapedRest(file.slice(path.length - 1))));
}
