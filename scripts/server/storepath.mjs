/**
 * What a path of a symbol store looks like. Everything else is refused before any server is asked, so that the proxy is of no
 * use for anything but symbols.
 *
 * Layout: `file/key/file` with `file_` compressed (last letter replaced by `_`), `file.ptr`; a two-tier store puts the first two
 * letters of the file in front and says so by an `index2.txt` in its root. Public sources: "Using SymStore" and "SymStore folder
 * tree" in Microsoft's debugger documentation; dotnet/symstore docs/specs/SSQP_Key_Conventions.md.
 */
const KEY = /^[0-9A-Fa-f]{9,64}$/;
// Not in a Windows file name, plus what could change the path or the host when the address is put together again.

const FORBIDDEN = /[\u0000-\u001f\u007f\\/:*?"<>|%#]/;
const MAX_NAME = 128;

function isFileName(name) {
  return name.length > 0 && name.length <= MAX_NAME && !FORBIDDEN.test(name) && !/^\.+$/.test(name) && name === name.trim();
}

function fits(asked, file) {
  const a = asked.toLowerCase();
  const f = file.toLowerCase();
  const stem = f.replace(/\.[^.]*$/, '');
  return a === f || a === `${f.slice(0, -1)}_` || a === 'file.ptr' || a === `${stem}.sym` || a === `${stem}.sy_`;
}

/** The checked path, its parts percent-encoded anew, or undefined. `raw` is what follows the server's id, still encoded. */
export function readStorePath(raw) {
  let parts;
  try {
    parts = raw.split('/').map((part) => decodeURIComponent(part));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
  if (parts.length === 1) return parts[0]?.toLowerCase() === 'index2.txt' ? 'index2.txt' : undefined;
  if (!parts.every(isFileName)) return undefined;
  const tier = parts.length === 4 ? parts[0] : undefined;
  const [file, key, asked] = parts.slice(-3);
  if (parts.length > 4 || file === undefined || key === undefined || asked === undefined) return undefined;
  if (tier !== undefined && tier.toLowerCase() !== file.slice(0, 2).toLowerCase()) return undefined;
  return KEY.test(key) && fits(asked, file) ? parts.map(encodeURIComponent).join('/') : undefined;
}
