/**
 * The response headers of the page, in one table: used by the server here, by docs/DEPLOY.md (checked by a test) and by the build,
 * which puts the same policy into a meta tag for hosts that set no headers.
 */

/** Trusted Types policies that the bundles create. Anything else that makes a script address or HTML from a string is refused. */
const TRUSTED_TYPES = ['svelte-trusted-html', 'faultline-worker'];

/**
 * @param {{meta?: boolean, connect?: readonly string[]}} [options] `connect`: origins of a symbol proxy that stands elsewhere;
 *   `meta`: for a meta tag, where frame-ancestors has no meaning.
 */
export function contentSecurityPolicy({ meta = false, connect = [] } = {}) {
  const directives = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["connect-src 'self'", ...connect].join(' '),
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    ...(meta ? [] : ["frame-ancestors 'none'"]),
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES.join(' ')}`,
  ];
  return directives.join('; ');
}

const DENIED = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
];

/** For every file, pages and workers alike: a worker takes its policy from its own answer. */
export function siteHeaders(options = {}) {
  return {
    'Content-Security-Policy': contentSecurityPolicy(options),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': DENIED.map((name) => `${name}=()`).join(', '),
  };
}

export const CACHE_FOREVER = 'public, max-age=31536000, immutable';
const CACHE_ASK = 'no-cache';

/** Files under /assets carry a hash of their content in their name; all others are asked for anew. */
export function cacheControl(path) {
  return path.startsWith('/assets/') ? CACHE_FOREVER : CACHE_ASK;
}
