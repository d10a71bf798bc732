/** Opening kernel dumps: the header first, then what its kind holds. */
import type { Job } from '../base/job.ts';
import { refuse, type Reply, reply } from '../base/problem.ts';
import { hex } from '../base/hex.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import type { ByteSource, ReadCounters } from '../bytes/source.ts';
import type { DumpArch } from '../formats/dump/context.ts';
import { headerSize, type KernelHeader, kernelSignature, readKernelHeader } from '../formats/dump/header.ts';
import { readTriage, type TriageDump } from '../formats/dump/triage.ts';
import { firstOf } from './kernelfirst.ts';
import { kindOf } from './kernelkind.ts';
import { openPaged } from './kernelpaged.ts';
import { openTriage } from './kerneltriage.ts';
import type { FirstTarget, Target } from './target.ts';

interface Begun {
  readonly header: KernelHeader;
  readonly arch: DumpArch;
  readonly triage: TriageDump | undefined;
  readonly first: FirstTarget;
}

function begin(source: ByteSource): Reply<Begun> {
  const signature = kernelSignature(source.readBlock(0, 8));
  if (!signature) return refuse('NOT_A_DUMP', 'no kernel dump signature at the start of the file');
  if (source.size < headerSize(signature)) {
    return refuse('TRUNCATED', `a kernel dump header takes ${headerSize(signature)} bytes, the file has ${source.size}`);
  }
  const header = readKernelHeader(source);
  if (!header.ok) return refuse('TRUNCATED', `the header cannot be read from ${source.size} bytes`);
  const { arch, machine, bits } = header.value;
  if (!arch.ok) return refuse('UNSUPPORTED_KIND', `kernel dump of machine type ${hex(machine)}`);
  const triage = bits === 64 && kindOf(header.value) === 'kernel-triage' ? readTriage(source) : undefined;
  const known = triage?.ok ? triage.value : undefined;
  return reply({ header: header.value, arch: arch.value, triage: known, first: firstOf(source, header.value, arch.value, known) });
}

/** Facts of the header alone: at most one block of the file is read. */
export function readFirstKernel(source: ByteSource): Reply<FirstTarget> {
  const begun = begin(source);
  return begun.ok ? reply(begun.value.first) : begun;
}

/** A cache counts what it reads; a source without one gets it here. */
export function cached(source: ByteSource): ByteSource & { readonly counters: ReadCounters } {
  return source instanceof BlockCache ? source : new BlockCache(source);
}

export function* openKernel(given: ByteSource): Job<Reply<Target>> {
  const source = cached(given);
  const begun = begin(source);
  if (!begun.ok) return begun;
  yield { progress: 'Reading the header', done: 0, of: null };
  const { header, arch, triage, first } = begun.value;
  const target = triage ? openTriage({ source, header, arch, first, triage }) : yield* openPaged({ source, header, arch, first });
  return reply({ ...target, counters: source.counters });
}
