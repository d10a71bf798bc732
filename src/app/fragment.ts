/** One state of the page is one fragment: `#/memory?at=fffff803…`. Back is the browser's. */
export type Params = Readonly<Record<string, string>>;
export interface Route {
  readonly view: string;
  readonly params: Params;
  /** A received summary: the fragment is its text. */
  readonly shared: string | null;
}

export function parseFragment(fragment: string): Route {
  const text = fragment.startsWith('#') ? fragment.slice(1) : fragment;
  if (/^s\d+\./.test(text)) return { view: 'shared', params: {}, shared: text };
  const [path = '', query = ''] = text.replace(/^\//, '').split('?', 2);
  return { view: /^[a-z]*$/.test(path) ? path : '', params: Object.fromEntries(new URLSearchParams(query)), shared: null };
}

export function fragmentOf(view: string, params: Params = {}): string {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query ? `?${query}` : ''}`;
}
