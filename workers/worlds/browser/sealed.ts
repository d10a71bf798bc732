/**
 * Takes the network away from a worker that reads dumps. On a host that sets no headers a worker inherits no policy
 * (design: page, security and privacy), so the means themselves go; what must be fetched is asked for before.
 */
const MEANS = [
  'fetch',
  'fetchLater',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'WebTransport',
  'EventSource',
  'RTCPeerConnection',
  'importScripts',
  'Worker',
  'SharedWorker',
  'BroadcastChannel',
  'caches',
  'CacheStorage',
  'Cache',
  'FontFace',
  'fonts',
];

export function sealNetwork(scope: object = globalThis): void {
  for (let holder: object | null = scope; holder !== null; holder = Object.getPrototypeOf(holder) as object | null)
    for (const name of MEANS) Reflect.deleteProperty(holder, name);
}
