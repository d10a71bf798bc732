/** The symbol worker: one for all tabs' dumps of this page. */
import * as Comlink from 'comlink';
import { SymbolEngine } from '../api/symbolengine.ts';
import { browserSymbolWorld } from '../worlds/browser/symbolworld.ts';

function release(callback: object): void {
  if (Comlink.releaseProxy in callback) (callback as Comlink.Remote<object>)[Comlink.releaseProxy]();
}

Comlink.expose(new SymbolEngine(browserSymbolWorld(release)));
