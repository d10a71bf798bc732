import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { contentSecurityPolicy } from './scripts/server/headers.mjs';

/** The proxy's origin, where one stands elsewhere: the only foreign origin that the page may ask. */
const proxyOrigin = process.env['FAULTLINE_PROXY_ORIGIN'] ?? '';
/** Where the symbol proxy answers, against the page's address; "none" where the site has none. */
const proxyBase = process.env['FAULTLINE_PROXY'] ?? (proxyOrigin ? `${proxyOrigin}/symbols` : './symbols');
/** Where the product is served to the public; share links begin with it. Empty: no links from localhost. */
const publicUrl = process.env['FAULTLINE_PUBLIC_URL'] ?? '';

const policy = contentSecurityPolicy({ meta: true, connect: proxyOrigin ? [proxyOrigin] : [] });

/** The policy stands in the built page only: the development server injects styles that it would refuse. */
function policyMeta(): Plugin {
  return {
    name: 'faultline-policy-meta',
    apply: 'build',
    transformIndexHtml: () => [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy }, injectTo: 'head-prepend' }],
  };
}

/** What is fetched first when the page is installed; the rest follows in the background. */
const SHELL = /(^index\.html$|^assets\/(index|Workbench)-|\.(css|svg|webmanifest)$|^theme\.js$)/;
const rank = (url: string): number => (SHELL.test(url) ? 0 : /\.(wasm|dmp|png)$/.test(url) ? 2 : 1);

export default defineConfig({
  base: './',
  define: { __PUBLIC_URL__: JSON.stringify(publicUrl), __PROXY_BASE__: JSON.stringify(proxyBase === 'none' ? '' : proxyBase) },
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'],
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: 'es' },
  plugins: [
    svelte(),
    policyMeta(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src',
      filename: 'sw.ts',
      injectRegister: false,
      manifest: false,
      injectManifest: {
        rollupFormat: 'iife',
        globPatterns: ['**/*.{html,js,css,svg,png,webmanifest,wasm,json,dmp}'],
        globIgnores: ['sw.js'],
        maximumFileSizeToCacheInBytes: 12 * 2 ** 20,
        manifestTransforms: [(entries) => ({ manifest: entries.sort((a, b) => rank(a.url) - rank(b.url)), warnings: [] })],
      },
    }),
  ],
});
