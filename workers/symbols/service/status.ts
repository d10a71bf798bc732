/** How a download stands. It ends in exactly one of done, failed, cancelled, declined. Plain data. */
import type { SymbolCode } from '../../base/problem.ts';
import type { PutResult } from './effects.ts';
import type { WantKind } from './want.ts';

export type DownloadStatus =
  | { readonly state: 'waiting' }
  /** Nothing was asked yet: the person has not said yes or no to these servers. */
  | { readonly state: 'needs-consent'; readonly servers: readonly string[] }
  | { readonly state: 'downloading'; readonly server: string; readonly done: number; readonly of: number | null }
  | {
      readonly state: 'done';
      readonly origin: string;
      readonly sizeBytes: number;
      /** Of an image only headers and unwind data are here. */
      readonly partial: boolean;
      /** `at-hand`: it lies in a folder or was dropped. Other than 'stored': usable now, gone when the page closes. */
      readonly kept: PutResult | 'at-hand';
    }
  | { readonly state: 'failed'; readonly code: SymbolCode; readonly detail: string }
  | { readonly state: 'cancelled' }
  | { readonly state: 'declined'; readonly detail: string };

export interface Download {
  readonly id: string;
  readonly module: string;
  readonly kind: WantKind;
  readonly file: string;
  readonly key: string;
  readonly status: DownloadStatus;
}

export function isEnded(status: DownloadStatus): boolean {
  return status.state === 'done' || status.state === 'failed' || status.state === 'cancelled' || status.state === 'declined';
}

/** The failure that says most, where several servers or names failed: worth more the nearer it came to a file. */
const TELLING: readonly SymbolCode[] = [
  'MISMATCH',
  'BAD_CAB',
  'BAD_PDB',
  'BAD_PE',
  'TOO_LARGE',
  'HTML_ANSWER',
  'PROXY',
  'OFFLINE',
  'EMPTY_ANSWER',
  'NOT_ON_SERVER',
];

export function moreTelling<F extends { readonly code: SymbolCode }>(a: F | undefined, b: F): F {
  return a && TELLING.indexOf(a.code) <= TELLING.indexOf(b.code) ? a : b;
}
