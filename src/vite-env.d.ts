/// <reference types="vite/client" />
declare const __PUBLIC_URL__: string;
declare const __PROXY_BASE__: string;

interface LaunchParams {
  readonly files: readonly FileSystemFileHandle[];
}
interface Window {
  readonly launchQueue?: { setConsumer(consumer: (params: LaunchParams) => void): void };
}
interface BeforeInstallPromptEvent extends Event {
  prompt(): Promise<void>;
}
