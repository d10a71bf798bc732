/** Service worker, installation and files handed over by the system. */
import { trustedScript } from '../engine/trusted.ts';
import { filesOfHandles, type Taken } from './files.ts';

const canHandleFiles = 'launchQueue' in window;

class Install {
  stored = $state.raw<{ readonly done: number; readonly of: number } | null>(null);
  offlineReady = $state(false);
  updateWaiting = $state(false);
  online = $state(navigator.onLine);
  prompt = $state.raw<BeforeInstallPromptEvent | null>(null);
  installed = $state(matchMedia('(display-mode: standalone)').matches);
  readonly canHandleFiles = canHandleFiles;
  #update: () => void = () => undefined;

  start(onFiles: (taken: Taken) => void): void {
    addEventListener('online', () => (this.online = true));
    addEventListener('offline', () => (this.online = false));
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.prompt = event as BeforeInstallPromptEvent;
    });
    addEventListener('appinstalled', () => {
      this.installed = true;
      this.prompt = null;
    });
    window.launchQueue?.setConsumer((params) => void (params.files.length > 0 && filesOfHandles(params.files).then(onFiles)));
    if (import.meta.env.PROD && 'serviceWorker' in navigator) void this.#register();
  }

  /** Asked for by the person, never by itself: a running analysis is not interrupted. */
  update(): void {
    this.#update();
  }

  async #register(): Promise<void> {
    const { Workbox } = await import('workbox-window');
    const workbox = new Workbox(trustedScript(new URL('sw.js', document.baseURI).href));
    this.offlineReady = navigator.serviceWorker.controller !== null;
    workbox.addEventListener('message', (event) => {
      const note = event.data as { type?: string; done?: number; of?: number } | null;
      if (note?.type === 'STORED') this.stored = { done: note.done ?? 0, of: note.of ?? 0 };
    });
    workbox.addEventListener('activated', () => {
      this.stored = null;
      this.offlineReady = true;
    });
    workbox.addEventListener('waiting', () => {
      this.stored = null;
      this.updateWaiting = true;
    });
    this.#update = () => {
      workbox.addEventListener('controlling', () => location.reload());
      workbox.messageSkipWaiting();
    };
    try {
      await workbox.register();
    } catch (refused) {
      console.info('Offline use is not possible here:', refused);
    }
  }
}

export const install = new Install();
