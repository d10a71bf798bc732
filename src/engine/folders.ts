/** Picking a folder of the disk, by the browser's own dialog where it gives handles; elsewhere a folder input lists its files. */

interface Permitted extends FileSystemDirectoryHandle {
  requestPermission?(options: { readonly mode: 'read' }): Promise<PermissionState>;
}
interface Picker {
  showDirectoryPicker?(options: { readonly mode: 'read' }): Promise<FileSystemDirectoryHandle>;
}

export function hasFolderDialog(): boolean {
  return 'showDirectoryPicker' in window;
}

/** Null where the person closed the dialog, or the browser keeps that folder from pages. */
export async function pickHandle(): Promise<FileSystemDirectoryHandle | null> {
  try {
    return (await (window as Picker).showDirectoryPicker?.({ mode: 'read' })) ?? null;
  } catch (thrown) {
    if (thrown instanceof DOMException) return null;
    throw thrown;
  }
}

/** After a click: the browser may ask the person. */
export async function askLeave(handle: unknown): Promise<void> {
  if (handle instanceof FileSystemDirectoryHandle) await (handle as Permitted).requestPermission?.({ mode: 'read' });
}

/** Paths from the picked folder on, without its own name. */
export function listedFiles(files: readonly File[]): { readonly path: string; readonly file: File }[] {
  return files.map((file) => ({ path: file.webkitRelativePath.split('/').slice(1).join('/') || file.name, file }));
}
