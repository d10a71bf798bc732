/** Files out of drops, pickers and folders. Only names are looked at here; what a file is, its bytes tell the engine. */
const DUMPISH = /\.(dmp|mdmp|hdmp|zip|gz|cab|7z|rar)$/i;

const SYMBOLISH = /\.(pdb|exe|dll|sys|pd_|ex_|dl_|sy_|sym)$/i;

const SOURCEISH = /\.(c|cc|cpp|cxx|c\+\+|h|hh|hpp|hxx|inl|ipp|rs|cs|asm|s|go|swift|m|mm|pas|d|zig)$/i;

/** Folders nest no deeper where dumps are kept. */
const MAX_DEPTH = 8;

export const isSymbolFile = (file: File): boolean => SYMBOLISH.test(file.name);
export const isSourceFile = (file: File): boolean => SOURCEISH.test(file.name);

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

/** Files that could be had, and the names of files and folders that the browser was not allowed to open. */
export interface Taken {
  readonly files: File[];
  readonly refused: string[];
}

/** Windows keeps folders such as C:\Windows\Minidump from the browser: what cannot be opened is named, the rest is taken. */
async function walk(entry: FileSystemEntry, depth: number, into: Taken & { wanted(file: File): boolean }): Promise<void> {
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
      if (depth === 0 || into.wanted(file)) into.files.push(file);
    } else if (entry.isDirectory && depth <= MAX_DEPTH) {
      for (const child of await readAll((entry as FileSystemDirectoryEntry).createReader())) await walk(child, depth + 1, into);
    }
  } catch (thrown) {
    if (!(thrown instanceof DOMException)) throw thrown;
    into.refused.push(entry.name);
  }
}

/** A single dropped file is taken whatever its name; of folders only what may hold a dump. */
export async function filesOfDrop(data: DataTransfer, also: (file: File) => boolean): Promise<Taken> {
  const plain = [...data.files];
  // The items are void after the first await, so all entries are taken at once.
  const entries = [...data.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry());
  const into = { files: [], refused: [], wanted: (file: File) => DUMPISH.test(file.name) || also(file) };
  if (!entries.some((entry) => entry?.isDirectory)) return { files: plain, refused: [] };
  for (const entry of entries) if (entry) await walk(entry, 0, into);
  return into;
}

/** Files that the system hands over, as by a double-click. */
export async function filesOfHandles(handles: readonly { readonly name: string; getFile(): Promise<File> }[]): Promise<Taken> {
  const taken: Taken = { files: [], refused: [] };
  for (const handle of handles) {
    try {
      taken.files.push(await handle.getFile());
    } catch (thrown) {
      if (!(thrown instanceof DOMException)) throw thrown;
      taken.refused.push(handle.name);
    }
  }
  return taken;
}

export function filesOfFolder(list: FileList): File[] {
  return [...list].filter((file) => DUMPISH.test(file.name));
}
