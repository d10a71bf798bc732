/** One state of the page is one fragment: `#/memory?at=fffff803…`. Back is the browser's. */
export type Params = Readonly<Record<string, string>>;
export interface Route {
  readonly view: string;
  /** What stands behind the view: `#/code/7e/c0000005` has "7e" and "c0000005". */
  readonly parts: readonly string[];
  readonly params: Params;
  /** A received summary: the fragment is its text. */
  readonly shared: string | null;
}

/** As it was typed where it is no valid escape. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parseFragment(fragment: string): Route {
  const text = fragment.startsWith('#') ? fragment.slice(1) : fragment;
  if (/^s\d+\./.test(text)) return { view: 'shared', parts: [], params: {}, shared: text };
  const [path = '', query = ''] = text.replace(/^\//, '').split('?', 2);
  const [view = '', ...parts] = path.split('/');
  const known = /^[a-z]*$/.test(view);
  return { view: known ? view : '', parts: known ? parts.map(decoded) : [], params: Object.fromEntries(new URLSearchParams(query)), shared: null };
}

export function fragmentOf(view: string, params: Params = {}): string {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query ? `?${query}` : ''}`;
}
