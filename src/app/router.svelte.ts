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

class Router {
  route = $state.raw<Route>(parseFragment(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.route = parseFragment(location.hash)));
  }
  /** The fragment of a view of the same dump: with several open, `d` names it. */
  link(view: string, params: Params = {}): string {
    const dump = this.route.params['d'];
    return fragmentOf(view, dump === undefined ? params : { d: dump, ...params });
  }
  go(view: string, params: Params = {}): void {
    location.hash = this.link(view, params);
  }
  /** Changes the present state without a new step for Back: typing in a filter, not a jump. */
  replace(view: string, params: Params = {}): void {
    history.replaceState(history.state, '', this.link(view, params));
    this.route = parseFragment(location.hash);
  }
}

export const router = new Router();
