/**
 * Where a symbol store holds a file: `file/key/file`, the last letter replaced by `_` where compressed, `file.ptr` where it only
 * points on, and the first two letters of the file in front in a two-tier store ("SymStore folder tree" and "Using SymStore").
 */
import type { Want } from './want.ts';

/** `sym`: Breakpad's symbol file in the PDB's place (its store is laid out alike; mozilla-services/tecken, docs/download.rst). */
export type Shape = 'plain' | 'compressed' | 'pointer' | 'sym';
export const ALL_SHAPES: readonly Shape[] = ['plain', 'compressed', 'pointer', 'sym'];
/** What a store may hold where nobody says otherwise. */
export const SYMSTORE_SHAPES: readonly Shape[] = ['plain', 'compressed', 'pointer'];

export interface StorePlace {
  readonly shape: Shape;
  /** Parts from the root, not yet encoded. */
  readonly parts: readonly string[];
}

export function compressedName(file: string): string {
  return `${file.slice(0, -1)}_`;
}

/** A file's own name in each shape. */
const NAMED: Readonly<Record<Shape, (file: string) => string>> = {
  plain: (file) => file,
  compressed: compressedName,
  pointer: () => 'file.ptr',
  sym: (file) => `${file.replace(/\.pdb$/i, '')}.sym`,
};

export function nameIn(shape: Shape, file: string): string {
  return NAMED[shape](file);
}

/** In the order symsrv asks: the file, compressed, the pointer. All names of one shape before the next. */
export function placesOf(want: Want, shapes: readonly Shape[], twoTier: boolean): StorePlace[] {
  const fitting = want.kind === 'pdb' ? shapes : shapes.filter((shape) => shape !== 'sym');
  return fitting.flatMap((shape) =>
    want.names.map((file) => ({ shape, parts: [...(twoTier ? [file.slice(0, 2)] : []), file, want.key, nameIn(shape, file)] })),
  );
}

export function urlOf(root: string, parts: readonly string[]): string {
  return [root.replace(/\/+$/, ''), ...parts.map(encodeURIComponent)].join('/');
}

export type Pointer = { readonly to: 'parts'; readonly parts: readonly string[] } | { readonly to: 'elsewhere'; readonly said: string };

const slashed = (place: string): string => (/^https?:/i.test(place) ? place : place.replaceAll('\\', '/'));

/**
 * A `file.ptr` holds one line: `PATH:` and where the file lies, or `MSG:` and words for the person. A path below the same store
 * (an address or a folder) can be followed; a share or another host cannot, from here.
 */
export function readPointer(text: string, store: string): Pointer {
  const line =
    text
      .slice(0, 2048)
      .split(/[\r\n]/, 1)[0]
      ?.trim() ?? '';
  const said = line.replace(/^(PATH|MSG):\s*/i, '');
  const place = slashed(said);
  const root = `${slashed(store).replace(/\/+$/, '')}/`;
  if (!/^PATH:/i.test(line) || !place.toLowerCase().startsWith(root.toLowerCase())) return { to: 'elsewhere', said: line };
  const parts = place.slice(root.length).split('/');
  return parts.length >= 3 && parts.every((part) => part !== '' && !/^\.+$/.test(part)) ? { to: 'parts', parts } : { to: 'elsewhere', said: line };
}
