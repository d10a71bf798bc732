/** What is asked of the page's own proxy and of a server once: the list of servers, and whether a store has two tiers. */
import type { Effects, Failure, StopSignal } from './effects.ts';
import { StopSwitch } from './queue.ts';
import { readServerList, type Server, type ServerDef } from './servers.ts';

const LIST_BYTES = 256 * 1024;

export async function fetchServerList({ network }: Effects, base: string): Promise<{ readonly list: readonly ServerDef[] } | { readonly failure: Failure }> {
  const result = await network?.get(`${base}/servers`, {
    maxBytes: LIST_BYTES,
    stop: new StopSwitch(),
    accept: (first) => first[0] === 0x5b,
    onProgress: () => undefined,
  });
  if (!result || result.ended !== 'answer') return { failure: { code: 'OFFLINE', detail: result?.detail ?? 'no network in this session' } };
  const good = result.body && result.status === 200 && result.proxyCode === 'ok';
  const list = readServerList(good ? new TextDecoder('utf-8').decode(result.body.source.readBlock(0, LIST_BYTES)) : '');
  return list ? { list } : { failure: { code: 'PROXY', detail: `this site has no symbol proxy: its answer was ${result.status}` } };
}

export class Tiers {
  readonly #effects: Effects;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  isTwoTier(server: Server, stop: StopSignal): Promise<boolean> {
    const known = this.#known.get(server.id);
    if (known) return known;
    const asked = this.#ask(server, stop);
    this.#known.set(server.id, asked);
    return asked;
  }
  /** Only the file's presence counts; SymStore writes it empty or with one blank. A page in its place does not. */
  async #ask(server: Server, stop: StopSignal): Promise<boolean> {
    const result = await this.#effects.network?.get(`${server.root}/index2.txt`, {
      maxBytes: LIST_BYTES,
      stop,
      accept: (first) => first[0] !== 0x3c,
      onProgress: () => undefined,
    });
    if (result?.ended !== 'answer') this.#known.delete(server.id);
    return result?.ended === 'answer' && result.status === 200 && result.first[0] !== 0x3c && (server.direct || result.proxyCode !== null);
  }
}
