/** Kept layouts on real dumps: what they say of the process and thread that stopped is what the dump says elsewhere. */
import { describe, expect, it } from 'vitest';
import { thenFound, valueOf } from '../../base/found.ts';
import { kernelMemory } from '../../target/kernelmemory.ts';
import { corpusBytes, corpusList, hasCorpus } from '../../testing/node/corpus.ts';
import { sessionOfBytes } from '../../testing/node/corpussession.ts';
import { readProcess } from './process.ts';
import { readThread } from './thread.ts';

const names = hasCorpus ? corpusList('kernel/oracle').flatMap((name) => (/^[^.]+\.json$/.test(name) ? [name.replace('.json', '.dmp')] : [])) : [];

/** Dumps of builds that no table covers, or that hold no process; each by its reason. */
const WITHOUT = ['unknown-layout', 'not-computed', 'all-failed'];

describe.skipIf(!hasCorpus)('kernel objects of the corpus', () => {
  it('agree with the dump', () => {
    let processes = 0;
    let threads = 0;
    const builds = new Set<number>();
    for (const name of names) {
      const bytes = corpusBytes(`kernel/${name}`);
      if (bytes.every((byte) => byte === 0)) continue;
      const session = sessionOfBytes(bytes, name);
      const kernel = kernelMemory(session);
      const { process, threads: listed, crashThread, os } = session.target;
      if (!kernel.ok) {
        expect(WITHOUT, name).toContain(kernel.missing.why);
        continue;
      }
      const at = process.object;
      if (at !== undefined) {
        const read = thenFound(kernel, (memory) => readProcess(memory, at));
        if (read.ok) {
          processes += 1;
          builds.add(valueOf(os.build) ?? 0);
          expect([name, read.value.name, read.value.id]).toEqual([name, process.name, process.id]);
          expect(valueOf(read.value.directoryTableBase), name).toBe(process.directoryTableBase && valueOf(process.directoryTableBase));
        }
      }
      const thread = crashThread.ok ? listed[crashThread.value] : undefined;
      const threadAt = thread?.object;
      if (!thread || threadAt === undefined) continue;
      const read = thenFound(kernel, (memory) => readThread(memory, threadAt));
      if (!read.ok) continue;
      threads += 1;
      expect([name, valueOf(read.value.id)]).toEqual([name, thread.id]);
      expect([name, valueOf(read.value.teb), valueOf(read.value.kernelStack)]).toEqual([
        name,
        valueOf(thread.teb),
        thread.kernelStack && valueOf(thread.kernelStack),
      ]);
      expect(['Running', 'Waiting', 'Standby', 'Ready', 'DeferredReady'], name).toContain(valueOf(read.value.state));
    }
    expect({ processes: processes > 30, threads: threads > 30 }).toEqual({ processes: true, threads: true });
    expect([...builds].sort()).toContain(26100);
  });
});
