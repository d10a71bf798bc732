/** The kept layouts against every table that can be had: the one they were taken from, and the others. */
import { describe, expect, it } from 'vitest';
import { corpusBytes, hasCorpus } from '../../workers/testing/node/corpus.ts';
import { loadLayouts } from '../../workers/types/layouts/load.ts';
import type { LayoutFile } from '../../workers/types/layouts/layoutfile.ts';
import { LayoutTypes, kernelLayoutTypes } from '../../workers/types/layouts/layouttypes.ts';
import type { Found } from '../../workers/base/found.ts';
import type { Field, Type } from '../../workers/types/type.ts';
import { compactLayouts, isShortened, sameType } from './compact.ts';
import type { KernelTypes } from './model.ts';
import { BUILD_SOURCES, type LayoutArch, readTables } from './sources.ts';

const ARCHS: readonly LayoutArch[] = ['x64', 'x86'];
const BECAUSE = { why: 'no-symbols', module: 'nt', detail: 'none' } as const;

async function fileOf(arch: string): Promise<LayoutFile> {
  const file = await loadLayouts(arch);
  if (!file.ok) throw new Error(JSON.stringify(file.missing));
  return file.value;
}

/** How far behind the start of a struct the field at the end of a path lies. */
function offsetOf(types: LayoutTypes, type: string, path: string): number | undefined {
  let at = 0;
  const start = types.find(type);
  let here: Type | undefined = start.ok ? start.value : undefined;
  for (const name of path.split('.')) {
    const fields: Found<readonly Field[]> | undefined = here?.kind === 'struct' ? here.fields() : undefined;
    const field: Field | undefined = fields?.ok ? fields.value.find((one) => one.name === name) : undefined;
    const next: Found<Type> | undefined = field?.type();
    if (!field || !next?.ok) return undefined;
    at += field.offset;
    here = next.value;
  }
  return at;
}

const kernelsOf = (arch: LayoutArch) => BUILD_SOURCES.filter((source) => source.arch === arch).map((source) => ({ source, tables: readTables(source) }));
const read = new Map<LayoutArch, ReturnType<typeof kernelsOf>>();
function kernels(arch: LayoutArch): ReturnType<typeof kernelsOf> {
  const known = read.get(arch) ?? kernelsOf(arch);
  read.set(arch, known);
  return known;
}

/** Rows that a table does not have, or has elsewhere. */
function differences(file: LayoutFile, build: number, types: KernelTypes): string[] {
  const wrong: string[] = [];
  for (const [name, variants] of Object.entries(file.structs)) {
    const variant = variants.find(({ builds }) => builds.includes(build));
    const wanted = types.structs.get(name);
    if (!variant || !wanted) continue;
    let offset = 0;
    for (const row of variant.fields.split(';').filter((one) => one !== '')) {
      const [field = '', type = '', step = '0'] = row.split(' ');
      offset += Number.parseInt(step, 16);
      const same = isShortened(name, wanted) || wanted.fields.some((one) => one.name === field && one.offset === offset && sameType(one.type, type));
      if (!same) wrong.push(`${name}.${field}`);
    }
  }
  return wrong;
}

