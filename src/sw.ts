/// <reference lib="webworker" />
/**
 * Everything of the product is stored at installation, in the order of the list (shell first), so that a first dump can be
 * opened without a network. It never parses, and takes over from an older one only when the person asks for it.
 */
import { clientsClaim } from 'workbox-core';
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (string | { url: string; revision: string | null })[] };

const entries = self.__WB_MANIFEST;
let stored = 0;

async function tell(note: unknown): Promise<void> {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true, type: 'window' })) client.postMessage(note);
}

addPlugins([
  {
    handlerDidComplete: async ({ event, error }) => {
      if (event.type !== 'install' || error) return;
      stored += 1;
      await tell({ type: 'STORED', done: stored, of: entries.length });
    },
  },
]);
precacheAndRoute(entries);
registerRoute(new NavigationRoute(createHandlerBoundToURL('index.html')));
cleanupOutdatedCaches();
clientsClaim();

self.addEventListener('message', (event) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});
