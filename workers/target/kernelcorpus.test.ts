/**
 * Every real kernel dump of the corpus against the facts an independent reader found, field by field.
 * KNOWN_DIFFERENCES may only become shorter.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Found, valueOf } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { readBlob, readBlobChain } from '../formats/dump/blobs.ts';
import { readKernelHeader } from '../formats/dump/header.ts';
import { readTriage } from '../formats/dump/triage.ts';
import { corpusBytes, corpusJson, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { openTarget, readFirst } from './open.ts';
import type { Target } from './target.ts';

/** "file: field" pairs in which we knowingly differ, with the reason. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  'hdr-memflow-win10-full64.dmp: systemUpTimeSeconds': "the other reader counts the filler 'PAGEPAGE' as a time; the field was never written",
};

type Json = Record<string, unknown>;
interface Oracle {
  readonly file: string;
  readonly size: number;
  readonly signature: string;
  readonly note?: string;
  readonly header?: Record<string, string | number>;
  readonly osBuild: number;
  readonly machine: string;
  readonly physicalMemoryBlock: { numberOfRuns: number; numberOfPages: string; runs: [string, string][] } | null;
  readonly context: Record<string, string>;
  readonly exception?: Json & { parameters: string[] };
  readonly triage?: Record<string, string>;
  readonly drivers?: Record<string, string | number>[];
  readonly unloadedDrivers?: Record<string, string | number>[];
  readonly mmStorage?: Record<string, string | number>;
  readonly memoryRanges?: { stack: [string, string, string]; dataBlocks: [string, string, string][]; dataBlocksBytes: number; dataBlocksSha256: string };
  readonly debuggerData?: Record<string, string>;
  readonly process?: Record<string, string | null>;
  readonly prcb?: { fileOffset: string; size: string; number: number | null };
  readonly blobFileHeader?: { offset: string; buildNumber: number };
  readonly blobsEnd?: string;
  readonly blobs?: Record<string, string | number | boolean | null>[];
  readonly writerStyle?: string;
  readonly computed?: {
    p3ExceptionRecord?: Json & { parameters: string[] };
    p4Context?: Record<string, string>;
    machineFramesOnStack: Record<string, string>[];
  };
}

const names = hasCorpus ? corpusList('kernel').filter((name) => name.endsWith('.dmp')) : [];
const oracles = new Map(names.map((name) => [name, corpusJson<Oracle>(`kernel/oracle/${name.replace(/\.dmp$/, '.json')}`)]));
const triageNames = names.filter((name) => oracles.get(name)?.triage);
const oracleOf = (name: string): Oracle => oracles.get(name) as Oracle;

const hexOf = (value: number | bigint | undefined): string | undefined => (value === undefined ? undefined : `0x${value.toString(16)}`);
const filler = (value: Found<number | bigint>, width: 32 | 64): string | undefined => {
  if (value.ok) return hexOf(value.value);
  return value.missing.why === 'not-written-by' ? (width === 32 ? '0x45474150' : '0x4547415045474150') : undefined;
};

/** Compares two flat records; returns "field: ours / theirs" for each difference not known. */
function differences(file: string, ours: Record<string, unknown>, theirs: Record<string, unknown>): string[] {
  return Object.keys(theirs)
    .filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]) && KNOWN_DIFFERENCES[`${file}: ${key}`] === undefined)
    .map((key) => `${file}: ${key}: ${JSON.stringify(ours[key])} / ${JSON.stringify(theirs[key])}`);
}

function registersAsOracle(registers: Readonly<Record<string, bigint>>, flags: number): Record<string, string | undefined> {
  const { efl, ...rest } = registers;
  const all: Record<string, string | undefined> = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, hexOf(value)]));
  return { ...all, ...(efl === undefined ? {} : { eflags: hexOf(efl) }), contextFlags: hexOf(flags) };
}

const sourceOf = (name: string) => new ArraySource(corpusBytes(`kernel/${name}`), name);
const opened = new Map<string, Target>();
function open(name: string): Target {
  const known = opened.get(name);
  if (known) return known;
  const result = driveSync(openTarget(sourceOf(name)));
  if (!result.ok) throw new Error(`${name}: ${result.problem.code} ${result.problem.detail}`);
  opened.set(name, result.value);
  return result.value;
}

