import { fragmentOf, parseFragment, type Params, type Route } from './fragment.ts';

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
