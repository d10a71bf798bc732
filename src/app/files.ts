/** Files out of drops, pickers and folders. Only names are looked at here; what a file is, its bytes tell the engine. */
const DUMPISH = /\.(dmp|mdmp|hdmp|zip|gz|cab|7z|rar)$/i;

function readAll(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((done, fail) => {
    const all: FileSystemEntry[] = [];
    // readEntries gives at most 100 at a time and an empty list at the end.
    const more = (): void =>
      reader.readEntries((some) => {
        if (some.length === 0) return done(all);
        all.push(...some);
        more();
      }, fail);
    more();
  });
}

async function walk(entry: FileSystemEntry, depth: number): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    return depth === 0 || DUMPISH.test(file.name) ? [file] : [];
  }
  if (!entry.isDirectory || depth > 8) return [];
  const found: File[] = [];
  for (const child of await readAll((entry as FileSystemDirectoryEntry).createReader())) found.push(...(await walk(child, depth + 1)));
  return found;
}

/** A single dropped file is taken whatever its name; of folders only what may hold a dump. */
export async function filesOfDrop(data: DataTransfer): Promise<File[]> {
  const plain = [...data.files];
  // The items are void after the first await, so all entries are taken at once.
  const entries = [...data.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry) found.push(...(await walk(entry, 0)));
  return found;
}

export function filesOfFolder(list: FileList): File[] {
  return [...list].filter((file) => DUMPISH.test(file.name));
}
