import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CACHE_FOREVER, cacheControl, contentSecurityPolicy, siteHeaders } from './headers.mjs';
import { LIMITS } from './limits.mjs';
import { createSymbolProxy } from './proxy.mjs';
import { SERVERS } from './servers.mjs';
import { readStorePath } from './storepath.mjs';

const root = join(import.meta.dirname, '..', '..');
const deploy = readFileSync(join(root, 'docs', 'DEPLOY.md'), 'utf8');

describe('headers', () => {
  it('stand in DEPLOY.md word for word, in the list and for each host', () => {
    for (const [name, value] of Object.entries(siteHeaders())) {
      expect(deploy, name).toContain(`\n${name}: ${value}\n`);
      expect(deploy, name).toMatch(new RegExp(`add_header ${name} "?${escape(value)}"? always;`));
      expect(deploy, name).toMatch(new RegExp(`\\n {6}${name} "?${escape(value)}"?\\n`));
      expect(deploy, name).toContain(`\n  ${name}: ${value}\n`);
    }
    expect(deploy.split(CACHE_FOREVER).length).toBe(5);
  });
  it('let a page reach its own origin only, unless a proxy stands elsewhere', () => {
    expect(contentSecurityPolicy()).toContain("connect-src 'self';");
    expect(contentSecurityPolicy({ connect: ['https://symbols.example'] })).toContain("connect-src 'self' https://symbols.example;");
    expect(contentSecurityPolicy({ meta: true })).not.toContain('frame-ancestors');
    expect(contentSecurityPolicy()).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|http:/);
  });
  it('keep only hashed files', () => {
    expect([cacheControl('/assets/a-1.js'), cacheControl('/sw.js'), cacheControl('/')]).toEqual([CACHE_FOREVER, 'no-cache', 'no-cache']);
  });
});

describe('the proxy’s list', () => {
  it('is of https servers with ids of their own, known files in store form', () => {
    expect(() => createSymbolProxy()).not.toThrow();
    expect(new Set(SERVERS.map(({ id }) => id)).size).toBe(SERVERS.length);
    for (const { id, url, known } of SERVERS) {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      expect(url).toMatch(/^https:\/\/[^?#]+[^/]$/);
      if (known !== undefined) expect(readStorePath(known)).toBe(known);
    }
  });
  it('has caps that DEPLOY.md names', () => {
    expect([LIMITS.maxBytes, LIMITS.idleMs, LIMITS.parallel]).toEqual([2 ** 30, 30_000, 48]);
    expect(deploy).toContain('1 GiB a file, 30 s without a byte, 48 at a time');
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
