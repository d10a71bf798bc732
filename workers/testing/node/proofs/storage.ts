/** Disks, file systems, the registry, the start. */
import type { Draw } from '../../faults/draw.ts';
import { statusWord } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDisk, fileSystemStop, memoryOrProcessor, pageIn, starting, workerIn, workerOn } from '../../faults/kinds/storage.ts';
import type { Truth } from '../../faults/truth.ts';
import { type Expected, GUEST, type Proof, type Proved, ofKind, staged } from './proof.ts';

const BAD_BLOCK = 0xc000009c;
const NO_RESPONSE = 0xc0000185;
const CORRUPT = 0xc0000102;
const DAMAGED = 0xc0000005;
const USED_UP = 0xc000009a;

const nobodyKnows: Truth = { causes: ['memory', 'driver', 'resource'], culprits: [], undecidable: true };
const usedUp: Truth = { causes: ['resource'], culprits: [] };
const disk = (sureness: Expected['sureness']): Expected => ({ cause: 'storage', sureness, culprit: 'true' });
const notTheDisk: Expected = { cause: ['hardware', 'memory-corruption'], sureness: 'possible', culprit: 'true', doubts: ['a-driver-could'] };
const outOfMemory: Expected = { cause: 'resource-exhaustion', sureness: 'likely', culprit: 'nobody' };
const hostsDisk: Expected = { ...disk('possible'), doubts: ['a-guest'] };

const mount = (draw: Draw, status: number, truth: Truth) =>
  starting(draw).stop(0xed, [draw.pool(), statusWord(status), 0n, 0n], truth, { upTime: 42_000_000n });

/** A file system's filter stops with a record, as the disk or its tables were at fault. */
const filtered = (name: string, code: number): Proved =>
  staged(`${name} finds damage on its disk`, (draw) => fileSystemStop(draw, { code, status: CORRUPT, truth: byDisk }), disk('likely'));

/** 0x67: P3 the status; 0x74: P4. */
const hive = (draw: Draw, code: 0x67 | 0x74, spec: { readonly status: number; readonly truth: Truth; readonly alsoLoaded?: readonly string[] }) =>
  workerOn(new KernelStage(draw, { alsoLoaded: spec.alsoLoaded ?? [] }), 'CmpInitializeHive', 'HvpCheckFailure').stop(
    code,
    code === 0x67 ? [0n, 4n, statusWord(spec.status), 0n] : [2n, draw.pool(), 2n, statusWord(spec.status)],
    spec.truth,
    { upTime: 52_000_000n },
  );

export const STORAGE_PROOFS: readonly Proof[] = [
  {
    rule: 'in-page',
    fires: [ofKind('7a-disk', 0, disk('likely')), ofKind('77-stack', 0, disk('likely'))],
    nearly: [
      ofKind('7a-damaged', 0, notTheDisk),
      staged(
        'a kernel stack came back from the disk without its signature',
        (draw) => workerIn(draw, 'KiStackInPage').stop(0x77, [1n, draw.u64(), 0n, draw.stackTop() - 0x800n], memoryOrProcessor),
        { ...notTheDisk, doubts: [], shows: ['e-subcode'] },
      ),
      staged(
        'the read of a kernel stack was told as done and was no whole page',
        (draw) => workerIn(draw, 'KiStackInPage').stop(0x77, [2n, draw.u64(), 0n, draw.stackTop() - 0x800n], byDisk),
        { ...disk('possible'), shows: ['e-subcode'] },
      ),
      staged('a page cannot be read in because memory ran out', (draw) => pageIn(draw, USED_UP, usedUp), outOfMemory),
    ],
    against: [
      staged(
        'the disk does not deliver a page; it is the file of a virtual machine',
        (draw) => pageIn(draw, NO_RESPONSE, { ...byDisk, undecidable: true }, GUEST),
        hostsDisk,
      ),
    ],
  },
  {
    rule: 'boot-device',
    fires: [ofKind('7b-boot', 0, disk('likely')), ofKind('ed-volume', 0, disk('likely'))],
    nearly: [
      staged(
        'the boot volume is not mounted: its description in memory is damaged, the disk read well',
        (draw) => mount(draw, DAMAGED, memoryOrProcessor),
        notTheDisk,
      ),
    ],
    against: [
      staged(
        'the boot disk of a virtual machine is not found',
        (draw) => starting(draw, GUEST).stop(0x7b, [draw.pool(), statusWord(0xc0000034), 0n, 0n], { ...byDisk, undecidable: true }, { upTime: 31_000_000n }),
        hostsDisk,
      ),
    ],
  },
  {
    rule: 'file-system',
    fires: [
      ofKind('24-corrupt', 0, disk('likely')),
      filtered('FAT', 0x23),
      staged('the redirector finds no memory to go on', (draw) => fileSystemStop(draw, { code: 0x27, status: USED_UP, truth: usedUp }), outOfMemory),
      filtered('exFAT', 0x12c),
      filtered('ReFS', 0x149),
      staged(
        'the cache manager cannot read a page of a file: the disk fails',
        (draw) => fileSystemStop(draw, { code: 0x34, status: BAD_BLOCK, truth: byDisk }),
        disk('likely'),
      ),
    ],
    nearly: [
      ofKind('24-pointer', 0, { cause: ['not-known', 'memory-corruption', 'hardware', 'driver-bug'], sureness: ['not-known', 'possible'], culprit: 'nobody' }),
      staged(
        'the cache manager stops; the record of what it met is not in the dump',
        (draw) => workerIn(draw, 'CcMapData', 'CcGetVirtualAddress').stop(0x34, [0x50830n, 0n, 0n, 0n], nobodyKnows),
        {
          ...{ cause: 'not-known', sureness: 'not-known', culprit: 'nobody', lacks: ['e-status'] },
        },
      ),
    ],
    against: [
      staged(
        'the disk of a virtual machine disappears below NTFS',
        (draw) => fileSystemStop(draw, { status: NO_RESPONSE, truth: { ...byDisk, undecidable: true }, alsoLoaded: GUEST }),
        hostsDisk,
      ),
    ],
  },
  {
    rule: 'registry',
    fires: [
      ofKind('51-hive', 0, disk('possible')),
      staged('a hive cannot be read at the start', (draw) => hive(draw, 0x67, { status: 0xc000014d, truth: byDisk }), disk(['possible', 'likely'])),
      staged('the system hive is damaged at the start', (draw) => hive(draw, 0x74, { status: 0xc000014c, truth: byDisk }), disk(['possible', 'likely'])),
    ],
    nearly: [staged('the registry finds no memory for its hives', (draw) => hive(draw, 0x67, { status: USED_UP, truth: usedUp }), outOfMemory)],
    against: [
      staged(
        'a hive is damaged on the disk of a virtual machine',
        (draw) => hive(draw, 0x74, { status: 0xc000014c, truth: { ...byDisk, undecidable: true }, alsoLoaded: GUEST }),
        hostsDisk,
      ),
    ],
  },
];
