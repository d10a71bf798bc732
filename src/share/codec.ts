/** `#s1.` + base64url(deflate-raw(canonical JSON)): the summary in a fragment, which browsers send to nobody. */
import type { Summary } from './summary.ts';
import { validateSummary } from './validate.ts';

export const PREFIX = 's1.';
export const MAX_FRAGMENT = 8 * 1024;
const MAX_INFLATED = 128 * 1024;

export type Decoded =
  { readonly ok: true; readonly summary: Summary } | { readonly ok: false; readonly why: 'version' | 'damaged' | 'too-large' | 'not-valid' };

/** Keys in order, so that equal summaries make equal links. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

type Inflated = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly why: 'damaged' | 'too-large' };

/** Stops at the cap, whatever a hostile link would grow to. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Inflated> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > MAX_INFLATED) {
        void reader.cancel();
        return { ok: false, why: 'too-large' };
      }
      chunks.push(value);
    }
  } catch (thrown) {
    // The stream throws a TypeError where the data is no deflate stream: that is the link's fault, not ours.
    if (thrown instanceof TypeError || (thrown as { code?: string }).code?.startsWith('Z_')) return { ok: false, why: 'damaged' };
    throw thrown;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return { ok: true, bytes: whole };
}

export async function encodeSummary(summary: Summary): Promise<string> {
  return PREFIX + toBase64Url(await deflate(new TextEncoder().encode(canonicalJson(summary))));
}

/** The longest summary that fits: frames and drivers give way first, from their ends. Says what was left out. */
export async function fitSummary(summary: Summary): Promise<{ readonly summary: Summary; readonly fragment: string; readonly cut: boolean }> {
  let now = summary;
  for (;;) {
    const fragment = await encodeSummary(now);
    if (fragment.length <= MAX_FRAGMENT) return { summary: now, fragment, cut: now !== summary };
    const shorter = shorten(now);
    if (shorter === null) return { summary: now, fragment, cut: true };
    now = shorter;
  }
}

const half = <T>(list: readonly T[]): readonly T[] => list.slice(0, Math.floor(list.length / 2));

function shorten(summary: Summary): Summary | null {
  if (summary.drivers.length > 0) return { ...summary, drivers: half(summary.drivers) };
  if (summary.frames.length > 8) return { ...summary, frames: half(summary.frames) };
  if (summary.evidence.some((row) => row.exact !== '')) return { ...summary, evidence: summary.evidence.map((row) => ({ ...row, exact: '' })) };
  if (summary.evidence.length > 4) return { ...summary, evidence: half(summary.evidence) };
  return summary.frames.length > 0 ? { ...summary, frames: half(summary.frames) } : null;
}

export async function decodeSummary(text: string): Promise<Decoded> {
  if (!text.startsWith(PREFIX)) return { ok: false, why: /^s\d+\./.test(text) ? 'version' : 'damaged' };
  if (text.length > MAX_FRAGMENT) return { ok: false, why: 'too-large' };
  const packed = fromBase64Url(text.slice(PREFIX.length));
  if (!packed) return { ok: false, why: 'damaged' };
  const inflated = await inflate(packed);
  if (!inflated.ok) return inflated;
  const summary = parse(inflated.bytes);
  return summary ? { ok: true, summary } : { ok: false, why: 'not-valid' };
}

function parse(bytes: Uint8Array): Summary | null {
  try {
    return validateSummary(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown);
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof TypeError) return null;
    throw thrown;
  }
}
