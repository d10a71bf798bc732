/**
 * Offsets inside kernel objects that KDBG does not tell, by processor and build, for dumps without symbols.
 * Sources: x64 7601, 9600, 14393, 18362, 19041, 22000 from type tables made of Microsoft's public PDBs
 * (github.com/JPCERTCC/Windows-Symbol-Tables), 9200 to 22631 from vergiliusproject.com's headers; where both list a build they agree.
 * 26100: github.com/Rickebo/ntoskrnlib, Generated/Win11. ARM64 22000: read off a real dump (name, id, client id) and equal to the
 * x64 layout moved by the difference in the size of KPROCESS and KTHREAD. The object's own bytes are checked before they are believed.
 */
import type { DumpArch } from '../formats/dump/context.ts';

export interface ProcessLayout {
  readonly UniqueProcessId: number;
  readonly ActiveProcessLinks: number;
  readonly ThreadListHead?: number;
  readonly ImageFileName?: number;
}
export interface ThreadLayout {
  /** CLIENT_ID: process id, then thread id. */
  readonly Cid: number;
  readonly ThreadListEntry: number;
  readonly StartAddress: number;
  readonly Win32StartAddress: number;
}
export interface KernelLayout {
  readonly arch: DumpArch;
  readonly fromBuild: number;
  readonly toBuild: number;
  readonly process: ProcessLayout;
  readonly thread?: ThreadLayout;
}

type ProcessRow = readonly [pid: number, links: number, threads?: number, name?: number];
type ThreadRow = readonly [cid: number, entry: number, start: number, win32Start: number];

function row(arch: DumpArch, builds: readonly [number, number], process: ProcessRow, thread?: ThreadRow): KernelLayout {
  const [UniqueProcessId, ActiveProcessLinks, ThreadListHead, ImageFileName] = process;
  return {
    arch,
    fromBuild: builds[0],
    toBuild: builds[1],
    process: {
      UniqueProcessId,
      ActiveProcessLinks,
      ...(ThreadListHead === undefined ? {} : { ThreadListHead }),
      ...(ImageFileName === undefined ? {} : { ImageFileName }),
    },
    ...(thread ? { thread: { Cid: thread[0], ThreadListEntry: thread[1], StartAddress: thread[2], Win32StartAddress: thread[3] } } : {}),
  };
}

const LAYOUTS: readonly KernelLayout[] = [
  row('x64', [6001, 6003], [0xe0, 0xe8, 0x260, 0x238], [0x380, 0x3f0, 0x358, 0x3e0]),
  row('x64', [7600, 7601], [0x180, 0x188, 0x308, 0x2e0], [0x3b8, 0x428, 0x390, 0x418]),
  row('x64', [9200, 9200], [0x2e0, 0x2e8, 0x470, 0x438], [0x398, 0x400, 0x370, 0x3f0]),
  row('x64', [9600, 9600], [0x2e0, 0x2e8, 0x470, 0x438], [0x620, 0x688, 0x5f8, 0x678]),
  row('x64', [10240, 10240], [0x2e8, 0x2f0, 0x480, 0x448], [0x628, 0x690, 0x600, 0x680]),
  row('x64', [14393, 14393], [0x2e8, 0x2f0, 0x488, 0x450], [0x630, 0x698, 0x608, 0x688]),
  row('x64', [15063, 15063], [0x2e0, 0x2e8, 0x488, 0x450], [0x638, 0x6a0, 0x610, 0x690]),
  row('x64', [16299, 17763], [0x2e0, 0x2e8, 0x488, 0x450], [0x638, 0x6a8, 0x610, 0x690]),
  row('x64', [18362, 18363], [0x2e8, 0x2f0, 0x488, 0x450], [0x648, 0x6b8, 0x620, 0x6a0]),
  row('x64', [19041, 19045], [0x440, 0x448, 0x5e0, 0x5a8], [0x478, 0x4e8, 0x450, 0x4d0]),
  // Server 2022: the builds before and after agree on EPROCESS and differ on ETHREAD.
  row('x64', [20348, 20348], [0x440, 0x448, 0x5e0, 0x5a8]),
  row('x64', [22000, 22631], [0x440, 0x448, 0x5e0, 0x5a8], [0x4c8, 0x538, 0x4a0, 0x520]),
  row('x64', [26100, 26200], [0x1d0, 0x1d8, 0x370, 0x338], [0x508, 0x578, 0x4e0, 0x560]),
  row('arm64', [22000, 22000], [0x3f8, 0x400, 0x598, 0x560], [0x4e8, 0x558, 0x4c0, 0x540]),
];

export function kernelLayout(arch: DumpArch, build: number): KernelLayout | undefined {
  return LAYOUTS.find((layout) => layout.arch === arch && build >= layout.fromBuild && build <= layout.toBuild);
}

/** What KDBG names for these objects. */
export interface ObjectOffsets {
  readonly prcbCurrentThread: number | undefined;
  readonly prcbNumber: number | undefined;
  readonly threadProcess: number | undefined;
  readonly threadTeb: number | undefined;
  readonly threadStackLimit: number | undefined;
  readonly threadStackBase: number | undefined;
  readonly threadKernelStack: number | undefined;
  readonly threadState: number | undefined;
  readonly processPeb: number | undefined;
  readonly processParentId: number | undefined;
  readonly processDirectoryTableBase: number | undefined;
}

export function objectOffsets(kdbg: Readonly<Record<string, number>>): ObjectOffsets {
  return {
    prcbCurrentThread: kdbg['OffsetPrcbCurrentThread'],
    prcbNumber: kdbg['OffsetPrcbNumber'],
    threadProcess: kdbg['OffsetKThreadApcProcess'],
    threadTeb: kdbg['OffsetKThreadTeb'],
    threadStackLimit: kdbg['OffsetKThreadStackLimit'],
    threadStackBase: kdbg['OffsetKThreadStackBase'],
    threadKernelStack: kdbg['OffsetKThreadKernelStack'],
    threadState: kdbg['OffsetKThreadState'],
    processPeb: kdbg['OffsetEprocessPeb'],
    processParentId: kdbg['OffsetEprocessParentCID'],
    processDirectoryTableBase: kdbg['OffsetEprocessDirectoryTableBase'],
  };
}
