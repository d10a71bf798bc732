/** One request, tried again where that may help. */
import type { ByteRange, Effects, FetchResult, StopSignal } from './effects.ts';
import type { NoiseLog } from './noise.ts';

const RETRY_MS = [1000, 4000];
const RETRY_STATUS = new Set([429, 500, 502, 503, 504]);

export interface GetContext {
  readonly effects: Effects;
  readonly noise: NoiseLog;
  readonly stop: StopSignal;
  onProgress(done: number, of: number | null): void;
}

export interface GetRetry {
  readonly context: GetContext;
  readonly maxBytes: number;
  readonly range?: ByteRange;
  accept(first: Uint8Array): boolean;
}

export async function getWithRetry(url: string, { context, maxBytes, range, accept }: GetRetry): Promise<FetchResult> {
  const { network, clock } = context.effects;
  if (!network) return { ended: 'unreachable', detail: 'no network in this session' };
  for (let attempt = 0; ; attempt++) {
    const onProgress = (done: number, of: number | null): void => context.onProgress(done, of);
    const result = await network.get(url, { maxBytes, accept, stop: context.stop, onProgress, ...(range ? { range } : {}) });
    const wait = RETRY_MS[attempt];
    if (wait === undefined || !worthRetrying(result) || !network.online()) return result;
    context.noise.said(`retry ${attempt + 1}`);
    await clock.sleep(wait * (0.75 + clock.random() / 2));
    if (context.stop.stopped) return { ended: 'stopped', detail: 'cancelled' };
  }
}

function worthRetrying(result: FetchResult): boolean {
  if (result.ended === 'answer') return RETRY_STATUS.has(result.status) && result.proxyCode !== 'REDIRECT_REFUSED' && result.proxyCode !== 'TOO_LARGE';
  return result.ended === 'unreachable' || result.ended === 'cut' || result.ended === 'timeout';
}
