/** Modules of a user dump: identities, WinDbg's names, lookups by address. */
import { va } from '../base/address.ts';
import { type Found, found, mapFound, notValid, thenFound } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import type { PlatformName } from '../formats/minidump/names.ts';
import type { CodeView, RawModule, RawUnloadedModule } from '../formats/minidump/modules.ts';
import type { Module, PdbIdentity, UnloadedModule } from '../modules/module.ts';
import { fileNameOf, windbgName } from '../modules/names.ts';
import type { UserBasics } from './userfirst.ts';
import { narrow } from './userfirst.ts';

function pdbOf(codeView: Found<CodeView>): Found<PdbIdentity> {
  return thenFound(codeView, (record) => {
    if (record.kind === 'RSDS') return found({ file: fileNameOf(record.file), guid: record.guid, age: record.age });
    if (record.kind === 'NB10')
      return notValid('CodeView record', `NB10 of ${fileNameOf(record.file)}, id ${hexDigits(record.timestamp, 8)}, age ${record.age}`, 'RSDS with a GUID');
    return notValid('CodeView record', `ELF build id ${record.buildId}`, 'a PDB');
  });
}

interface Naming {
  readonly platform: PlatformName;
  readonly arch: UserBasics['arch'];
}

function moduleOf(raw: RawModule, naming: Naming, taken: Set<string>): Module {
  const path = raw.name.ok ? raw.name.value : '';
  const imageName = path === '' ? `module_${raw.base.toString(16)}` : fileNameOf(path);
  const plain = windbgName(imageName);
  // Two modules of one name: WinDbg appends the base address to the later one.
  const name = taken.has(plain.toLowerCase()) ? `${plain}_${raw.base.toString(16)}` : plain;
  taken.add(name.toLowerCase());
  const windows = naming.platform === 'Windows';
  const buildId = raw.codeView.ok && raw.codeView.value.kind === 'BpEL' ? raw.codeView.value.buildId : undefined;
  const notPe = notValid('image file', `one of ${naming.platform}`, 'a PE file');
  return {
    name,
    imageName,
    path,
    base: va(narrow(raw.base, naming.arch)),
    size: raw.size,
    checksum: windows ? found(raw.checksum) : notPe,
    version: mapFound(raw.version, (version) => version.file),
    identity: {
      pe: windows ? found({ timestamp: raw.timestamp, sizeOfImage: raw.size }) : notPe,
      pdb: pdbOf(raw.codeView),
      ...(buildId === undefined ? {} : { buildId }),
    },
    origin: 'ModuleListStream',
  };
}

export function modulesOf(raws: readonly RawModule[], { system, arch }: UserBasics): Module[] {
  const naming = { platform: system.ok ? system.value.platform : ('unknown' as const), arch };
  const taken = new Set<string>();
  return raws.filter((raw) => raw.size > 0).map((raw) => moduleOf(raw, naming, taken));
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
