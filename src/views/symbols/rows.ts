/** One row a file: what the dump needs, what was asked for, and what else is stored. */
import type { Download, Need, StoredEntry } from '../../../workers/api/symbols.ts';

export interface FileRow {
  readonly id: string;
  /** Empty for a stored file that no open dump needs. */
  readonly module: string;
  readonly kind: string;
  readonly file: string;
  readonly key: string;
  readonly download: Download | undefined;
  readonly stored: StoredEntry | undefined;
}

export function fileRows(needs: readonly Need[], downloads: readonly Download[], entries: readonly StoredEntry[]): FileRow[] {
  const rows = new Map<string, FileRow>();
  const stored = new Map(entries.map((entry) => [entry.key, entry]));
  for (const { id, module, kind, file, key } of needs) rows.set(id, { id, module, kind, file, key, download: undefined, stored: stored.get(id) });
  for (const download of downloads) {
    const { id, module, kind, file, key } = download;
    rows.set(id, { id, module, kind, file, key, download, stored: stored.get(id) });
  }
  for (const entry of entries) {
    if (rows.has(entry.key)) continue;
    const kind = entry.key.startsWith('pdb/') ? 'pdb' : 'image';
    rows.set(entry.key, {
      id: entry.key,
      module: '',
      kind,
      file: entry.name,
      key: entry.key.slice(entry.key.lastIndexOf('/') + 1),
      download: undefined,
      stored: entry,
    });
  }
  return [...rows.values()];
}

export function stateOf({ download, stored }: FileRow): Download['status']['state'] | 'not-asked' | 'stored' {
  return download?.status.state ?? (stored ? 'stored' : 'not-asked');
}

/** Usable until the page closes: the browser had no room for it, or it is larger than the cap. */
export function isUnkept({ download }: FileRow): boolean {
  return download?.status.state === 'done' && download.status.kept === 'quota';
}

/** An image of which its code was not fetched. */
export function isPartial({ download }: FileRow): boolean {
  return download?.status.state === 'done' && download.status.partial;
}

/** True where it can be used now, or as soon as it is asked for. */
export function isAtHand(row: FileRow): boolean {
  return row.stored !== undefined || row.download?.status.state === 'done';
}
