/** The export table: "PE Format", section 6.3. */
import { type Rva, rva } from '../../base/address.ts';
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { viewOf } from '../../bytes/struct.ts';
import { type PeBytes, readPe, readPeStruct, readPeText } from './bytes.ts';
import { type DataDirectory, findDirectory, type PeHeaders } from './headers.ts';
import { IMAGE_EXPORT_DIRECTORY } from './layouts.ts';

/** Ordinals have 16 bits. */
const MAX_FUNCTIONS = 0x1_0000;
const MAX_NAME = 4096;
/** Names may share their bytes; this bounds what a broken table can make of them. */
const MAX_NAME_BYTES = 16 * 1024 * 1024;

export interface PeExport {
  /** Biased by the table's base, as `dumpbin /exports` shows it. */
  readonly ordinal: number;
  readonly rva: Rva;
  /** Absent where it is exported by ordinal alone. */
  readonly name?: string;
  /** "NTDLL.RtlAllocateHeap": then `rva` is the place of this text, not of code. */
  readonly forwarder?: string;
}

export interface ExportTable {
  readonly dllName: Found<string>;
  readonly exports: readonly PeExport[];
}

export function readExports(image: PeBytes, headers: PeHeaders): Found<ExportTable> {
  const directory = findDirectory(headers, 'export');
  if (!directory) return missing({ why: 'stream-absent', stream: 'export table' });
  const table = readPeStruct(IMAGE_EXPORT_DIRECTORY, image, directory.rva);
  if (!table.ok) return table;
  const { numberOfFunctions, numberOfNames, addressOfFunctions, addressOfNames, addressOfNameOrdinals } = table.value;
  if (numberOfFunctions > MAX_FUNCTIONS || numberOfNames > MAX_FUNCTIONS) {
    return notValid('export table', `${numberOfFunctions} functions, ${numberOfNames} names`, 'at most 65536 of each');
  }
  const functions = readPe(image, addressOfFunctions, numberOfFunctions * 4);
  const names = readPe(image, addressOfNames, numberOfNames * 4);
  const ordinals = readPe(image, addressOfNameOrdinals, numberOfNames * 2);
  if (!functions.ok) return functions;
  const named = names.ok && ordinals.ok ? readNames(image, viewOf(names.value), viewOf(ordinals.value)) : new Map<number, string[]>();
  const exports: PeExport[] = [];
  const view = viewOf(functions.value);
  for (let index = 0; index < numberOfFunctions; index++) {
    const at = view.getUint32(index * 4, true);
    if (at !== 0) exports.push(...exportsAt(image, directory, { at, ordinal: index + table.value.base, names: named.get(index) }));
  }
  return found({ dllName: readPeText(image, table.value.name, MAX_NAME), exports });
}

/** Index of the function → its names; one function may have several. */
function readNames(image: PeBytes, names: DataView, ordinals: DataView): Map<number, string[]> {
  const byIndex = new Map<number, string[]>();
  let used = 0;
  for (let index = 0; index * 4 < names.byteLength && used < MAX_NAME_BYTES; index++) {
    const name = readPeText(image, names.getUint32(index * 4, true), MAX_NAME);
    used += name.ok ? name.value.length : MAX_NAME;
    if (!name.ok) continue;
    const at = ordinals.getUint16(index * 2, true);
    const list = byIndex.get(at);
    if (list) list.push(name.value);
    else byIndex.set(at, [name.value]);
  }
  return byIndex;
}

function exportsAt(image: PeBytes, directory: DataDirectory, entry: { at: number; ordinal: number; names: string[] | undefined }): PeExport[] {
  const inside = entry.at >= directory.rva && entry.at - directory.rva < directory.sizeBytes;
  const forwarder = inside ? readPeText(image, entry.at, MAX_NAME) : undefined;
  const common = { ordinal: entry.ordinal, rva: rva(entry.at), ...(forwarder?.ok ? { forwarder: forwarder.value } : {}) };
  return entry.names ? entry.names.map((name) => ({ ...common, name })) : [common];
}
