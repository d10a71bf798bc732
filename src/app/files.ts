/** Files out of drops, pickers and folders. Only names are looked at here; what a file is, its bytes tell the engine. */
const DUMPISH = /\.(dmp|mdmp|hdmp|zip|gz|cab|7z|rar)$/i;

const SYMBOLISH = /\.(pdb|exe|dll|sys|pd_|ex_|dl_|sy_|sym)$/i;

export const isSymbolFile = (file: File): boolean => SYMBOLISH.test(file.name);

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

async function walk(entry: FileSystemEntry, depth: number, wanted: (file: File) => boolean): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    return depth === 0 || wanted(file) ? [file] : [];
  }
  if (!entry.isDirectory || depth > 8) return [];
  const found: File[] = [];
  for (const child of await readAll((entry as FileSystemDirectoryEntry).createReader())) found.push(...(await walk(child, depth + 1, wanted)));
  return found;
}

/** A single dropped file is taken whatever its name; of folders only what may hold a dump. */
export async function filesOfDrop(data: DataTransfer, also: (file: File) => boolean): Promise<File[]> {
  const plain = [...data.files];
  // The items are void after the first await, so all entries are taken at once.
  const entries = [...data.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry) found.push(...(await walk(entry, 0, (file) => DUMPISH.test(file.name) || also(file))));
  return found;
}

export function filesOfFolder(list: FileList): File[] {
  return [...list].filter((file) => DUMPISH.test(file.name));
}