/** Fields of the product's readers that no revision of a build may have lost. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  _EPROCESS: ['UniqueProcessId', 'ActiveProcessLinks', 'ThreadListHead', 'ImageFileName', 'Peb', 'ObjectTable', 'Pcb.DirectoryTableBase', 'VadRoot', 'Token'],
  _ETHREAD: [
    'Cid.UniqueThread',
    'ThreadListEntry',
    'IrpList',
    'StartAddress',
    'Win32StartAddress',
    'Tcb.WaitBlockList',
    'Tcb.State',
    'Tcb.StackBase',
    'Tcb.Teb',
  ],
  _IRP: ['StackCount', 'CurrentLocation', 'Tail.Overlay.CurrentStackLocation', 'Tail.Overlay.Thread', 'IoStatus.Status', 'CancelRoutine', 'MdlAddress'],
  _IO_STACK_LOCATION: ['MajorFunction', 'MinorFunction', 'Parameters.Others.Argument4', 'DeviceObject', 'FileObject', 'CompletionRoutine', 'Context'],
  _DEVICE_OBJECT: ['DriverObject', 'NextDevice', 'AttachedDevice', 'CurrentIrp', 'DeviceExtension', 'DeviceObjectExtension'],
  _DEVOBJ_EXTENSION: ['DeviceNode', 'AttachedTo'],
  _DEVICE_NODE: ['Parent', 'Child', 'Sibling', 'PhysicalDeviceObject', 'InstancePath', 'ServiceName', 'State'],
  _DRIVER_OBJECT: ['DriverStart', 'DriverSize', 'DriverName', 'MajorFunction', 'DeviceObject'],
  _ERESOURCE: ['SystemResourcesList', 'OwnerTable', 'OwnerEntry', 'ActiveCount', 'Flag', 'ContentionCount'],
  _KPRCB: ['CurrentThread', 'Number', 'IdleThread', 'DpcData', 'TimerTable'],
  _KDPC: ['DeferredRoutine', 'DeferredContext', 'DpcListEntry'],
  _KTIMER: ['DueTime', 'TimerListEntry', 'Dpc', 'Period'],
  _POOL_HEADER: ['PreviousSize', 'BlockSize', 'PoolType', 'PoolTag'],
  _POOL_TRACKER_TABLE: ['Key'],
  _MMPFN: ['PteAddress', 'OriginalPte', 'u4'],
  _HANDLE_TABLE: ['TableCode', 'UniqueProcessId'],
  _FILE_OBJECT: ['DeviceObject', 'FileName', 'FsContext'],
  _OBJECT_HEADER: ['Body', 'PointerCount'],
  _LDR_DATA_TABLE_ENTRY: ['DllBase', 'SizeOfImage', 'FullDllName', 'BaseDllName'],
  _MMVAD_SHORT: ['StartingVpn', 'EndingVpn'],
  _MDL: ['MappedSystemVa', 'StartVa', 'ByteCount'],
  _KMUTANT: ['OwnerThread', 'MutantListEntry'],
  _ALPC_PORT: ['OwnerProcess'],
  _TOKEN: ['UserAndGroups', 'TokenSource', 'SessionId'],
};

/**
 * What the tables of a build do not have: XP and Server 2003 lay ERESOURCE, KPRCB and ports out differently, KPRCB has had timers
 * since Windows 7, its later part changed between revisions of 9600, the header of 22621 gives its start alone, and that of 10586
 * has no pool header. This list may only become shorter.
 */
const GAPS: Readonly<Record<LayoutArch, readonly string[]>> = {
  x64: [
    '3790 _ERESOURCE.OwnerEntry',
    '3790 _KPRCB.TimerTable',
    '3790 _ALPC_PORT',
    '6001 _KPRCB.TimerTable',
    '6002 _KPRCB.TimerTable',
    '9600 _KPRCB.TimerTable',
    '22621 _KPRCB.DpcData',
    '22621 _KPRCB.TimerTable',
    ...['_KPRCB', '_POOL_HEADER', '_POOL_TRACKER_TABLE', '_MMPFN', '_HANDLE_TABLE', '_LDR_DATA_TABLE_ENTRY', '_MMVAD_SHORT', '_ALPC_PORT', '_TOKEN'].map(
      (type) => `26100 ${type}`,
    ),
  ],
  x86: [
    '2600 _ERESOURCE.OwnerEntry',
    '2600 _KPRCB.DpcData',
    '2600 _KPRCB.TimerTable',
    '2600 _ALPC_PORT',
    '6000 _KPRCB.TimerTable',
    '6000 _ALPC_PORT',
    '6001 _KPRCB.TimerTable',
    '10586 _POOL_HEADER',
  ],
};

