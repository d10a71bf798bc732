/** Full, bitmap and live dumps: physical pages behind the header. */
import { missing } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { DumpArch } from '../formats/dump/context.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import { SparseSpace } from '../memory/sparsespace.ts';
import { SortedModuleList } from '../modules/modulelist.ts';
import { chooseContext } from './kernelcontext.ts';
import { headerFacts } from './kernelfacts.ts';
import { headerPointers } from './kernelfirst.ts';
import type { FirstTarget, Target } from './target.ts';

export interface PagedInput {
  readonly source: ByteSource;
  readonly header: KernelHeader;
  readonly arch: DumpArch;
  readonly first: FirstTarget;
}

export function* openPaged(input: PagedInput): Job<Omit<Target, 'counters'>> {
  const { source, header, arch, first } = input;
  const memory = new SparseSpace(source, [], header.bits === 64 ? 8 : 4);
  const gone = missing({ why: 'not-computed' });
  return {
    ...first,
    ...chooseContext({ header, arch, memory, stack: gone }),
    memory,
    modules: new SortedModuleList([]),
    threads: [],
    crashThread: gone,
    process: { name: gone, id: gone },
    processor: gone,
    streams: [],
    blobs: [],
    facts: headerFacts(header),
    oddities: [],
    kernelPointers: headerPointers(header),
  };
}
