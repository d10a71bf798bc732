/**
 * The symbol servers this site may ask, by id: the whole allow-list of the proxy. An operator adds an entry here.
 *
 * `url`        root of the store, without a slash at its end; https only.
 * `redirectTo` hosts to which that server may send us on; `*.` stands for any one or more labels. Its own host is always allowed.
 * `vendor`     whose files it holds; it is not asked for modules that are plainly another maker's, unless the person wishes it. Absent: anybody's.
 * `shapes`     which of plain, compressed, pointer, sym (Breakpad) it may hold, in the order of asking; absent: the first three. Each costs a request for every file it lacks.
 * `layout`     'flat' where it is known to have one tier; absent: it is asked for index2.txt once.
 * `known`      a file that is known to be there, for `npm run check:live`; absent where none is known (then any answer of the store counts).
 *
 * Facts and how sure they are: Microsoft's redirect to *.blob.core.windows.net is seen in MicrosoftDocs/windows-driver-docs#1966;
 * the other roots are those that public symbol paths name. `npm run check:live` shows which of them answer today.
 */
export const SERVERS = [
  {
    id: 'microsoft',
    name: 'Microsoft',
    url: 'https://msdl.microsoft.com/download/symbols',
    redirectTo: ['*.blob.core.windows.net'],
    vendor: 'microsoft',
    shapes: ['plain', 'compressed'],
    layout: 'flat',
    known: 'ntkrnlmp.pdb/E9BEBA2FE31582704229E51F816084331/ntkrnlmp.pdb',
  },
  { id: 'nvidia', name: 'NVIDIA', url: 'https://driver-symbols.nvidia.com', redirectTo: ['*.nvidia.com'], vendor: 'nvidia' },
  { id: 'amd', name: 'AMD', url: 'https://download.amd.com/dir/bin', redirectTo: ['*.amd.com'], vendor: 'amd' },
  { id: 'intel', name: 'Intel', url: 'https://software.intel.com/sites/downloads/symbols', redirectTo: ['*.intel.com'], vendor: 'intel' },
  { id: 'citrix', name: 'Citrix', url: 'https://ctxsym.citrix.com/symbols', redirectTo: ['*.citrix.com'], vendor: 'citrix' },
  {
    id: 'mozilla',
    name: 'Mozilla',
    url: 'https://symbols.mozilla.org',
    redirectTo: ['storage.googleapis.com'],
    vendor: 'mozilla',
    shapes: ['sym', 'compressed'],
    layout: 'flat',
  },
  {
    id: 'chromium',
    name: 'Chromium',
    url: 'https://chromium-browser-symsrv.commondatastorage.googleapis.com',
    redirectTo: ['storage.googleapis.com'],
    vendor: 'google',
  },
  { id: 'electron', name: 'Electron', url: 'https://symbols.electronjs.org', redirectTo: [], shapes: ['sym', 'plain'], layout: 'flat' },
  { id: 'unity', name: 'Unity', url: 'https://symbolserver.unity3d.com', redirectTo: [], shapes: ['plain', 'compressed'], layout: 'flat' },
];
