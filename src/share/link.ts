/** The address that a link begins with: the configured public one, else where the page was served from, unless that is this computer. */
const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/i;

export function linkBase(publicUrl: string, here: URL): string | null {
  if (publicUrl !== '') return publicUrl.replace(/#.*$/, '');
  if (here.protocol !== 'https:' && here.protocol !== 'http:') return null;
  return LOCAL.test(here.hostname) ? null : `${here.origin}${here.pathname}`;
}
