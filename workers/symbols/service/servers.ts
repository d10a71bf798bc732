/** The servers that may come into question, the symbol path that chooses among them, and what the person has agreed to. */
import type { SymbolStore } from './effects.ts';
import { ALL_SHAPES, type Shape, SYMSTORE_SHAPES } from './storepath.ts';
import { parseSymbolPath, PATH_KINDS, type PathKind, sameUrl, type SymbolPath } from './sympath.ts';

export interface ServerDef {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /** The store's own root: what a symbol path calls it. */
  readonly url: string;
  /** 'any', or whose files it holds. */
  readonly vendor: string;
  readonly shapes?: readonly Shape[];
  /** 'flat' where the store is known to have one tier; else `index2.txt` is asked for once. */
  readonly layout?: 'flat' | 'ask';
}

export type Consent = 'not-asked' | 'given' | 'refused';

/** A text of the page and what is put into it. */
export interface TextRef {
  readonly id: string;
  readonly args: Readonly<Record<string, string | number>>;
}

export interface ServerView {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly url: string;
  readonly consent: Consent;
  readonly inPath: boolean;
  /** Asked without the proxy in between: works only where that server lets a page read its answers. */
  readonly direct: boolean;
  /** What the person agrees to, in order. */
  readonly says: readonly TextRef[];
}

const DEFAULT_PATH = 'srv*';
const DEFAULT_SERVERS = ['microsoft'];
const CONSENT = 'consent';
/** Under which name each path is stored. */
const STORED_AS: Readonly<Record<PathKind, string>> = { symbols: 'path', images: 'image-path', sources: 'source-path' };

export interface Server extends ServerDef {
  readonly root: string;
  readonly direct: boolean;
}

export function shapesOf(server: ServerDef): readonly Shape[] {
  return server.shapes ?? SYMSTORE_SHAPES;
}

export class ServerBook {
  readonly #store: SymbolStore;
  readonly #proxyBase: string | null;
  #listed: readonly ServerDef[] = [];
  #consents: Record<string, Consent> = {};
  readonly #paths: Record<PathKind, SymbolPath> = { symbols: parseSymbolPath(DEFAULT_PATH), images: parseSymbolPath(''), sources: parseSymbolPath('') };

  constructor(store: SymbolStore, proxyBase: string | null) {
    this.#store = store;
    this.#proxyBase = proxyBase;
  }

  async load(): Promise<void> {
    const consents = await this.#store.readValue(CONSENT);
    if (isRecord(consents)) for (const [id, value] of Object.entries(consents)) if (value === 'given' || value === 'refused') this.#consents[id] = value;
    for (const of of PATH_KINDS) {
      const path = await this.#store.readValue(STORED_AS[of]);
      if (typeof path === 'string') this.#paths[of] = parseSymbolPath(path);
    }
  }

  setListed(servers: readonly ServerDef[]): void {
    this.#listed = servers;
  }
  get paths(): Readonly<Record<PathKind, SymbolPath>> {
    return this.#paths;
  }
  async setPath(of: PathKind, text: string): Promise<void> {
    this.#paths[of] = parseSymbolPath(text);
    await this.#store.writeValue(STORED_AS[of], text);
  }

  consentOf(id: string): Consent {
    return this.#consents[id] ?? 'not-asked';
  }
  async setConsent(id: string, consent: Consent): Promise<void> {
    this.#consents = { ...this.#consents, [id]: consent };
    await this.#store.writeValue(CONSENT, this.#consents);
  }

  /** Servers of the path in its order. A server that the proxy does not list is asked directly, if at all. */
  ofPath(): Server[] {
    const servers = this.#paths.symbols.elements.flatMap((element): Server[] => {
      if (element.kind === 'server') return [this.#byUrl(element.url)];
      return element.kind === 'default-servers' ? this.#defaults() : [];
    });
    return servers.filter((server, index) => servers.findIndex((other) => other.id === server.id) === index);
  }

  /** All that can be named: those of the path, then the others of the list. */
  all(): { readonly server: Server; readonly inPath: boolean }[] {
    const inPath = this.ofPath();
    const others = this.#listed.filter((listed) => !inPath.some((server) => server.id === listed.id)).map((listed) => this.#known(listed));
    return [...inPath.map((server) => ({ server, inPath: true })), ...others.map((server) => ({ server, inPath: false }))];
  }

  #defaults(): Server[] {
    const preset = this.#listed.filter((listed) => DEFAULT_SERVERS.includes(listed.id));
    return (preset.length > 0 ? preset : this.#listed.slice(0, 1)).map((listed) => this.#known(listed));
  }
  #known(listed: ServerDef): Server {
    const proxied = this.#proxyBase !== null;
    return { ...listed, direct: !proxied, root: this.#proxyBase === null ? listed.url : `${this.#proxyBase}/${listed.id}` };
  }
  #byUrl(url: string): Server {
    const listed = this.#listed.find((candidate) => sameUrl(candidate.url, url));
    if (listed) return this.#known(listed);
    const host = url.replace(/^https?:\/\//i, '').split('/')[0] ?? url;
    return { id: `direct:${url.toLowerCase()}`, name: host, host, url, vendor: 'any', direct: true, root: url };
  }
}

/** Whether a server can have a module of this maker. An unknown maker may be anybody's. */
export function mayHold(server: ServerDef, maker: string | null): boolean {
  return server.vendor === 'any' || maker === null || maker === server.vendor;
}

/** 1,090 files of a Windows installation came to 186 MB in a public measurement (nefarius/WinDbgSymbolsCachingProxy, README); the kernel's image and PDB have about 12 MB each. */
const ABOUT_BYTES = 180_000;
const ABOUT_KERNEL_BYTES = 12_000_000;

export interface Expected {
  readonly files: number;
  readonly kernelFiles: number;
}

/** Whose network address the server sees. A proxy on loopback is the person's own computer. */
function wayOf(server: Server): string {
  if (server.direct) return 'symbols.consent.direct';
  return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/i.test(server.root) ? 'symbols.consent.local' : 'symbols.consent.proxied';
}

export function consentTexts(server: Server, { files, kernelFiles }: Expected): TextRef[] {
  const megabytes = Math.max(1, Math.round(((files - kernelFiles) * ABOUT_BYTES + kernelFiles * ABOUT_KERNEL_BYTES) / 1_000_000));
  return [
    { id: 'symbols.consent.sends', args: { host: server.host, name: server.name } },
    { id: 'symbols.consent.reveals', args: { host: server.host } },
    { id: wayOf(server), args: { host: server.host } },
    { id: 'symbols.consent.size', args: { files, megabytes } },
    { id: 'symbols.consent.without', args: {} },
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The list that the proxy answers with; entries that do not look like one are left out. */
export function readServerList(text: string): ServerDef[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return Array.isArray(list) ? list.slice(0, 100).flatMap(readServerDef) : undefined;
}

function readServerDef(entry: unknown): ServerDef[] {
  if (!isRecord(entry)) return [];
  const { id, name, host, url, vendor, shapes, layout } = entry;
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,40}$/.test(id) || typeof url !== 'string' || typeof host !== 'string') return [];
  const known = Array.isArray(shapes) ? shapes.flatMap((shape: unknown) => ALL_SHAPES.filter((one) => one === shape)) : [];
  return [
    {
      id,
      host,
      url,
      name: typeof name === 'string' ? name : id,
      vendor: typeof vendor === 'string' ? vendor : 'any',
      ...(known.length > 0 ? { shapes: known } : {}),
      ...(layout === 'flat' ? { layout } : {}),
    },
  ];
}