describe.each(ARCHS)('kept layouts of %s', (arch) => {
  it('are those that the script makes of the tables', { skip: !hasCorpus, timeout: 120_000 }, async () => {
    expect(await fileOf(arch)).toEqual(JSON.parse(JSON.stringify(compactLayouts(arch, kernels(arch)))));
  });

  it('have what the readers need, in each build', async () => {
    const file = await fileOf(arch);
    const lost = file.builds.flatMap(({ from }, build) => {
      const types = new LayoutTypes(file, build, BECAUSE);
      return Object.entries(NEEDED).flatMap(([type, paths]) =>
        types.find(type).ok ? paths.filter((path) => offsetOf(types, type, path) === undefined).map((path) => `${from} ${type}.${path}`) : [`${from} ${type}`],
      );
    });
    expect(lost).toEqual(GAPS[arch]);
  });

  it('are of the builds that are named and of no other', async () => {
    const file = await fileOf(arch);
    expect(kernelLayoutTypes(file, 19045, BECAUSE).ok).toBe(true);
    for (const build of [0, 9800, 19000, 23000, 99999])
      expect(kernelLayoutTypes(file, build, BECAUSE)).toMatchObject({ ok: false, missing: { why: 'unknown-layout' } });
  });
});

describe.skipIf(!hasCorpus)('every table of the corpus', () => {
  it.each(ARCHS)('%s: agrees with each field that is kept for its build', async (arch) => {
    const file = await fileOf(arch);
    const wrong = kernels(arch).flatMap(({ tables }, build) =>
      tables.flatMap(({ version, types }) => differences(file, build, types).map((field) => `${version} ${field}`)),
    );
    expect(wrong).toEqual([]);
  });

  it('and offsets that another project reads off the PDBs itself', async () => {
    const file = await fileOf('x64');
    const xml = new TextDecoder().decode(corpusBytes('symbols/types/systeminformer/kphlib/kphdyn.xml'));
    const fieldSets = new Map<string, ReadonlyMap<string, number>>();
    for (const [, id = '', body = ''] of xml.matchAll(/<fields id="(\d+)">(.*?)<\/fields>/gs)) {
      fieldSets.set(id, new Map([...body.matchAll(/value="(0x[0-9a-f]+)" name="(\w+)"/g)].map(([, value, name = '']) => [name, Number(value)])));
    }
    const compared = new Map<string, number>();
    const wrong: string[] = [];
    for (const [, version = '', id = ''] of xml.matchAll(/<data arch="amd64" version="10\.0\.(\d+\.\d+)" file="ntoskrnl\.exe"[^>]*>(\d+)</g)) {
      const build = file.builds.findIndex(({ from, to }) => Number(version.split('.')[0]) >= from && Number(version.split('.')[0]) <= to);
      if (build < 0) continue;
      const types = new LayoutTypes(file, build, BECAUSE);
      for (const [name, [type, path]] of Object.entries(KPH)) {
        const value = fieldSets.get(id)?.get(name);
        const ours = offsetOf(types, type, path);
        if (value === undefined || value === 0xffff || ours === undefined) continue;
        compared.set(name, (compared.get(name) ?? 0) + 1);
        if (ours !== value) wrong.push(`${version} ${type}.${path}: ${ours}, there ${value}`);
      }
    }
    expect([...compared.values()].every((times) => times > 100)).toBe(true);
    expect(compared.size).toBeGreaterThan(8);
    expect(wrong).toEqual([]);
  });
});

/** System Informer's names of fields (kphlib, kphdyn.xml). */
const KPH: Readonly<Record<string, readonly [type: string, path: string]>> = {
  EpObjectTable: ['_EPROCESS', 'ObjectTable'],
  EpSectionObject: ['_EPROCESS', 'SectionObject'],
  OtName: ['_OBJECT_TYPE', 'Name'],
  OtIndex: ['_OBJECT_TYPE', 'Index'],
  HtHandleContentionEvent: ['_HANDLE_TABLE', 'HandleContentionEvent'],
  AlpcOwnerProcess: ['_ALPC_PORT', 'OwnerProcess'],
  AlpcCommunicationInfo: ['_ALPC_PORT', 'CommunicationInfo'],
  KtInitialStack: ['_KTHREAD', 'InitialStack'],
  KtStackLimit: ['_KTHREAD', 'StackLimit'],
  KtStackBase: ['_KTHREAD', 'StackBase'],
  KtKernelStack: ['_KTHREAD', 'KernelStack'],
  MmSectionControlArea: ['_SECTION', 'u1.ControlArea'],
};
