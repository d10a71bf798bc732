/** WinDbg's names for modules. */

/** Kernel images of every flavour are "nt" to the debugger (WinDbg help, "Standard symbol names"). */
const KERNEL_IMAGES: ReadonlySet<string> = new Set(['ntoskrnl', 'ntkrnlmp', 'ntkrnlpa', 'ntkrpamp']);

/** File name without its path; `\` and `/` both separate. */
export function fileNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);
}

/** The name that stands in front of `!`: no path, no extension, and `_` for every character a symbol name cannot hold. */
export function windbgName(path: string): string {
  const file = fileNameOf(path);
  const dot = file.lastIndexOf('.');
  const stem = dot > 0 ? file.slice(0, dot) : file;
  return KERNEL_IMAGES.has(stem.toLowerCase()) ? 'nt' : stem.replace(/[^A-Za-z0-9_$@?]/g, '_');
}

/** "dump_storport.sys", "hiber_storport.sys": a copy of the driver that writes the dump or the hibernation file, no driver of its own. */
export const isCrashCopy = (image: string): boolean => /^(dump|hiber)_/i.test(fileNameOf(image));
