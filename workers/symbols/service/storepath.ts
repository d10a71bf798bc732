/**
 * Where a symbol store holds a file: `file/key/file`, the last letter replaced by `_` where compressed, `file.ptr` where it only
 * points on, and the first two letters of the file in front in a two-tier store ("SymStore folder tree" and "Using SymStore").
 */
import type { Want } from './want.ts';

export type Shape = 'plain' | 'compressed' | 'pointer';
export const ALL_SHAPES: readonly Shape[] = ['plain', 'compressed', 'pointer'];

export interface StorePlace {
  readonly shape: Shape;
  /** Parts from the root, not yet encoded. */
  readonly parts: readonly string[];
}

export function compressedName(file: string): string {
  return `${file.slice(0, -1)}_`;
}

/** In the order symsrv asks: the file, compressed, the pointer. All names of one shape before the next. */
export function placesOf(want: Want, shapes: readonly Shape[], twoTier: boolean): StorePlace[] {
  return shapes.flatMap((shape) =>
    want.names.map((file) => {
      const last = shape === 'plain' ? file : shape === 'compressed' ? compressedName(file) : 'file.ptr';
      return { shape, parts: [...(twoTier ? [file.slice(0, 2)] : []), file, want.key, last] };
    }),
  );
}

export function urlOf(root: string, parts: readonly string[]): string {
  return [root.replace(/\/+$/, ''), ...parts.map(encodeURIComponent)].join('/');
}

export type Pointer = { readonly to: 'parts'; readonly parts: readonly string[] } | { readonly to: 'elsewhere'; readonly said: string };

/**
 * A `file.ptr` holds one line: `PATH:` and where the file lies, or `MSG:` and words for the person. A path below the same store
 * can be followed; a share or another host cannot, from here.
 */
export function readPointer(text: string, storeUrl: string): Pointer {
  const line =
    text
      .slice(0, 2048)
      .split(/[\r\n]/, 1)[0]
      ?.trim() ?? '';
  const said = line.replace(/^(PATH|MSG):\s*/i, '');
  const root = `${storeUrl.replace(/\/+$/, '')}/`;
  if (!/^PATH:/i.test(line) || !said.toLowerCase().startsWith(root.toLowerCase())) return { to: 'elsewhere', said: line };
  const parts = said.slice(root.length).split('/');
  return parts.length >= 3 && parts.every((part) => part !== '' && !/^\.+$/.test(part)) ? { to: 'parts', parts } : { to: 'elsewhere', said: line };
}