describe.skipIf(!hasCorpus)('real kernel dumps', () => {
  it('are all there', () => {
    expect(triageNames.length).toBe(42);
    expect(names.filter((name) => name.startsWith('hdr-')).length).toBe(3);
  });

  it.each(names.filter((name) => oracles.get(name)?.header))('%s: header', (name) => {
    const oracle = oracleOf(name);
    const read = readKernelHeader(sourceOf(name));
    if (!read.ok) throw new Error(JSON.stringify(read.missing));
    const h = read.value;
    const wide = h.bits;
    const [p1, p2, p3, p4] = h.bugCheckParameters.map(hexOf);
    const ours: Record<string, unknown> = {
      majorVersion: hexOf(h.majorVersion),
      minorVersion: filler(h.build, 32),
      machineImageType: hexOf(h.machine),
      numberProcessors: filler(h.processors, 32),
      bugCheckCode: hexOf(h.bugCheckCode),
      dumpType: filler(h.dumpType, 32),
      miniDumpFields: filler(h.miniDumpFields, 32),
      secondaryDataState: filler(h.secondaryDataState, 32),
      productType: filler(h.productType, 32),
      suiteMask: filler(h.suiteMask, 32),
      writerStatus: filler(h.writerStatus, 32),
      attributes: filler(h.attributes, 32),
      bootId: filler(h.bootId, 32),
      directoryTableBase: filler(h.directoryTableBase, wide),
      pfnDataBase: filler(h.pfnDataBase, wide),
      psLoadedModuleList: filler(h.psLoadedModuleList, wide),
      psActiveProcessHead: filler(h.psActiveProcessHead, wide),
      p1,
      p2,
      p3,
      p4,
      kdDebuggerDataBlock: filler(h.kdDebuggerDataBlock, wide),
      requiredDumpSpace: filler(h.requiredDumpSpace, 64),
      systemTime: filler(h.systemTime, 64),
      systemUpTime: filler(h.systemUpTime, 64),
      paeEnabled: h.paeEnabled === undefined ? undefined : Number(h.paeEnabled),
      comment: h.comment.ok ? h.comment.value : 'PAGE'.repeat(32),
      versionUser: h.versionUser.ok ? h.versionUser.value : 'PAGE'.repeat(8),
    };
    const { unused1: _unused, kdSecondaryVersion: _version, systemTimeUtc, systemUpTimeSeconds, ...theirs } = oracle.header ?? {};
    expect(differences(name, ours, theirs)).toEqual([]);

    const first = readFirst(sourceOf(name));
    if (!first.ok) throw new Error(first.problem.detail);
    if (first.value.crashTime.ok) expect(new Date(first.value.crashTime.value).toISOString()).toBe(systemTimeUtc);
    else expect(systemTimeUtc).toBeUndefined();
    expect(
      differences(name, { systemUpTimeSeconds: valueOf(first.value.uptimeSeconds) }, systemUpTimeSeconds === undefined ? {} : { systemUpTimeSeconds }),
    ).toEqual([]);
    expect(valueOf(first.value.os.build)).toBe(Number(oracle.header?.['minorVersion']));

    const context = valueOf(h.context);
    expect(differences(name, context ? registersAsOracle(context.registers, context.flags) : {}, oracle.context)).toEqual([]);
    const block = valueOf(h.physicalMemory);
    expect(
      block
        ? {
            numberOfRuns: block.runs.length,
            numberOfPages: hexOf(block.numberOfPages),
            runs: block.runs.map((run) => [hexOf(run.basePage), hexOf(run.pageCount)]),
          }
        : null,
    ).toEqual(oracle.physicalMemoryBlock);
    if (oracle.exception) {
      const record = valueOf(h.exception);
      expect({
        code: hexOf(record?.code),
        flags: hexOf(record?.flags),
        nested: hexOf(record?.nested),
        address: hexOf(record?.address),
        numberParameters: record?.parameters.length,
        parameters: record?.parameters.map(hexOf),
      }).toEqual(oracle.exception);
    }
  });

  it.each(triageNames)('%s: triage tables', (name) => {
    const oracle = oracleOf(name);
    const source = sourceOf(name);
    const read = readTriage(source);
    if (!read.ok) throw new Error(JSON.stringify(read.missing));
    const triage = read.value;
    const fields = Object.fromEntries(Object.entries(triage.header).map(([key, value]) => [key[0]?.toLowerCase() + key.slice(1), hexOf(value)]));
    expect(differences(name, { ...fields, validSignature: triage.valid.ok ? 'TRGD' : '' }, oracle.triage ?? {})).toEqual([]);
    expect(triage.style).toBe(oracle.writerStyle);

    const drivers = valueOf(triage.drivers)?.map((driver, index) => ({
      index,
      fileOffset: hexOf(driver.fileOffset),
      name: valueOf(driver.name),
      base: hexOf(driver.base),
      entryPoint: hexOf(driver.entryPoint),
      size: hexOf(driver.size),
      flags: hexOf(driver.flags),
      loadCount: driver.loadCount,
      checkSum: hexOf(driver.checkSum),
      timeDateStamp: hexOf(driver.timeDateStamp),
    }));
    expect(drivers).toEqual(oracle.drivers);
    expect(
      valueOf(triage.unloaded)?.map(({ name: driver, nameLength, start, end }) => ({ name: driver, nameLength, start: hexOf(start), end: hexOf(end) })),
    ).toEqual(oracle.unloadedDrivers);

    const mm = valueOf(triage.mmStorage);
    const rename = (key: string): string => key.replace(/^Mm(?=Maximum|Allocated)/, '').replace(/^./, (letter) => letter.toLowerCase());
    const storage = Object.fromEntries(
      Object.entries(mm ?? {}).map(([key, value]) => [rename(key), key === 'Version' || key === 'Size' ? value : hexOf(value)]),
    );
    expect(storage).toEqual(oracle.mmStorage);

    const stack = valueOf(triage.stack);
    expect([hexOf(stack?.va), hexOf(stack?.fileOffset), hexOf(stack?.size)]).toEqual(oracle.memoryRanges?.stack);
    const blocks = valueOf(triage.dataBlocks) ?? [];
    expect(blocks.map((block) => [hexOf(block.va), hexOf(block.fileOffset), hexOf(block.size)])).toEqual(oracle.memoryRanges?.dataBlocks);
    expect(blocks.reduce((sum, block) => sum + block.size, 0)).toBe(oracle.memoryRanges?.dataBlocksBytes);
    const sum = createHash('sha256');
    for (const block of blocks) sum.update(source.readBlock(block.fileOffset, block.size));
    expect(sum.digest('hex')).toBe(oracle.memoryRanges?.dataBlocksSha256);

    const part = (found: typeof triage.prcb) => [hexOf(valueOf(found)?.fileOffset), hexOf(valueOf(found)?.size)];
    expect(part(triage.prcb)).toEqual([oracle.prcb?.fileOffset, oracle.prcb?.size]);
    expect(part(triage.process)).toEqual([oracle.process?.['fileOffset'], oracle.process?.['size']]);
  });

  it.each(triageNames)('%s: secondary data', (name) => {
    const oracle = oracleOf(name);
    const source = sourceOf(name);
    const chain = readBlobChain(source, Number(oracle.blobFileHeader?.offset));
    if (!chain.ok) throw new Error(JSON.stringify(chain.missing));
    expect(chain.value.buildNumber).toBe(oracle.blobFileHeader?.buildNumber);
    expect(hexOf(chain.value.end)).toBe(oracle.blobsEnd);
    const ours = chain.value.blobs.map((blob) => ({
      guid: blob.guid,
      headerOffset: hexOf(blob.headerOffset),
      dataOffset: hexOf(blob.dataOffset),
      dataSize: blob.dataSize,
      prePad: blob.prePad,
      postPad: blob.postPad,
      truncated: blob.truncated,
      sha256: createHash('sha256')
        .update(valueOf(readBlob(source, blob)) ?? new Uint8Array(0))
        .digest('hex'),
    }));
    expect(ours).toEqual(oracle.blobs?.map(({ name: _name, ...rest }) => rest));
  });

  it.each(triageNames)('%s: target', (name) => {
    const oracle = oracleOf(name);
    const target = open(name);
    expect(target.kind).toBe('kernel-triage');
    expect(target.live).toEqual({ ok: true, value: false });
    expect(target.bugCheck?.code).toBe(Number(oracle.header?.['bugCheckCode']));
    expect(target.modules.modules.map((module) => [module.path, hexOf(module.base), hexOf(module.size)])).toEqual(
      oracle.drivers?.map((d) => [d['name'], d['base'], d['size']]),
    );
    expect(target.modules.byName('nt')?.base).toBe(BigInt(oracle.debuggerData?.['kernBase'] ?? '0'));
    for (const [pointer, field] of Object.entries({
      KernBase: 'kernBase',
      PsLoadedModuleList: 'psLoadedModuleList',
      PsActiveProcessHead: 'psActiveProcessHead',
    })) {
      expect(hexOf(target.kernelPointers[pointer])).toBe(oracle.debuggerData?.[field]);
    }
    // The independent reader had no layout for 26100 and ARM64: there it holds null and ours is checked below.
    if (oracle.process?.['imageFileName']) expect(valueOf(target.process.name)).toBe(oracle.process['imageFileName']);
    if (oracle.process?.['uniqueProcessId']) expect(hexOf(valueOf(target.process.id))).toBe(oracle.process['uniqueProcessId']);
    if (typeof oracle.prcb?.number === 'number') expect(valueOf(target.processor)).toBe(oracle.prcb.number);
    expect(target.process.name.ok && target.process.id.ok && target.processor.ok).toBe(true);
    expect(target.threads).toHaveLength(1);
    expect(target.counters.bytesRead).toBeLessThanOrEqual(target.source.size);
    const header = valueOf(target.headerContext);
    expect(differences(name, header ? registersAsOracle(header.registers, Number(oracle.context['contextFlags'])) : {}, oracle.context)).toEqual([]);
  });

  it.each(triageNames.filter((name) => oracleOf(name).computed?.p4Context))('%s: registers of the exception, not of KeBugCheckEx', (name) => {
    const computed = oracleOf(name).computed;
    const target = open(name);
    const context = valueOf(target.context);
    expect(context?.source).toBe('context-record');
    expect(differences(name, registersAsOracle(context?.registers ?? {}, Number(computed?.p4Context?.['contextFlags'])), computed?.p4Context ?? {})).toEqual(
      [],
    );
    const record = target.exception;
    expect([hexOf(record?.code), hexOf(record?.flags), hexOf(record?.address), record?.parameters.map(hexOf)]).toEqual([
      computed?.p3ExceptionRecord?.['code'],
      computed?.p3ExceptionRecord?.['flags'],
      computed?.p3ExceptionRecord?.['address'],
      computed?.p3ExceptionRecord?.parameters,
    ]);
  });

  it('finds the trap frame where the stop code names its address, and only there', () => {
    const frames = triageNames.filter((name) => open(name).context.ok && valueOf(open(name).context)?.source === 'trap-frame');
    expect(frames).toEqual(['crit-111317-27812-01.dmp', 'daimuvg-1e-12546.dmp', 'daimuvg-50.dmp']);
    for (const name of frames) {
      const context = valueOf(open(name).context);
      const frame = oracleOf(name).computed?.machineFramesOnStack.find((one) => one['trapFrame'] === hexOf(context?.at));
      const { efl, cs, ss, ...rest } = context?.registers ?? {};
      const ours = { ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, hexOf(value)])), eflags: hexOf(efl), cs: hexOf(cs), ss: hexOf(ss) };
      for (const [key, value] of Object.entries(ours)) expect([key, value]).toEqual([key, frame?.[key]]);
    }
  });

  it('knows the process, thread and processor of builds the other reader had no layout for', () => {
    // Read by hand from the EPROCESS and ETHREAD bytes: name, process id, thread id, processor.
    const facts: [string, string, number, number, number][] = [
      ['rts-13a.dmp', 'svchost.exe', 0x2efc, 0x4340, 11],
      ['rts-1a.dmp', 'msedge.exe', 0x59c4, 0x59bc, 11],
      ['rts-7a.dmp', 'ms-teamsupdate', 0x3f2c, 0x3f30, 8],
      ['rizin-arm64-1c8.dmp', 'System', 4, 32, 0],
    ];
    for (const [name, process, id, thread, processor] of facts) {
      const target = open(name);
      expect([valueOf(target.process.name), valueOf(target.process.id), target.threads[0]?.id, valueOf(target.processor)]).toEqual([
        process,
        id,
        thread,
        processor,
      ]);
    }
  });

  it.each(names.filter((name) => oracles.get(name)?.note))('%s: says what it is', (name) => {
    const result = readFirst(sourceOf(name));
    const code = oracleOf(name).size === 0 ? 'EMPTY' : 'ALL_ZERO';
    expect(result).toMatchObject({ ok: false, problem: { code, detail: expect.stringContaining(String(oracleOf(name).size)) as string } });
    expect(driveSync(openTarget(sourceOf(name)))).toMatchObject({ ok: false, problem: { code } });
  });

  it.each(names.filter((name) => name.startsWith('hdr-')))('%s: opens though its pages are cut away', (name) => {
    const target = open(name);
    expect(target.kind).toBe('kernel-full');
    expect(target.oddities.join()).toContain('cut');
  });
});
