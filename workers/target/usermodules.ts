/** Modules of a user dump: identities, WinDbg's names, lookups by address. */
import { va } from '../base/address.ts';
import { type Found, firstFound, found, mapFound, missing, notValid, thenFound } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import type { PlatformName } from '../formats/minidump/names.ts';
import type { CodeView, RawModule, RawUnloadedModule } from '../formats/minidump/modules.ts';
import type { AddressSpace } from '../memory/space.ts';
import { readPdbIdentity } from '../modules/imageidentity.ts';
import type { Module, PdbIdentity, UnloadedModule } from '../modules/module.ts';
import { fileNameOf, windbgName } from '../modules/names.ts';
import type { UserBasics } from './userfirst.ts';
import { narrow } from './userfirst.ts';

function pdbOf(codeView: Found<CodeView>): Found<PdbIdentity> {
  return thenFound(codeView, (record) => {
    if (record.kind === 'RSDS') return found({ file: fileNameOf(record.file), guid: record.guid, age: record.age });
    if (record.kind === 'NB10')
      return notValid('CodeView record', `NB10 of ${fileNameOf(record.file)}, id ${hexDigits(record.timestamp, 8)}, age ${record.age}`, 'RSDS with a GUID');
    return missing({ why: 'stream-absent', stream: `PDB: the module has the ELF build id ${record.buildId}` });
  });
}

interface Surroundings {
  readonly platform: PlatformName;
  readonly arch: UserBasics['arch'];
  readonly memory: AddressSpace;
  /** WinDbg names given so far, lower case. */
  readonly taken: Set<string>;
  /** How many images may still be read from memory: each costs up to three blocks of the file. */
  imagesLeft: number;
}
const MAX_IMAGES_READ = 64;

/** The CodeView record that the writer copied; else the image in memory, as in Wine's full dumps, which copy none. */
function findPdb(raw: RawModule, around: Surroundings): Found<PdbIdentity> {
  const copied = pdbOf(raw.codeView);
  const base = va(narrow(raw.base, around.arch));
  if (raw.codeView.ok || around.platform !== 'Windows' || around.imagesLeft === 0 || !around.memory.translate(base).ok) return copied;
  around.imagesLeft -= 1;
  return firstFound([() => copied, () => readPdbIdentity(around.memory, base)]);
}

function moduleOf(raw: RawModule, around: Surroundings): Module {
  const { taken, platform } = around;
  const path = raw.name.ok ? raw.name.value : '';
  const imageName = path === '' ? `module_${raw.base.toString(16)}` : fileNameOf(path);
  const plain = windbgName(imageName);
  // Two modules of one name: WinDbg appends the base address to the later one.
  const name = taken.has(plain.toLowerCase()) ? `${plain}_${raw.base.toString(16)}` : plain;
  taken.add(name.toLowerCase());
  const windows = platform === 'Windows';
  const buildId = raw.codeView.ok && raw.codeView.value.kind === 'BpEL' ? raw.codeView.value.buildId : undefined;
  const notPe = notValid('image file', `one of ${platform}`, 'a PE file');
  return {
    name,
    imageName,
    path,
    base: va(narrow(raw.base, around.arch)),
    size: raw.size,
    checksum: windows ? found(raw.checksum) : notPe,
    version: mapFound(raw.version, (version) => version.file),
    identity: {
      pe: windows ? found({ timestamp: raw.timestamp, sizeOfImage: raw.size }) : notPe,
      pdb: findPdb(raw, around),
      ...(buildId === undefined ? {} : { buildId }),
    },
    origin: 'ModuleListStream',
  };
}

export function modulesOf(raws: readonly RawModule[], { system, arch }: UserBasics, memory: AddressSpace): Module[] {
  const platform = system.ok ? system.value.platform : 'unknown';
  const around: Surroundings = { platform, arch, memory, taken: new Set(), imagesLeft: MAX_IMAGES_READ };
  return raws.filter((raw) => raw.size > 0).map((raw) => moduleOf(raw, around));
}

export function unloadedOf(raws: readonly RawUnloadedModule[], { arch }: UserBasics): UnloadedModule[] {
  return raws.map((raw) => {
    const start = va(narrow(raw.base, arch));
    return {
      name: raw.name.ok ? fileNameOf(raw.name.value) : `module_${start.toString(16)}`,
      start,
      end: va(start + BigInt(raw.size)),
      timestamp: raw.timestamp,
    };
  });
}
