/** A triage dump of an ARM64 machine: the power button was held (0x1C8), or a driver read through a null pointer (0xD1). */
import { Binary } from './binary.ts';
import { arm64Context } from './context.ts';
import type { BugCheckParams } from './dumpheader.ts';
import { kdbgBytes } from './kdbg.ts';
import { WINDOWS_22000_ARM64 } from './layouts.ts';
import { prcbBytes, processBytes, threadBytes } from './objects.ts';
import { CRASH_TIME, NT_DATA, SYSTEM_PROCESS } from './scene.ts';
import { ordinaryBlobs } from './blobs.ts';
import { type BuiltTriage, type MemoryBlock, buildTriage } from './triage.ts';
import { arm64Chain, arm64Functions } from './userscenes.ts';
import { type ModuleSpec, loadedModules } from './windows.ts';

export interface ArmScene {
  readonly built: BuiltTriage;
  readonly frames: readonly { readonly ip: bigint; readonly sp: bigint }[];
}

export interface ArmSpec {
  readonly bugCheck: number;
  readonly params: BugCheckParams;
  readonly style: 'extracted' | 'direct';
  readonly modules: readonly ModuleSpec[];
  /** From its lowest kept byte up to `stackBase`. */
  readonly stack: MemoryBlock;
  readonly stackBase: bigint;
  readonly context: Uint8Array;
  readonly pc: bigint;
  readonly blocks: readonly MemoryBlock[];
}

/** A small dump of Windows 11 21H2 on ARM64. */
export function armTriageOf(spec: ArmSpec): BuiltTriage {
  const offsets = WINDOWS_22000_ARM64;
  const { bugCheck, params, style, modules, stack, stackBase, context, pc } = spec;
  const base = modules[0]?.base ?? 0n;
  const [prcb, thread] = [0xffff9a80_5a2c0980n, 0xffffe0812e0d7040n];
  const kdbg = base + BigInt(NT_DATA.KdDebuggerDataBlock);
  const nt = (name: keyof typeof NT_DATA): bigint => base + BigInt(NT_DATA[name]);
  const variables = new Binary().u64(bugCheck);
  for (const param of params) variables.u64(param);
  return buildTriage({
    style,
    header: {
      ...{ build: 22000, machine: 0xaa64, bugCheck, params, processors: 8, context, exception: { code: 0x80000003, address: pc } },
      ...{ systemTime: CRASH_TIME, upTime: 9_000_000_000n },
      fields: {
        ...{ DirectoryTableBase: SYSTEM_PROCESS.directoryTableBase, KdDebuggerDataBlock: kdbg, PsLoadedModuleList: nt('PsLoadedModuleList') },
        ...{ PsActiveProcessHead: nt('PsActiveProcessHead'), PfnDataBase: 0xffffad0000000000n, ProductType: 1, SuiteMask: 0x110, BootId: 13 },
      },
    },
    prcb: prcbBytes(offsets, {
      address: prcb,
      number: 5,
      currentThread: thread,
      idleThread: thread,
      directoryTableBase: SYSTEM_PROCESS.directoryTableBase,
      context,
    }),
    process: processBytes(offsets, SYSTEM_PROCESS),
    thread: threadBytes(offsets, {
      ...{ address: thread, process: SYSTEM_PROCESS.address, processId: 4, id: 0x2c, state: 2 },
      ...{ stackBase, stackLimit: stackBase - 0x6000n, kernelStack: stack.address },
    }),
    stack,
    kdbg: kdbgBytes(offsets, kdbg, { KernBase: base, PsLoadedModuleList: nt('PsLoadedModuleList'), PsActiveProcessHead: nt('PsActiveProcessHead') }),
    modules,
    unloaded: [],
    blocks: [{ address: nt('KiBugcheckData'), bytes: variables.finish() }, ...spec.blocks],
    blobs: ordinaryBlobs(CRASH_TIME),
  });
}

export function armTriage(bugCheck: 0x1c8 | 0xd1 = 0x1c8, style: 'extracted' | 'direct' = 'extracted'): ArmScene {
  const modules = loadedModules();
  const base = modules[0]?.base ?? 0n;
  const driver = modules.find((each) => each.name === 'ndis.sys')?.base ?? base;
  const text = (bugCheck === 0xd1 ? driver : base) + (0x210000n % 0x100000n);
  const stackBase = 0xffffd20f3b2e8000n;
  const chain = arm64Chain(text, stackBase, 6);
  const context = arm64Context({ x: [0n, 2n], fp: chain.fp, lr: chain.pc, sp: chain.sp, pc: chain.pc });
  const params = bugCheck === 0x1c8 ? ([7000n, base + BigInt(NT_DATA.KiBugcheckData), 0n, 0n] as const) : ([8n, 2n, 0n, chain.pc] as const);
  const stack = { address: chain.low, bytes: chain.bytes };
  const blocks = [{ address: text, bytes: arm64Functions(6).code }];
  const built = armTriageOf({ bugCheck, params, style, modules, stack, stackBase, context, pc: chain.pc, blocks });
  return { built, frames: chain.places };
}
